"""What is wrong with the rows: texts that repeat, that contradict each other, that stand on both sides of a split.

Each finding is a list of rows in groups, and may have a remedy: what to do with which row. Nothing is changed here.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sentiment.data.duplicate_report import conflicting
from sentiment.data.duplicates import as_arrow, group_duplicates

COLUMNS = ("row", "text", "label", "set")


@dataclass(frozen=True, eq=False)
class Repeats:
    """Which texts are the same.

    Attributes:
        exact: int64[n_rows], equal for texts that are the same, case, white space and punctuation aside.
        near: int64[n_rows], equal for texts that are nearly the same as well.
    """

    exact: NDArray[np.int64]
    near: NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Finding:
    """Rows that belong together and should be looked at.

    Attributes:
        rows: columns row (zero-based row of the file), text, label and set (a number, equal for rows that belong
            together), and side where a split is looked at; the rows of a set one after another.
        n_sets: how many sets there are.
        n_extra: rows beyond the first of each set.
    """

    rows: pd.DataFrame
    n_sets: int
    n_extra: int


def find_repeats(texts: Iterable[str | None], *, near: bool = True) -> Repeats:
    """Which of the texts repeat.

    Args:
        texts: one per row.
        near: whether texts that are nearly the same are looked for as well, which takes a second for each 20,000 texts
            or so; else only the same texts count as nearly the same.
    """
    array = as_arrow(texts)
    exact = group_duplicates(array, near=False)
    return Repeats(exact, group_duplicates(array) if near else exact)


def exact_duplicates(frame: pd.DataFrame, repeats: Repeats) -> Finding:
    """The rows whose text is another row's, case, white space and punctuation aside.

    Args:
        frame: columns row, text, label.
        repeats: of its texts.
    """
    sizes = np.bincount(repeats.exact)
    return _list(frame, repeats.exact, sizes[repeats.exact] > 1)


def near_duplicates(frame: pd.DataFrame, repeats: Repeats) -> Finding:
    """One row of each text that is nearly, but not quite, the text of another row (arguments as above)."""
    _, first = np.unique(repeats.exact, return_index=True)
    sizes = np.bincount(repeats.near[first], minlength=int(repeats.near.max(initial=-1)) + 1)
    chosen = np.zeros(len(frame), bool)
    chosen[first] = True
    return _list(frame, repeats.near, chosen & (sizes[repeats.near] > 1))


def conflicting_labels(frame: pd.DataFrame, repeats: Repeats) -> Finding:
    """The labeled rows whose text also has another label (arguments as above)."""
    if not len(frame):
        return _list(frame, repeats.exact, np.zeros(0, bool))
    clash = conflicting(repeats.exact, frame["label"])[repeats.exact]
    return _list(frame, repeats.exact, clash & frame["label"].notna().to_numpy(bool))


def crossing_rows(frame: pd.DataFrame, repeats: Repeats, *, trained: Iterable[int], held_out: Iterable[int]) -> Finding:
    """The rows whose text, or nearly the same, stands on both sides of a split: what was learned is judged there.

    Args:
        frame: columns row, text, label.
        repeats: of its texts.
        trained: rows of the file that a model learned from, or was chosen by.
        held_out: rows of the file that it is judged on.
    """
    rows = frame["row"].to_numpy()
    sides = np.select([np.isin(rows, list(trained)), np.isin(rows, list(held_out))], [1, 2], 0)
    n = int(repeats.near.max(initial=-1)) + 1
    on_both = (np.bincount(repeats.near[sides == 1], minlength=n) > 0) & (
        np.bincount(repeats.near[sides == 2], minlength=n) > 0
    )
    side = np.array(["", "training", "held out"], object)[sides]
    return _list(frame.assign(side=side), repeats.near, on_both[repeats.near] & (sides > 0))


def _list(frame: pd.DataFrame, groups: NDArray[np.int64], chosen: NDArray[np.bool_]) -> Finding:
    columns = [*COLUMNS[:3], *(["side"] if "side" in frame else [])]
    places = np.flatnonzero(chosen)
    places = places[np.argsort(groups[places], kind="stable")]
    _, sets = np.unique(groups[places], return_inverse=True)
    rows = frame[columns].iloc[places].reset_index(drop=True).assign(set=sets.astype(np.int64))
    n_sets = int(sets.max(initial=-1)) + 1
    return Finding(rows, n_sets, len(rows) - n_sets)


def keep_first(finding: Finding) -> pd.DataFrame:
    """The remedy for what repeats: the first labeled row of each set stays, or the first, and the others are left out.

    Returns:
        Columns row, kind ("exclude"), label (missing), reason: one line for each row that something is done with.
    """
    rows = finding.rows
    order = rows.assign(unlabeled=rows["label"].isna()).sort_values(["set", "unlabeled", "row"], kind="stable")
    first = order.drop_duplicates("set")[["set", "row"]].set_index("set")["row"]
    others = rows[rows["row"] != rows["set"].map(first)]
    kept = others["set"].map(first)
    return _events(others, kind="exclude", label=None, reason=[f"same text as row {row + 1}" for row in kept.tolist()])


def majority_label(finding: Finding) -> pd.DataFrame:
    """The remedy for contradictions: every row of a set gets the label that most of them have.

    A set in which two labels are equally frequent is left to people.

    Returns:
        Columns as of `keep_first`, with kind "label": one line for each row whose label changes.
    """
    counts = finding.rows.groupby(["set", "label"], sort=False).size().rename("n").reset_index()
    counts = counts.sort_values(["set", "n"], ascending=[True, False], kind="stable")
    best = counts.drop_duplicates("set").set_index("set")
    second = counts[counts.duplicated("set")].drop_duplicates("set").set_index("set")["n"]
    clear = best[best["n"] > second.reindex(best.index).fillna(0)]
    wanted = finding.rows["set"].map(clear["label"])
    changed = wanted.notna() & (finding.rows["label"] != wanted)
    share = finding.rows["set"].map(best["n"])[changed].astype(int)
    totals = finding.rows.groupby("set").size()
    reasons = [
        f"{n} of {total} rows with this text say so"
        for n, total in zip(share, finding.rows.loc[changed, "set"].map(totals), strict=True)
    ]
    return _events(finding.rows[changed], kind="label", label=wanted[changed].tolist(), reason=reasons)


def drop_from_training(finding: Finding) -> pd.DataFrame:
    """The remedy for rows on both sides of a split: those that were learned from are left out, from the next run on.

    Returns:
        Columns as of `keep_first`.
    """
    rows = finding.rows[finding.rows["side"] == "training"]
    return _events(rows, kind="exclude", label=None, reason=["nearly the same text is held out"] * len(rows))


def _events(rows: pd.DataFrame, *, kind: str, label: list[str] | None, reason: list[str]) -> pd.DataFrame:
    labels = pd.array(label if label is not None else [None] * len(rows), dtype="str")
    return pd.DataFrame(
        {
            "row": rows["row"].to_numpy(np.int64),
            "kind": pd.array([kind] * len(rows), dtype="str"),
            "label": labels,
            "reason": pd.array(reason, dtype="str"),
        }
    )
