"""The rows that the transfer gap of each language is measured on: what is judged, what chooses, what may be learned.

Test rows are held out first, and nothing that is learned from is a near-duplicate or from the document of one of them.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sentiment.data import combine_groups, group_duplicates, language_name, split_rows
from sentiment.data.language import UNDETERMINED
from sentiment.errors import DataError
from sentiment.training.languages import FEWEST

FEWEST_LABELS = 100  # of a language: with fewer, hardly any would be left to learn from beside those that judge
MOST_ROWS = 20_000  # labeled rows that are looked at, drawn
_MOST_TEST, _MOST_VALIDATION, _MOST_SOURCE = 2_000, 400, 4_000
_TEST, _VALIDATION = 0.4, 0.1
_FEWEST_VALIDATION = 25  # rows: fewer choose nothing but luck
Positions = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class GapRows:
    """Labeled rows in several languages.

    Attributes:
        texts: of each row.
        labels: int64[n], positions in `classes`.
        languages: object[n], codes.
        groups: int64[n], near-duplicates and the rows of one document have one number.
        classes: class names.
    """

    texts: list[str]
    labels: Positions
    languages: NDArray[np.object_]
    groups: Positions
    classes: tuple[str, ...]

    def of(self, positions: Positions) -> list[str]:
        """The texts of some rows."""
        return [self.texts[position] for position in positions.tolist()]


@dataclass(frozen=True, eq=False)
class Target:
    """The rows of one language and what else may be learned from, as positions, int64[*].

    Attributes:
        language: its code.
        n_labels: its labels.
        test: rows that judge.
        validation: rows that choose settings; none where there are too few.
        pool: rows that its own labels are drawn from.
        source: rows of other languages to learn from.
        source_validation: rows of other languages that choose where the language has none of its own.
    """

    language: str
    n_labels: int
    test: Positions
    validation: Positions
    pool: Positions
    source: Positions
    source_validation: Positions


def gap_rows(frame: pd.DataFrame, classes: tuple[str, ...], *, seed: int = 0) -> GapRows:
    """The labeled rows of a frame with the columns text, label, group and language; up to `MOST_ROWS`, drawn.

    Raises:
        DataError: if no row has a label.
    """
    found = frame[frame["label"].notna()].reset_index(drop=True)
    if found.empty:
        raise DataError("No row has a label", expected="Labels in at least one language", todo="Label some rows first")
    if len(found) > MOST_ROWS:
        found = _draw_evenly(found, seed=seed)
    groups = group_duplicates(found["text"])
    if "group" in found and found["group"].notna().any():
        groups = combine_groups(groups, found["group"])
    place = {name: code for code, name in enumerate(classes)}
    languages = np.asarray(found["language"].fillna(UNDETERMINED).astype(str), object)
    return GapRows(
        found["text"].tolist(), found["label"].map(place).to_numpy().astype(np.int64), languages, groups, classes
    )


def _draw_evenly(found: pd.DataFrame, *, seed: int) -> pd.DataFrame:
    """`MOST_ROWS` rows: of each language as many as of the others, as far as it has them."""
    order = np.random.default_rng(seed).permutation(len(found))
    nth = found["language"].iloc[order].groupby(found["language"].iloc[order].to_numpy()).cumcount().to_numpy()
    kept = np.sort(order[np.lexsort((np.arange(len(order)), nth))[:MOST_ROWS]])
    return found.iloc[kept].reset_index(drop=True)


def find_targets(rows: GapRows, *, seed: int = 0) -> tuple[list[Target], dict[str, str]]:
    """The languages whose gap can be measured, the one with most labels last, and why each other one cannot.

    Returns:
        The targets; and for each other language with `languages.FEWEST` labels or more, why it is none.
    """
    counts = pd.Series(rows.languages).value_counts()
    targets, refused = [], {}
    for code in reversed(counts.index.tolist()):
        if code == UNDETERMINED or counts[code] < FEWEST:
            continue
        try:
            targets.append(_target(rows, str(code), seed=seed))
        except DataError as error:
            refused[str(code)] = error.given
    return targets, refused


def _target(rows: GapRows, code: str, *, seed: int) -> Target:
    rng = np.random.default_rng(seed)
    own = np.flatnonzero(rows.languages == code)
    if len(own) < FEWEST_LABELS:
        name = language_name(code)
        raise DataError(f"{len(own)} {name} labels are too few to learn from and to judge; it takes {FEWEST_LABELS}")
    shares = _TEST, _VALIDATION if _VALIDATION * len(own) >= _FEWEST_VALIDATION else 0.0
    names = [rows.classes[label] for label in rows.labels[own].tolist()]
    split = split_rows(
        names, groups=rows.groups[own], test_fraction=shares[0], validation_fraction=shares[1], seed=seed
    )
    test, validation = own[split.test], own[split.validation]
    tied = np.isin(rows.groups, rows.groups[np.concatenate([test, validation])])
    others = np.flatnonzero((rows.languages != code) & ~tied)
    chooses = _by_group(rows, others, share=_VALIDATION, rng=rng)
    return Target(
        language=code,
        n_labels=len(own),
        test=_some(test, _MOST_TEST, rng),
        validation=_some(validation, _MOST_VALIDATION, rng),
        pool=own[split.train],
        source=_some(others[~chooses], _MOST_SOURCE, rng),
        source_validation=_some(others[chooses], _MOST_VALIDATION, rng),
    )


def _by_group(rows: GapRows, positions: Positions, *, share: float, rng: np.random.Generator) -> NDArray[np.bool_]:
    """bool[n]: about a share of some rows, whole groups."""
    units, unit = np.unique(rows.groups[positions], return_inverse=True)
    return np.asarray((rng.random(len(units)) < share)[unit], bool)


def _some(positions: Positions, most: int, rng: np.random.Generator) -> Positions:
    if len(positions) <= most:
        return positions
    return np.sort(rng.choice(positions, most, replace=False))


def draw_labels(rows: GapRows, pool: Positions, n: int, *, seed: int) -> Positions:
    """`n` rows of a pool, every class in about its share; a smaller draw of the same seed is part of a larger one.

    Each class of the pool has a row at least, as far as `n` goes, however rare it is.
    """
    rng = np.random.default_rng(seed)
    order = rng.permutation(pool)
    labels = pd.Series(rows.labels[order])
    nth = labels.groupby(labels.to_numpy()).cumcount().to_numpy()
    share = (nth + rng.random(len(order))) / labels.map(labels.value_counts()).to_numpy()
    share[nth == 0] -= 1.0  # before all others, which changes nothing where they are among the first anyway
    return np.sort(order[np.argsort(share, kind="stable")[:n]])
