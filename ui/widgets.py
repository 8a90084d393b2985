"""Controls and small panels that every page uses."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from sentiment import data
from sentiment.access import Role
from sentiment.data import DatasetInfo
from sentiment.samples import Sample
from sentiment.workspace import Workspace
from ui import text
from ui.guard import guard
from ui.people import may
from ui.state import session

PAGE_ROWS = 100
LINE, WRAPPED = 35, 66  # heights of a row in pixels: one line, or up to three (text wraps from 65 on)
_TEXTS = (  # the row to label, rows that were searched, what is typed
    ".st-key-label-text :is(p, h4)",
    '[class*="st-key-marked-"] td:nth-child(2)',
    '[data-testid="stTextInput"] input',
    '[data-testid="stTextArea"] textarea',
)
LONG = 100  # characters of a text that does not fit one line


@dataclass(frozen=True)
class Figure:
    """One of the numbers on top of a page."""

    label: str
    value: str
    hint: str = ""
    note: str = ""


def let_texts_run() -> None:
    """Lets the texts of users run the way that they are written: each paragraph by its own first letter.

    Streamlit's elements have no `dir`; `unicode-bidi: plaintext` is the same in a style sheet. It is for places that
    hold nothing but such a text: a sentence of the interface keeps its direction, whatever is quoted in it.
    """
    st.html(f"<style>{', '.join(_TEXTS)} {{ unicode-bidi: plaintext; text-align: start !important; }}</style>")


def page_header(title: str, purpose: str) -> None:
    """Draws a page's title and its one-line purpose."""
    st.title(title, anchor=False)
    st.markdown(purpose)


def page_section(title: str) -> None:
    """Draws a heading that a user wrote, literally."""
    st.subheader(text.literal(title), anchor=False)


def show_figures(figures: Sequence[Figure], *, key: str = "figures") -> None:
    """Draws the numbers that matter side by side; they wrap on a narrow screen. `key` tells several such rows apart."""
    with st.container(horizontal=True, key=key):
        for figure in figures:
            st.metric(
                figure.label,
                figure.value,
                delta=figure.note or None,
                delta_color="off",
                delta_arrow="off",
                help=figure.hint or None,
                border=True,
                height="stretch",
            )


def is_dark() -> bool:
    """Whether the page is drawn in the dark theme."""
    return st.context.theme.type == "dark"


def show_figure(figure: go.Figure, *, key: str, on_select: Callable[[], None] | None = None) -> None:
    """Draws a chart; with `on_select`, a click on a point calls it, and the widget of that key has the points."""
    config = {"displayModeBar": False, "scrollZoom": False, "doubleClick": False}
    if on_select is None:
        st.plotly_chart(figure, key=key, config=config)
    else:
        st.plotly_chart(figure, key=key, config=config, on_select=on_select, selection_mode="points")


def next_step(label: str, page: str, *, primary: bool = True) -> None:
    """Draws the button that leads to the next page: the page's main one, unless its main work is done elsewhere."""
    kind: Literal["primary", "secondary"] = "primary" if primary else "secondary"
    if st.button(label, type=kind, icon=":material/arrow_forward:", icon_position="right"):
        st.switch_page(page)


def show_notice(workspace: Workspace) -> None:
    """Draws what has just happened, once, and the way back from deletions."""
    notice = session().take_notice()
    if notice:
        st.toast(notice, icon=":material/check:")
    if session().deleted:
        _show_deleted(workspace)


def _show_deleted(workspace: Workspace) -> None:
    """Draws the way back from the last deletion, behind which those before it wait."""
    state = session()
    there = {info.id for info in workspace.datasets()} | {run.id for run in workspace.runs()}
    state.deleted = [one for one in state.deleted if one.id not in there]  # an import brings back, too
    if not state.deleted:
        return
    last, n_before = state.deleted[-1], len(state.deleted) - 1
    before = f", and {text.number(n_before)} more before it" if n_before else ""
    with st.container(horizontal=True, vertical_alignment="center", border=True):
        st.markdown(f"The {last.kind} “{text.literal(last.name)}” was deleted{before}.", width="stretch")
        undo = st.button("Undo", icon=":material/undo:", key=f"undo-deleted:{last.id}")  # a double click is one undo
        dismiss = st.button("Dismiss", type="tertiary")
    if undo:
        with guard():
            restore = workspace.restore_dataset if last.kind == "dataset" else workspace.restore_run
            restore(last.id)
            state.deleted.pop()
            state.notice = f"“{text.literal(last.name)}” is back."
            st.rerun()
    if dismiss:
        state.deleted = []
        st.rerun()


