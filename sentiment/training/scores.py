"""The score that chooses the best weights. Light: neither scikit-learn nor jax is loaded for it."""

import numpy as np
from numpy.typing import NDArray


def macro_f1(labels: NDArray[np.int64], predictions: NDArray[np.int64]) -> float:
    """The mean F1, in [0, 1], over the classes that occur in labels int64[n]; a class never predicted right has 0."""
    scores = []
    for label in np.unique(labels):
        true, predicted = labels == label, predictions == label
        scores.append(2.0 * np.sum(true & predicted) / (np.sum(true) + np.sum(predicted)))
    return float(np.mean(scores))
