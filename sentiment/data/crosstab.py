"""Classes against anything: another column of the file, the length of the texts, the sides of a split."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pandas as pd
from numpy.typing import NDArray

MOST_GROUPS = 16
BINS = 6
OTHER, MISSING = "other values", "no value"
_NUMERIC_SHARE = 0.95  # of the filled cells: fewer numbers than this are codes among words
_FEW = 12  # different numbers up to which each is a group of its own
_CODE = r"^[+-]?(?:0\d|\d{16})"  # digits that are more than a number: "007" is not "7", and floats would merge long ids
_WHOLE = 1e15  # whole numbers below are written out


@dataclass(frozen=True, eq=False)
class Groups:
    """The rows of a table in a few groups.

    Attributes:
        names: what the groups are called, in the order to show; all different.
        codes: int64[n_rows], the group of each row.
    """

    names: tuple[str, ...]
    codes: NDArray[np.int64]


def group_values(values: pd.Series, *, most: int = MOST_GROUPS) -> Groups:
    """Rows by the values of a column, in at most `most` groups and one for rows without a value.

    Numbers in many values are put into six ranges with about as many rows each; of words, the most frequent are groups
    and the rest is "other values". Columns with leading zeros or very long numbers hold words.
    """
    missing = np.array(values.isna(), bool)
    if values.dtype.kind not in "iuf":
        words = values.astype("str").str.strip()
        missing |= np.array((words == "").fillna(True), bool)
        if words.str.contains(_CODE, regex=True).fillna(False).any():
            return _word_groups(values, missing, most=most)
    numbers = pd.to_numeric(values.where(~missing), errors="coerce").to_numpy(np.float64, na_value=np.nan, copy=True)
    numbers[~np.isfinite(numbers)] = np.nan
    n_numbers = int((~np.isnan(numbers)).sum())
    if n_numbers and n_numbers >= _NUMERIC_SHARE * int((~missing).sum()):
        return _number_groups(numbers)
    return _word_groups(values, missing, most=most)


def _number_groups(numbers: NDArray[np.float64]) -> Groups:
    known = ~np.isnan(numbers)
    different = np.unique(numbers[known])
    if len(different) <= _FEW:
        names = _numbers(different)
        codes = np.searchsorted(different, numbers)
    else:
        edges = np.unique(np.quantile(numbers[known], np.linspace(0, 1, BINS + 1)))
        codes = np.clip(np.searchsorted(edges, numbers, side="right") - 1, 0, max(len(edges) - 2, 0))
        names = _ranges(numbers, codes, known, n=max(len(edges) - 1, 1))
    return _with_missing(list(names), np.where(known, codes, -1).astype(np.int64))


def _numbers(different: NDArray[np.float64]) -> list[str]:
    """Names of different numbers: whole ones written out, others in as few digits as tell all of them apart."""
    names: list[str] = []
    for digits in (6, 9, 12, 17):
        names = [
            f"{value:.0f}" if value.is_integer() and abs(value) < _WHOLE else f"{value:.{digits}g}"
            for value in different.tolist()
        ]
        if len(set(names)) == len(names):
            break
    return names


def _ranges(numbers: NDArray[np.float64], codes: NDArray[np.int64], known: NDArray[np.bool_], *, n: int) -> list[str]:
    """The smallest and the largest number of each range, in as few digits as tell them apart."""
    ends = pd.DataFrame({"code": codes[known], "value": numbers[known]}).groupby("code")["value"].agg(["min", "max"])
    ends = ends.reindex(range(n))
    for digits in (3, 6, 12, 17):
        said = [(f"{low:.{digits}g}", f"{high:.{digits}g}") for low, high in ends.itertuples(index=False)]
        if all(before[1] != after[0] for before, after in pairwise(said)):
            break
    return [low if low == high else f"{low} to {high}" for low, high in said]


def _word_groups(values: pd.Series, missing: NDArray[np.bool_], *, most: int) -> Groups:
    counts = values[~missing].astype("str").value_counts()
    names = counts.index.tolist()
    if len(names) > most:
        names = names[: most - 1]
    codes = pd.Index(names, dtype="str").get_indexer(pd.Index(values.astype("str"))).astype(np.int64)
    other = ~missing & (codes < 0)
    codes[missing] = -1
    if other.any():
        codes[other] = len(names)
        names = [*names, _free(OTHER, names)]
    return _with_missing(names, codes)


def _with_missing(names: list[str], codes: NDArray[np.int64]) -> Groups:
    if (codes < 0).any():
        codes = np.where(codes < 0, len(names), codes)
        names = [*names, _free(MISSING, names)]
    return Groups(tuple(names), codes)


def _free(name: str, taken: Sequence[str]) -> str:
    """The name, or one like it if a value of the file is called so."""
    while name in taken:
        name = f"({name})"
    return name


def cross_classes(labels: Iterable[str | None], groups: Groups, *, classes: Sequence[str]) -> pd.DataFrame:
    """How many rows of each group are of each class.

    Args:
        labels: one per row; rows without one of `classes` are left out.
        groups: of the same rows.
        classes: in the order wanted.

    Returns:
        Columns group, class, count, share (of the labeled rows of the group; a group without any is left out), total
        (labeled rows of the group): a row for each group and class, in their orders.
    """
    codes = pd.Index(list(classes), dtype="str").get_indexer(pd.Index(pd.Series(labels, dtype="str"))).astype(np.int64)
    labeled = codes >= 0
    flat = groups.codes[labeled] * len(classes) + codes[labeled]
    counts = np.bincount(flat, minlength=len(groups.names) * len(classes)).reshape(len(groups.names), len(classes))
    shown = counts.sum(axis=1) > 0
    counts = counts[shown]
    names = [name for name, kept in zip(groups.names, shown.tolist(), strict=True) if kept]
    totals = counts.sum(axis=1, keepdims=True)
    return pd.DataFrame(
        {
            "group": pd.array(np.repeat(np.array(names, dtype=object), len(classes)), dtype="str"),
            "class": pd.array(list(classes) * len(names), dtype="str"),
            "count": counts.ravel(),
            "share": (counts / np.maximum(totals, 1)).ravel(),
            "total": np.repeat(totals.ravel(), len(classes)),
        }
    )


def effective_classes(counts: Iterable[int]) -> float:
    """How many equally frequent classes would be as varied: the exponential of the entropy, from 1 up; 0 without rows.

    Hill (1973), the diversity of order 1.
    """
    values = np.array([count for count in counts if count > 0], float)
    if not len(values):
        return 0.0
    shares = values / values.sum()
    return float(np.exp(-(shares * np.log(shares)).sum()))
