"""Finished runs side by side, on rows that none of them was trained on; and any two models on rows of a file."""

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sentiment.errors import DataError, ModelError, RunError, UsageError
from sentiment.evaluation.changed import changed_rows
from sentiment.evaluation.compare_many import Comparison, compare_many
from sentiment.evaluation.pair import Pair, compare_pair
from sentiment.judging import groups_of
from sentiment.numbers import number
from sentiment.training.held_out import hash_texts, learned_before
from sentiment.training.runs import Run

PredictFn = Callable[[Sequence[str]], NDArray[np.float32]]
_KEYS = ["row", "text", "label", "group"]


@dataclass(frozen=True)
class Common:
    """The rows on which several runs can be compared.

    Attributes:
        rows: columns row, text, label, group, and for the i-th run "<i>:prediction" and "<i>:prob", the probability of
            what it says (nan where it is not known), in the order of the file.
        classes: the classes of all of them.
        notes: what must be known to read the comparison rightly, in sentences.
    """

    rows: pd.DataFrame
    classes: tuple[str, ...]
    notes: tuple[str, ...]

    @property
    def groups(self) -> list[int] | None:
        """Which rows belong together; None where each stands for itself."""
        return _group_list(self.rows)


@dataclass(frozen=True)
class Compared:
    """Two models side by side.

    Attributes:
        names: what to call a and b.
        pair: how b compares with a.
        changed: the rows of which they say different things (see `changed_rows`), with row, text, label, group, a, b,
            a_prob and b_prob.
        notes: what must be known to read it rightly, in sentences.
        classes: their classes.
    """

    names: tuple[str, str]
    pair: Pair
    changed: pd.DataFrame
    notes: tuple[str, ...]
    classes: tuple[str, ...]


def compare_runs(runs: Mapping[str, Run]) -> Comparison:
    """How runs compare with the first of them, on the held-out rows that they have in common.

    Args:
        runs: by the name to call each by; two at least.

    Raises:
        UsageError: if there are fewer than two.
        RunError: if they cannot be compared, with the reason (see `common_rows`).
    """
    names, common = list(runs), common_rows(runs)
    found = compare_many(
        common.rows["label"].tolist(),
        {name: common.rows[f"{i}:prediction"].tolist() for i, name in enumerate(names)},
        classes=common.classes,
        against=names[0],
        groups=common.groups,
    )
    return dataclasses.replace(found, notes=common.notes)


def compare_two(a: Run, b: Run, *, names: tuple[str, str]) -> Compared:
    """How run b compares with run a, on the held-out rows that they have in common (errors as for `common_rows`)."""
    first, second = names if names[0] != names[1] else (f"{names[0]} (A)", f"{names[1]} (B)")
    common = common_rows({first: a, second: b})
    rows = common.rows.rename(
        columns={"0:prediction": "a", "1:prediction": "b", "0:prob": "a_prob", "1:prob": "b_prob"}
    )
    return _compared(rows, (first, second), classes=common.classes, groups=common.groups, notes=common.notes)


def compare_on(
    rows: pd.DataFrame, a: PredictFn, b: PredictFn, *, classes: tuple[Sequence[str], Sequence[str]],
    names: tuple[str, str], notes: Sequence[str] = (),
) -> Compared:  # fmt: skip
    """How model b compares with model a on labeled rows.

    Args:
        rows: columns row, text, label and group.
        a: texts → probabilities float32[n, n_classes].
        b: likewise.
        classes: of a and of b, in the order of the columns of their probabilities.
        names: what to call them.
        notes: what else must be known to read it rightly.

    Raises:
        ModelError: if they do not have the same classes.
        DataError: if there is no row.
    """
    if set(classes[0]) != set(classes[1]):
        raise ModelError(_other_classes(names, classes), expected="Two models of the same classes")
    if rows.empty:
        raise DataError("There is no labeled row to compare on", todo="Name the column with the labels")
    texts, said = rows["text"].tolist(), rows[_KEYS].reset_index(drop=True)
    for side, predict, own in (("a", a, classes[0]), ("b", b, classes[1])):
        probs = np.asarray(predict(texts), dtype=float)
        said[side] = np.asarray(own, dtype=object)[probs.argmax(axis=1)]
        said[f"{side}_prob"] = probs.max(axis=1)
    return _compared(said, names, classes=tuple(classes[0]), groups=_group_list(said), notes=tuple(notes))


def _group_list(rows: pd.DataFrame) -> list[int] | None:
    groups = groups_of(rows)
    return None if groups is None else groups.tolist()


def _compared(
    rows: pd.DataFrame,
    names: tuple[str, str],
    *,
    classes: tuple[str, ...],
    groups: Sequence[int] | None,
    notes: tuple[str, ...],
) -> Compared:
    labels, said_a, said_b = (rows[column].tolist() for column in ("label", "a", "b"))
    pair = compare_pair(labels, said_a, said_b, classes=classes, names=names, groups=groups)
    return Compared(names, pair, changed_rows(rows), notes, classes)


