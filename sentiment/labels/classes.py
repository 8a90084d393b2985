"""The classes of a dataset: added, renamed, merged, retired, brought back. Labels keep the class they were given."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Connection, insert, select

from sentiment.data.cells import clean_name
from sentiment.errors import DataError
from sentiment.labels.schema import CLASS_CHARS, class_events
from sentiment.numbers import number

MAX_CLASSES = 1_000


@dataclass(frozen=True)
class LabelClass:
    """A class as it is now.

    Attributes:
        id: the number that labels point to.
        name: what people call it.
        file_name: the label in the imported file that it stands for; None for a class that people added.
        retired: whether it is no longer offered; the labels that it has stay.
        merged_into: the class that its labels count for; None while it is one of its own.
    """

    id: int
    name: str
    file_name: str | None = None
    retired: bool = False
    merged_into: int | None = None

    @property
    def offered(self) -> bool:
        """Whether rows can be given this class."""
        return not self.retired and self.merged_into is None


class Classes:
    """All classes that a dataset ever had.

    Args:
        events: rows of the table class_events, oldest first.
    """

    def __init__(self, events: Iterable[Any]) -> None:
        self.by_id: dict[int, LabelClass] = {}
        for event in events:
            self._apply(event)

    @property
    def offered(self) -> list[LabelClass]:
        """The classes that rows can be given, in the order in which they came."""
        return [found for found in self.by_id.values() if found.offered]

    @property
    def file_ids(self) -> dict[str, int]:
        """The class of each label of the imported file, before merging."""
        return {found.file_name: found.id for found in self.by_id.values() if found.file_name is not None}

    def resolve(self, class_id: int) -> int:
        """The id of the class that a label with `class_id` counts for, after merging."""
        while (into := self.by_id[class_id].merged_into) is not None:
            class_id = into
        return class_id

    def name(self, class_id: int | None) -> str | None:
        """The name, after merging and renaming, of the class of a label."""
        return None if class_id is None else self.by_id[self.resolve(class_id)].name

    def find(self, name: str, *, retired: bool = False) -> LabelClass:
        """The class of that name that rows can be given; with `retired`, one that is no longer offered too.

        Raises:
            DataError: if there is none.
        """
        among = [found for found in self.by_id.values() if found.merged_into is None] if retired else self.offered
        found = next((found for found in among if found.name == name), None)
        if found is None:
            raise DataError(
                f"There is no class “{name[:60]}”",
                expected=f"One of {', '.join(f'“{known.name}”' for known in self.offered[:20]) or 'no classes yet'}",
                todo="Choose one of them, or add the class first",
            )
        return found

    def renamed(self) -> dict[str, str]:
        """Labels of the imported file that are called otherwise now → what they are called."""
        names = {file_name: str(self.name(class_id)) for file_name, class_id in self.file_ids.items()}
        return {file_name: name for file_name, name in names.items() if name != file_name}

    def counting_for(self, class_id: int) -> list[int]:
        """The ids of all classes whose labels count for the same class as those of `class_id`."""
        root = self.resolve(class_id)
        return [other for other in self.by_id if self.resolve(other) == root]

    def _apply(self, event: Any) -> None:
        if event.kind == "add":
            file_name = event.name if event.how == "imported" else None
            self.by_id[event.id] = LabelClass(event.id, event.name, file_name)
            return
        changes: dict[str, Any] = {
            "rename": {"name": event.name},
            "merge": {"merged_into": event.into},
            "retire": {"retired": True},
            "restore": {"retired": False, "merged_into": None},
        }[event.kind]
        self.by_id[event.class_id] = replace(self.by_id[event.class_id], **changes)


def read_classes(connection: Connection, dataset_id: str) -> Classes:
    """The classes of a dataset, none of which may be there yet."""
    query = select(class_events).where(class_events.c.dataset_id == dataset_id).order_by(class_events.c.id)
    return Classes(connection.execute(query).all())


def add_class_event(connection: Connection, dataset_id: str, **values: Any) -> int:
    """The id of a new class event with these values of the table's columns."""
    done = connection.execute(insert(class_events).values(dataset_id=dataset_id, **values))
    assert done.inserted_primary_key is not None
    return int(done.inserted_primary_key[0])


def clean_class_name(name: str) -> str:
    """The name of a class as it is stored: one space between words, nothing invisible but joiners inside words."""
    return clean_name(name, limit=CLASS_CHARS + 1, joiners=True)


def checked_new_name(classes: Classes, name: str, *, renaming: int | None = None) -> str:
    """The name of a new class, or of one that is renamed, as it is stored.

    Raises:
        DataError: if nothing of it can be seen, it is too long or another class has it, or there are too many.
    """
    checked = clean_class_name(name)
    if not checked or len(checked) > CLASS_CHARS:
        raise DataError("The name of the class does not fit", expected=f"1 to {CLASS_CHARS} visible characters")
    if len(classes.by_id) >= MAX_CLASSES and renaming is None:
        raise DataError(f"The dataset has {number(MAX_CLASSES)} classes already", todo="Merge or rename one instead")
    taken = {found.name: found for found in classes.by_id.values() if found.merged_into is None}
    if checked in taken and taken[checked].id != renaming:
        raise DataError(
            f"There is a class “{checked[:60]}” already" + (", which is retired" if taken[checked].retired else ""),
            expected="Another name",
            todo="Merge the two, or bring the retired one back",
        )
    return checked


def names_of(classes: Classes, ids: Sequence[int | None]) -> list[str | None]:
    """The names of the classes of labels, in order."""
    names: dict[int | None, str | None] = {class_id: classes.name(class_id) for class_id in set(ids)}
    return [names[class_id] for class_id in ids]
