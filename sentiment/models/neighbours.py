"""Words of a model's own vocabulary that it places near a word."""

from collections.abc import Sequence
from threading import Lock
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from sentiment.models.baselines import LinearModel
from sentiment.models.features import VectorFeatures
from sentiment.models.predictor import Predictor
from sentiment.models.tokenizer import AnyTokenizer, clean

N_NEAR = 12
_MIN_SIMILARITY = 0.35  # cosine: antonyms are welcome here, words of another topic are not
_SHARED_STEM = 0.75  # of the letters of a word that a mere variation of it shares

_Table = tuple[NDArray[np.float32], NDArray[np.float32]]
_tables: "WeakKeyDictionary[AnyTokenizer, _Table]" = WeakKeyDictionary()
_lock = Lock()


def find_neighbours(model: Predictor | LinearModel, words: Sequence[str]) -> list[list[str]]:
    """For each word the nearest others of the vocabulary, nearest first; none for a word that is not in it.

    Variations of the same word are left out. A simple model on n-grams has no vectors of words, and so no near ones.
    """
    found = _vectors_of(model)
    if found is None:
        return [[] for _ in words]
    tokenizer, vectors = found
    table = _table_of(tokenizer, vectors)
    ids = [_id_of(tokenizer, table[1], word) for word in words]
    near = []
    for own, word in zip(ids, words, strict=True):
        names = [] if own is None else _nearest(tokenizer, vectors, table, own)
        near.append([name for name in names if not _alike(name, word.lower())][:N_NEAR])
    return near


def _nearest(tokenizer: AnyTokenizer, vectors: NDArray[np.float32], table: _Table, own: int) -> list[str]:
    mean, scale = table
    query = (vectors[own] - mean) * scale[own]
    cosine = (vectors @ query - mean @ query) * scale  # 0 for what is no word
    near = np.argpartition(-cosine, min(4 * N_NEAR, len(cosine) - 1))[: 4 * N_NEAR]
    near = near[np.argsort(-cosine[near], kind="stable")]
    return [str(tokenizer.id_to_token(int(id_))) for id_ in near if cosine[id_] >= _MIN_SIMILARITY]


def _vectors_of(model: Predictor | LinearModel) -> tuple[AnyTokenizer, NDArray[np.float32]] | None:
    if isinstance(model, Predictor):
        return model.model.tokenizer, np.asarray(model.model.params["encoder"]["embedding"]["embedding"], np.float32)
    if isinstance(model.features, VectorFeatures):
        return model.features.tokenizer, model.features.vectors
    return None


def _table_of(tokenizer: AnyTokenizer, vectors: NDArray[np.float32]) -> _Table:
    """The mean of the words' vectors, and one over the length of each less the mean; 0 for what is no word."""
    with _lock:
        if tokenizer not in _tables:
            words = np.zeros(len(vectors), bool)
            words[[id_ for name, id_ in tokenizer.get_vocab().items() if id_ < len(vectors) and name.isalpha()]] = True
            mean = vectors[words].mean(axis=0) if words.any() else np.zeros(vectors.shape[1], np.float32)
            squares = np.einsum("ij,ij->i", vectors, vectors) - 2 * vectors @ mean + mean @ mean
            scale = np.where(words, 1 / np.sqrt(np.maximum(squares, 1e-12)), 0).astype(np.float32)
            _tables[tokenizer] = mean, scale
        return _tables[tokenizer]


def _id_of(tokenizer: AnyTokenizer, scale: NDArray[np.float32], word: str) -> int | None:
    """The id of a word that is one token of the vocabulary."""
    ids = tokenizer.encode(clean(word), add_special_tokens=False).ids
    return ids[0] if len(ids) == 1 and scale[ids[0]] > 0 else None


def _alike(name: str, word: str) -> bool:
    shared = next((i for i, (a, b) in enumerate(zip(name, word, strict=False)) if a != b), min(len(name), len(word)))
    return shared >= _SHARED_STEM * max(len(word), 3) or name == word
