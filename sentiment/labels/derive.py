"""What follows from the events of one row. Pure: the database's table of row states is this, kept up to date."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar


class UndoEvent(Protocol):
    """What must be known of an undo."""

    @property
    def id(self) -> int:
        """Its number; numbers rise with time."""

    @property
    def target(self) -> int | None:
        """The event that it undoes."""


class RowEvent(UndoEvent, Protocol):
    """What the rule needs to know of an event; stored events and rows of the database both serve."""

    @property
    def kind(self) -> str:
        """One of `schema.KINDS`."""

    @property
    def class_id(self) -> int | None:
        """The class that it names."""

    @property
    def who(self) -> str:
        """The person."""


@dataclass(frozen=True)
class RowState:
    """What is true of a row now.

    Attributes:
        class_id: its label; None for none.
        rule: why: settled, majority (of several people), latest (opinion), or file (nobody said anything).
        excluded: whether it is left out of the dataset.
        flagged: whether somebody flagged it.
        skipped: whether somebody skipped it and has not labeled it since.
        n_opinions: people who gave it a label.
        last_event: the newest event of the row, undone or not; 0 without any.
    """

    class_id: int | None
    rule: str
    excluded: bool
    flagged: bool
    skipped: bool
    n_opinions: int
    last_event: int


Found = TypeVar("Found", bound=RowEvent)
Undo = TypeVar("Undo", bound=UndoEvent)


def active_events(events: Iterable[Found]) -> list[Found]:
    """The events, oldest first, whose effect nothing has undone; an undo that was itself undone has none.

    Undos themselves are left out.
    """
    found = list(events)
    undone = {undo.target for undo in active_undos(event for event in found if event.kind == "undo")}
    kept = (event for event in found if event.kind != "undo" and event.id not in undone)
    return sorted(kept, key=lambda event: event.id)


def active_undos(undos: Iterable[Undo]) -> list[Undo]:
    """Those of the undos that nothing has undone, newest first."""
    undone: set[int | None] = set()
    kept = []
    for undo in sorted(undos, key=lambda undo: undo.id, reverse=True):  # an undo comes after what it undoes
        if undo.id not in undone:
            undone.add(undo.target)
            kept.append(undo)
    return kept


def latest_opinions(active: Iterable[Found]) -> dict[str, Found]:
    """Each person's latest label or clear, by the person; the person who spoke last comes last.

    Args:
        active: what `active_events` returns.
    """
    found: dict[str, Found] = {}
    for event in active:
        if event.kind in ("label", "clear"):
            found.pop(event.who, None)
            found[event.who] = event
    return found


def derive(events: Sequence[RowEvent], *, base: int | None, resolve: Callable[[int], int]) -> RowState:
    """The state of a row.

    Its label is the settled one; else the one that most people chose last; else, where as many chose another one,
    the latest of these; else the file's. To clear a row is an opinion too: that it has no label.

    Args:
        events: all events of the row, in any order.
        base: the class of the row's label in the file; None for none.
        resolve: what a class is now, after merging.
    """
    active = active_events(events)
    opinions = latest_opinions(active)
    class_id, rule = _label(active, list(opinions.values()), base=base, resolve=resolve)
    return RowState(
        class_id=class_id,
        rule=rule,
        excluded=_switched_on(active, "exclude", "include"),
        flagged=_switched_on(active, "flag", "unflag"),
        skipped=_is_skipped(active),
        n_opinions=sum(event.kind == "label" for event in opinions.values()),
        last_event=max((event.id for event in events), default=0),
    )


def _label(
    active: Sequence[RowEvent], opinions: Sequence[RowEvent], *, base: int | None, resolve: Callable[[int], int]
) -> tuple[int | None, str]:
    def now(class_id: int | None) -> int | None:
        return None if class_id is None else resolve(class_id)

    settled = next((event.class_id for event in reversed(active) if event.kind == "settle"), None)
    if settled is not None:
        return now(settled), "settled"
    if not opinions:
        return now(base), "file"
    votes = Counter(now(event.class_id) for event in opinions)
    most = max(votes.values())
    leading = [choice for choice, count in votes.items() if count == most]
    if len(opinions) > 1 and len(leading) == 1:
        return leading[0], "majority"
    return next(now(event.class_id) for event in reversed(opinions) if now(event.class_id) in leading), "latest"


def _switched_on(active: Sequence[RowEvent], on: str, off: str) -> bool:
    return next((event.kind == on for event in reversed(active) if event.kind in (on, off)), False)


def _is_skipped(active: Sequence[RowEvent]) -> bool:
    """Whether the last thing that some person did among labeling and skipping was to skip."""
    last = {event.who: event.kind for event in active if event.kind in ("label", "clear", "skip")}
    return "skip" in last.values()
