"""The table of row states: what `derive` says of every row that has events, kept within the same transactions."""

from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import Any

from sqlalchemy import Connection, delete, insert, or_, select

from sentiment.errors import DataError
from sentiment.labels.classes import Classes
from sentiment.labels.derive import derive
from sentiment.labels.schema import events, row_states
from sentiment.labels.source import Source
from sentiment.numbers import number

CHUNK = 500  # rows in one query


def chunks(rows: Iterable[int]) -> list[list[int]]:
    """Each row once, in order, in lists short enough for one query."""
    ordered = sorted({int(row) for row in rows})  # drivers do not know numpy's integers
    return [ordered[start : start + CHUNK] for start in range(0, len(ordered), CHUNK)]


def update_states(
    connection: Connection, dataset_id: str, rows: Iterable[int], *, classes: Classes, source: Source
) -> None:
    """Derives the states of these rows anew from all of their events.

    Raises:
        DataError: if the dataset does not have one of them.
    """
    for part in chunks(rows):
        within = (row_states.c.dataset_id == dataset_id) & row_states.c.row.in_(part)
        known = connection.execute(select(row_states.c.row, row_states.c.base_class).where(within)).all()
        bases = {state.row: state.base_class for state in known}
        new = [row for row in part if row not in bases]
        bases |= _file_classes(dataset_id, new, classes=classes, source=source)
        states = _derived(connection, dataset_id, part, bases=bases, classes=classes)
        if known:
            connection.execute(delete(row_states).where(within))
        if states:
            connection.execute(insert(row_states), states)


def rebuild_states(connection: Connection, dataset_id: str, *, classes: Classes, source: Source) -> int:
    """Makes all states of a dataset again from its events; returns how many rows have some."""
    rows = connection.execute(select(events.c.row).where(events.c.dataset_id == dataset_id).distinct()).scalars().all()
    connection.execute(delete(row_states).where(row_states.c.dataset_id == dataset_id))
    update_states(connection, dataset_id, rows, classes=classes, source=source)
    return len(rows)


def rows_of_classes(connection: Connection, dataset_id: str, class_ids: Sequence[int]) -> list[int]:
    """The rows that somebody gave one of these classes, or that have it in the file and have events."""
    given = select(events.c.row).where(events.c.dataset_id == dataset_id, events.c.class_id.in_(class_ids))
    stated = select(row_states.c.row).where(
        row_states.c.dataset_id == dataset_id,
        or_(row_states.c.base_class.in_(class_ids), row_states.c.class_id.in_(class_ids)),
    )
    return list(connection.execute(given.union(stated)).scalars().all())


def _file_classes(dataset_id: str, rows: Sequence[int], *, classes: Classes, source: Source) -> dict[int, int | None]:
    """The class of each row's label in the file."""
    if not rows:
        return {}
    labels = source.labels(dataset_id, rows)
    if missing := [row for row in rows if row not in labels]:
        raise unknown_rows(missing, n_rows=source.n_rows(dataset_id))
    ids = classes.file_ids
    return {row: None if label is None else ids[label] for row, label in labels.items()}


def unknown_rows(rows: Sequence[int], *, n_rows: int) -> DataError:
    """The error for rows that a dataset does not have."""
    named = ", ".join(str(row) for row in rows[:10]) + (f" and {number(len(rows) - 10)} more" if len(rows) > 10 else "")
    return DataError(
        f"The dataset has no row {named}" if len(rows) == 1 else f"The dataset does not have the rows {named}",
        expected=f"Zero-based rows of the file that have a text; the dataset has {number(n_rows)} of them",
        todo="Check that the rows are of this dataset",
    )


def _derived(
    connection: Connection, dataset_id: str, rows: Sequence[int], *, bases: dict[int, int | None], classes: Classes
) -> list[dict[str, Any]]:
    query = (
        select(events.c.id, events.c.row, events.c.kind, events.c.class_id, events.c.who, events.c.target)
        .where(events.c.dataset_id == dataset_id, events.c.row.in_(rows))
        .order_by(events.c.row, events.c.id)
    )
    found = groupby(connection.execute(query).all(), key=lambda event: event.row)
    return [
        {
            "dataset_id": dataset_id,
            "row": row,
            "base_class": bases[row],
            **vars(derive(list(group), base=bases[row], resolve=classes.resolve)),
        }
        for row, group in found
    ]
