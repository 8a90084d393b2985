"""Labels as files: out in the forms that other tools read, and in again."""

import streamlit as st

from sentiment.access import Role
from sentiment.labeling import Labeling
from sentiment.labels.exchange import FORMS, export_labels, import_labels
from ui import cache, text
from ui.guard import guard
from ui.people import may
from ui.state import session

BY_CONTENT = "by what it holds"
TITLES = {
    "csv": ("CSV", "csv"),
    "jsonl": ("JSON Lines", "jsonl"),
    "parquet": ("Parquet", "parquet"),
    "label-studio": ("Label Studio", "json"),
    "argilla": ("Argilla", "json"),
    "doccano": ("doccano", "jsonl"),
}


def show_files(labeling: Labeling) -> None:
    """Draws the downloads of all labels and, for owners, the box that takes labels in."""
    out, back = st.columns(2, gap="large")
    with out:
        st.markdown("**Out**: every row with its labels, who gave them, when and how.")
        form = st.selectbox("Form", FORMS, format_func=lambda name: TITLES[name][0], key=f"export:{labeling.id}")
        workspace = cache.workspace()
        st.download_button(
            "Download the labels",
            lambda: export_labels(labeling.store, workspace.imported(labeling.id), form=form),
            f"labels.{TITLES[form][1]}",
            icon=":material/download:",
            on_click="ignore",
        )
    if not may(Role.OWNER):
        return
    with back:
        st.markdown("**In**: a file in one of these forms. What was given before stays; nothing is taken in by halves.")
        _show_import(labeling)


def _show_import(labeling: Labeling) -> None:
    state = session()
    given = st.file_uploader("File with labels", key=f"labels-file:{labeling.id}:{state.uploads}")
    add = st.toggle("Labels that are no classes yet become some", key=f"labels-add:{labeling.id}")
    if given is None:
        return
    form = st.selectbox(
        "Its form", [BY_CONTENT, *FORMS], key=f"import:{labeling.id}",
        format_func=lambda name: TITLES[name][0] if name in TITLES else name.capitalize(),
    )  # fmt: skip
    if st.button("Take the labels in"):
        with guard():
            done = import_labels(
                labeling.store,
                cache.workspace().imported(labeling.id),
                given.getvalue(),
                name=given.name,
                form=None if form == BY_CONTENT else form,
                who=state.person,
                add_classes=add,
            )
            state.notice = (
                f"{text.count(done.n_events, 'label')} taken in, {text.number(done.n_unchanged)} known already."
            )
            state.close_upload()
            labeling.update_soon()
            st.rerun()
