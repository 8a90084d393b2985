"""What a text would be labeled: the soft labels of the Chinese models, by a tuned teacher and by characters."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression

_FOLDS = 5
_TUNED_SHARE = 0.6  # of the log-odds; the rest is the characters'. Chosen on validation rows
_WORDS_C = 4.0


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


def draw_folds(n_rows: int) -> NDArray[np.int64]:
    """The fold of each labeled row, int64[n_rows], always the same: what judges a text has not seen the row's fold."""
    return np.random.default_rng(0).integers(0, _FOLDS, n_rows)


def judge_texts(
    texts: Sequence[str], holders: NDArray[np.int64], labels: NDArray[np.int64], tuned: NDArray[np.floating]
) -> NDArray[np.float32]:
    """Probabilities float32[n_texts, 2] of texts, by a tuned teacher and by characters together.

    The regression on characters has not seen the row that a text is or is a part of: it follows wrong labels too well.
    The teacher has; after so few passes it says of most wrong labels that they are.

    Args:
        texts: the labeled rows first, and what is made of them.
        holders: the labeled row that a text is made of, int64[n_texts]; that of a labeled row is its own position.
        labels: 0 or 1 for each labeled row.
        tuned: log-odds float[n_texts] of label 1, by the teacher.
    """
    fold = draw_folds(len(labels))
    by_characters = np.zeros(len(texts))
    for left_out in range(_FOLDS):
        known, asked = np.flatnonzero(fold != left_out).tolist(), np.flatnonzero(fold[holders] == left_out).tolist()
        judge = judge_by_characters([texts[row] for row in known], labels[known])
        by_characters[asked] = judge([texts[row] for row in asked])
    second = 1.0 / (1.0 + np.exp(-(_TUNED_SHARE * tuned + (1.0 - _TUNED_SHARE) * by_characters)))
    return np.stack([1.0 - second, second], axis=1).astype(np.float32)
