"""Changing the classes of a dataset. Nothing is lost: labels keep pointing to the class that they were given."""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from types import SimpleNamespace

from sqlalchemy import Connection

from sentiment.errors import DataError
from sentiment.labels.classes import Classes, LabelClass, add_class_event, checked_new_name, read_classes
from sentiment.labels.database import Database
from sentiment.labels.permissions import check_owner
from sentiment.labels.projection import rows_of_classes, update_states
from sentiment.labels.settings import read_settings, write_settings
from sentiment.labels.source import Source

_FILE = "file"  # who added the classes of the imported file


class ClassChanges:
    """The part of the label store that changes classes, which owners may (AccessError for others)."""

    _database: Database
    _source: Source

    def add_class(self, dataset_id: str, name: str, *, who: str) -> LabelClass:
        """A new class.

        Raises:
            DataError: if the name is empty, too long or taken.
        """

        def change(connection: Connection, classes: Classes, person: str) -> int:
            checked = checked_new_name(classes, name)
            return _write(connection, dataset_id, "add", name=checked, who=person)

        return self._change(dataset_id, who, change)

    def rename_class(self, dataset_id: str, name: str, new_name: str, *, who: str) -> LabelClass:
        """Gives a class another name, also where it was given before; a key that was chosen for it stays its own.

        Raises:
            DataError: if there is no such class, or the new name is empty, too long or taken.
        """

        def change(connection: Connection, classes: Classes, person: str) -> int:
            found = classes.find(name)
            checked = checked_new_name(classes, new_name, renaming=found.id)
            if checked != found.name:
                _write(connection, dataset_id, "rename", class_id=found.id, name=checked, who=person)
                keys = read_settings(connection, dataset_id)["keys"]
                renamed = {checked if one == found.name else one: key for one, key in keys.items()}
                write_settings(connection, dataset_id, {"keys": renamed}, who=person)
            return found.id

        return self._change(dataset_id, who, change)

    def merge_classes(self, dataset_id: str, names: Sequence[str], into: str, *, who: str) -> LabelClass:
        """Lets the labels of some classes count for another one; `restore_class` takes it back.

        Raises:
            DataError: if there is no such class, or a class would be merged into itself.
        """

        def change(connection: Connection, classes: Classes, person: str) -> int:
            target, found = classes.find(into), [classes.find(name) for name in names]
            if target in found:
                raise DataError(f"The class “{into[:60]}” cannot be merged into itself", todo="Choose another one")
            for merged in found:
                _write(connection, dataset_id, "merge", class_id=merged.id, into=target.id, who=person)
            self._derive_again(connection, dataset_id, [target.id, *(merged.id for merged in found)])
            return target.id

        return self._change(dataset_id, who, change)

    def retire_class(self, dataset_id: str, name: str, *, who: str) -> LabelClass:
        """Offers a class no longer; rows that have it keep it (errors as for `rename_class`)."""

        def change(connection: Connection, classes: Classes, person: str) -> int:
            found = classes.find(name)
            _write(connection, dataset_id, "retire", class_id=found.id, who=person)
            return found.id

        return self._change(dataset_id, who, change)

    def restore_class(self, dataset_id: str, class_id: int, *, who: str) -> LabelClass:
        """Makes a retired or merged class one of its own again.

        Raises:
            DataError: if the dataset has no such class, or another class has its name by now.
        """

        def change(connection: Connection, classes: Classes, person: str) -> int:
            found = classes.by_id.get(class_id)
            if found is None:
                raise DataError(f"The dataset has no class with the number {class_id}")
            checked_new_name(classes, found.name, renaming=class_id)
            before = classes.resolve(class_id)
            _write(connection, dataset_id, "restore", class_id=class_id, who=person)
            if before != class_id:
                self._derive_again(connection, dataset_id, [before, class_id])
            return class_id

        return self._change(dataset_id, who, change)

    def _change(self, dataset_id: str, who: str, change: Callable[[Connection, Classes, str], int]) -> LabelClass:
        person = check_owner(who, doing="change classes")

        def work(connection: Connection) -> LabelClass:
            class_id = change(connection, self._classes(connection, dataset_id), person)
            return read_classes(connection, dataset_id).by_id[class_id]

        return self._database.write(dataset_id, work)

    def _with_classes(self, connection: Connection, dataset_id: str, new: Mapping[str, str]) -> Classes:
        """The classes of a dataset, within a transaction that writes; `new`, name → who adds it, are added first."""
        classes = self._classes(connection, dataset_id)
        for name, who in new.items():
            if all(found.name != name for found in classes.offered):
                _write(connection, dataset_id, "add", name=checked_new_name(classes, name), who=who)
                classes = read_classes(connection, dataset_id)
        return classes

    def _derive_again(self, connection: Connection, dataset_id: str, class_ids: Sequence[int]) -> None:
        """Derives the rows of these classes, and of all that count for the same ones, anew."""
        classes = read_classes(connection, dataset_id)
        counting = {other for class_id in class_ids for other in classes.counting_for(class_id)}
        rows = rows_of_classes(connection, dataset_id, sorted(counting))
        update_states(connection, dataset_id, rows, classes=classes, source=self._source)

    def _known_classes(self, connection: Connection, dataset_id: str) -> Classes | None:
        """The classes of a dataset; None as long as those of its file are not among them."""
        classes = read_classes(connection, dataset_id)
        return classes if classes.file_ids or not self._source.counts(dataset_id) else None

    def _classes(self, connection: Connection, dataset_id: str) -> Classes:
        """The classes of a dataset, within a transaction that writes; those of its file are added at first."""
        known = self._known_classes(connection, dataset_id)
        if known is not None:
            return known
        for name in self._source.counts(dataset_id):
            _write(connection, dataset_id, "add", name=name, who=_FILE, how="imported")
        return read_classes(connection, dataset_id)


def file_classes(source: Source, dataset_id: str) -> Classes:
    """The classes of a dataset of which nothing is stored: those of its file, with numbers that no label has."""
    return Classes(
        SimpleNamespace(kind="add", id=-place, name=name, how="imported")
        for place, name in enumerate(source.counts(dataset_id), start=1)
    )


def _write(
    connection: Connection,
    dataset_id: str,
    kind: str,
    *,
    who: str,
    class_id: int | None = None,
    name: str | None = None,
    into: int | None = None,
    how: str = "typed",
) -> int:
    values = {"kind": kind, "class_id": class_id, "name": name, "into": into, "who": who, "how": how}
    return add_class_event(connection, dataset_id, at=datetime.now(UTC), **values)