def import_sample(workspace: Workspace, sample: Sample) -> DatasetInfo:
    """Imports a sample with the columns that it comes with, and makes it the dataset in use."""
    with st.spinner(f"Reading “{text.literal(sample.title)}” and looking for duplicates"):
        dataset = data.import_file(
            sample.path, text=sample.text, label=sample.label, group=sample.group, language=sample.language
        )
        info, _ = workspace.add_dataset(dataset)
    session().use_dataset(info.id)
    return info


def show_samples(workspace: Workspace, *, key: str, first: str = "") -> None:
    """Draws the samples as cards, that of the name `first` before all; a click imports one and makes it the dataset."""
    samples = sorted(workspace.samples(), key=lambda sample: sample.name != first)
    for column, sample in zip(st.columns(max(1, len(samples))), samples, strict=False):
        with column.container(border=True, height="stretch"):
            st.markdown(f"**{text.literal(sample.title)}**")
            st.markdown(text.literal(text.thin(sample.description), limit=400), width="stretch")
            st.caption(f"{text.literal(sample.licence)} · {text.literal(sample.source)}")
            st.space("stretch")
            if st.button("Use this sample", key=f"{key}:{sample.name}", width="stretch"):
                import_sample(workspace, sample)
                st.rerun()


def suggest(why: str, todo: str, *, label: str, page: str) -> None:
    """Draws why there is nothing to see, and the one step that changes it."""
    with st.container(border=True):
        st.subheader(why, anchor=False)
        st.markdown(todo)
        next_step(label, page)


def empty_state(workspace: Workspace, *, why: str, todo: str, sample: str = "") -> None:
    """Draws why a page is empty and the one thing to do, with sample data one click away.

    Who may not add data is told who does.

    Args:
        workspace: where data is added.
        why: what is missing.
        todo: what to do about it.
        sample: name of the sample that shows best what the page is for, if it is not the one that all begin with.
    """
    if not may(Role.OWNER):
        with st.container(border=True):
            st.subheader(why, anchor=False)
            st.markdown("Datasets are added by owners; there is something to see once one has done so.")
        return
    suggest(why, todo, label="Add your data", page="pages/data.py")
    if workspace.samples():
        st.markdown("Or look around with a sample:")
        show_samples(workspace, key="empty", first=sample)


def page_of_rows(total: int, *, key: str, size: int = PAGE_ROWS) -> slice:
    """Draws the control that leafs through `total` rows; returns the slice to show."""
    pages = max(1, -(-total // size))
    if pages == 1:
        return slice(0, total)
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="right"):
        place = st.empty()
        page = st.number_input("Page", 1, pages, key=key, width=140, label_visibility="collapsed")
        st.markdown(f"of {text.number(pages)}")
    start = (int(page) - 1) * size
    stop = min(start + size, total)
    place.markdown(f"Rows {text.number(start + 1)} to {text.number(stop)} of {text.number(total)}")
    return slice(start, stop)


def show_rows(
    frame: pd.DataFrame, *, key: str, columns: dict[str, str] | None = None, text_width: int | None = None
) -> None:
    """Draws rows of a dataset as a table in which every text is literal.

    Args:
        frame: columns row, text, label, group, language and any of `columns`; at most a page of rows.
        key: tells this table from others.
        columns: further columns of numbers in [0, 1] to show as percentages, with their headings.
        text_width: pixels at least for the texts, where there is little room; by default as wide as they need.
    """
    table = pd.DataFrame({"Row": frame["row"].to_numpy() + 1})
    for name, heading in (columns or {}).items():
        table[heading] = (100 * frame[name]).round().to_numpy()
    table["Text"] = [text.visible(t) for t in frame["text"]]
    if "label" in frame:
        table["Label"] = ["" if pd.isna(label) else text.visible(label) for label in frame["label"]]
    if "language" in frame and frame["language"].nunique() > 1:
        table["Language"] = frame["language"].map(data.language_name).to_numpy()
    if "group" in frame and frame["group"].notna().any():
        table["Document"] = ["" if pd.isna(group) else text.visible(group) for group in frame["group"]]
    percentages = {
        heading: st.column_config.NumberColumn(heading, format=f"%d{text.THIN}%%", width=110)
        for heading in (columns or {}).values()
    }
    height = WRAPPED if table["Text"].str.len().max() > LONG else LINE
    st.dataframe(
        table,
        key=key,
        hide_index=True,
        height=min(540, height * len(table) + 40),
        row_height=height,
        column_config={
            "Row": st.column_config.NumberColumn("Row", width=70, help="Counted from the first row of the file."),
            "Text": st.column_config.TextColumn("Text", width=text_width),
            "Label": st.column_config.TextColumn("Label", width=120),
            "Language": st.column_config.TextColumn("Language", width=100),
            "Document": st.column_config.TextColumn("Document", width=120),
            **percentages,
        },
    )
