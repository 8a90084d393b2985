"""Which of two models is better on the same held-out rows, class by class, or whether the rows can't tell."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sentiment.evaluation import intervals
from sentiment.evaluation.metrics import METRICS, check_labels, encode, encode_groups

# The fewest rows (or groups) on which two models must differ: below 6 even a clean sweep could be chance
# (two-sided sign test, 2 * 0.5**5 = 0.06).
FEWEST_DIFFERENCES = 6


def compare(
    labels: Sequence[str],
    predictions_a: Sequence[str],
    predictions_b: Sequence[str],
    *,
    classes: Sequence[str],
    metric: str = "f1-score",
    groups: Sequence[Any] | None = None,
    seed: int = 0,
    n_resamples: int = 2000,
) -> pd.DataFrame:
    """The F1, precision or recall of two models on the same rows, by a paired bootstrap over rows (or groups).

    Returns:
        One row per class, and "macro avg" last. Columns: class, a and b (the metric, in [0, 1]), delta (a - b), low
        and high (its 95 % interval), better ("a", "b" or "undecided").

    Raises:
        DataError: if there is no row, or a label or a prediction is missing.
        ValueError: if the lengths differ.
    """
    truth, a, b = check_labels(labels), check_labels(predictions_a), check_labels(predictions_b)
    if not len(truth) == len(a) == len(b):
        raise ValueError(f"{len(truth)} labels, but {len(a)} and {len(b)} predictions")
    known = [str(name) for name in classes]
    names = known + sorted((set(truth) | set(a) | set(b)) - set(known))
    codes = tuple(encode(labels_, names) for labels_ in (truth, a, b))
    sums, counts = _tally_pairs(*codes, groups=encode_groups(groups, len(truth)), n_classes=len(names))
    drawn = intervals.resample(sums, counts, n_resamples=n_resamples, seed=seed)
    place = METRICS.index(metric)
    scores_a, scores_b = _scores(np.einsum("u,umsk->msk", counts.astype(float), sums), place=place)
    drawn_a, drawn_b = _scores(np.moveaxis(drawn, 1, 0), place=place)
    tails = (0.5 - intervals.CONFIDENCE / 2, 0.5 + intervals.CONFIDENCE / 2)
    low, high = np.quantile(drawn_a - drawn_b, tails, axis=0)
    differ = (sums[:, 0] != sums[:, 1]).any(axis=1) * counts[:, None]
    enough = np.append(differ.sum(axis=0), differ.max(axis=1).sum()) >= FEWEST_DIFFERENCES
    better = np.where(enough & (low > 0), "a", np.where(enough & (high < 0), "b", "undecided"))
    return pd.DataFrame(
        {
            "class": [*names, "macro avg"],
            "a": scores_a,
            "b": scores_b,
            "delta": scores_a - scores_b,
            "low": low,
            "high": high,
            "better": better,
        }
    )


def _tally_pairs(
    truth: NDArray[np.int64],
    a: NDArray[np.int64],
    b: NDArray[np.int64],
    *,
    groups: NDArray[np.int64] | None,
    n_classes: int,
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """float64[n_units, 2, 3, n_classes], the sums under either model, and int64[n_units], how many are alike."""
    k = n_classes
    counts: NDArray[np.int64] | None
    if groups is None:
        triples, unit, counts = np.unique((truth * k + a) * k + b, return_inverse=True, return_counts=True)
        first = np.zeros(len(triples), dtype=np.int64)
        first[unit] = np.arange(len(unit))
        truth, a, b, groups = truth[first], a[first], b[first], np.arange(len(triples))
    else:
        _, groups = np.unique(groups, return_inverse=True)
        counts = None
    sums = np.stack([intervals.sum_by_unit(truth, says, unit=groups, n_classes=k) for says in (a, b)], axis=1)
    if counts is None:
        flat, counts = np.unique(sums.reshape(len(sums), -1), axis=0, return_counts=True)
        sums = flat.reshape(-1, 2, 3, k)
    return sums, counts


def _scores(sums: NDArray[np.float64], *, place: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """A metric per class, then its mean, float64[..., n_classes + 1], of either model.

    Args:
        sums: float64[2, ..., 3, n_classes].
        place: of the metric in `METRICS`.
    """
    both = intervals.score(sums)
    a, b = np.concatenate([np.nan_to_num(both.per_class[place]), both.macro[place][..., None]], axis=-1)
    return a, b
