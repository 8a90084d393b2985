"""Labels in several languages at once: how much each counts, and how they are split.

It knows no deep-learning library, so that pages can show what is done before anything is trained.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sentiment.data import language_name
from sentiment.data.language import UNDETERMINED
from sentiment.training.config import BALANCED

FEWEST = 20  # labels of a language from which on it counts as one of several; fewer may be slips of recognition
TEMPER = 0.5  # by which power of its labels a language counts in all: 0 for each language the same, 1 as they are
_ROUNDS = 20  # of raking, which needs a handful
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
    what is done against imbalance between classes is the same with these weights as without.

    Args:
        languages: the code of each row.
        labels: int64[n], positions of classes.
        setting: one of `LANGUAGES`.
        temper: the power, instead of the square root.

    Returns:
        None where every row counts the same: by the setting, or because fewer than two languages have `FEWEST` labels.
    """
    codes, names = pd.factorize(_known(languages), sort=True)
    shares = _shares(dict(Counter(names[codes].tolist())), setting=setting, temper=temper)
    if not shares:
        return None
    n_classes = int(labels.max()) + 1
    cells = np.bincount(codes * n_classes + labels, minlength=len(names) * n_classes).reshape(-1, n_classes)
    weights = _rake(cells, rows=len(labels) * np.array([shares[name] for name in names]))
    return np.asarray(weights[codes, labels], np.float32)


def _known(languages: Sequence[str] | NDArray[np.object_]) -> NDArray[np.object_]:
    """The languages, where those with few labels and those that are not known are one, ""."""
    series = pd.Series(np.asarray(languages, object))
    counts = series.map(series.value_counts())
    return np.asarray(series.where((counts >= FEWEST) & (series != UNDETERMINED), ""), object)


def _shares(counts: Mapping[str, int], *, setting: str, temper: float = TEMPER) -> dict[str, float]:
    """The share of each language in all that counts, summing to 1; {} where all rows count the same.

    Rows of languages with few labels, "", keep their share.
    """
    several = {name: n for name, n in counts.items() if name}
    if setting != BALANCED or len(several) < 2:
        return {}
    total, rest = sum(counts.values()), counts.get("", 0)
    tempered = {name: n**temper for name, n in several.items()}
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


def preview_languages(counts: Mapping[str, int], *, setting: str) -> pd.DataFrame:
    """What a setting does to training rows, language by language, the one with most rows first.

    Args:
        counts: training rows of each language code.
        setting: one of `LANGUAGES`.

    Returns:
        Columns language (its code), rows, weight (of one of its rows, on average), share (of all that counts, 0 to 1).
        Languages with fewer than `FEWEST` rows, and rows whose language is not known, count as they are.
    """
    known = {code: n for code, n in counts.items() if n >= FEWEST and code != UNDETERMINED}
    rest = sum(counts.values()) - sum(known.values())
    shares = _shares({**known, **({"": rest} if rest else {})}, setting=setting)
    total = max(sum(counts.values()), 1)
    weights = {code: shares[code] * total / known[code] if shares and code in known else 1.0 for code in counts}
    ordered = sorted((code for code in counts if counts[code]), key=lambda code: (-counts[code], code))
    return pd.DataFrame(
        {
            "language": pd.array(ordered, dtype="str"),
            "rows": np.array([counts[code] for code in ordered], np.int64),
            "weight": [weights[code] for code in ordered],
            "share": [weights[code] * counts[code] / total for code in ordered],
        }
    )


def describe_languages(counts: Mapping[str, int], *, setting: str) -> str:
    """What is done about languages with so many training rows each, in a sentence; "" where nothing is."""
    preview = preview_languages(counts, setting=setting)
    told = preview[(preview["weight"] - 1.0).abs() > 0.005]
    if told.empty:
        return ""
    parts = [
        f"{language_name(str(line['language']))} {line['rows']:,} labels, each counts as {line['weight']:.2g}"
        for line in told.to_dict("records")
    ]
    return f"Balanced across languages: {'; '.join(parts)}."


def count_languages(languages: Iterable[str]) -> dict[str, int]:
    """Rows of each language code, most first."""
    return dict(Counter(languages).most_common())


def stratify(labels: Sequence[str], languages: NDArray[np.object_], groups: Positions) -> list[str]:
    """The stratum of each row: its class, and where there are enough such rows, its language within the class.

    Args:
        labels: the class of each row.
        languages: object[n], codes.
        groups: int64[n], rows that belong together have one number.

    Returns:
        The class alone for its most frequent language and for those with too few groups to be in each part.
    """
    frame = pd.DataFrame({"label": list(labels), "language": _known(languages), "group": groups})
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
