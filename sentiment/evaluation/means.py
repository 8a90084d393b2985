"""A mean over held-out rows with its 95 % interval, over rows or over groups of rows that belong together."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

from sentiment.evaluation import intervals

Floats = NDArray[np.float64]
Groups = Sequence[Any] | NDArray[Any] | None


@dataclass(frozen=True)
class Estimate:
    """A figure with the ends of its 95 % interval; nan where there is nothing to estimate it from."""

    value: float
    low: float
    high: float

    @property
    def known(self) -> bool:
        """Whether there is a figure."""
        return not np.isnan(self.value)


UNKNOWN = Estimate(float("nan"), float("nan"), float("nan"))


def group_numbers(groups: Groups, n: int) -> NDArray[np.int64] | None:
    """int64[n]: groups numbered from 0; a row whose group is missing is one of its own. None if every row is alone."""
    from sentiment.evaluation.metrics import encode_groups  # which knows the intervals below it

    whole = isinstance(groups, np.ndarray) and groups.dtype == np.int64 and len(groups) == n > 0
    if isinstance(groups, np.ndarray) and whole and groups.min() >= 0 and groups.max() < n:
        return groups  # numbered already
    codes = encode_groups(groups, n)
    return None if codes is None else np.asarray(pd.factorize(codes)[0], np.int64)


def sum_by_group(values: Floats, groups: Groups) -> Floats:
    """float64[n_groups, ...]: the sums of values float64[n, ...] over each group; the values where all are alone."""
    codes = group_numbers(groups, len(values))
    if codes is None:
        return values
    columns = values.reshape(len(values), -1)
    n_groups = int(codes.max(initial=-1)) + 1
    sums = [np.bincount(codes, weights=column, minlength=n_groups) for column in columns.T]
    return np.asarray(np.stack(sums, axis=1).reshape(n_groups, *values.shape[1:]), np.float64)


def estimate_mean(
    values: NDArray[Any], *, groups: Groups = None, binary: bool = False, positive: bool = False
) -> Estimate:
    """The mean of a row's figure with its interval.

    Shares have the interval of `intervals.share_interval`; other figures Student's, from the spread of the rows, or of
    the sums of the groups around what their rows would have on average (the linearised ratio; Cochran 1977, 6.4).

    Args:
        values: float[n].
        groups: which rows belong together.
        binary: whether the values are 0 and 1.
        positive: whether they are losses, from 0 on and with few large ones: the interval is then made on the scale of
            logarithms, where their mean is closer to normal.
    """
    figures = np.asarray(values, np.float64)
    if not len(figures):
        return UNKNOWN
    if binary:
        return estimate_share(figures, np.ones_like(figures), groups=groups)
    mean = float(figures.mean())
    units = sum_by_group(figures - mean, groups)
    if len(units) < 2:
        return Estimate(mean, 0.0 if positive else -np.inf, np.inf)
    error = float(np.sqrt((units**2).sum() * len(units) / (len(units) - 1))) / len(figures)
    half = float(stats.t.ppf(0.5 + intervals.CONFIDENCE / 2, len(units) - 1)) * error
    if positive and mean > 0:
        return Estimate(mean, mean * float(np.exp(-half / mean)), mean * float(np.exp(half / mean)))
    return Estimate(mean, mean - half, mean + half)


def estimate_share(part: NDArray[Any], whole: NDArray[Any], *, groups: Groups = None) -> Estimate:
    """The share sum(part) / sum(whole), part and whole 0 or 1 for each row, with its interval."""
    parts, wholes = (np.asarray(array, np.float64) for array in (part, whole))
    codes = group_numbers(groups, len(parts))
    if codes is None:
        n = np.array([wholes.sum()])
        share = intervals.divide(np.array([(parts * wholes).sum()]), n)
        low, high = intervals.wilson(share, n)[:, 0]
        return Estimate(float(share[0]), float(low), float(high)) if n[0] else UNKNOWN
    sums = sum_by_group(np.stack([parts * wholes, wholes], axis=1), codes)
    units = intervals.Units(sums[:, :, None], np.ones(len(sums), np.int64), grouped=True)
    low, high = intervals.share_interval(sums[:, :1], sums[:, 1:], units=units)[:, 0]
    whole_sum = float(sums[:, 1].sum())
    return Estimate(float(sums[:, 0].sum() / whole_sum), float(low), float(high)) if whole_sum else UNKNOWN
