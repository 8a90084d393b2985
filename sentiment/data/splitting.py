"""Rows into train, validation and test: stratified, seeded, and nothing that belongs together on two sides."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from sentiment.arrays import distinct
from sentiment.data.duplicates import as_arrow
from sentiment.errors import DataError, UsageError
from sentiment.numbers import number, percent

MAX_CLASSES = 100
_TRIES = 20
Positions = NDArray[np.int64]


@dataclass(frozen=True)
class Split:
    """Positions (into the rows given) of each part, int64[*], ascending; no position is in two of them."""

    train: Positions
    validation: Positions
    test: Positions


def split_rows(
    labels: Iterable[str | None],
    *,
    groups: Sequence[int] | NDArray[np.int64] | None = None,
    learned: NDArray[np.bool_] | None = None,
    test_fraction: float = 0.2,
    validation_fraction: float = 0.1,
    seed: int = 0,
) -> Split:
    """Positions of the training, validation and test rows; rows without a label are in none of them.

    Every class has about the same share in each part and is in each part; the rows of one group are in the same
    part. The same arguments give the same split.

    Args:
        labels: one per row; missing or blank means unlabeled.
        groups: a group number per row (see `combine_groups`); None lets each row stand for itself.
        learned: bool per row: those that the model has learned from before. They and the rest of their groups are in
            the training part; the others are as close to the shares as they allow.
        test_fraction: share of the labeled rows held out for judging; 0 leaves the test part empty.
        validation_fraction: share of the labeled rows held out for choosing when to stop; may be 0 likewise.
        seed: of the random choice.

    Raises:
        DataError: if there is no label, one class only, more classes than make sense, or a class with too few rows
            or groups to be in each part.
        UsageError: if the fractions are out of range.
    """
    fractions = _fractions(test_fraction, validation_fraction)
    series = as_arrow(labels).to_pandas()
    labeled = np.flatnonzero((series.notna() & (series.str.strip() != "")).to_numpy())
    codes, names = pd.factorize(series.iloc[labeled], sort=True)
    codes = codes.astype(np.int64)
    units = np.arange(len(labeled)) if groups is None else np.asarray(groups, dtype=np.int64)[labeled]
    units = np.unique(units, return_inverse=True)[1]
    shown, n_parts = [str(name) for name in names], sum(f > 0 for f in fractions)
    _check_classes(codes, units, shown, n_parts=n_parts)
    given = np.full(int(units.max()) + 1, -1)
    if learned is not None:
        given[units[np.asarray(learned, bool)[labeled]]] = 0
        _check_unseen(codes, units, given, shown, n_parts=n_parts - 1, grouped=len(given) < len(labeled))
    rng = np.random.default_rng(seed)
    part_of_unit = _assign_units(codes, units, fractions, given, rng=rng)
    part_of_row = part_of_unit[units]
    train, validation, test = (labeled[part_of_row == part] for part in range(3))
    return Split(train=train, validation=validation, test=test)


def combine_groups(*groups: Iterable[object]) -> NDArray[np.int64]:
    """One group number per row, int64[n]: rows that share a group in any of the arguments are together.

    A missing value or a blank string in an argument joins its row with no other.
    """
    if not groups:
        raise ValueError("combine_groups needs at least one grouping")
    columns = [pd.Series(group).reset_index(drop=True) for group in groups]
    n_rows = len(columns[0])
    rows, nodes, n_nodes = [], [], n_rows
    for column in columns:
        if len(column) != n_rows:
            raise ValueError(f"groupings of {n_rows} and {len(column)} rows cannot be combined")
        codes = pd.factorize(column.replace("", None) if column.dtype.kind not in "iu" else column)[0]
        known = np.flatnonzero(codes >= 0)
        rows.append(known)
        nodes.append(codes[known] + n_nodes)
        n_nodes += int(codes.max(initial=-1)) + 1
    row, node = np.concatenate(rows), np.concatenate(nodes)
    graph = coo_array((np.ones(len(row), np.int8), (row, node)), shape=(n_nodes, n_nodes))
    component = connected_components(graph, directed=False)[1][:n_rows]
    return pd.factorize(component)[0].astype(np.int64)


def _fractions(test: float, validation: float) -> tuple[float, float, float]:
    """Shares of train, validation and test."""
    for name, value in (("test", test), ("validation", validation)):
        if not 0 <= value < 1:
            raise UsageError(f"The {name} fraction is {value}", expected="A number from 0 up to, not including, 1")
    if test + validation > 0.9:
        raise UsageError(
            f"{percent(test + validation)} of the rows would be held out",
            expected="At least 10 % of the rows are needed for training",
            todo="Choose smaller test and validation fractions",
        )
    return 1 - test - validation, validation, test


def _check_classes(codes: Positions, units: Positions, names: list[str], *, n_parts: int) -> None:
    if not names:
        raise DataError("No row has a label", expected="Labels of at least two classes", todo="Label some rows first")
    if len(names) == 1:
        raise DataError(
            f"Every labeled row is “{_short(names[0])}”",
            expected="At least two classes, for there to be something to tell apart",
            todo="Add rows of another class, or choose another label column",
        )
    if len(names) > MAX_CLASSES:
        raise DataError(
            f"The label column has {number(len(names))} different labels on {number(len(codes))} rows",
            expected=f"At most {MAX_CLASSES} classes; it looks like free text or an identifier",
            todo="Choose another label column, or merge labels",
        )
    pairs = distinct(codes * (int(units.max()) + 1) + units) // (int(units.max()) + 1)
    n_units = np.bincount(pairs, minlength=len(names))
    n_rows = np.bincount(codes, minlength=len(names))
    rare = [i for i in range(len(names)) if n_units[i] < n_parts]
    if rare:
        described = ", ".join(_describe_rare(names[i], n_rows[i], n_units[i]) for i in rare[:5])
        more = f" and {len(rare) - 5} more" if len(rare) > 5 else ""
        raise DataError(
            f"Too rare to be in each part of the split: {described}{more}",
            expected=f"At least {n_parts} rows of each class, in different groups: one for each part",
            todo=_remedy(all(n_rows[i] >= n_parts for i in rare)),
        )


def _check_unseen(
    codes: Positions, units: Positions, given: Positions, names: list[str], *, n_parts: int, grouped: bool
) -> None:
    """Raises a DataError where rows that the model has not learned from cannot be held out of every class."""
    open_rows = given[units] < 0
    pairs = np.unique(np.stack([codes[open_rows], units[open_rows]]), axis=1)
    n_open = np.bincount(pairs[0], minlength=len(names))
    lacking = [name for name, n in zip(names, n_open.tolist(), strict=True) if n < n_parts]
    if lacking:
        more = f" and {len(lacking) - 3} more" if len(lacking) > 3 else ""
        raise DataError(
            f"The model to start from has learned from nearly every row that is "
            f"{', '.join(f'“{_short(name)}”' for name in lacking[:3])}{more}",
            expected=f"At least {n_parts} rows of each class that it has not seen, to judge it on"
            + (", in different documents that it knows no row of" if grouped else ""),
            todo="Label more rows of other documents, or start from a base model instead"
            if grouped
            else "Label more rows, or start from a base model instead",
        )


def _remedy(tied: bool) -> str:
    if tied:  # enough rows, but copies of each other or of one document, which must not be torn apart
        return (
            "These rows belong to one document or are nearly the same text: "
            "import the file without its document column, or add rows that differ"
        )
    return "Label more rows of it, merge it with another class, or leave it out"


def _describe_rare(name: str, n_rows: int, n_units: int) -> str:
    rows = f"{n_rows} row{'s' if n_rows != 1 else ''}"
    return f"“{_short(name)}” ({rows})" if n_units == n_rows else f"“{_short(name)}” ({rows} in {n_units} group(s))"


def _short(name: str) -> str:
    return name if len(name) <= 60 else name[:59] + "…"


def _assign_units(
    codes: Positions,
    units: Positions,
    fractions: tuple[float, float, float],
    given: Positions,
    *,
    rng: np.random.Generator,
) -> Positions:
    """The part (0 train, 1 validation, 2 test) of each unit, a unit being the rows of one group; `given` where ≥ 0."""
    n_units, n_classes = int(units.max()) + 1, int(codes.max()) + 1
    sizes = np.bincount(units, minlength=n_units)
    totals = np.bincount(codes, minlength=n_classes)
    need = np.outer(fractions, totals)  # rows still wanted, [part, class]
    n_open = np.bincount(codes[given[units] < 0], minlength=n_classes)
    held_out = need[1:].sum(axis=0)
    need[1:] *= np.minimum(1.0, n_open / np.maximum(held_out, 1e-9))  # where few are open, each held-out part its share
    single = sizes == 1
    class_of_single = np.full(n_units, -1)
    alone = single[units]
    class_of_single[units[alone]] = codes[alone]
    counts = _counts_of(codes, units, ~single)
    parts = given.copy()
    _reserve(parts, codes, units, sizes, [p for p in range(3) if fractions[p] > 0], rng=rng)
    rows_part = parts[units]
    for part in range(3):
        need[part] -= np.bincount(codes[rows_part == part], minlength=n_classes)
    open_units = np.array([unit for unit in counts if parts[unit] < 0], dtype=np.int64)
    rng.shuffle(open_units)
    for unit in open_units[np.argsort(-sizes[open_units], kind="stable")].tolist():
        parts[unit] = _neediest(counts[unit], need, totals=np.outer(fractions, totals))
        for code, count in counts[unit].items():
            need[parts[unit], code] -= count
    for code in range(n_classes):
        free = np.flatnonzero((class_of_single == code) & (parts < 0))
        rng.shuffle(free)
        n_validation, n_test = _quota(need[1:, code], len(free))
        parts[free] = 0
        parts[free[:n_validation]] = 1
        parts[free[n_validation : n_validation + n_test]] = 2
    return parts


def _counts_of(codes: Positions, units: Positions, wanted: NDArray[np.bool_]) -> dict[int, dict[int, int]]:
    """Rows per class of each wanted unit."""
    inside = wanted[units]
    counts: dict[int, dict[int, int]] = {}
    for unit, code in zip(units[inside].tolist(), codes[inside].tolist(), strict=True):
        of_unit = counts.setdefault(unit, {})
        of_unit[code] = of_unit.get(code, 0) + 1
    return counts


def _neediest(counts: dict[int, int], need: NDArray[np.float64], *, totals: NDArray[np.float64]) -> int:
    """The part that lacks these rows most for its size; a held-out part only while it would not overflow."""
    size = sum(counts.values())
    best, most = 0, -np.inf
    for part in range(3):
        target = totals[part].sum()
        if target <= 0 or (part > 0 and need[part].sum() < size):
            continue
        lack = sum(count * need[part, code] / max(totals[part, code], 1e-9) for code, count in counts.items())
        if lack > most:
            best, most = part, lack
    return best


def _quota(need: NDArray[np.float64], available: int) -> tuple[int, int]:
    """How many single rows of a class go to validation and test: what is still wanted, rounded."""
    n_validation = min(max(round(float(need[0])), 0), available)
    return n_validation, min(max(round(float(need[1])), 0), available - n_validation)


def _reserve(
    parts: Positions,
    codes: Positions,
    units: Positions,
    sizes: Positions,
    wanted: list[int],
    *,
    rng: np.random.Generator,
) -> None:
    """Gives each class a unit in each wanted part before anything else, rarest class first.

    Raises:
        DataError: if the groups are so entangled that it cannot be done.
    """
    order = np.unique(np.stack([codes, units]), axis=1)
    units_of = [order[1][order[0] == code] for code in range(int(codes.max()) + 1)]
    rarest = sorted(range(len(units_of)), key=lambda code: len(units_of[code]))
    for _ in range(_TRIES):
        trial = parts.copy()
        if all(_reserve_class(trial, units_of[code], sizes, wanted, rng=rng) for code in rarest):
            parts[:] = trial
            return
    raise DataError(
        "The groups cannot be divided so that every class is in every part",
        expected="Each class in several groups that do not all hang together",
        todo="Label more rows, or split without the group column",
    )


def _reserve_class(
    parts: Positions, candidates: Positions, sizes: Positions, wanted: list[int], *, rng: np.random.Generator
) -> bool:
    missing = [part for part in reversed(wanted) if not (parts[candidates] == part).any()]
    free = candidates[parts[candidates] < 0]
    free = free[np.lexsort((rng.random(len(free)), sizes[free]))]  # the smallest, as they disturb the shares least
    if len(free) < len(missing):
        return False
    parts[free[: len(missing)]] = missing
    return True
