"""What a model takes of word vectors: a vocabulary, and the vector that each of its tokens starts from."""

import math
import re
from collections import Counter
from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer

from sentiment.models.tokenizer import build_likely_tokenizer, count_words
from sentiment.models.word_vectors.store import VectorStore

N_FREQUENT = 20_000  # of the vectors' first words, so that words that the training rows lack are known as well
_DEVIATION = 0.64  # of all numbers: GloVe's, which the networks' learning rates were chosen with
_UNSPACED = re.compile("[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\U00020000-\U0003ffff]+")
_LONGEST = 5  # characters of a word that is looked for where there are no spaces
_MOST_LOOKED_FOR = 2_000_000
_NOISE = 0.1


def choose_vectors(
    store: VectorStore, texts: Iterable[str], *, n_frequent: int = N_FREQUENT, seed: int = 0
) -> tuple[Tokenizer, NDArray[np.float32]]:
    """A tokenizer and its embedding table float32[vocab, n_numbers], row 0 for padding and row 1 for what is unknown.

    The vocabulary: words of the texts that the vectors know, and the vectors' most frequent words; words that occur
    twice without a vector, and single characters, which start near the mean. Tokens are found by their likelihood,
    where a word's follows from its place in the file (Zipf's law).

    Args:
        store: the vectors; only those of the vocabulary are read.
        texts: the training texts, and no others.
        n_frequent: how many of the vectors' first words are taken.
        seed: draws the vectors of words without one.
    """
    counts = count_words(texts)
    rows = store.rows_of(_parts(counts), first=n_frequent)
    letters = {character for word in counts for character in word}
    others = [word for word, n in counts.items() if n > 1 and word not in rows and not _UNSPACED.search(word)]
    unknown = list(dict.fromkeys([*others, *sorted(letters - rows.keys())]))
    known = store.vectors(rows.values())
    mean = known.mean(axis=0) if len(known) else np.zeros(store.n_numbers, np.float32)
    drawn = mean + np.random.default_rng(seed).normal(0.0, _NOISE * store.deviation, (len(unknown), store.n_numbers))
    table = np.concatenate([np.zeros_like(mean)[None], mean[None], known, drawn.astype(np.float32)])
    rarest = -math.log(store.n_words + 10)
    weights = {word: -math.log(row + 10) for word, row in rows.items()} | dict.fromkeys(unknown, rarest)
    return build_likely_tokenizer(weights), (table * (_DEVIATION / max(store.deviation, 1e-6))).astype(np.float32)


def _parts(counts: Counter[str]) -> set[str]:
    """What may be a word of these: themselves, or any short part of what is written without spaces."""
    found = set(counts)
    for word in counts:
        for run in _UNSPACED.findall(word):
            if len(found) >= _MOST_LOOKED_FOR:
                return found
            found |= {run[i : i + n] for n in range(1, _LONGEST + 1) for i in range(len(run) - n + 1)}
    return found


def read_words(store: VectorStore, texts: Sequence[str]) -> tuple[Tokenizer, NDArray[np.float32]]:
    """As `choose_vectors`, for a model that cannot learn vectors: words without one are unknown."""
    rows = store.rows_of(_parts(count_words(texts)), first=N_FREQUENT)
    zeros = np.zeros((2, store.n_numbers), np.float32)
    weights = {word: -math.log(row + 10) for word, row in rows.items()}
    return build_likely_tokenizer(weights), np.concatenate([zeros, store.vectors(rows.values())])
