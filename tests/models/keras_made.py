"""Models that Keras itself makes, runs and saves, which imported ones are compared with.

Keras computes them with NumPy, so that nothing of what is tested takes part in it.
"""

import json
import os
import tempfile
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

os.environ["KERAS_BACKEND"] = "numpy"
os.environ.setdefault("KERAS_HOME", tempfile.gettempdir())

import keras
import numpy as np
from keras import layers as L
from keras.src.legacy.preprocessing.text import Tokenizer, tokenizer_from_json
from keras.utils import pad_sequences

__all__ = ["L", "Tokenizer", "keras", "pad_sequences", "tokenizer_from_json"]

LENGTH, WORDS, CLASSES = 9, 20, ("bad", "fair", "good")


def sequential(*layers: Any) -> Any:
    """A Sequential model over texts of `LENGTH` places."""
    return keras.Sequential([keras.Input((LENGTH,)), *layers])


def functional(wire: Callable[[Any], Any]) -> Any:
    """A functional model over texts of `LENGTH` places."""
    given = keras.Input((LENGTH,))
    return keras.Model(given, wire(given))


def embedding(**options: Any) -> Any:
    return L.Embedding(WORDS, 5, **options)


def sigmoid() -> Any:
    return L.Dense(1, activation="sigmoid")


def softmax() -> Any:
    return L.Dense(3, activation="softmax")


def _of_integers(dtype: str) -> Callable[[], Any]:
    """A model whose input is said to be whole numbers."""
    return lambda: keras.Sequential(
        [keras.Input((LENGTH,), dtype=dtype), embedding(mask_zero=True), L.LSTM(4), sigmoid()]
    )


def _branches(given: Any) -> Any:
    words = L.SpatialDropout1D(0.2)(embedding()(given))
    found = [L.GlobalMaxPooling1D()(L.Conv1D(4, width, activation="relu")(words)) for width in (1, 2, 3)]
    return softmax()(L.Dropout(0.5)(L.Concatenate()(found)))


def _two_embeddings(given: Any) -> Any:
    masked, plain = embedding(mask_zero=True)(given), L.Embedding(WORDS, 3)(given)
    return sigmoid()(L.Concatenate()([L.LSTM(4)(masked), L.GlobalAveragePooling1D()(plain)]))


def _shared(given: Any) -> Any:
    words, layer = embedding()(given), L.Conv1D(5, 2, padding="same", activation="tanh")
    return sigmoid()(L.GlobalMaxPooling1D()(L.Concatenate(axis=1)([layer(words), layer(layer(words))])))


def _mask_through(given: Any) -> Any:
    words = embedding(mask_zero=True)(given)
    both = L.Bidirectional(L.LSTM(4, return_sequences=True))(words)
    return softmax()(L.Dropout(0.1)(L.GlobalAveragePooling1D()(L.Dense(4, activation="tanh")(both))))


def _recurrent(layer: Any, *, mask: bool) -> Callable[[], Any]:
    return lambda: sequential(embedding(mask_zero=mask), L.Dropout(0.2), layer(4), sigmoid())


def _both_ways(layer: Any, *, mask: bool, merge: str) -> Callable[[], Any]:
    return lambda: sequential(
        embedding(mask_zero=mask),
        L.Bidirectional(layer(4, return_sequences=True), merge_mode=merge),
        L.Bidirectional(layer(3), merge_mode="concat" if merge == "sum" else "ave"),
        softmax(),
    )


