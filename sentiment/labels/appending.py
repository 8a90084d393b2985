"""Writing events, within one transaction: stored once each, and the row states kept up to date."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, insert, select

from sentiment.errors import AccessError, DataError, UsageError
from sentiment.labels.classes import Classes
from sentiment.labels.derive import active_events
from sentiment.labels.events import Event, NewEvent
from sentiment.labels.leases import release_rows
from sentiment.labels.projection import CHUNK, update_states
from sentiment.labels.schema import events
from sentiment.labels.source import Source

_PAGE = 100  # events of a person that are looked through at a time for what to undo


def append_events(
    connection: Connection,
    dataset_id: str,
    new: Sequence[NewEvent],
    *,
    people: Mapping[str, str],
    classes: Classes,
    source: Source,
    own_only: bool = False,
    retired: bool = False,
) -> list[Event]:
    """The events as they are stored, in the given order (see `LabelStore.append`).

    Args:
        connection: a transaction that writes.
        dataset_id: the dataset.
        new: events that `check_event` let pass.
        people: the name of each person as it is stored.
        classes: the dataset's classes.
        source: the labels of the file.
        own_only: whether an undo may only name an event of the same person.
        retired: whether labels may name classes that are no longer offered.
    """
    stored = _stored(connection, [event.key for event in new])
    if any(found.dataset_id != dataset_id for found in stored.values()):
        raise UsageError("The key of an event belongs to an event of another dataset", todo="Make a new key")
    fresh = {event.key: event for event in new if event.key not in stored}
    if fresh:
        _check_targets(connection, dataset_id, list(fresh.values()), people=people if own_only else None)
        ids = _class_ids(fresh.values(), classes, retired=retired)
        values = [_values(dataset_id, event, who=people[event.who], class_ids=ids) for event in fresh.values()]
        connection.execute(insert(events), values)
        _follow(connection, dataset_id, [(row["row"], row["who"], row["kind"]) for row in values], classes, source)
        stored |= _stored(connection, list(fresh))
    return [_event(stored[event.key]) for event in new]


def undo_steps(
    connection: Connection, dataset_id: str, *, who: str, n: int, step: str, classes: Classes, source: Source
) -> list[Event]:
    """The events of a person's last `n` steps that had an effect, newest first, which they no longer have.

    If undos of this `step` are stored already, nothing more is undone.
    """
    repeated = select(events.c.target).where(events.c.dataset_id == dataset_id, events.c.step == step)
    if targets := connection.execute(repeated.where(events.c.who == who, events.c.kind == "undo")).scalars().all():
        return _by_ids(connection, [target for target in targets if target is not None])
    undone = _last_steps(connection, dataset_id, who=who, n=n)
    new = [
        NewEvent(row=found.row, kind="undo", who=who, target=found.id, key=f"{step}:{found.id}", step=step)
        for found in undone
    ]
    if new:
        append_events(connection, dataset_id, new, people={who: who}, classes=classes, source=source)
    return [_event(found) for found in undone]


def _follow(
    connection: Connection, dataset_id: str, done: list[tuple[int, str, str]], classes: Classes, source: Source
) -> None:
    """What else changes with events: row states, and leases of rows that were judged."""
    update_states(connection, dataset_id, {row for row, _, _ in done}, classes=classes, source=source)
    for who in {who for _, who, _ in done}:
        judged = [row for row, by, kind in done if by == who and kind in ("label", "clear", "skip", "exclude")]
        release_rows(connection, dataset_id, judged, who=who)


def _values(dataset_id: str, event: NewEvent, *, who: str, class_ids: dict[str, int]) -> dict[str, Any]:
    return {
        "dataset_id": dataset_id,
        "row": int(event.row),  # drivers do not know numpy's integers
        "kind": event.kind,
        "class_id": None if event.label is None else class_ids[event.label],
        "who": who,
        "at": event.at,
        "how": event.how,
        "text": None if event.text is None else event.text.replace("\0", ""),  # which PostgreSQL cannot store
        "target": None if event.target is None else int(event.target),
        "key": event.key,
        "step": event.step or event.key,
    }


def _class_ids(new: Iterable[NewEvent], classes: Classes, *, retired: bool) -> dict[str, int]:
    labels = {event.label for event in new}
    return {label: classes.find(label, retired=retired).id for label in labels if label is not None}


def _check_targets(
    connection: Connection, dataset_id: str, new: Sequence[NewEvent], *, people: Mapping[str, str] | None
) -> None:
    """An undo must name an event of the same row: then a row's events say all about it.

    With `people`, the names as they are stored, it must also be an event of the same person.
    """
    undos = [(event, int(event.target)) for event in new if event.target is not None]
    named = _rows_by_ids(connection, [target for _, target in undos], dataset_id=dataset_id)
    found = {event.id: event for event in named}
    for event, target in undos:
        row = event.row
        if people is not None and target in found and found[target].who != people[event.who]:
            raise AccessError(
                f"Event {target} of row {row} is somebody else's", todo="Ask them, or an owner, to take it back"
            )
        if target not in found or found[target].row != row:
            raise DataError(
                f"Row {row} has no event {target} that could be undone", todo="Read the row's history again"
            )


def _last_steps(connection: Connection, dataset_id: str, *, who: str, n: int) -> list[Any]:
    """The events, newest first, of a person's last `n` steps of which something still has an effect."""
    mine = select(events).where(events.c.dataset_id == dataset_id, events.c.who == who, events.c.kind != "undo")
    steps: dict[str, list[Any]] = {}
    before: int | None = None
    while True:
        query = mine if before is None else mine.where(events.c.id < before)
        page = connection.execute(query.order_by(events.c.id.desc()).limit(_PAGE)).all()
        for event in _with_effect(connection, page):
            if event.step not in steps and len(steps) == n:
                return [event for step in steps.values() for event in step]
            steps.setdefault(event.step, []).append(event)
        if len(page) < _PAGE:
            return [event for step in steps.values() for event in step]
        before = page[-1].id


