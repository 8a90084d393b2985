"""Texts → vectors: by the network of a base model, or, where it has none, from the characters of the texts."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import jax
import numpy as np
from numpy.typing import NDArray

from sentiment.models.batching import batches
from sentiment.models.classifier import apply_fn
from sentiment.models.features import GramFeatures, learn_grams
from sentiment.models.ngrams import GramSettings
from sentiment.models.predictor import model_folder
from sentiment.models.store import ModelFolder, load_model
from sentiment.models.tokenizer import encode
from sentiment.training.base_hash import CHARACTERS, has_network, hash_of_base

_BATCH = 64  # what a batch computes stays in a core's cache
_BLOCK = 4_096  # texts between two reports
_COMPONENTS = 128
_LEARNED_FROM = 20_000  # texts that the directions of characters are learned from: enough for 128 of them


@dataclass(frozen=True)
class NetworkEncoding:
    """The vectors of a network's encoder."""

    model: ModelFolder
    base_hash: str

    @property
    def hidden(self) -> int:
        """Numbers of a vector."""
        return self.model.encoder.hidden

    @property
    def head(self) -> Mapping[str, NDArray[np.float32]]:
        """The model's own head, over its own classes, its temperature in it."""
        return self.model.calibrated_head

    @property
    def classes(self) -> tuple[str, ...]:
        """The classes of the head."""
        return self.model.classes

    def blocks(self, texts: Sequence[str]) -> Iterator[NDArray[np.float32]]:
        """Vectors float32[n, hidden] of the texts, in order, some thousand at a time."""
        model = self.model
        apply = apply_fn(model.encoder, len(model.classes))
        run = jax.jit(lambda params, ids: apply(params, ids, method="vectors"))
        params = jax.device_put(model.params)
        for start in range(0, len(texts), _BLOCK):
            table = encode(model.tokenizer, texts[start : start + _BLOCK], max_length=model.max_length)
            # every batch is handed over before the first is waited for, so that the device never idles
            parts = [
                (batch.rows, run(params, batch.ids))
                for batch in batches(table, batch_size=_BATCH, max_length=model.max_length)
            ]
            block = np.zeros((len(table.starts) - 1, self.hidden), np.float32)
            for rows, part in parts:
                block[rows] = np.asarray(part)[: len(rows)]
            yield block


@dataclass(frozen=True)
class CharacterEncoding:
    """The main directions of the texts' weighted character n-grams (latent semantic analysis, Deerwester 1990).

    They read any language, know nothing of sentiment, and put texts of like words near each other.
    """

    features: GramFeatures
    directions: NDArray[np.float32]
    base_hash: str = CHARACTERS
    head: None = None
    classes: tuple[str, ...] = ()

    @property
    def hidden(self) -> int:
        """Numbers of a vector."""
        return self.directions.shape[1]

    def blocks(self, texts: Sequence[str]) -> Iterator[NDArray[np.float32]]:
        """Vectors float32[n, hidden] of the texts, in order, some thousand at a time."""
        for start in range(0, len(texts), _BLOCK):
            yield np.asarray(self.features(texts[start : start + _BLOCK]) @ self.directions, np.float32)


def load_encoding(base: str, texts: Sequence[str]) -> NetworkEncoding | CharacterEncoding:
    """The encoding of a base model's name, or of a run or model folder.

    Args:
        base: see above.
        texts: from which directions of characters are learned, where the base has no trained network.

    Raises:
        ModelError: if there is no such base, or it is damaged.
    """
    if not has_network(base):
        return _learn_characters(texts)
    return NetworkEncoding(load_model(model_folder(base)), hash_of_base(base))


def _learn_characters(texts: Sequence[str]) -> CharacterEncoding:
    from sklearn.utils.extmath import randomized_svd  # slow to load, and a network does without

    chosen: Sequence[str] = texts
    if len(texts) > _LEARNED_FROM:
        rows = np.sort(np.random.default_rng(0).choice(len(texts), _LEARNED_FROM, replace=False))
        chosen = [texts[row] for row in rows.tolist()]
    features, matrix = learn_grams(chosen, GramSettings("char", 1, 3), min_texts=2, scaled=True)
    n = min(_COMPONENTS, *matrix.shape)
    if n == 0:  # no two texts have a character in common
        return CharacterEncoding(features, np.zeros((matrix.shape[1], 1), np.float32))
    svd: Any = randomized_svd(matrix, n_components=n, n_iter=2, random_state=0)
    return CharacterEncoding(features, np.ascontiguousarray(svd[2].T, dtype=np.float32))