MODELS: dict[str, Callable[[], Any]] = {
    "conv valid": lambda: sequential(embedding(), L.Conv1D(6, 3, activation="relu"), L.GlobalMaxPooling1D(), sigmoid()),
    "conv causal, dilated, in groups": lambda: sequential(
        L.Embedding(WORDS, 4),
        L.Conv1D(6, 3, padding="causal", dilation_rate=2, groups=2),
        L.AveragePooling1D(3, strides=2, padding="same"),
        L.Flatten(),
        L.Dense(5, activation="elu"),
        sigmoid(),
    ),
    "conv same, strides, pooling": lambda: sequential(
        embedding(),
        L.Conv1D(6, 3, padding="same", strides=2, activation="gelu"),
        L.MaxPooling1D(2, padding="same"),
        L.AveragePooling1D(2),
        L.Flatten(),
        softmax(),
    ),
    "recurrent outputs backwards": lambda: sequential(
        embedding(mask_zero=True), L.GRU(4, return_sequences=True, go_backwards=True), L.SimpleRNN(3), sigmoid()
    ),
    "gru, reset before, other activations": lambda: sequential(
        embedding(mask_zero=True),
        L.GRU(4, reset_after=False, recurrent_activation="hard_sigmoid", activation="relu"),
        sigmoid(),
    ),
    "lstm without bias": lambda: sequential(embedding(), L.LSTM(4, use_bias=False, activation="softsign"), sigmoid()),
    "normalizations": lambda: sequential(
        embedding(mask_zero=True),
        L.BatchNormalization(),
        L.LSTM(4, return_sequences=True),
        L.LayerNormalization(),
        L.GlobalAveragePooling1D(),
        L.BatchNormalization(scale=False),
        L.Dense(4),
        L.LeakyReLU(),
        L.Dense(2),
        L.Softmax(),
    ),
    "activations": lambda: sequential(
        embedding(),
        L.Flatten(),
        L.Dense(6, activation="selu"),
        L.ReLU(max_value=1.0, negative_slope=0.1, threshold=0.05),
        L.Dense(4, activation="softplus"),
        L.ELU(0.5),
        L.Dense(4, activation="silu"),
        L.Activation("leaky_relu"),
        L.Dense(1),
        L.Activation("sigmoid"),
    ),
    "branches": lambda: functional(_branches),
    **{f"input of {dtype}": _of_integers(dtype) for dtype in ("int32", "int64", "uint8")},
    "two embeddings, one masked": lambda: functional(_two_embeddings),
    "one layer twice": lambda: functional(_shared),
    "a mask through three layers": lambda: functional(_mask_through),
    **{
        f"{layer.__name__}{', masked' * mask}": _recurrent(layer, mask=mask)
        for layer in (L.SimpleRNN, L.LSTM, L.GRU)
        for mask in (False, True)
    },
    **{
        f"both ways, {layer.__name__}, {merge}{', masked' * mask}": _both_ways(layer, mask=mask, merge=merge)
        for layer, mask, merge in (
            (L.LSTM, True, "concat"),
            (L.GRU, True, "sum"),
            (L.SimpleRNN, False, "mul"),
            (L.LSTM, False, "ave"),
        )
    },
}


def make(name: str, *, seed: int = 0) -> Any:
    """The model of that name in `MODELS`, with drawn weights."""
    model = MODELS[name]()
    draw_weights(model, seed=seed)
    return model


def draw_weights(model: Any, *, seed: int = 0) -> None:
    """Gives a model random weights that are large enough for every one of them to matter."""
    rng = np.random.default_rng(seed)
    for weight in model.weights:
        drawn = rng.normal(0.0, 0.5, weight.shape)
        weight.assign(np.abs(drawn) + 0.1 if "variance" in weight.name else drawn)


def draw_ids(n_texts: int, *, seed: int = 0) -> np.ndarray:
    """Texts of 1 to `LENGTH` words as ids int32[n_texts, LENGTH], padded on the right."""
    rng, ids = np.random.default_rng(seed), np.zeros((n_texts, LENGTH), np.int32)
    for row in ids:
        n_words = rng.integers(1, LENGTH + 1)
        row[:n_words] = rng.integers(1, WORDS, n_words)
    return ids


def pad_before(ids: np.ndarray) -> np.ndarray:
    """The same texts, padded on the left."""
    return np.stack([np.concatenate([row[row == 0], row[row > 0]]) for row in ids])


def probabilities(model: Any, ids: np.ndarray) -> np.ndarray:
    """What Keras says of texts; of one sigmoid unit, for both classes."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # Keras's variables do not know numpy 2's `copy`
        said = np.asarray(model(ids), np.float64)
    return np.concatenate([1.0 - said, said], axis=1) if said.shape[1] == 1 else said


def save(model: Any, path: Path) -> Path:
    """Has Keras save a model, as .keras or .h5; returns the path."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model.save(path)
    return path


def write_tokenizer(path: Path, words: list[str] | None = None, **config: Any) -> Path:
    """A tokenizer.json as to_json writes it; by default with the words w1, w2, …"""
    words = words or [f"w{n}" for n in range(1, WORDS)]
    index = {word: n + 1 for n, word in enumerate(words)}
    values = {
        "num_words": None,
        "filters": '!"#$%&()*+,-./:;<=>?@[\\]^_`{|}~\t\n',
        "lower": True,
        "split": " ",
        "char_level": False,
        "oov_token": None,
        "document_count": 1,
        "word_index": json.dumps(index),
        **config,
    }
    path.write_text(json.dumps({"class_name": "Tokenizer", "config": values}), encoding="utf-8")
    return path
