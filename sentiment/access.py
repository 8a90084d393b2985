"""Who may do what: one role for everybody, asked for where the work is done.

A viewer looks and tries the model. A labeler labels, skips, flags and notes rows and takes their own steps back. An
owner does everything. Whoever works on the machine itself (the command line, a script, a job) is an owner; on the
pages, `roles` says who is what. In demo mode (SENTIMENT_MODE=demo) nobody is more than a viewer.

The functions that write call `require`. Who acts is what `acting_as` says; where it says nothing, the dashboard is
asked (`identify_by`), which knows whose page, callback or fragment a thread is drawing.
"""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace
from enum import IntEnum
from typing import ParamSpec, TypeVar

from sentiment.errors import AccessError, UsageError

MODE = "SENTIMENT_MODE"
DEMO = "demo"

P = ParamSpec("P")
T = TypeVar("T")


class Role(IntEnum):
    """What somebody may do; each role may also do what the ones before it may."""

    NOBODY = 0
    VIEWER = 1
    LABELER = 2
    OWNER = 3


@dataclass(frozen=True)
class Person:
    """Somebody who acts.

    Attributes:
        role: what they may do.
        name: their verified name, which is an e-mail address; "" where nobody had to sign in.
    """

    role: Role
    name: str = ""


HOST = Person(Role.OWNER)  # whoever works on the machine itself
_acting: ContextVar[Person | None] = ContextVar("acting", default=None)
_identify: Callable[[], Person] = lambda: HOST  # noqa: E731 replaced by `identify_by`


def is_demo() -> bool:
    """Whether this process is in demo mode, in which nothing may be written into the workspace.

    Raises:
        UsageError: if SENTIMENT_MODE has a value that is not known: a slip there must not open what was to be closed.
    """
    mode = os.environ.get(MODE, "").strip()
    if mode not in ("", DEMO):
        raise UsageError(
            f"{MODE} = {mode[:40]!r} is not known",
            expected=f"{DEMO!r}, or nothing",
            todo="Correct it, then start again",
        )
    return mode == DEMO


def identify_by(find: Callable[[], Person]) -> None:
    """Has `find` say who acts wherever `acting_as` does not; the dashboard calls this once."""
    global _identify
    _identify = find


def current() -> Person:
    """Who acts now; in demo mode a viewer at most.

    Raises:
        AccessError: if the file of roles cannot be used.
    """
    person = _acting.get() or _identify()
    return replace(person, role=min(person.role, Role.VIEWER)) if is_demo() else person


def may(role: Role) -> bool:
    """Whether the one who acts has this role, or a higher one (errors as for `current`)."""
    return current().role >= role


def require(role: Role, *, doing: str) -> Person:
    """The one who acts, whose role allows it.

    Args:
        role: what is needed.
        doing: what is done, as it completes "A viewer may not …": "label rows".

    Raises:
        AccessError: if the role does not allow it, or the file of roles cannot be used.
    """
    person = current()
    if person.role >= role:
        return person
    if is_demo():
        raise AccessError(
            f"This is a demo, in which nobody can {doing}", todo="Start Sentiment Studio yourself, with your own data"
        )
    if person.role == Role.NOBODY:
        raise AccessError(f"You have to sign in to {doing}", todo="Sign in, then try again")
    raise AccessError(
        f"A {person.role.name.lower()} may not {doing}",
        expected=f"The role {role.name.lower()}",
        todo="Ask an owner to do it, or to give you that role",
    )


def check_person(name: str, *, doing: str) -> None:
    """Checks that what is said in somebody's name is said by them: whoever signed in has no other name.

    Raises:
        AccessError: if somebody who signed in gives another name than their own.
    """
    person = current()
    if person.name and name != person.name:
        raise AccessError(f"You signed in as {person.name} and cannot {doing} as {name[:60]}", expected="Your own name")


@contextmanager
def acting_as(person: Person) -> Iterator[None]:
    """What is done in here, this person does."""
    mark = _acting.set(person)
    try:
        yield
    finally:
        _acting.reset(mark)


def carried(work: Callable[P, T]) -> Callable[P, T]:
    """`work`, done by whoever acts now, also in another thread, which would not know of them."""
    person = current()

    def run(*args: P.args, **kwargs: P.kwargs) -> T:
        with acting_as(person):
            return work(*args, **kwargs)

    return run
