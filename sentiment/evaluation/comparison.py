"""Which of two models is better on the same held-out rows, class by class, or whether the rows can't tell."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

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
    n_pairs: int = 1,
    seed: int = 0,
    n_resamples: int = 2000,
) -> pd.DataFrame:
    """The F1, precision or recall of two models on the same rows, by a paired bootstrap over rows (or groups).

    The classes are looked at together: of one it is said that a model is better only where its difference is larger
    than the largest of all classes would be by chance in 95 % of the resamples (each in its own standard errors, as
    Westfall and Young's max-t does); where this is one of `n_pairs` comparisons that are shown together, its share of
    the 5 % is divided by their number. The interval of a class is that of the class by itself.

    "macro avg" is over the classes that have rows here: the same for both models, whatever one of them says besides.

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
    total, present = np.einsum("u,umsk->msk", counts.astype(float), sums), np.unique(codes[0])
    scores_a, scores_b = _scores(total, place=place, present=present)
    drawn_a, drawn_b = _scores(np.moveaxis(drawn, 1, 0), place=place, present=present)
    # what of the sums a metric can change by: recall, whose rows are the same for both, by the rows found alone
    parts = sums[:, :, : intervals.TRUE] if metric == "recall" else sums
    differ = (parts[:, 0] != parts[:, 1]).any(axis=1)
    n_differ = np.append(counts @ differ, counts @ differ.any(axis=1))
    low, high = paired_interval(drawn_a - drawn_b, n_differ)
    enough = n_differ >= FEWEST_DIFFERENCES
    enough &= _stand_out(scores_a - scores_b, drawn_a - drawn_b, enough, n_pairs=n_pairs)
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


def paired_interval(drawn: NDArray[np.float64], n_differ: NDArray[np.int64]) -> NDArray[np.float64]:
    """float64[2, n]: low and high of differences, from resamples of them.

    The percentiles of a bootstrap are too narrow where little varies, and here only the rows vary on which the models
    differ. So they are taken as far out as Student's distribution for that many rows says (Hesterberg 2015, "expanded
    percentile interval").

    Args:
        drawn: float64[n_resamples, n].
        n_differ: int64[n], the rows (or groups) on which the models differ.
    """
    rows = np.maximum(n_differ, 2)
    reach = np.sqrt(rows / (rows - 1)) * stats.t.ppf(0.5 + intervals.CONFIDENCE / 2, rows - 1)
    tails = stats.norm.cdf(-reach)
    both = [np.quantile(drawn[:, i], (tail, 1 - tail)) for i, tail in enumerate(tails)]
    return np.array(both).T


def _stand_out(
    delta: NDArray[np.float64], drawn: NDArray[np.float64], enough: NDArray[np.bool_], *, n_pairs: int
) -> NDArray[np.bool_]:
    """bool[n_classes + 1]: whose difference is beyond what the largest of all classes would be by chance.

    Args:
        delta: float64[n_classes + 1], the mean of the classes last, which is a family of its own.
        drawn: float64[n_resamples, n_classes + 1].
        enough: bool[n_classes + 1], those where the rows can tell anything.
        n_pairs: comparisons that share the chance of an error.
    """
    error, level = drawn.std(axis=0), 1.0 - (1.0 - intervals.CONFIDENCE) / n_pairs
    found = (error < 1e-12) & (delta != 0)  # the same in every resample: a clean sweep
    for family in (np.arange(len(delta) - 1), np.array([len(delta) - 1])):
        family = family[enough[family] & (error[family] >= 1e-12)]
        if len(family):
            away = np.abs(drawn[:, family] - delta[family]) / error[family]
            found[family] = np.abs(delta[family]) > np.quantile(away.max(axis=1), level) * error[family]
    return found


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


def _scores(
    sums: NDArray[np.float64], *, place: int, present: NDArray[np.int64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """A metric per class, then its mean, float64[..., n_classes + 1], of either model.

    Args:
        sums: float64[2, ..., 3, n_classes].
        place: of the metric in `METRICS`.
        present: int64[n], the classes of the mean.
    """
    per_class = np.nan_to_num(intervals.score(sums).per_class[place])
    a, b = np.concatenate([per_class, per_class[..., present].mean(axis=-1, keepdims=True)], axis=-1)
    return a, b
