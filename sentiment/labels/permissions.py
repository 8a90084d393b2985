"""Who may do what with labels: whose role allows it, and that nobody speaks in another's name."""

from collections.abc import Sequence

from sentiment.access import Role, check_person, require
from sentiment.labels.events import NewEvent, checked_person

# What a labeler does with rows; leaving rows out, bringing them back and settling them decides over others' work.
LABELERS = ("label", "clear", "skip", "flag", "unflag", "note", "undo")


def check_events(new: Sequence[NewEvent], *, on_behalf: bool) -> bool:
    """Checks that the one who acts may store these events; returns whether they may only undo what is their own.

    Args:
        new: the events.
        on_behalf: whether they say what others did, as a file of labels does.

    Raises:
        AccessError: if the role does not allow it, or an event is in somebody else's name.
    """
    if on_behalf or any(event.how == "imported" for event in new):
        person = require(Role.OWNER, doing="import labels")
    elif any(event.kind not in LABELERS for event in new):
        person = require(Role.OWNER, doing="leave rows out, bring them back or settle them")
    else:
        person = require(Role.LABELER, doing="label rows")
    if not on_behalf:
        for who in {event.who for event in new}:
            check_person(checked_person(who), doing="label")
    return person.role < Role.OWNER


def check_labeler(who: str) -> str:
    """The name, as it is stored, of a person who labels, and that it is theirs.

    Raises:
        AccessError: if the role does not allow it, or it is somebody else's name.
        UsageError: if nothing of the name can be seen.
    """
    require(Role.LABELER, doing="label rows")
    name = checked_person(who)
    check_person(name, doing="label")
    return name


def check_owner(who: str, *, doing: str) -> str:
    """The name, as it is stored, of a person who does what only owners may (errors as for `check_labeler`)."""
    require(Role.OWNER, doing=doing)
    name = checked_person(who)
    check_person(name, doing=doing)
    return name
