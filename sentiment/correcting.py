"""The languages of rows as people corrected them: one file per dataset in the workspace, beside the labels.

languages/<dataset>.json holds all corrections in their order (see `data.language_changes`). Each is made to what the
ones before it left, so the last one can always be taken back.
"""

from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from pathlib import Path
from threading import Lock

from filelock import FileLock

from sentiment.access import Role, require
from sentiment.data import Dataset, load_dataset
from sentiment.data.language_changes import (
    LanguageChange,
    LanguageChanges,
    changes_json,
    check_change,
    correct_languages,
    load_changes,
)
from sentiment.errors import WorkspaceError
from sentiment.files import write_json
from sentiment.numbers import number

FOLDER = "languages"  # in the workspace
MOST = 1_000  # corrections of one dataset: each is carried out again whenever its rows are read
_WAIT = 30.0  # seconds for another process


def load_corrected(folder: Path) -> Dataset:
    """The dataset in a folder of a workspace as it was imported, but with its languages as they are corrected there.

    Raises:
        DataError: if one of them cannot be read.
    """
    changes = load_changes(folder.parents[1] / FOLDER / f"{folder.name}.json")
    return correct_languages(load_dataset(folder), changes)


class LanguageCorrections:
    """What people corrected in the languages of a workspace's datasets.

    Args:
        root: the workspace; its folder for them is made when the first correction is written.
        imported: gives a dataset as it was imported, by its id; raises for one that there is not.
    """

    def __init__(self, root: Path, imported: Callable[[str], Dataset]) -> None:
        self._folder, self._imported = root / FOLDER, imported
        self._known: dict[str, tuple[int, LanguageChanges]] = {}
        self._lock = Lock()

    def version(self, dataset_id: str) -> int:
        """What changes whenever corrections of a dataset do; 0 as long as there are none."""
        try:
            return self._path(dataset_id).stat().st_mtime_ns
        except (OSError, ValueError):  # a name that no file can have
            return 0

    def read(self, dataset_id: str) -> LanguageChanges:
        """The corrections of a dataset.

        Raises:
            DataError: if they cannot be read.
        """
        version = self.version(dataset_id)
        if version == 0:
            return LanguageChanges()
        known, changes = self._known.get(dataset_id, (0, LanguageChanges()))
        if known != version:
            changes = load_changes(self._path(dataset_id))
            self._known[dataset_id] = (version, changes)
        return changes

    def change(
        self, dataset_id: str, language: str, *, found: str | None = None, rows: Iterable[int] | None = None
    ) -> LanguageChanges:
        """Says that rows are in a language; returns all corrections with this one.

        Args:
            dataset_id: the dataset.
            language: an ISO 639-1 code, or "und".
            found: only rows that are in this language now.
            rows: only these zero-based rows of the file.

        Raises:
            AccessError: if the one who acts may not.
            WorkspaceError: for an unknown dataset, and if the corrections cannot be written or are too many.
            DataError: for a language that is not known, and for rows that the dataset does not have.
        """
        person = require(Role.OWNER, doing="correct languages")
        chosen = None if rows is None else tuple(sorted({int(row) for row in rows}))
        change = LanguageChange(language, found, chosen, person.name, datetime.now(UTC).isoformat(timespec="seconds"))
        imported = self._imported(dataset_id)
        check_change(change, imported)
        return self._write(dataset_id, lambda before: (*before, change), imported)

    def undo(self, dataset_id: str, *, expected: LanguageChange | None = None) -> LanguageChange | None:
        """Takes back the last correction, and returns it (errors as for `change`).

        Args:
            dataset_id: the dataset.
            expected: the correction that is meant; where another one is the last by now, nothing is taken back.

        Returns:
            What was taken back; None if nothing was.
        """
        require(Role.OWNER, doing="correct languages")
        taken: list[LanguageChange] = []

        def without_last(before: tuple[LanguageChange, ...]) -> tuple[LanguageChange, ...]:
            if not before or expected not in (None, before[-1]):
                return before
            taken.append(before[-1])
            return before[:-1]

        self._write(dataset_id, without_last, self._imported(dataset_id))
        return taken[0] if taken else None

    def _path(self, dataset_id: str) -> Path:
        return self._folder / f"{Path(dataset_id).name}.json"

    def _write(
        self,
        dataset_id: str,
        make: Callable[[tuple[LanguageChange, ...]], tuple[LanguageChange, ...]],
        imported: Dataset,
    ) -> LanguageChanges:
        """Changes what is there now: one after the other, in this process and among others."""
        path = self._path(dataset_id)
        try:
            self._folder.mkdir(exist_ok=True)
            with self._lock, FileLock(self._folder / ".lock", timeout=_WAIT):
                changes = load_changes(path)
                made = make(changes.changes)
                if made == changes.changes:
                    return changes
                if len(made) > MOST:
                    raise WorkspaceError(
                        f"There are {number(MOST)} corrections of languages already",
                        todo="Put the languages into a column of the file and import it again",
                    )
                changes = changes.with_changes(made, imported)
                write_json(path, changes_json(changes))
        except (OSError, TimeoutError) as error:
            raise WorkspaceError(
                "The corrected language could not be stored",
                expected=f"Room and permission to write in {self._folder.parent}",
                todo="Free some space, then try again; nothing was changed",
            ) from error
        return changes
