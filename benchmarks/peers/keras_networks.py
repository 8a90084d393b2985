"""The networks of the speed benchmark in Keras 3, as its tutorials write them: compile, fit, predict.

KERAS_BACKEND=jax|torch .venv-bench/bin/python benchmarks/peers/keras_networks.py
"""

from collections.abc import Callable
from typing import Any

import keras
from serving import BATCH, CLASSES, DROPOUT, EMBED, FILTERS, UNITS, VOCABULARY, WIDTHS, rate, read_groups, serve


def build(network: str) -> keras.Model:
    """The compiled network, for rows of any length."""
    ids = keras.Input((None,), dtype="int32")
    words = keras.layers.Embedding(VOCABULARY, EMBED)(ids)
    if network == "cnn":
        pooled = [
            keras.layers.GlobalMaxPooling1D()(keras.layers.Conv1D(FILTERS, width, activation="relu")(words))
            for width in WIDTHS
        ]
        vector = keras.layers.Concatenate()(pooled)
    else:
        states = keras.layers.Bidirectional(keras.layers.LSTM(UNITS, return_sequences=True))(words)
        vector = keras.layers.GlobalMaxPooling1D()(states)
    logits = keras.layers.Dense(CLASSES)(keras.layers.Dropout(DROPOUT)(vector))
    model = keras.Model(ids, logits)
    model.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    return model


class Contender:
    """Trains and predicts; keeps the networks and the data of earlier requests."""

    def __init__(self) -> None:
        self.models: dict[str, keras.Model] = {}
        self.passes: dict[tuple[str, str, str], Callable[[], int]] = {}

    def measure(self, request: dict[str, Any]) -> float:
        """Rows per second of a request, after one pass that compiles."""
        key = (request["task"], request["network"], request["work"])
        if key not in self.passes:
            self.passes[key] = self._one_pass(*key)
            self.passes[key]()
        return rate(self.passes[key], seconds=request["seconds"])

    def _one_pass(self, task: str, network: str, work: str) -> Callable[[], int]:
        if network not in self.models:
            self.models[network] = build(network)
        model, groups = self.models[network], read_groups(work)

        def one_pass() -> int:
            for ids, labels in groups:
                if task == "train":
                    model.fit(ids, labels, batch_size=BATCH, epochs=1, verbose=0)
                else:
                    model.predict(ids, batch_size=256, verbose=0)
            return sum(len(ids) for ids, _ in groups)

        return one_pass


if __name__ == "__main__":
    serve(Contender().measure)
