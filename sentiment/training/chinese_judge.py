"""What a row that nobody labeled would be labeled, by models of other rows: the soft labels of the Chinese models."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression

_FOLDS = 5
_VECTOR_SHARE = 0.3  # of the log-odds; the rest is the words'. Chosen on validation rows
_VECTOR_C, _WORDS_C = 1e-3, 4.0


class _ByVectors:
    """A logistic regression on the teacher's vectors."""

    def __init__(self, vectors: NDArray[np.float16], labels: NDArray[np.int64]) -> None:
        rows = vectors.astype(np.float32)
        self._mean, self._spread = rows.mean(axis=0), rows.std(axis=0)
        self._model = LogisticRegression(C=_VECTOR_C, max_iter=2000).fit(self._scale(vectors), labels)

    def __call__(self, vectors: NDArray[np.float16]) -> NDArray[np.float64]:
        """Log-odds float64[n] of the second class."""
        odds: NDArray[np.float64] = self._model.decision_function(self._scale(vectors))
        return odds

    def _scale(self, vectors: NDArray[np.float16]) -> NDArray[np.float32]:
        return (vectors.astype(np.float32) - self._mean) / self._spread


class _ByCharacters:
    """A logistic regression on sequences of characters, each weighed by how unevenly the classes use it.

    Wang & Manning 2012, "Baselines and Bigrams": the weight is the log of the ratio of its shares in the two classes.
    """

    def __init__(self, texts: Sequence[str], labels: NDArray[np.int64]) -> None:
        self._count = TfidfVectorizer(analyzer="char", ngram_range=(1, 4), sublinear_tf=True, min_df=2)
        rows = self._count.fit_transform(texts)
        held = rows > 0
        shares = [1.0 + np.asarray(held[labels == label].sum(axis=0)).ravel() for label in (0, 1)]
        self._weights = np.log(shares[1] / shares[1].sum()) - np.log(shares[0] / shares[0].sum())
        self._model = LogisticRegression(C=_WORDS_C, max_iter=300).fit(self._weigh(rows), labels)

    def __call__(self, texts: Sequence[str]) -> NDArray[np.float64]:
        """Log-odds float64[n] of the second class."""
        odds: NDArray[np.float64] = self._model.decision_function(self._weigh(self._count.transform(texts)))
        return odds

    def _weigh(self, rows: csr_matrix) -> csr_matrix:
        return rows.multiply(self._weights).tocsr()


def judge_by_characters(texts: Sequence[str], labels: NDArray[np.int64]) -> _ByCharacters:
    """The model on sequences of characters, fitted: a function from texts to the log-odds of label 1."""
    return _ByCharacters(texts, labels)


def judge_others(
    texts: Sequence[str],
    vectors: NDArray[np.float16],
    groups: NDArray[np.int64],
    labels: NDArray[np.int64],
) -> NDArray[np.float32]:
    """Probabilities float32[n_texts, 2] of texts, by models that saw no text of the same group.

    Rows that carry a wrong label get the right one more often than not, which no model does that has learned it.

    Args:
        texts: the labeled rows first, and what is made of them.
        vectors: float16[n_texts, teacher].
        groups: the labeled row that a text is made of, int64[n_texts]; that of a labeled row is its own position, and
            -1 stands for none.
        labels: 0 or 1 for each labeled row.
    """
    fold = np.random.default_rng(0).integers(0, _FOLDS, len(labels))
    of_text = np.where(groups >= 0, fold[groups], 0)
    odds = np.zeros(len(texts))
    for left_out in range(_FOLDS):
        known, asked = np.flatnonzero(fold != left_out).tolist(), np.flatnonzero(of_text == left_out).tolist()
        by_vectors = _ByVectors(vectors[known], labels[known])
        by_characters = _ByCharacters([texts[row] for row in known], labels[known])
        words = by_characters([texts[row] for row in asked])
        odds[asked] = _VECTOR_SHARE * by_vectors(vectors[asked]) + (1.0 - _VECTOR_SHARE) * words
    second = 1.0 / (1.0 + np.exp(-odds))
    return np.stack([1.0 - second, second], axis=1).astype(np.float32)
