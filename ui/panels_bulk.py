"""Many rows at once: label them, make them the queue of the Label page, and take back the last such step."""

from collections.abc import Callable
from dataclasses import dataclass

import streamlit as st

from sentiment.access import Role
from sentiment.data import DatasetInfo
from ui import cache, text
from ui.guard import guard
from ui.panels_label import label_rows
from ui.people import may
from ui.state import session


@dataclass(frozen=True)
class _Step:
    """A step that was written: what the page says of it, what the labels were then, whose it is, and its button."""

    title: str
    n_rows: int
    version: tuple[int, ...]
    who: str
    button: str


def step_button(info: DatasetInfo, name: str) -> str:
    """The key of a button that writes a step: a new one whenever labels change, so that a late click hits the old."""
    return f"{name}:{info.id}:{cache.version(info.id)}"


def write_step(info: DatasetInfo, title: str, n_rows: int, *, button: str, write: Callable[[], object]) -> None:
    """Writes a step and offers to undo it (see `show_undo`), or draws why it cannot; for a callback.

    The second of two clicks writes nothing: the one Undo would take back only that.

    Args:
        info: the dataset.
        title: what the page says of the step.
        n_rows: rows that it changes.
        button: the button's key (see `step_button`), as it was drawn.
        write: writes it.
    """
    with guard():
        done = _last(info)
        if done is None or done.button != button:
            write()
            state = session()
            state.kept[_key(info)] = _Step(title, n_rows, cache.version(info.id), state.person, button)


def show_undo(info: DatasetInfo) -> None:
    """Draws the way back from the last step with many rows, for as long as nothing else was labeled since."""
    done = _last(info)
    if done is None or done.version != cache.version(info.id):
        return
    with st.container(horizontal=True, vertical_alignment="center", border=True):
        st.markdown(f"{done.title}: {text.count(done.n_rows, 'row')} changed.", width="stretch")
        st.button("Undo", icon=":material/undo:", key="undo-step", on_click=_undo, args=(info, done))


def _key(info: DatasetInfo) -> str:
    return f"step:{info.id}"


def _last(info: DatasetInfo) -> _Step | None:
    found: _Step | None = session().kept.get(_key(info))
    return found


def _undo(info: DatasetInfo, step: _Step) -> None:
    """Takes back the step that the page named, unless something was labeled since it was drawn."""
    with guard():
        if _last(info) is not step or step.version != cache.version(info.id):
            st.toast("That is no longer the last step; nothing else was taken back.")
            return
        cache.workspace().labels.undo(info.id, who=step.who)


def show_bulk(info: DatasetInfo, rows: tuple[int, ...], *, key: str) -> None:
    """Draws the buttons that label these rows at once, or one by one on the Label page, for those who may label."""
    if not may(Role.LABELER):
        return
    if st.button("Label one by one", icon=":material/label:", key=f"label-these:{key}"):
        label_rows(cache.labeling(cache.root(), info.id), rows)
        st.switch_page("pages/label.py")
    if not info.classes:
        return
    with st.popover("Label all", icon=":material/done_all:"):
        st.markdown(f"Give {text.count(len(rows), 'row')} the same label. One click takes it back.")
        button = step_button(info, f"bulk:{key}")
        for place, name in enumerate(info.classes):
            st.button(
                text.literal(name, limit=40),
                key=f"{button}:{place}",
                on_click=_label_all,
                args=(info, rows, name, f"{button}:{place}"),
                width="stretch",
            )


def _label_all(info: DatasetInfo, rows: tuple[int, ...], name: str, button: str) -> None:
    def write() -> None:
        cache.labeling(cache.root(), info.id).label(rows, name, who=session().person, how="bulk")

    write_step(info, f"Labeled “{text.literal(name, limit=40)}”", len(rows), button=button, write=write)
