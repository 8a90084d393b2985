"""What stands in the address beside the dataset and the run, so that a link reproduces the screen.

A choice is taken from the address when its control is drawn for the first time, and written there whenever it is drawn.
What the address says and the control does not know is left out, as if it had not been there.
"""

from collections.abc import Callable, Collection
from typing import TypeVar

import streamlit as st

from ui.state import session

T = TypeVar("T")
_MOST = 500  # characters of a value


def take(name: str, key: str, *, options: Collection[str], default: str) -> None:
    """Gives the control with that key what the address says, if it is one of the options, unless it has a value."""
    take_as(name, key, read=lambda value: value if value in options else None, default=default)
    if session().widget(key) not in options:
        session().set_widget(key, default)


def take_as(name: str, key: str, *, read: Callable[[str], T | None], default: T) -> None:
    """As `take`, with what `read` makes of what the address says; None for what it cannot read."""
    state = session()
    if state.widget(key) is not None:
        return
    values = st.query_params.get_all(name)
    value = read(values[0]) if len(values) == 1 and len(values[0]) <= _MOST else None
    state.set_widget(key, default if value is None else value)


def tell(name: str, value: str | None) -> None:
    """Writes a choice into the address; None, which stands for the default, takes it out."""
    if value is None or len(value) > _MOST:
        st.query_params.pop(name, None)
    elif st.query_params.get_all(name) != [value]:
        st.query_params[name] = value


def single(name: str) -> str | None:
    """What the address says under a name exactly once; None otherwise."""
    values = st.query_params.get_all(name)
    return values[0] if len(values) == 1 else None


def percentage(value: str) -> int | None:
    """The whole number from 0 to 100 that a text is; None for anything else."""
    return int(value) if value.isascii() and value.isdigit() and len(value) <= 3 and int(value) <= 100 else None