def _with_effect(connection: Connection, page: Sequence[Any]) -> list[Any]:
    """Those of the events that no undo has taken the effect of, in their order."""
    known = {event.id: event for event in page}
    newest = list(known)
    while newest:  # the undos, the undos of these, and so on
        query = select(events).where(events.c.target.in_(newest), events.c.kind == "undo")
        undos = connection.execute(query).all()
        newest = [undo.id for undo in undos if undo.id not in known]
        known |= {undo.id: undo for undo in undos}
    active = {event.id for event in active_events(known.values())}
    return [event for event in page if event.id in active]


def _stored(connection: Connection, keys: Sequence[str]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for start in range(0, len(keys), CHUNK):
        query = select(events).where(events.c.key.in_(keys[start : start + CHUNK]))
        found |= {event.key: event for event in connection.execute(query).all()}
    return found


def _rows_by_ids(connection: Connection, ids: Sequence[int], *, dataset_id: str | None = None) -> list[Any]:
    found: list[Any] = []
    for start in range(0, len(ids), CHUNK):
        query = select(events).where(events.c.id.in_(ids[start : start + CHUNK]))
        query = query if dataset_id is None else query.where(events.c.dataset_id == dataset_id)
        found += connection.execute(query.order_by(events.c.id.desc())).all()
    return found


def _by_ids(connection: Connection, ids: Sequence[int]) -> list[Event]:
    return sorted((_event(found) for found in _rows_by_ids(connection, ids)), key=lambda event: -event.id)


def _event(found: Any) -> Event:
    return Event(
        id=found.id,
        row=found.row,
        kind=found.kind,
        who=found.who,
        class_id=found.class_id,
        how=found.how,
        text=found.text,
        target=found.target,
        key=found.key,
        step=found.step,
        at=found.at,
    )