def common_rows(runs: Mapping[str, Run]) -> Common:
    """The held-out rows that runs on one dataset have in common, so that none of them was trained on any.

    The near-duplicates and the documents of a held-out row are never in its run's training rows, so a row that each
    run held out is new to all of them, whatever their splits. A row that was given another label between two runs is
    left out.

    Raises:
        UsageError: if there are fewer than two runs.
        RunError: if a run has no predictions yet, or they differ in the dataset or the classes, or have no row in
            common.
    """
    if len(runs) < 2:
        raise UsageError("There is nothing to compare", expected="Two runs or more")
    names = list(runs)
    _check_alike(runs)
    tables = [_judged(name, run) for name, run in runs.items()]
    rows = tables[0][["row", "text"]]
    for table in tables[1:]:
        rows = rows.merge(table[["row", "text"]], on=["row", "text"])
    parts = [rows.merge(table, on=["row", "text"], how="left", validate="one_to_one") for table in tables]
    alike = np.ones(len(rows), bool)
    for part in parts[1:]:
        alike &= (part["label"] == parts[0]["label"]).to_numpy()
    found = parts[0][_KEYS].copy()
    for i, part in enumerate(parts):
        found[f"{i}:prediction"], found[f"{i}:prob"] = part["model:prediction"], _sureness(part)
    found = found[alike].sort_values("row", kind="stable", ignore_index=True)
    if found.empty:
        raise RunError(
            f"No row was held out by all of {_listing(names)}",
            expected="Rows that none of them was trained on",
            todo="Train one of them again with the same seed and held-out share as the other",
        )
    notes = _notes(names, tables, n_common=len(found), n_relabeled=int((~alike).sum()))
    return Common(found, next(iter(runs.values())).info.classes, notes)


def count_trained_on(run_or_base: str | Path, texts: "pd.Series[str]") -> int | None:
    """How many of the texts a run was trained or chosen on, or its base trained on; None where that is not known."""
    hashes = learned_before(str(run_or_base))
    return None if hashes is None else int(np.isin(hash_texts(texts), hashes).sum())


def _check_alike(runs: Mapping[str, Run]) -> None:
    against = next(iter(runs))
    first = runs[against].info
    for name, run in runs.items():
        if run.info.dataset.id != first.dataset.id and run.info.dataset.fingerprint != first.dataset.fingerprint:
            raise RunError(
                f"{name!r} was trained on the dataset {run.info.dataset.name!r}, {against!r} on {first.dataset.name!r}",
                expected="Runs on one dataset, whose held-out rows can be the same",
                todo="Compare them on the rows of a file: compare RUN_A RUN_B DATA --text COL --label COL",
            )
        if set(run.info.classes) != set(first.classes):
            raise RunError(
                _other_classes((against, name), (first.classes, run.info.classes)),
                expected="Runs with the same classes",
                todo="Train the older one again on the classes as they are now",
            )


def _other_classes(names: tuple[str, str], classes: tuple[Sequence[str], Sequence[str]]) -> str:
    said = [", ".join(each) for each in classes]
    return f"{names[0]!r} tells {said[0]} apart, {names[1]!r} {said[1]}"


def _judged(name: str, run: Run) -> pd.DataFrame:
    """The labeled held-out rows of a run with what its model says of them."""
    table = run.predictions()
    if table is None or "model:prediction" not in table:
        raise RunError(f"{name!r} has no predictions yet", todo="Wait until it has finished, or resume it")
    return table[table["label"].notna()]


def _sureness(table: pd.DataFrame) -> "pd.Series[float]":
    """The probability of what the model says, nan where the run has none."""
    columns = [column for column in table if str(column).startswith("model:prob:")]
    return table[columns].max(axis=1) if columns else pd.Series(np.nan, index=table.index)


def _notes(names: Sequence[str], tables: Sequence[pd.DataFrame], *, n_common: int, n_relabeled: int) -> tuple[str, ...]:
    found = []
    if any(len(table) != n_common for table in tables):
        sizes = ", ".join(f"{number(len(table))} of “{name}”" for name, table in zip(names, tables, strict=True))
        found.append(
            f"Compared on the {number(n_common)} rows that all of them held out, and none was trained on ({sizes})."
        )
    if n_relabeled:
        rows = "1 row was" if n_relabeled == 1 else f"{number(n_relabeled)} rows were"
        found.append(f"{rows} labeled differently between the runs and left out.")
    if chosen := [n for n, table in zip(names, tables, strict=True) if (table["split"] == "validation").any()]:
        found.append(
            f"{_listing(chosen)} held out no test rows: what was chosen by these rows looks a little too good on them."
        )
    return tuple(found)


def _listing(names: Sequence[str]) -> str:
    quoted = [f"“{name}”" for name in names]
    return quoted[0] if len(quoted) == 1 else f"{', '.join(quoted[:-1])} and {quoted[-1]}"
