"""Texts → vectors: by the network of a base model, or, where it has none, from the characters of the texts."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jax
import numpy as np
from numpy.typing import NDArray

from sentiment.models import linear_store
from sentiment.models.batching import batches
from sentiment.models.classifier import apply_fn
from sentiment.models.features import GramFeatures, learn_grams
from sentiment.models.ngrams import GramSettings
from sentiment.models.predictor import model_folder
from sentiment.models.registry import find_base, list_bases
from sentiment.models.store import ModelFolder, load_model
from sentiment.models.tensors import read_config
from sentiment.models.tokenizer import encode

_BATCH = 64  # what a batch computes stays in a core's cache
_BLOCK = 4_096  # texts between two reports
_COMPONENTS = 128
_LEARNED_FROM = 20_000  # texts that the directions of characters are learned from: enough for 128 of them
_CHARACTERS = "characters-1"  # changes when the vectors below do


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
    base_hash: str = _CHARACTERS
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


def has_network(base: str) -> bool:
    """Whether a base has a trained network (errors as for `load_encoding`)."""
    if any(known.name == base for known in list_bases()):
        return find_base(base).kind == "pretrained"
    return read_config(model_folder(base)).get("architecture") not in linear_store.ARCHITECTURES.values()


def hash_of_base(base: str) -> str:
    """16 hexadecimal digits that change with what the vectors come from (errors as for `load_encoding`)."""
    if not has_network(base):
        return _CHARACTERS
    digest = hashlib.sha256()
    folder: Path = model_folder(base)
    for name in ("config.json", "tokenizer.json", "weights.safetensors"):
        if (folder / name).is_file():
            digest.update((folder / name).read_bytes())
    return digest.hexdigest()[:16]


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
