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
    seed: int = 0,
    n_resamples: int = 2000,
) -> pd.DataFrame:
    """The F1, precision or recall of two models on the same rows, by a paired bootstrap over rows (or groups).

    The classes are looked at together: of one it is said that a model is better only where its difference is larger
    than the largest of all classes would be by chance in 95 % of the resamples (each in its own standard errors, as
    Westfall and Young's max-t does). The interval of a class is that of the class by itself.

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
    # what of the sums a metric can change by: recall, whose rows are the same for both, by the rows found alone
    parts = sums[:, :, : intervals.TRUE] if metric == "recall" else sums
    differ = (parts[:, 0] != parts[:, 1]).any(axis=1)
    n_differ = np.append(counts @ differ, counts @ differ.any(axis=1))
    low, high = paired_interval(drawn_a - drawn_b, n_differ)
    enough = n_differ >= FEWEST_DIFFERENCES
    enough[:-1] &= _stand_out(scores_a - scores_b, drawn_a - drawn_b, enough)[:-1]
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


def _stand_out(delta: NDArray[np.float64], drawn: NDArray[np.float64], enough: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """bool[n_classes + 1]: whose difference is beyond what the largest of all classes would be by chance.

    Args:
        delta: float64[n_classes + 1], the mean of the classes last, which is no part of the family.
        drawn: float64[n_resamples, n_classes + 1].
        enough: bool[n_classes + 1], those where the rows can tell anything.
    """
    error = drawn.std(axis=0)
    steady = (error < 1e-12) & (delta != 0)  # the same in every resample: a clean sweep
    family = enough & (error >= 1e-12)
    family[-1] = False
    if not family.any():
        return steady
    away = np.abs(drawn[:, family] - delta[family]) / error[family]
    limit = float(np.quantile(away.max(axis=1), intervals.CONFIDENCE))
    return steady | (family & (np.abs(delta) > limit * error))


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
