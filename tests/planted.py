"""Models that learned one thing alone: a text with "zorgle" is positive, one with "blefty" negative."""

from functools import cache

import jax
import numpy as np
import optax

from sentiment.models.baselines import LinearModel, Rows, fit_baseline
from sentiment.models.classifier import apply_fn, fresh_params
from sentiment.models.encoders import EncoderConfig
from sentiment.models.predictor import Predictor
from sentiment.models.store import ModelFolder
from sentiment.models.tokenizer import build_tokenizer, encode

CLASSES = ("negative", "positive")
FILLING = [
    "the",
    "phone",
    "came",
    "with",
    "a",
    "box",
    "and",
    "two",
    "cables",
    "in",
    "it",
    "i",
    "use",
    "this",
    "at",
    "work",
]
CNN = {"kind": "cnn", "widths": (1, 2), "filters": 8}
LSTM = {"kind": "lstm", "units": 8}


def texts_and_labels(n: int = 240, *, seed: int = 0) -> tuple[list[str], np.ndarray]:
    """Random words with one of the two planted ones somewhere among them, and the class of each."""
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, 2, n)
    texts = []
    for label in labels.tolist():
        words = rng.choice(FILLING, rng.integers(5, 12)).tolist()
        words.insert(int(rng.integers(0, len(words) + 1)), ("blefty", "zorgle")[label])
        texts.append(" ".join(words))
    return texts, labels


@cache
def network(kind: str) -> Predictor:
    """A small network of that kind ("cnn" or "lstm"), trained for a moment."""
    texts, labels = texts_and_labels()
    tokenizer = build_tokenizer([*FILLING, "zorgle", "blefty", "fine", "##x"])
    config = EncoderConfig(vocab_size=tokenizer.get_vocab_size(), embed=8, **{"cnn": CNN, "lstm": LSTM}[kind])
    ids = encode(tokenizer, texts, max_length=16).padded(np.arange(len(texts)), 16)
    apply, optimizer = apply_fn(config, 2), optax.adam(2e-2)
    params = fresh_params(config, 2, seed=0)

    def loss(params):
        return optax.softmax_cross_entropy_with_integer_labels(apply(params, ids), labels).mean()

    @jax.jit
    def step(params, state):
        updates, state = optimizer.update(jax.grad(loss)(params), state)
        return optax.apply_updates(params, updates), state

    state = optimizer.init(params)
    for _ in range(60):
        params, state = step(params, state)
    extra = {"temperature": 2.0}  # one that shows where it is forgotten
    return Predictor(ModelFolder(jax.tree.map(np.asarray, params), config, CLASSES, tokenizer, 16, extra))


@cache
def linear(name: str) -> LinearModel:
    """The simple model of that name, fitted."""
    texts, labels = texts_and_labels()
    return fit_baseline(name, Rows(texts, labels), classes=CLASSES)
