"""What a model's probabilities of one class are worth at every threshold: ROC and precision–recall, with areas.

Both areas are means over rows, so what each row adds to them is known (its influence). The spread of these parts,
summed over groups of rows that belong together, is the standard error: for the area under the ROC curve DeLong's
(DeLong, DeLong & Clarke-Pearson 1988; in groups Obuchowski's, 1997), for average precision the same idea. Intervals
are made on the logit scale, where such a figure is closer to normal and never leaves 0 to 1.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from sentiment.evaluation import intervals
from sentiment.evaluation.means import UNKNOWN, Estimate, sum_by_group

Floats = NDArray[np.float64]
MOST_POINTS = 400  # of a drawn curve: more cannot be seen


@dataclass(frozen=True)
class Curves:
    """How one class can be told from the others by its probability.

    Attributes:
        thresholds: float64[n_points], falling: a row counts as of the class from this probability on.
        false_alarms: float64[n_points], the share of the other rows that are said to be of the class.
        recall: float64[n_points], the share of the rows of the class that are found.
        precision: float64[n_points], the share of those said to be of the class that are.
        area: the area under the ROC curve, with its interval.
        average_precision: the area under the precision–recall curve as steps, with its interval.
        share: the share of rows that are of the class: the average precision of guessing.
        n: rows of the class.
        n_others: rows of other classes.
    """

    thresholds: Floats
    false_alarms: Floats
    recall: Floats
    precision: Floats
    area: Estimate
    average_precision: Estimate
    share: float
    n: int
    n_others: int


def trace_curves(
    scores: ArrayLike, of_class: ArrayLike, *, groups: Sequence[Any] | NDArray[Any] | None = None
) -> Curves:
    """The curves of one class.

    Args:
        scores: float[n], the probability of the class.
        of_class: bool[n], whether the row is of it.
        groups: which rows belong together.

    Raises:
        ValueError: if the lengths differ or a score is no number.
    """
    values, truth = np.asarray(scores, np.float64), np.asarray(of_class, bool)
    if values.shape != truth.shape or values.ndim != 1:
        raise ValueError(f"scores have shape {values.shape}, truths {truth.shape}")
    if not np.isfinite(values).all():
        raise ValueError("a score is not a number")
    n, n_others = int(truth.sum()), int((~truth).sum())
    thresholds, hits, said = _count_above(values, truth)
    kept = _thin(len(thresholds))
    with np.errstate(invalid="ignore"):
        return Curves(
            thresholds=thresholds[kept],
            false_alarms=intervals.divide((said - hits)[kept], np.array(float(n_others))),
            recall=intervals.divide(hits[kept], np.array(float(n))),
            precision=intervals.divide(hits[kept], said[kept]),
            area=area_under_roc(values, truth, groups=groups),
            average_precision=average_precision(values, truth, groups=groups),
            share=n / max(len(truth), 1),
            n=n,
            n_others=n_others,
        )


def _count_above(values: Floats, truth: NDArray[np.bool_]) -> tuple[Floats, Floats, Floats]:
    """Different scores, falling; rows of the class, and all rows, that have at least so much."""
    order = np.argsort(-values, kind="stable")
    ranked = values[order]
    last = np.flatnonzero(np.append(ranked[1:] != ranked[:-1], True)) if len(ranked) else np.zeros(0, np.int64)
    return ranked[last], np.cumsum(truth[order])[last].astype(float), (last + 1).astype(float)


def _thin(n: int) -> NDArray[np.int64]:
    return np.unique(np.linspace(0, n - 1, min(n, MOST_POINTS)).round()).astype(np.int64) if n else np.zeros(0, int)


def area_under_roc(
    scores: ArrayLike, of_class: ArrayLike, *, groups: Sequence[Any] | NDArray[Any] | None = None
) -> Estimate:
    """How often a row of the class scores higher than another row (a tie is half), with its interval.

    Unknown where there are no rows of the class or none of the others.
    """
    values, truth = np.asarray(scores, np.float64), np.asarray(of_class, bool)
    n, n_others = int(truth.sum()), int((~truth).sum())
    if not n or not n_others:
        return UNKNOWN
    ranks = stats.rankdata(values)
    above = np.empty(len(values))  # for a row of the class the share of others below it, for another that above it
    above[truth] = (ranks[truth] - stats.rankdata(values[truth])) / n_others
    above[~truth] = 1 - (ranks[~truth] - stats.rankdata(values[~truth])) / n
    area = float(above[truth].mean())
    parts = (above - area) / np.where(truth, n, n_others)
    return _on_logits(area, parts, groups=groups, rarer=truth if n <= n_others else ~truth)


def average_precision(
    scores: ArrayLike, of_class: ArrayLike, *, groups: Sequence[Any] | NDArray[Any] | None = None
) -> Estimate:
    """The mean, over the rows of the class, of the precision at their own score, with its interval.

    Unknown where there are no rows of the class.
    """
    values, truth = np.asarray(scores, np.float64), np.asarray(of_class, float)
    n = len(values)
    if not truth.any():
        return UNKNOWN
    codes, place = np.unique(-values, return_inverse=True)
    right = np.cumsum(np.bincount(place, weights=truth, minlength=len(codes)))[place] / n  # of the class, at least so
    said = np.cumsum(np.bincount(place, minlength=len(codes)))[place] / n  # all, at least so
    share = float(truth.mean())
    total = float((truth * right / said).mean())
    # What a row adds to the precision at the scores of all rows of the class that score no more than it does.
    below = np.stack([truth / said, truth * right / said**2], axis=1) / n
    sums = np.zeros((len(codes), 2))
    np.add.at(sums, place, below)
    reach = np.cumsum(sums[::-1], axis=0)[::-1][place]
    parts = truth * right / said - total + truth * reach[:, 0] - reach[:, 1]
    parts = (parts - parts.mean()) / share - total / share**2 * (truth - share)
    return _on_logits(total / share, parts / n, groups=groups, rarer=truth > 0)


def _on_logits(
    value: float, parts: Floats, *, groups: Sequence[Any] | NDArray[Any] | None, rarer: NDArray[np.bool_]
) -> Estimate:
    """The interval of a figure in [0, 1] from each row's part in it.

    What it is sure of depends on the rows (or groups) with a row of the rarer kind: their number stands for the degrees
    of freedom, and where the figure is 0 or 1 for the rows of a share that has Wilson's interval.
    """
    units = sum_by_group(parts, groups)
    n = float((sum_by_group(rarer.astype(float), groups) > 0).sum())
    error = float(np.sqrt((units**2).sum() * n / max(n - 1, 1)))
    if error < 1e-9 or not 0 < value < 1:
        low, high = intervals.wilson(np.array([value]), np.array([n]))[:, 0]
        return Estimate(value, float(low), float(high))
    half = float(stats.t.ppf(0.5 + intervals.CONFIDENCE / 2, max(n - 1, 1))) * error
    middle, reach = np.log(value / (1 - value)), half / (value * (1 - value))
    low, high = 1 / (1 + np.exp(-(middle - reach))), 1 / (1 + np.exp(-(middle + reach)))
    return Estimate(value, float(low), float(high))
