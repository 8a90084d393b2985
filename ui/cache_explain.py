"""What the model process said about why, remembered between redraws; keyed by the file of the model."""

from collections.abc import Sequence
from typing import Any

import streamlit as st

from sentiment.serving.client import ask
from sentiment.training.runs import Run

Answer = dict[str, Any]


def explain(run: Run, text: str, target: str | None) -> Answer:
    """What the run's model says of a text, and each word's part in it (see `explain_operations.explain`)."""
    return _ask(_key(run), "explain", text, target)


def flip(run: Run, text: str) -> Answer:
    """The smallest edit that changes what the model says (see `explain_operations.flip`)."""
    return _ask(_key(run), "flip", text, None)


def similar(run: Run, text: str, *, n: int, but: int | None) -> Answer:
    """The training rows most like a text (see `explain_operations.similar`)."""
    return _similar(_key(run), text, n, but)


def alike(run: Run, text: str, *, n: int, among: Sequence[int] | None, but: int | None) -> list[int]:
    """The rows most like a text among these; among None, of all that the run has learned from."""
    chosen = None if among is None else [int(row) for row in among]
    found = ask("similar", run.folder, text=text, run=str(run.folder), n=n, among=chosen, but=but)
    return [int(row["row"]) for row in found["rows"]]


def model(run: Run, part: str) -> Answer:
    """What the model listens to (see `explain_operations.explain_model`)."""
    return _model(_key(run), part)


Key = tuple[str, int]


def _key(run: Run) -> Key:
    return str(run.folder), (run.folder / "model" / "config.json").stat().st_mtime_ns


@st.cache_data(max_entries=500, show_spinner=False)
def _ask(key: Key, operation: str, text: str, target: str | None) -> Answer:
    return ask(operation, key[0], text=text) if target is None else ask(operation, key[0], text=text, target=target)


@st.cache_data(max_entries=100, show_spinner=False)
def _similar(key: Key, text: str, n: int, but: int | None) -> Answer:
    return ask("similar", key[0], text=text, run=key[0], n=n, but=but)


@st.cache_data(max_entries=24, show_spinner=False)
def _model(key: Key, part: str) -> Answer:
    return ask("explain_model", key[0], run=key[0], part=part)
