"""Parts of the held-out rows that the model is worse on than on the rest, as far as the rows can tell.

Each slice is held against all other rows: the difference of the two shares of right rows, its interval, and a
two-sided test. Of many slices some look bad by chance, so the p-values are corrected for all that were looked at
(Holm 1979: the chance that any slice is called worse or better wrongly is at most 5 %).
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy import sparse, stats

from sentiment.evaluation import intervals
from sentiment.evaluation.means import group_numbers

Floats = NDArray[np.float64]
FEWEST = 20  # rows, in a slice and in the rest, below which it is not judged
_SURE = 0.05
_CHUNK = 64  # slices at a time: bounds the memory where there are many groups


def judge_slices(
    right: ArrayLike,
    members: Any,
    *,
    names: pd.DataFrame,
    groups: Sequence[Any] | NDArray[Any] | None = None,
    fewest: int = FEWEST,
) -> pd.DataFrame:
    """Every slice against the rest.

    Args:
        right: bool[n], whether the row is.
        members: bool[n, n_slices], dense or sparse: which rows are in which slice.
        names: a row for each slice, whose columns come first in what is returned.
        groups: which rows belong together.
        fewest: rows that a slice and its rest must have to be judged.

    Returns:
        The columns of `names`, then n, share (of right rows, in [0, 1]) with low and high (95 % interval), rest (the
        share elsewhere), difference (share − rest) with difference_low and difference_high, p, adjusted (the p-value
        corrected for all judged slices), finding ("worse", "better", "can't tell", "too few"). Figures are missing
        where there are too few rows. In the order of `names`.
    """
    hit = np.asarray(right, np.float64)
    table = sparse.csc_matrix(members, dtype=np.float64)
    if table.shape != (len(hit), len(names)):
        raise ValueError(f"members have shape {table.shape} for {len(hit)} rows and {len(names)} slices")
    n = np.asarray(table.sum(axis=0)).ravel()
    judged = (n >= fewest) & (len(hit) - n >= fewest)
    figures = np.full((len(names), 8), np.nan)
    codes = group_numbers(groups, len(hit))
    places = np.flatnonzero(judged)
    for start in range(0, len(places), _CHUNK):
        part = places[start : start + _CHUNK]
        figures[part] = _compare(hit, table[:, part], codes)
    columns = ("share", "low", "high", "rest", "difference", "difference_low", "difference_high", "p")
    found = names.reset_index(drop=True).assign(n=n.astype(int), **dict(zip(columns, figures.T, strict=True)))
    found["adjusted"] = holm(figures[:, -1])
    sure = found["adjusted"] < _SURE
    found["finding"] = np.select(
        [~judged, sure & (found["difference"] < 0), sure & (found["difference"] > 0)],
        ["too few", "worse", "better"],
        "can't tell",
    )
    return found


def _compare(hit: Floats, members: sparse.csc_matrix, codes: NDArray[np.int64] | None) -> Floats:
    """float64[n_slices, 8]: the figures of some slices that are large enough."""
    n = np.asarray(members.sum(axis=0)).ravel()
    rest = len(hit) - n
    right = np.asarray(members.T @ hit).ravel()
    share, other = right / n, (hit.sum() - right) / rest
    difference = share - other
    if codes is None:
        spans = np.stack([intervals.wilson(share, n), intervals.wilson(other, rest)])
        alike, p = np.zeros_like(share), _fisher(right, n, n_right=hit.sum(), n_rows=len(hit))
    else:
        spans, alike, error, freedom = _in_groups(hit, members, codes)
        p = 2 * stats.t.sf(np.divide(np.abs(difference), error, out=np.zeros_like(error), where=error > 0), freedom)
    low, high = _difference_interval(share, other, spans=spans, alike=alike)
    return np.stack([share, spans[0, 0], spans[0, 1], other, difference, low, high, p], axis=1)


def _fisher(right: Floats, n: Floats, *, n_right: float, n_rows: int) -> Floats:
    """float64[n_slices]: Fisher's exact p-values, twice the smaller tail.

    A normal approximation will not do: after a correction for hundreds of slices it is the far tail that counts, and
    with few mistakes in a slice that is many times heavier than the normal one.
    """
    below = stats.hypergeom.cdf(right, n_rows, n_right, n)
    above = stats.hypergeom.sf(right - 1, n_rows, n_right, n)
    return np.asarray(np.minimum(2 * np.minimum(below, above), 1.0))


def _in_groups(
    hit: Floats, members: sparse.csc_matrix, codes: NDArray[np.int64]
) -> tuple[Floats, Floats, Floats, Floats]:
    """Where rows belong together: the intervals of both shares, how they correlate, the difference's standard error.

    Last come the degrees of freedom: groups on the smaller side, less one.
    """
    n_groups = int(codes.max()) + 1
    gather = sparse.csr_matrix((np.ones(len(hit)), (codes, np.arange(len(hit)))), shape=(n_groups, len(hit)))
    inside, inside_right = (gather @ members).toarray(), (gather @ members.multiply(hit[:, None])).toarray()
    whole, whole_right = (np.asarray(gather @ values)[:, None] for values in (np.ones(len(hit)), hit))
    sides = [(inside_right, inside), (whole_right - inside_right, whole - inside)]
    units = intervals.Units(np.zeros((n_groups, 3, 1)), np.ones(n_groups, np.int64), grouped=True)
    spans = np.stack([intervals.share_interval(part, of, units=units) for part, of in sides])
    parts = [(part - part.sum(axis=0) / of.sum(axis=0) * of) / of.sum(axis=0) for part, of in sides]
    errors = [np.sqrt((part**2).sum(axis=0)) for part in parts]
    together = (parts[0] * parts[1]).sum(axis=0)
    product = errors[0] * errors[1]
    alike = np.divide(together, product, out=np.zeros_like(product), where=product > 0)
    freedom = np.minimum((inside > 0).sum(axis=0), (whole - inside > 0).sum(axis=0)) - 1
    small = np.sqrt(np.maximum(freedom + 1, 2) / np.maximum(freedom, 1))
    return spans, alike, small * np.sqrt(((parts[0] - parts[1]) ** 2).sum(axis=0)), np.maximum(freedom, 1)


def _difference_interval(share: Floats, other: Floats, *, spans: Floats, alike: Floats) -> tuple[Floats, Floats]:
    """The interval of a difference of shares from their own (Newcombe 1998; with a correlation, Zou & Donner 2008)."""
    difference = share - other
    ends = []
    for mine, its in ((share - spans[0, 0], spans[1, 1] - other), (spans[0, 1] - share, other - spans[1, 0])):
        ends.append(np.sqrt(np.maximum(mine**2 + its**2 - 2 * alike * mine * its, 0.0)))
    return np.maximum(difference - ends[0], -1.0), np.minimum(difference + ends[1], 1.0)


def holm(p: ArrayLike) -> Floats:
    """float64[n]: p-values corrected for their number (Holm 1979); what is missing stays so and does not count."""
    values = np.asarray(p, np.float64)
    known = np.flatnonzero(~np.isnan(values))
    adjusted = np.full(len(values), np.nan)
    order = known[np.argsort(values[known], kind="stable")]
    steps = values[order] * (len(order) - np.arange(len(order)))
    adjusted[order] = np.minimum(np.maximum.accumulate(steps), 1.0) if len(order) else steps
    return adjusted
