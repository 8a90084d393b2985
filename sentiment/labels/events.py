"""What happens to rows: one event per row and deed. Nothing is ever changed or taken away."""

import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime

from sentiment.data.cells import clean_name
from sentiment.errors import DataError, UsageError
from sentiment.labels.schema import KEY_CHARS, KINDS, NAME_CHARS, WAYS
from sentiment.numbers import number

MAX_NOTE_CHARS = 10_000
_WITH_LABEL = ("label", "settle")  # a settlement may also be taken back, with no label


def new_key() -> str:
    """A fresh key: what is sent twice with one key is stored once."""
    return uuid.uuid4().hex


@dataclass(frozen=True, kw_only=True)
class NewEvent:
    """What somebody does with a row.

    Attributes:
        row: zero-based row of the file.
        kind: label, clear (says that the row has no label), skip, flag, unflag, note, exclude, include, settle (which
            counts more than any opinion; without a label it takes an earlier settlement back) or undo.
        who: the person.
        label: the class, by its name, of a label or a settlement.
        how: typed, bulk, suggestion (one that was accepted), imported or remedy.
        text: the note.
        target: the id of the event that is undone; its row must be the same.
        key: known by it when it is sent again; up to 64 characters.
        step: events of one step are undone together; by default each is a step of its own.
        at: when; now by default.
    """

    row: int
    kind: str
    who: str
    label: str | None = None
    how: str = "typed"
    text: str | None = None
    target: int | None = None
    key: str = field(default_factory=new_key)
    step: str | None = None
    at: datetime = field(default_factory=lambda: datetime.now(UTC))


@dataclass(frozen=True, kw_only=True)
class Event:
    """An event as it is stored: `NewEvent` with its id; the label is a class's id."""

    id: int
    row: int
    kind: str
    who: str
    class_id: int | None
    how: str
    text: str | None
    target: int | None
    key: str
    step: str
    at: datetime


def checked_person(who: str) -> str:
    """The name of a person as it is stored.

    Raises:
        UsageError: if nothing of it can be seen.
    """
    name = clean_name(who, limit=NAME_CHARS)
    if not name:
        raise UsageError("No name says who labels", expected="At least one visible character", todo="Give a name")
    return name


def check_event(event: NewEvent) -> None:
    """Checks what can be said of an event without the database.

    Raises:
        UsageError: for a kind, way, key or combination that there is not.
        DataError: for a note that is too long.
    """
    _check_choice("kind of event", event.kind, KINDS)
    _check_choice("way in which a label comes", event.how, WAYS)
    if not 0 < len(event.key) <= KEY_CHARS or not len(event.step or "") <= KEY_CHARS:
        raise UsageError("The key of an event does not fit", expected=f"1 to {KEY_CHARS} characters")
    if event.at.tzinfo is None:
        raise UsageError("The time of an event has no time zone", expected="A datetime with one, such as UTC")
    if event.kind == "label" and event.label is None:
        raise UsageError("A label event names no label", expected="The name of a class")
    if event.label is not None and event.kind not in _WITH_LABEL:
        raise UsageError(f"An event of kind “{event.kind}” names a label", expected="Only label and settle do")
    if (event.target is not None) != (event.kind == "undo"):
        raise UsageError("Only an undo, and every undo, names the event that it undoes")
    if event.kind == "note" and not (event.text or "").strip():
        raise UsageError("The note is empty", expected="At least one visible character")
    if len(event.text or "") > MAX_NOTE_CHARS:
        raise DataError(
            f"The note of row {event.row} has {number(len(event.text or ''))} characters",
            expected=f"At most {number(MAX_NOTE_CHARS)}",
            todo="Shorten it",
        )


def _check_choice(what: str, given: str, choices: tuple[str, ...]) -> None:
    if given not in choices:
        raise UsageError(f"There is no {what} called “{given[:40]}”", expected=f"One of {', '.join(choices)}")
