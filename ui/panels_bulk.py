"""Many rows at once: label them, make them the queue of the Label page, and take back the last such step."""

import streamlit as st

from sentiment.access import Role
from sentiment.data import DatasetInfo
from ui import cache, text
from ui.panels_label import label_rows
from ui.people import may
from ui.state import session


def remember_step(info: DatasetInfo, title: str, n_rows: int) -> None:
    """Offers to undo the step that was just written (see `show_undo`)."""
    session().kept[_key(info)] = (title, n_rows, cache.version(info.id))


def show_undo(info: DatasetInfo) -> None:
    """Draws the way back from the last step with many rows, for as long as nothing else was labeled since."""
    done = session().kept.get(_key(info))
    if done is None or done[2] != cache.version(info.id):
        return
    with st.container(horizontal=True, vertical_alignment="center", border=True):
        st.markdown(f"{done[0]}: {text.count(done[1], 'row')} changed.", width="stretch")
        st.button("Undo", icon=":material/undo:", key="undo-step", on_click=_undo, args=(info,))


def _key(info: DatasetInfo) -> str:
    return f"step:{info.id}"


def _undo(info: DatasetInfo) -> None:
    cache.workspace().labels.undo(info.id, who=session().person)
    session().kept.pop(_key(info), None)


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
        for place, name in enumerate(info.classes):
            st.button(
                text.literal(name, limit=40),
                key=f"bulk:{key}:{place}",
                on_click=_label_all,
                args=(info, rows, name),
                width="stretch",
            )


def _label_all(info: DatasetInfo, rows: tuple[int, ...], name: str) -> None:
    cache.labeling(cache.root(), info.id).label(rows, name, who=session().person, how="bulk")
    remember_step(info, f"Labeled “{text.literal(name, limit=40)}”", len(rows))
