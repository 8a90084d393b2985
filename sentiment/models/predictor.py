"""A model folder as a `predict_fn`: texts → probabilities."""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import jax
import numpy as np
from numpy.typing import NDArray

from sentiment.models import linear_store
from sentiment.models.baselines import LinearModel
from sentiment.models.batching import batches
from sentiment.models.classifier import apply_fn
from sentiment.models.folders import model_folder as model_folder
from sentiment.models.store import ModelFolder, load_model
from sentiment.models.temperature import temperature_of
from sentiment.models.tensors import read_config
from sentiment.models.tokenizer import TokenTable, encode, unknown_share

_FEW = 8  # texts at most that somebody waits for, and that a batch of this size is made for
_CPU_BATCH = 64  # what a batch computes stays in a core's cache; 256 take a fifth more time per text
_BATCH = 1024  # on devices that are fed with large batches
_CHUNK = 8_192  # texts tokenized at once, while the device computes those before


class Predictor:
    """Probabilities of texts under one model. Safe to share: nothing in it changes.

    Attributes:
        classes: class names, in the order of the columns of the probabilities.
        model: the weights, tokenizer and config behind it.
        temperature: what the logits are divided by before they become probabilities.

    Raises:
        ModelError: if the model's temperature is none.
    """

    def __init__(self, model: ModelFolder) -> None:
        self.model = model
        self.classes = model.classes
        self.temperature = temperature = temperature_of(model.extra)
        apply = apply_fn(model.encoder, len(model.classes))
        self._probs = jax.jit(lambda params, ids: jax.nn.softmax(apply(params, ids) / temperature))
        self._params = jax.device_put(model.params)
        self._batch = _CPU_BATCH if jax.default_backend() == "cpu" else _BATCH

    def __call__(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Probabilities float32[n_texts, n_classes]; rows sum to 1. A text without a word gets the model's prior."""
        parts = [self.predict_tokens(table) for table in self._tokenize(texts)]
        return np.concatenate([np.zeros((0, len(self.classes)), np.float32), *parts])

    def unknown_share(self, text: str) -> float:
        """The share of what a text is made of that the model knows nothing of, in [0, 1]; 0 for a text of nothing."""
        (table,) = self._tokenize([text])
        if not len(table.ids):  # a tokenizer may leave out what it does not know
            return float(any(map(str.isalnum, text)))
        return unknown_share(self.model.tokenizer, table)

    @property
    def params(self) -> Any:
        """The weights on the device, as a nested dictionary of arrays."""
        return self._params

    def _tokenize(self, texts: Sequence[str]) -> Iterator[TokenTable]:
        """The texts' tokens chunk by chunk, one chunk ahead in a thread, so that the device need not wait for them."""
        chunks = [texts[start : start + _CHUNK] for start in range(0, len(texts), _CHUNK)]

        def tokens_of(chunk: Sequence[str]) -> TokenTable:
            return encode(self.model.tokenizer, chunk, max_length=self.model.max_length)

        if len(chunks) < 2:
            yield from map(tokens_of, chunks)
            return
        with ThreadPoolExecutor(max_workers=1) as thread:
            ahead = thread.submit(tokens_of, chunks[0])
            for chunk in chunks[1:]:
                table, ahead = ahead.result(), thread.submit(tokens_of, chunk)
                yield table
            yield ahead.result()

    def predict_tokens(self, table: TokenTable) -> NDArray[np.float32]:
        """Probabilities float32[n_texts, n_classes] of texts that are tokenized already."""
        probs = np.zeros((len(table.starts) - 1, len(self.classes)), np.float32)
        for rows, part in list(self._dispatch(table)):
            probs[rows] = np.asarray(part)[: len(rows)]
        return probs

    def _dispatch(self, table: TokenTable) -> Iterator[tuple[NDArray[np.int64], jax.Array]]:
        """Hands every batch to the device before the first result is waited for, so that it never idles."""
        size = _FEW if len(table.starts) - 1 <= _FEW else self._batch
        for batch in batches(table, batch_size=size, max_length=self.model.max_length):
            yield batch.rows, self._probs(self._params, batch.ids)


def load_predictor(run_or_base: str | Path) -> Predictor | LinearModel:
    """The `predict_fn` of a run, a model folder or package, or a base model with a head; it has `classes` as well.

    Raises:
        ModelError: if there is no such model or it is damaged.
    """
    folder = model_folder(run_or_base)
    if read_config(folder).get("architecture") in linear_store.ARCHITECTURES.values():
        return linear_store.load_linear(folder)
    return Predictor(load_model(folder))
