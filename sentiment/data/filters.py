"""Which rows are looked at: conditions that combine."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import groupby
from typing import Literal

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from sentiment.data.crosstab import Groups
from sentiment.data.search import parse_query, search

LENGTH = "length"


@dataclass(frozen=True)
class Filter:
    """One condition on rows.

    Attributes:
        kind: what is looked at. "class": the label is `value`, or there is none for None; "value": the row's group in
            `column` is `value`; "length": the length is in `low` to `high`, both included; "search": a query finds the
            text; "rows": the row is one of `rows`.
        column: a column of the dataset, for "value".
        value: see `kind`; the query as it was typed for "search".
        regex: whether the query is a regular expression.
        low: the smallest length.
        high: the largest length.
        rows: zero-based rows of the file.
    """

    kind: Literal["class", "value", "length", "search", "rows"]
    column: str = ""
    value: str | None = None
    regex: bool = False
    low: int = 0
    high: int = 0
    rows: tuple[int, ...] = ()


def filter_rows(
    frame: pd.DataFrame,
    filters: Iterable[Filter],
    *,
    texts: Callable[[], pa.LargeStringArray],
    groups: Callable[[str], Groups],
) -> NDArray[np.int64]:
    """The positions in `frame` that meet the conditions, ascending: int64[n].

    Several classes, or several values of one column, mean any of them; different things must all be met.

    Args:
        frame: the rows of a dataset.
        filters: the conditions; without any, every row meets them.
        texts: gives the texts of the rows, ready to be searched.
        groups: gives the groups of the rows by a column.

    Raises:
        UsageError: for a query that cannot be read.
    """
    kept = np.ones(len(frame), bool)
    for (kind, _), alike in groupby(sorted(filters, key=_joined), key=_joined):
        parts = [_meets(frame, one, texts=texts, groups=groups) for one in alike]
        kept &= np.logical_or.reduce(parts) if kind in ("class", "value") else np.logical_and.reduce(parts)
    return np.flatnonzero(kept)


def _joined(one: Filter) -> tuple[str, str]:
    return one.kind, one.column


def _meets(
    frame: pd.DataFrame,
    one: Filter,
    *,
    texts: Callable[[], pa.LargeStringArray],
    groups: Callable[[str], Groups],
) -> NDArray[np.bool_]:
    if one.kind == "class":
        labels = frame["label"]
        met = labels.isna() if one.value is None else (labels == one.value).fillna(False)
        return met.to_numpy(dtype=bool)
    if one.kind == "value":
        found = groups(one.column)
        return found.codes == (found.names.index(str(one.value)) if one.value in found.names else -1)
    if one.kind == "length":
        lengths = frame[LENGTH].to_numpy()
        return np.asarray((lengths >= one.low) & (lengths <= one.high), bool)
    if one.kind == "search":
        return search(texts(), parse_query(str(one.value), regex=one.regex))
    return np.isin(frame["row"].to_numpy(), np.array(one.rows, np.int64))
