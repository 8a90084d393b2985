"""This project's side of the speed benchmark, and scikit-learn's, which needs no other environment.

Usage: python -m benchmarks.speed_ours networks|texts|tfidf   (started by benchmarks.speed)

Training is the product's own loop, which beside Adam clips, decays and averages the weights; the vocabulary is cut to
the words in use and rows are put into buckets by length, as every fine-tuning does it.
"""

import sys
import time
from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from benchmarks.peers.serving import (
    BATCH,
    CLASSES,
    DROPOUT,
    EMBED,
    FILTERS,
    UNITS,
    VOCABULARY,
    WIDTHS,
    rate,
    read_groups,
    read_texts,
    serve,
)
from sentiment.memory import restart_with_large_pages
from sentiment.models.classifier import apply_fn, fresh_params
from sentiment.models.device import prepare_device
from sentiment.models.encoders import EncoderConfig
from sentiment.models.predictor import Predictor, load_predictor
from sentiment.models.store import ModelFolder
from sentiment.models.tokenizer import TokenTable, build_tokenizer
from sentiment.training.feed import Examples
from sentiment.training.fit import Trainer
from sentiment.training.imbalance import plan_imbalance
from sentiment.training.optimizer import FitSettings
from sentiment.training.start import Compact

CONFIGS = {
    "cnn": EncoderConfig(vocab_size=VOCABULARY, embed=EMBED, widths=WIDTHS, filters=FILTERS, pooling=("max",)),
    "lstm": EncoderConfig(vocab_size=VOCABULARY, embed=EMBED, kind="lstm", units=UNITS, pooling=("max",)),
}
_MATMUL = 2048


class Networks:
    """Trains and predicts token ids; keeps what earlier requests compiled."""

    def __init__(self) -> None:
        self.trainers: dict[tuple[str, str], Trainer] = {}
        self.predictors: dict[tuple[str, str], Callable[[], int]] = {}

    def measure(self, request: dict[str, Any]) -> float:
        """Rows per second; floating-point operations per second for the task "matmul"."""
        if request["task"] == "matmul":
            return matmul_rate(seconds=request["seconds"])
        key = (request["network"], request["work"])
        if request["task"] == "predict":
            if key not in self.predictors:
                self.predictors[key] = predict_pass(*key)
                self.predictors[key]()
            return rate(self.predictors[key], seconds=request["seconds"])
        if key not in self.trainers:
            self.trainers[key] = make_trainer(*key)
            train(self.trainers[key], rows=_rows(key[1]))  # every bucket is compiled
        return train(self.trainers[key], seconds=request["seconds"])


def train(trainer: Trainer, *, seconds: float = float("inf"), rows: float = float("inf")) -> float:
    """Rows per second of the next steps, until the time is up or the rows are through."""
    steps, began = -1, time.perf_counter()

    def should_stop() -> bool:
        nonlocal steps
        steps += 1  # asked once before each step
        return steps * BATCH >= rows or time.perf_counter() - began > seconds

    trainer.run(should_stop=should_stop)
    return steps * BATCH / (time.perf_counter() - began)


def make_trainer(network: str, work: str) -> Trainer:
    """The product's training loop over the rows of a workload."""
    tokens, labels = token_table(work)
    params = fresh_params(CONFIGS[network], CLASSES, seed=0)
    compact = Compact.over([tokens], params)
    return Trainer(
        apply_fn(CONFIGS[network], CLASSES),
        compact.cut(params),
        train=Examples(tokens.mapped(compact.new_ids), labels),
        validation=None,
        plan=plan_imbalance("none", labels, n_classes=CLASSES),
        settings=FitSettings(epochs=5_000, batch_size=BATCH, dropout=DROPOUT, word_dropout=0.0, max_length=128),
    )


def predict_pass(network: str, work: str) -> Callable[[], int]:
    """A function that predicts all rows of a workload and returns their number."""
    tokens, labels = token_table(work)
    params = fresh_params(CONFIGS[network], CLASSES, seed=0)
    names = tuple(map(str, range(CLASSES)))
    predictor = Predictor(ModelFolder(params, CONFIGS[network], names, build_tokenizer(["a"]), 128))

    def one_pass() -> int:
        predictor.predict_tokens(tokens)
        return len(labels)

    return one_pass


def token_table(work: str) -> tuple[TokenTable, np.ndarray]:
    """The rows of a workload without their padding, and their labels."""
    groups = read_groups(work)
    rows = [line[line > 0] for ids, _ in groups for line in ids]
    starts = np.cumsum([0, *map(len, rows)]).astype(np.int64)
    return TokenTable(np.concatenate(rows), starts), np.concatenate([labels for _, labels in groups]).astype(np.int64)


def _rows(work: str) -> int:
    return sum(len(ids) for ids, _ in read_groups(work))


def matmul_rate(*, seconds: float) -> float:
    """Floating-point operations per second of one large product in float32: what the device can reach."""
    matrix = jnp.ones((_MATMUL, _MATMUL))
    multiply = jax.jit(jnp.matmul)
    multiply(matrix, matrix).block_until_ready()

    def one_pass() -> int:
        multiply(matrix, matrix).block_until_ready()
        return 2 * _MATMUL**3

    return rate(one_pass, seconds=seconds)


class Texts:
    """Predicts raw texts, by the shipped base model or by TF-IDF with logistic regression trained on them."""

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self.predict: Callable[[Sequence[str]], Any] | None = None

    def measure(self, request: dict[str, Any]) -> float:
        """Texts per second, tokenizing included."""
        texts, labels = read_texts(request["work"])
        if self.predict is None:
            if self.kind == "tfidf":
                pipeline = make_pipeline(TfidfVectorizer(ngram_range=(1, 2)), LogisticRegression(max_iter=200))
                self.predict = pipeline.fit(texts[:2_000], labels[:2_000]).predict_proba
            else:
                self.predict = load_predictor("en-cnn-reviews")
            self.predict(texts)
        predict = self.predict
        return rate(lambda: len(predict(texts)), seconds=request["seconds"])


if __name__ == "__main__":
    restart_with_large_pages()  # as the command line and the worker do
    prepare_device()
    serve(Networks().measure if sys.argv[1] == "networks" else Texts(sys.argv[1]).measure)
