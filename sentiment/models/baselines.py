"""The simple models that every run is measured against, and that can be chosen in their own right.

Every one of them is linear: features of a text times a matrix, plus a bias, give logits. So they share one
`predict_fn`, one model folder (`linear_store.py`), and one way to be explained.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sentiment.models.features import (
    GramFeatures,
    Matrix,
    NoFeatures,
    VectorFeatures,
    learn_grams,
    learn_vectors,
)
from sentiment.models.ngrams import GramSettings
from sentiment.models.registry import MAJORITY, WORD_VECTORS, WORDS_FROM, bases_folder
from sentiment.models.temperature import temperature_of
from sentiment.models.word_vectors import find_vectors
from sentiment.models.word_vectors.choosing import read_words

PredictFn = Callable[[Sequence[str]], NDArray[np.float32]]
Features = NoFeatures | GramFeatures | VectorFeatures
_CHUNK = 20_000  # texts whose features are made at once: bounds the memory
# Inverse regularisation C. On product reviews, tweets and Chinese reviews no other of 0.01 to 30 was ahead by more
# than a point on the average of 50, 200 and 1,000 labels, so the validation rows need not choose one.
_STRENGTH = {"tfidf-words": 10.0, "tfidf-chars": 10.0, "word-vectors": 0.3}
_SMOOTHING = 0.3  # added to every term's texts in naive Bayes
_NEVER = -1e4  # logit of a class without a training row


@dataclass(frozen=True)
class LinearModel:
    """Probabilities of texts under one simple model: a `predict_fn`. Safe to share: nothing in it changes.

    Attributes:
        name: of the baseline, one of `registry.BASELINES`.
        features: texts → float32[n, n_features].
        kernel: float32[n_features, n_classes].
        bias: float32[n_classes].
        classes: class names, in the order of the columns of the probabilities.
        extra: everything else that stands in its config.json.
    """

    name: str
    features: Features
    kernel: NDArray[np.float32]
    bias: NDArray[np.float32]
    classes: tuple[str, ...]
    extra: dict[str, Any] = field(default_factory=dict)

    @property
    def temperature(self) -> float:
        """What the logits are divided by before they become probabilities."""
        return temperature_of(self.extra)

    def __call__(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Probabilities float32[n_texts, n_classes]; rows sum to 1."""
        temperature = np.float32(self.temperature)
        chunks = [texts[start : start + _CHUNK] for start in range(0, len(texts), _CHUNK)]
        parts = [softmax((self.features(chunk) @ self.kernel + self.bias) / temperature) for chunk in chunks]
        return np.concatenate([np.zeros((0, len(self.classes)), np.float32), *parts])


@dataclass(frozen=True)
class Rows:
    """Labeled texts to fit a baseline on.

    Attributes:
        texts: the texts.
        labels: int64[n], positions in the list of classes.
        weights: float32[n], by which each row counts; None for 1 each.
    """

    texts: Sequence[str]
    labels: NDArray[np.int64]
    weights: NDArray[np.float32] | None = None


def fit_baseline(
    name: str, train: Rows, *, classes: Sequence[str], spaces: bool = True, vectors: str = ""
) -> LinearModel:
    """A baseline, fitted.

    Args:
        name: one of `registry.BASELINES`.
        train: rows of at least two classes, or of any for "majority".
        classes: the dataset's classes, in the order of the labels; one without a training row gets probability 0.
        spaces: whether the texts' language is written with spaces between words.
        vectors: name of the word vectors that "word-vectors" averages; "" for those of a base model.

    Raises:
        ModelError: if the word vectors that are wanted are not there or damaged.
    """
    n_classes = len(classes)
    shares_alone = np.zeros((0, n_classes), np.float32), _log_shares(train, n_classes)
    if name == MAJORITY:
        return LinearModel(name, NoFeatures(), *shares_alone, tuple(classes))
    features, matrix = _learn_features(name, train.texts, spaces=spaces, vectors=vectors)
    if not features.n_features:  # no two texts have anything in common
        return LinearModel(name, features, *shares_alone, tuple(classes))
    strength = _STRENGTH.get(name)
    found = _fit_bayes(matrix, train) if strength is None else _fit_regression(matrix, train, strength)
    kernel, bias = _spread(*found, train.labels, n_classes)
    return LinearModel(name, features, kernel, bias, tuple(classes))


def _learn_features(
    name: str, texts: Sequence[str], *, spaces: bool, vectors: str
) -> tuple[GramFeatures | VectorFeatures, Matrix]:
    if name == WORD_VECTORS and vectors:
        return learn_vectors(texts, *read_words(find_vectors(vectors), texts))
    if name == WORD_VECTORS:
        from sentiment.models.store import load_model  # it loads jax, which the others do without

        base = load_model(bases_folder() / WORDS_FROM)
        return learn_vectors(texts, base.tokenizer, base.params["encoder"]["embedding"]["embedding"])
    longest = 5 if spaces else 3  # characters; a Chinese word has two on average
    settings = GramSettings("char", 1, longest) if name == "tfidf-chars" else GramSettings("word", 1, 2)
    scaled = name != "naive-bayes"
    return learn_grams(texts, settings, min_texts=2 if scaled else 1, scaled=scaled)


def _fit_bayes(matrix: Matrix, train: Rows) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Weights [n_features, n_present] and no bias [n_present] of complement naive Bayes (Rennie et al. 2003).

    It asks of each class how badly a text fits all others, and knows no shares of the classes: up to 3 points better
    than the multinomial kind on three classes, level with it on two.
    """
    from sklearn.naive_bayes import ComplementNB  # slow to load, and a network does without

    model = ComplementNB(alpha=_SMOOTHING).fit(matrix, train.labels, sample_weight=train.weights)
    return model.feature_log_prob_.T, np.zeros(len(model.classes_))


def _fit_regression(matrix: Matrix, train: Rows, strength: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Kernel [n_features, n_present] and bias [n_present] of a logistic regression."""
    # newton-cg and not lbfgs: half the time on many features, and converged more closely
    from sklearn.linear_model import LogisticRegression  # slow to load, and a network does without

    model = LogisticRegression(C=strength, max_iter=1000, solver="newton-cg")
    model.fit(matrix, train.labels, sample_weight=train.weights)
    kernel, bias = model.coef_.T, model.intercept_
    if len(model.classes_) == 2:  # one score for the second class alone; the first one's is its opposite
        kernel, bias = np.hstack([-kernel, kernel]) / 2, np.concatenate([-bias, bias]) / 2
    return kernel, bias


def _spread(
    kernel: NDArray[Any], bias: NDArray[Any], labels: NDArray[np.int64], n_classes: int
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Kernel and bias over all classes, from those over the classes that occur in the training labels."""
    present = np.unique(labels)
    whole = np.zeros((kernel.shape[0], n_classes), np.float32)
    whole[:, present] = kernel
    spread = np.full(n_classes, _NEVER, np.float32)
    spread[present] = bias
    return whole, spread


def _log_shares(train: Rows, n_classes: int) -> NDArray[np.float32]:
    counts = np.bincount(train.labels, weights=train.weights, minlength=n_classes)
    shares = np.log(np.maximum(counts, 1e-300) / counts.sum())
    return np.where(counts > 0, shares, _NEVER).astype(np.float32)


def softmax(logits: NDArray[np.float32]) -> NDArray[np.float32]:
    """Probabilities float32[n, n_classes] of logits of that shape; rows sum to 1."""
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return (powers / powers.sum(axis=1, keepdims=True)).astype(np.float32)
