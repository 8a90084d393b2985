"""Labels in several languages at once: how much each counts, and how they are split.

It knows no deep-learning library, so that pages can show what is done before anything is trained.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sentiment.data import language_name
from sentiment.data.language import UNDETERMINED
from sentiment.numbers import number
from sentiment.training.config import BALANCED

FEWEST = 20  # labels of a language from which on it counts as one of several
TEMPER = 0.5  # by which power of its labels a language counts in all: 0 for each language the same, 1 as they are
_ROUNDS = 20  # of raking, which needs a handful
_SPREAD = 3.0  # times its language's mean, or one part in as many: by how much a row may count
_TEMPERS = 11  # powers that are tried, from the wanted one to 1
_PARTS = 3  # of a split, in each of which a stratum has to be
Positions = NDArray[np.int64]


def row_languages(frame: pd.DataFrame) -> NDArray[np.object_]:
    """The language code of each row, object[n]; all alike where a frame has no column of languages."""
    if "language" not in frame:
        return np.full(len(frame), UNDETERMINED, object)
    return np.asarray(frame["language"].fillna(UNDETERMINED).astype(str), object)


def weigh_languages(
    languages: Sequence[str] | NDArray[np.object_], labels: Positions, *, setting: str, temper: float = TEMPER
) -> NDArray[np.float32] | None:
    """By how much each row counts, float32[n] with mean 1, so that a language with few labels is heard as well.

    A language counts in all by the square root of its labels (compare the tempered sampling of Conneau & Lample 2019,
    section 3.1). Within it the classes are raked (Deming & Stephan 1940) so that every class counts in all as it did:
    what is done against imbalance between classes is the same with these weights as without. Where the languages have
    very different shares of the classes, that would silence one class of a language; the languages are then balanced
    only as far as no row counts for more than `_SPREAD` times its language's rows on average, or for less than one part
    in as many.

    Args:
        languages: the code of each row.
        labels: int64[n], positions of classes.
        setting: one of `LANGUAGES`.
        temper: the power, instead of the square root.

    Returns:
        None where every row counts the same: by the setting, or because fewer than two languages have `FEWEST` labels.
    """
    names, classes = np.asarray(languages, object), np.asarray(labels)
    weights = _balance(tabulate_languages(names, classes), setting=setting, temper=temper)
    if weights is None:
        return None
    cells = weights.to_numpy()
    return np.asarray(
        cells[weights.index.get_indexer(pd.Index(names)), weights.columns.get_indexer(pd.Index(classes))], np.float32
    )


def tabulate_languages(
    languages: Sequence[str] | NDArray[np.object_], labels: "Sequence[str] | NDArray[Any] | pd.Series[str]"
) -> pd.DataFrame:
    """Rows of each language code (the index) and class (the columns)."""
    table: pd.DataFrame = pd.crosstab(np.asarray(languages, object), np.asarray(labels))
    return table


def _balance(table: pd.DataFrame, *, setting: str, temper: float = TEMPER) -> pd.DataFrame | None:
    """The weight of a row of each language and class; None where all count the same.

    Languages with few labels, and rows whose language is not known, are taken together and keep their share.
    """
    counts = table.sum(axis=1).to_numpy(np.int64)
    names = [str(code) if _counts_alone(str(code), n) else "" for code, n in zip(table.index, counts, strict=True)]
    if setting != BALANCED or len(set(names) - {""}) < 2:
        return None
    merged = table.groupby(np.array(names, object)).sum()
    cells = merged.to_numpy(np.int64)
    for power in np.linspace(temper, 1.0, _TEMPERS):  # with 1 all rows count the same
        shares = _shares(dict(zip(merged.index, cells.sum(axis=1).tolist(), strict=True)), temper=float(power))
        weights = _rake(cells, rows=cells.sum() * np.array([shares[name] for name in merged.index]))
        if _is_even(weights, cells):
            return pd.DataFrame(weights, merged.index, table.columns).loc[names].set_axis(table.index)
    return None


def _counts_alone(language: str, n_labels: int) -> bool:
    """Whether a language is one of several; fewer labels may be slips of recognition."""
    return n_labels >= FEWEST and language != UNDETERMINED


def _shares(counts: Mapping[str, int], *, temper: float) -> dict[str, float]:
    """The share of each language in all that counts, summing to 1; those with few labels together, "", keep theirs."""
    total, rest = sum(counts.values()), counts.get("", 0)
    tempered = {name: n**temper for name, n in counts.items() if name}
    left = (1.0 - rest / total) / sum(tempered.values())
    return {**{name: left * value for name, value in tempered.items()}, **({"": rest / total} if rest else {})}


def _rake(cells: NDArray[np.int64], *, rows: NDArray[np.float64]) -> NDArray[np.float64]:
    """The weight of a row of each cell [n_languages, n_classes]: rows sum to `rows`, columns to what they are."""
    columns = cells.sum(axis=0)
    table = cells.astype(float)
    for _ in range(_ROUNDS):
        table *= (columns / np.maximum(table.sum(axis=0), 1e-12))[None, :]
        table *= (rows / np.maximum(table.sum(axis=1), 1e-12))[:, None]
    return np.divide(table, cells, out=np.ones(cells.shape), where=cells > 0)


def _is_even(weights: NDArray[np.float64], cells: NDArray[np.int64]) -> bool:
    """Whether no class of a language is silenced or shouts, and every class counts in all as it did."""
    totals = weights * cells
    means = (totals.sum(axis=1) / cells.sum(axis=1))[:, None]
    spread = np.where(cells > 0, weights / means, 1.0)
    kept = np.allclose(totals.sum(axis=0), cells.sum(axis=0), rtol=1e-2)
    return kept and bool(((spread <= _SPREAD) & (spread >= 1.0 / _SPREAD)).all())


def preview_languages(table: pd.DataFrame, *, setting: str) -> pd.DataFrame:
    """What a setting does to training rows, language by language, the one with most rows first.

    Args:
        table: training rows of each language code and class; see `tabulate_languages`.
        setting: one of `LANGUAGES`.

    Returns:
        Columns language (its code), rows, weight (of one of its rows, on average), share (of all that counts, 0 to 1).
        Languages with fewer than `FEWEST` rows, and rows whose language is not known, count as they are on average.
    """
    weights = _balance(table, setting=setting)
    rows = table.sum(axis=1)
    counted = rows if weights is None else (weights * table).sum(axis=1)
    found = pd.DataFrame(
        {
            "language": pd.array([str(code) for code in table.index], dtype="str"),
            "rows": rows.to_numpy(np.int64),
            "weight": (counted / rows.clip(lower=1)).to_numpy(float),
            "share": (counted / max(int(rows.sum()), 1)).to_numpy(float),
        }
    )
    return found.sort_values(["rows", "language"], ascending=[False, True], ignore_index=True)


def describe_languages(table: pd.DataFrame, *, setting: str) -> str:
    """What is done about languages with so many training rows each, in a sentence; "" where nothing is."""
    preview = preview_languages(table, setting=setting)
    told = preview[(preview["weight"] - 1.0).abs() > 0.005]
    if told.empty:
        return ""
    parts = [
        f"{language_name(str(line['language']))} {number(line['rows'])} labels, each counts as {line['weight']:.2g}"
        for line in told.to_dict("records")
    ]
    return f"Balanced across languages, on average: {'; '.join(parts)}."


def _several(languages: NDArray[np.object_]) -> NDArray[np.object_]:
    """The languages, where those with few labels and those that are not known are one, ""."""
    n = Counter(languages.tolist())
    return np.array([code if _counts_alone(code, n[code]) else "" for code in languages.tolist()], object)


def stratify(labels: Sequence[str], languages: NDArray[np.object_], groups: Positions) -> list[str]:
    """The stratum of each row: its class, and where there are enough such rows, its language within the class.

    Args:
        labels: the class of each row.
        languages: object[n], codes.
        groups: int64[n], rows that belong together have one number.

    Returns:
        The class alone for its most frequent language and for those with too few groups to be in each part.
    """
    frame = pd.DataFrame({"label": list(labels), "language": _several(languages), "group": groups})
    if frame["language"].nunique() < 2:
        return list(labels)
    cells = frame.groupby(["label", "language"])["group"].agg(["size", "nunique"]).reset_index()
    most = cells.sort_values("size", kind="stable").groupby("label")["language"].last()
    own = cells[(cells["nunique"] >= 2 * _PARTS) & (cells["language"] != cells["label"].map(most))]
    kept = set(zip(own["label"], own["language"], strict=True))
    return [
        f"{label} ({language})" if (label, language) in kept else label
        for label, language in zip(frame["label"], frame["language"], strict=True)
    ]
