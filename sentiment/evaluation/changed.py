"""The rows of which two models say different things, and which of them that put right."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

FIXED, BROKEN, OTHERWISE = "wrong → right", "right → wrong", "wrong → otherwise wrong"
CHANGES = (BROKEN, FIXED, OTHERWISE)


def changed_rows(rows: pd.DataFrame) -> pd.DataFrame:
    """The rows whose prediction changed from a to b, those that b breaks first.

    Args:
        rows: columns label, a, b (class names), and any others; a_prob and b_prob, the probability in [0, 1] of what
            each says, put the surest of b first within a kind of change where they are there.

    Returns:
        The same columns and "change", one of `CHANGES`.
    """
    found = rows[rows["a"] != rows["b"]]
    kinds = np.where(found["b"] == found["label"], FIXED, np.where(found["a"] == found["label"], BROKEN, OTHERWISE))
    found = found.assign(change=kinds)
    order = found["change"].map(CHANGES.index).astype(int)
    keys = pd.DataFrame({"kind": order, "sure": -found["b_prob"] if "b_prob" in found else 0.0})
    return found.loc[keys.sort_values(["kind", "sure"], kind="stable").index].reset_index(drop=True)


def count_changes(changed: pd.DataFrame) -> dict[str, int]:
    """How many rows changed in each way of `CHANGES`."""
    counts = changed["change"].value_counts()
    return {kind: int(counts.get(kind, 0)) for kind in CHANGES}


def filter_changes(
    changed: pd.DataFrame, *, kinds: Sequence[str] = (), label: str | None = None, words: str = ""
) -> pd.DataFrame:
    """The changed rows of some kinds, of one true class, and with some words in the text, each where it is given."""
    keep = np.ones(len(changed), bool)
    if kinds:
        keep &= changed["change"].isin(kinds).to_numpy()
    if label is not None:
        keep &= (changed["label"] == label).to_numpy()
    for word in words.casefold().split():
        keep &= changed["text"].str.casefold().str.contains(word, regex=False).to_numpy()
    return changed[keep]
