"""The simple models that every run is measured against, behind the same `predict_fn` contract."""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline

PredictFn = Callable[[Sequence[str]], NDArray[np.float32]]


def fit_majority(labels: NDArray[np.int64], *, n_classes: int) -> PredictFn:
    """A predict_fn that gives every text the shares of the classes among the training labels int64[n]."""
    shares = np.bincount(labels, minlength=n_classes).astype(np.float32) / max(len(labels), 1)

    def predict(texts: Sequence[str]) -> NDArray[np.float32]:
        return np.tile(shares, (len(texts), 1))

    return predict


def fit_tfidf(texts: Sequence[str], labels: NDArray[np.int64], *, n_classes: int, spaces: bool = True) -> PredictFn:
    """A predict_fn of TF-IDF features and logistic regression, as the textbook has it.

    Args:
        texts: training texts.
        labels: int64[n], at least two different ones.
        n_classes: columns of the probabilities; a class without a training row gets 0.
        spaces: True for words and pairs of words; False for sequences of 1 to 3 characters, for languages that are
            written without spaces.
    """
    if spaces:
        vectorizer = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True, token_pattern=r"(?u)\b\w+\b")
    else:
        vectorizer = TfidfVectorizer(analyzer="char", ngram_range=(1, 3), sublinear_tf=True)
    pipeline: Pipeline = make_pipeline(vectorizer, LogisticRegression(C=10.0, max_iter=1000))
    pipeline.fit(texts, labels)
    known = pipeline[-1].classes_

    def predict(texts: Sequence[str]) -> NDArray[np.float32]:
        probs = np.zeros((len(texts), n_classes), np.float32)
        if len(texts):
            probs[:, known] = pipeline.predict_proba(texts)
        return probs

    return predict
