"""What repeats in a column of texts, and where one text has several labels."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pandas as pd
import pyarrow.compute as pc
from numpy.typing import NDArray

from sentiment.data.duplicates import as_arrow, group_duplicates


@dataclass(frozen=True)
class DuplicateReport:
    """Counts and groups of repeated texts; rows are positions in the texts given.

    Attributes:
        rows: all rows, those without a text as well.
        exact_duplicates: rows beyond the first of each text; case, white space and punctuation aside.
        near_duplicates: texts beyond the first of each group of texts that are nearly the same, each text once.
        conflicting_texts: texts with more than one label.
        groups: the rows of each text that repeats, exactly or nearly; ascending, the group with the first row first.
    """

    rows: int
    exact_duplicates: int
    near_duplicates: int
    conflicting_texts: int
    groups: list[list[int]]

    def to_dict(self) -> dict[str, Any]:
        """The attributes by name, as JSON takes them."""
        return asdict(self)


def report_duplicates(texts: Iterable[str | None], labels: Iterable[str | None] | None = None) -> DuplicateReport:
    """What repeats among texts. A row without a text repeats nothing.

    Args:
        texts: one per row.
        labels: one per row, where blank or missing is no label; None finds no conflict.
    """
    array = as_arrow(texts)
    filled = np.flatnonzero(~np.asarray(pc.equal(pc.utf8_trim_whitespace(pc.fill_null(array, "")), "")))
    some = array.take(filled)
    exact, near = group_duplicates(some, near=False), group_duplicates(some)
    n_texts, n_groups = _n_groups(exact), _n_groups(near)
    return DuplicateReport(
        rows=len(array),
        exact_duplicates=len(filled) - n_texts,
        near_duplicates=n_texts - n_groups,
        conflicting_texts=0 if labels is None else int(conflicting(exact, as_arrow(labels).take(filled)).sum()),
        groups=[filled[members].tolist() for members in _members(near)],
    )


def conflicting(groups: NDArray[np.int64], labels: Iterable[str | None]) -> NDArray[np.bool_]:
    """Whether each group, counted from 0, has more than one label: bool[n_groups].

    Args:
        groups: int64[n], of each row.
        labels: one per row, where blank or missing is no label.
    """
    names = as_arrow(labels).to_pandas().str.strip()
    known = (names.notna() & (names != "")).to_numpy()
    pairs = pd.DataFrame({"group": groups[known], "label": names[known].to_numpy()}).drop_duplicates()
    return np.bincount(pairs["group"], minlength=_n_groups(groups)) > 1


def _n_groups(groups: NDArray[np.int64]) -> int:
    return int(groups.max(initial=-1)) + 1


def _members(groups: NDArray[np.int64]) -> list[NDArray[np.int64]]:
    """The positions of each group of two rows or more, ascending; groups in the order of their first."""
    order = np.argsort(groups, kind="stable")
    starts = np.flatnonzero(np.diff(groups[order], prepend=-1))
    return [members for members in np.split(order, starts[1:]) if len(members) > 1]
