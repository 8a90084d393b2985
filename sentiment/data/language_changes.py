"""What people corrected in the languages of rows; the dataset stays as it was imported."""

import dataclasses
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from sentiment.data.balance import measure_lengths
from sentiment.data.dataset import Dataset, DatasetInfo
from sentiment.data.language import known_languages, length_unit, main_language
from sentiment.data.row_languages import count_languages
from sentiment.errors import DataError
from sentiment.files import read_json

VERSION = 1


@dataclass(frozen=True)
class LanguageChange:
    """One correction.

    Attributes:
        language: what the rows are in: an ISO 639-1 code, or "und".
        found: the language that the rows were in before; None for any.
        rows: zero-based rows of the file; None for all.
        who: the person.
        when: ISO 8601 in UTC.
    """

    language: str
    found: str | None = None
    rows: tuple[int, ...] | None = None
    who: str = ""
    when: str = ""


@dataclass(frozen=True)
class LanguageChanges:
    """All corrections of a dataset, each made to what the ones before it left.

    Attributes:
        changes: oldest first.
        counts: rows of the imported file per language after all of them.
    """

    changes: tuple[LanguageChange, ...] = ()
    counts: dict[str, int] = field(default_factory=dict)

    def with_changes(self, changes: Iterable[LanguageChange], imported: Dataset) -> "LanguageChanges":
        """These changes instead, counted over the rows of the dataset as it was imported."""
        made = LanguageChanges(tuple(changes))
        return dataclasses.replace(made, counts=count_languages(_changed(imported.frame, made)))


def check_change(change: LanguageChange, dataset: Dataset) -> None:
    """Checks that a correction can be made to a dataset.

    Raises:
        DataError: for a language that is not known, and for rows that the dataset does not have.
    """
    for code in (change.language, change.found):
        if code is not None and code not in known_languages():
            raise DataError(f"{code[:20]!r} is no language", expected="An ISO 639-1 code such as en or zh, or und")
    if change.rows is not None and not np.isin(change.rows, dataset.frame["row"].to_numpy()).all():
        raise DataError("The dataset does not have all of these rows", expected="Zero-based rows of its file")


def correct_languages(dataset: Dataset, changes: LanguageChanges) -> Dataset:
    """The dataset with the languages that people say its rows are in; labels, rows, id and name stay.

    Where most of it is in another language now that is counted otherwise (characters, not words), so are its lengths.
    """
    if not changes.changes:
        return dataset
    frame = dataset.frame.assign(language=_changed(dataset.frame, changes))
    info = correct_info(dataset.info, changes)
    unit = length_unit(info.language)
    if unit != length_unit(dataset.language):
        frame["length"] = measure_lengths(frame["text"], unit=unit)
    return Dataset(**vars(info), frame=frame)


def correct_info(info: DatasetInfo, changes: LanguageChanges) -> DatasetInfo:
    """What the dataset is with these corrections, without reading its rows."""
    if not changes.changes:
        return info
    return dataclasses.replace(info, language=main_language(changes.counts), language_counts=dict(changes.counts))


def load_changes(path: Path) -> LanguageChanges:
    """The corrections in a file; none where there is no such file.

    Raises:
        DataError: if it is damaged, or was written by a newer version.
    """
    try:
        values = read_json(path)
        if values["version"] > VERSION:
            raise DataError("The corrected languages were written by a newer version", todo="Update the program")
        return LanguageChanges(tuple(_read(change) for change in values["changes"]), dict(values["counts"]))
    except FileNotFoundError:
        return LanguageChanges()
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DataError(
            f"The corrected languages in {path.name} cannot be read",
            todo="Move the file away; the languages are as they were found then",
        ) from error


def changes_json(changes: LanguageChanges) -> dict[str, Any]:
    """What `load_changes` reads."""
    return {"version": VERSION, **dataclasses.asdict(changes)}


def _read(values: dict[str, Any]) -> LanguageChange:
    rows = values["rows"]
    return LanguageChange(**values | {"rows": None if rows is None else tuple(int(row) for row in rows)})


def _changed(frame: pd.DataFrame, changes: LanguageChanges) -> "pd.Series[str]":
    languages = frame["language"].to_numpy(object).copy()
    rows = frame["row"].to_numpy()
    for change in changes.changes:
        meant = np.ones(len(frame), bool) if change.rows is None else np.isin(rows, change.rows)
        if change.found is not None:
            meant &= languages == change.found
        languages[meant] = change.language
    return pd.Series(languages, dtype="str", index=frame.index)
