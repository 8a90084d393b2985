"""A folder in which a transfer gap is measured, and what it says of itself. Light: pages read it.

<dataset folder>/gaps/<base>/
    gap.json        what is measured: base, classes, draws, the dataset as it was; written once
    rows.parquet    its labeled rows at that time: row, text, label, group, language
    state.json      how far it is, as in a run folder
    process.json    the worker's process; stop: its presence asks the worker to stop
    cells.jsonl     what was measured so far, so that a measurement that was stopped goes on from there
    result.json     what came of it
    log.txt         the worker's output
"""

import dataclasses
import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from sentiment.access import Role, require
from sentiment.errors import RunError
from sentiment.files import read_json, write_atomic, write_json
from sentiment.training.base_hash import FILES
from sentiment.training.runs import RunState, now
from sentiment.training.text_vectors import vectors_folder

FOLDER = "gaps"
COLUMNS = ("row", "text", "label", "group", "language")
DRAWS = 5
STOPPED = "Stopped. What was measured is kept; go on from there."
_INFO, _ROWS, _STATE, _CELLS, _RESULT = "gap.json", "rows.parquet", "state.json", "cells.jsonl", "result.json"
_DOING = "measure what languages teach each other"


@dataclass(frozen=True)
class GapInfo:
    """What is measured.

    Attributes:
        base: a base model's name, or a model folder.
        title: what people call it.
        classes: class names.
        n_draws: how often a language's own labels are drawn.
        key: changes with everything that the result depends on.
        rows: changes with the rows alone (see `key_of_rows`).
        created: ISO 8601 in UTC.
    """

    base: str
    title: str
    classes: tuple[str, ...]
    n_draws: int
    key: str
    rows: str = ""
    created: str = ""


class GapFolder:
    """One folder with a measurement; methods that write raise AccessError where the one who acts is no owner.

    Args:
        folder: where it is, or will be (see `gap_folder`).
    """

    def __init__(self, folder: Path) -> None:
        self.folder = Path(folder)

    @property
    def info(self) -> GapInfo | None:
        """What is measured here; None if nothing is, or the folder is damaged."""
        try:
            values = read_json(self.folder / _INFO)
            return GapInfo(**{**values, "classes": tuple(values["classes"])})
        except (OSError, ValueError, KeyError, TypeError):
            return None

    @property
    def state(self) -> RunState | None:
        """How far it is, as last written; None before the first time (`transfer_gap_jobs.read_state` looks closer)."""
        try:
            values = read_json(self.folder / _STATE)
            known = {field.name for field in dataclasses.fields(RunState)}
            return RunState(**{name: value for name, value in values.items() if name in known})
        except (OSError, ValueError, TypeError, AttributeError):
            return None

    @property
    def result(self) -> dict[str, Any] | None:
        """What came of it (see `transfer_gap.measure`); None before the end."""
        try:
            values = read_json(self.folder / _RESULT)
            return values if isinstance(values["languages"], list) else None
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def rows(self) -> pd.DataFrame:
        """The rows that it is measured on.

        Raises:
            RunError: if they cannot be read.
        """
        try:
            return pd.read_parquet(self.folder / _ROWS)
        except (OSError, ValueError) as error:
            raise RunError("The rows of this measurement cannot be read", todo="Measure it again") from error

    def cells(self) -> list[dict[str, Any]]:
        """What was measured so far; a line that was cut off is left out."""
        path, found = self.folder / _CELLS, []
        for line in path.read_text(encoding="utf-8").splitlines() if path.exists() else ():
            try:
                found.append(json.loads(line))
            except ValueError:
                continue
        return found

    def create(self, info: GapInfo, rows: pd.DataFrame) -> None:
        """Makes the folder ready for a measurement; what was measured of the very same is kept."""
        require(Role.OWNER, doing=_DOING)
        before = self.info
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            if before is None or before.key != info.key:
                for name in (_CELLS, _RESULT, _STATE):
                    (self.folder / name).unlink(missing_ok=True)
                write_atomic(self.folder / _ROWS, rows.to_parquet(index=False))
            write_json(self.folder / _INFO, dataclasses.asdict(dataclasses.replace(info, created=now())))
        except OSError as error:
            raise RunError(f"The folder of this measurement cannot be written ({error.strerror})") from error

    def write_state(self, state: RunState) -> None:
        """Replaces the state."""
        require(Role.OWNER, doing=_DOING)
        write_json(self.folder / _STATE, dataclasses.asdict(dataclasses.replace(state, updated=now())))

    def add_cell(self, cell: dict[str, Any]) -> None:
        """Notes what was measured."""
        require(Role.OWNER, doing=_DOING)
        with (self.folder / _CELLS).open("a", encoding="utf-8") as file:
            file.write(f"\n{json.dumps(cell)}\n")  # what was cut off before stays a line of its own

    def write_result(self, result: dict[str, Any]) -> None:
        """Keeps what came of it."""
        require(Role.OWNER, doing=_DOING)
        write_json(self.folder / _RESULT, result)


def gap_folder(dataset_folder: Path, base: str) -> GapFolder:
    """The folder of a dataset's transfer gap with a base model, whether or not there is one yet."""
    return GapFolder(dataset_folder / FOLDER / vectors_folder(dataset_folder, base).name)


def list_gaps(dataset_folder: Path) -> list[GapFolder]:
    """The measurements of a dataset, the newest first."""
    place = dataset_folder / FOLDER
    found = [GapFolder(folder) for folder in (place.iterdir() if place.is_dir() else ())]
    known = [(info.created, gap) for gap in found if (info := gap.info) is not None]
    return [gap for _, gap in sorted(known, key=lambda pair: pair[0], reverse=True)]


def key_of(rows: pd.DataFrame, *, classes: Sequence[str], model: Path, n_draws: int) -> str:
    """16 hexadecimal digits that change with everything that a measurement depends on.

    Args:
        rows: with the columns `COLUMNS`.
        classes: class names.
        model: the base's model folder.
        n_draws: see `GapInfo`.
    """
    return _key(key_of_rows(rows), classes=classes, model=model, n_draws=n_draws)


def has_same_base(info: GapInfo, model: Path) -> bool:
    """Whether a measurement was made with the base that is in a model folder now, whatever its rows have become.

    It reads the whole folder. One of before measurements noted their rows is taken for the same.
    """
    return not info.rows or info.key == _key(info.rows, classes=info.classes, model=model, n_draws=info.n_draws)


def _key(rows: str, *, classes: Sequence[str], model: Path, n_draws: int) -> str:
    digest = hashlib.sha256(json.dumps(["gap-1", list(classes), n_draws]).encode())
    digest.update(rows.encode())
    for name in FILES:
        if (model / name).is_file():
            digest.update((model / name).read_bytes())
    return digest.hexdigest()[:16]


def key_of_rows(rows: pd.DataFrame) -> str:
    """16 hexadecimal digits that change with the rows of a measurement: texts, labels, documents, languages."""
    return hashlib.sha256(
        pd.util.hash_pandas_object(rows[list(COLUMNS)], index=False).to_numpy().tobytes()
    ).hexdigest()[:16]
