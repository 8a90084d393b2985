"""Errors on a page: what was given, what was expected, what to do; never a stack trace."""

import logging
import secrets
from collections.abc import Iterator
from contextlib import contextmanager

import streamlit as st

from sentiment.errors import SentimentError
from ui.text import literal

log = logging.getLogger("sentiment.ui")


def show_error(error: SentimentError) -> None:
    """Draws an error in its three parts, literally."""
    show_problem(error.given, expected=error.expected, todo=error.todo)


def show_problem(given: str, *, expected: str = "", todo: str = "") -> None:
    """Draws what was given, what was expected and what to do as one message."""
    lines = [f"**{_sentence(given)}**"]
    if expected:
        lines.append(f"Expected: {_sentence(expected)}")
    if todo:
        lines.append(_sentence(todo))
    st.error("\n\n".join(lines), icon=":material/error:")


def _sentence(words: str) -> str:
    return f"{literal(words.rstrip('. '), limit=600)}."


@contextmanager
def guard() -> Iterator[None]:
    """Lets a part of a page fail with a message while the rest of the page and the server live on.

    A `SentimentError` is shown in its own words. Anything else is a fault of ours: the page names a reference, and
    the server's log has the trace under the same reference.
    """
    try:
        yield
    except SentimentError as error:
        log.info("%s: %s", type(error).__name__, error)
        show_error(error)
    except Exception:
        reference = secrets.token_hex(4)
        log.exception("unexpected error %s", reference)
        show_problem(
            "This part of the page could not be drawn; nothing that was stored is lost",
            todo=f"Reload the page; if it happens again, give the reference {reference} to whoever runs this server",
        )
