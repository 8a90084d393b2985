"""Texts → directions: what a model sees of a text, with length 1, so that a product of two is their cosine."""

from collections.abc import Callable, Sequence
from typing import TypeAlias

import jax
import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from sentiment.models.baselines import LinearModel
from sentiment.models.batching import batches
from sentiment.models.classifier import apply_fn
from sentiment.models.predictor import Predictor
from sentiment.models.tokenizer import encode

_BATCH = 64  # what a batch computes stays in a core's cache
_FEW = 8

Vectors: TypeAlias = NDArray[np.float32] | csr_matrix
Vectorize = Callable[[Sequence[str]], Vectors]


def vectorizer(model: Predictor | LinearModel) -> Vectorize:
    """A function that gives float32[n_texts, hidden] of texts: a network's text vectors, a simple model's features."""
    if isinstance(model, LinearModel):
        return model.features
    apply = apply_fn(model.model.encoder, len(model.classes))
    run = jax.jit(lambda params, ids: apply(params, ids, method="vectors"))
    folder, params = model.model, model.params

    def vectorize(texts: Sequence[str]) -> NDArray[np.float32]:
        table = encode(folder.tokenizer, texts, max_length=folder.max_length)
        size = _FEW if len(texts) <= _FEW else _BATCH
        made = [
            (batch.rows, run(params, batch.ids))
            for batch in batches(table, batch_size=size, max_length=folder.max_length)
        ]
        vectors = np.zeros((len(texts), folder.encoder.hidden), np.float32)
        for rows, part in made:
            vectors[rows] = np.asarray(part)[: len(rows)]
        return vectors

    return vectorize


def unit_rows(vectors: Vectors, mean: NDArray[np.float32] | None = None) -> Vectors:
    """The vectors less their mean, if one is given, each divided by its length; one without a length stays 0."""
    if isinstance(vectors, csr_matrix):
        lengths = np.sqrt(np.asarray(vectors.multiply(vectors).sum(axis=1)).ravel())
        return csr_matrix(vectors.multiply(1 / np.maximum(lengths, 1e-12)[:, None]))
    centred = vectors if mean is None else vectors - mean
    return centred / np.maximum(np.linalg.norm(centred, axis=1, keepdims=True), 1e-12)
