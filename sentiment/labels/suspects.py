"""Suspects: labels that predictions made without them contradict (confident learning, Northcutt et al. 2021).

Of the rankings in that paper and around it, the plain one was best here: how much likelier another class is than the
label, by calibrated probabilities of several models that never saw the row. Subtracting each class's mean confidence
first, as the paper does to find how many labels are wrong, ranked worse on both data sets it was tried on (product
reviews, tweets), so it only estimates their number.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

_LEAST = 1e-4  # probability that a model is taken to give at least: none of several can forbid a class alone


def rank_suspects(
    rows: NDArray[np.int64], labels: NDArray[np.int64], probs: NDArray[np.float32], *, classes: Sequence[str]
) -> pd.DataFrame:
    """All labeled rows, the most suspect first.

    Args:
        rows: int64[n], as they are to be named.
        labels: int64[n], positions in `classes`.
        probs: float32[n, n_classes], by a model that saw neither the row's label nor its duplicates' or document's.
        classes: names of the classes.

    Returns:
        Columns row, label, suggested (the likeliest other class), score (in [0, 1]: the probability that the
        suggested class is right, if it is either of the two; above 0.5 the prediction contradicts the label).
    """
    if len(classes) < 2 or not len(rows):
        return pd.DataFrame({"row": rows[:0], "label": [], "suggested": [], "score": np.empty(0)})
    every = np.arange(len(rows))
    others = probs.astype(np.float64)
    own = others[every, labels].copy()
    others[every, labels] = -1.0
    suggested = others.argmax(axis=1)
    other = others[every, suggested]
    score = other / np.maximum(other + own, 1e-12)
    order = np.argsort(-score, kind="stable")
    names = np.array(classes, object)
    columns = {"row": rows, "label": names[labels], "suggested": names[suggested], "score": score}
    return pd.DataFrame({name: values[order] for name, values in columns.items()})


def estimate_wrong(labels: NDArray[np.int64], probs: NDArray[np.float32]) -> int:
    """How many labels are probably wrong: the off-diagonal of the confident joint (Northcutt 2021, eq. 1).

    A row counts where a class other than its label is predicted with at least that class's mean confidence on its own
    rows. As natural doubt counts as well, it is rather too many.

    Args:
        labels: int64[n].
        probs: float32[n, n_classes], as for `rank_suspects`.
    """
    n_classes = probs.shape[1]
    means = [probs[labels == label, label].mean() if (labels == label).any() else np.inf for label in range(n_classes)]
    sure = np.where(probs >= np.array(means), probs, -1.0)
    found = sure.argmax(axis=1)
    return int(((sure.max(axis=1) > 0) & (found != labels)).sum())


def pool_opinions(opinions: Sequence[NDArray[np.float32]], weights: Sequence[float]) -> NDArray[np.float32]:
    """Probabilities float32[n, n_classes] of several models as one: their weighted geometric mean; rows sum to 1.

    Args:
        opinions: float32[n, n_classes] of each model.
        weights: of each model, above 0.
    """
    logs = sum(
        weight * np.log(np.maximum(opinion, _LEAST)) for opinion, weight in zip(opinions, weights, strict=True)
    ) / sum(weights)
    powers = np.exp(logs - np.max(logs, axis=1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=1, keepdims=True), np.float32)
