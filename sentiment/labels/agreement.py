"""How far people agree: Krippendorff's alpha, Cohen's kappa of each pair, agreement per class.

All of it takes a table of opinions with the columns row, who, label, as `LabelStore.opinions` returns it.
"""

from itertools import combinations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sentiment.palette import order_classes


def krippendorff_alpha(opinions: pd.DataFrame) -> float:
    """Krippendorff's alpha for nominal labels: 1 for full agreement, 0 for chance, below for less; at most 1.

    People need not have judged the same rows; rows with one opinion say nothing. nan if no row has two opinions, or
    all opinions are the same label, so that there is no chance to compare with. (Krippendorff 2011, "Computing
    Krippendorff's Alpha-Reliability", section D.)
    """
    matrix, _ = _coincidences(opinions)
    total = matrix.sum()
    if total == 0:
        return float("nan")
    of_class = matrix.sum(axis=1)
    expected = (total**2 - (of_class**2).sum()) / (total - 1)
    observed = total - np.trace(matrix)
    return float(1 - observed / expected) if expected else float("nan")


def agreement_per_class(opinions: pd.DataFrame) -> pd.DataFrame:
    """How often others agree with a label of each class.

    Returns:
        Columns class (in reading order), n_opinions (those on rows with two or more), agreement (share of the other
        opinions on the same row that name the class too; the specific agreement) and alpha (Krippendorff's, for this
        class against all others). Empty if no row has two opinions.
    """
    matrix, classes = _coincidences(opinions)
    of_class = matrix.sum(axis=1)
    judged = _judged_twice(opinions)
    rows = [
        {
            "class": name,
            "n_opinions": int((judged["label"] == name).sum()),
            "agreement": float(matrix[position, position] / of_class[position]),
            "alpha": krippendorff_alpha(judged.assign(label=np.where(judged["label"] == name, name, "\0other"))),
        }
        for position, name in enumerate(classes)
    ]
    return pd.DataFrame(rows, columns=["class", "n_opinions", "agreement", "alpha"])


def cohen_kappa(first: NDArray[np.object_], second: NDArray[np.object_]) -> float:
    """Cohen's kappa of two people's labels of the same rows: 1 for full agreement, 0 for chance.

    Args:
        first: a label per row.
        second: likewise, of the other person.

    Returns:
        nan without rows, and where both gave one and the same label throughout.
    """
    if not len(first):
        return float("nan")
    codes, classes = pd.factorize(np.concatenate([first, second]))
    one, two = codes[: len(first)], codes[len(first) :]
    observed = float((one == two).mean())
    shares = [np.bincount(labels, minlength=len(classes)) / len(first) for labels in (one, two)]
    expected = float(shares[0] @ shares[1])
    return (observed - expected) / (1 - expected) if expected < 1 else float("nan")


def pairwise_kappa(opinions: pd.DataFrame) -> pd.DataFrame:
    """Cohen's kappa for each pair of people who judged a row in common.

    Returns:
        Columns first, second (people, by name), n_rows (judged by both), agreement (share of them with one label) and
        kappa (nan where it has no value), most rows first.
    """
    wide = opinions.pivot(index="row", columns="who", values="label") if len(opinions) else pd.DataFrame()
    found = []
    for first, second in combinations(sorted(wide.columns), 2):
        both = wide[[first, second]].dropna()
        if len(both):
            one, two = both[first].to_numpy(object), both[second].to_numpy(object)
            found.append((first, second, len(both), float((one == two).mean()), cohen_kappa(one, two)))
    frame = pd.DataFrame(found, columns=["first", "second", "n_rows", "agreement", "kappa"])
    return frame.sort_values("n_rows", ascending=False, kind="stable", ignore_index=True)


def _judged_twice(opinions: pd.DataFrame) -> pd.DataFrame:
    """The opinions on rows that have two or more."""
    return opinions[opinions.groupby("row")["label"].transform("size") > 1] if len(opinions) else opinions


def _coincidences(opinions: pd.DataFrame) -> tuple[NDArray[np.float64], list[str]]:
    """How often a class meets a class in one row, float64[n_classes, n_classes], and the classes.

    Each ordered pair of opinions on a row counts 1 / (opinions on the row - 1).
    """
    judged = _judged_twice(opinions)
    classes = order_classes(judged["label"])
    counts = pd.crosstab(judged["row"], judged["label"]).reindex(columns=classes).to_numpy(np.float64)  # [row, class]
    if not len(judged):
        return np.zeros((0, 0)), []
    weights = 1 / (counts.sum(axis=1) - 1)
    return (counts * weights[:, None]).T @ counts - np.diag((counts * weights[:, None]).sum(axis=0)), classes
