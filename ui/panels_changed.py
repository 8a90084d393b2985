"""The rows of which two runs say different things, to filter, to leaf through and to explain."""

from typing import Any

import pandas as pd
import streamlit as st

from sentiment.comparing import Compared
from sentiment.evaluation.changed import BROKEN, CHANGES, FIXED, OTHERWISE, count_changes, filter_changes
from sentiment.training.runs import Run
from ui import address, cache, text
from ui.state import session
from ui.widgets import LINE, LONG, WRAPPED, page_of_rows

ANY = ""
SIZE = 50  # rows on a page
EXPLAIN = "pages/explain.py"
TITLES = {FIXED: "Mended", BROKEN: "Broken", OTHERWISE: "Otherwise wrong"}


def show_changed(run: Run, other: Run, found: Compared) -> None:
    """Draws the filters, the rows that changed between two runs, and the way from one to its explanation."""
    if found.changed.empty:
        st.info("The two runs say the same of every row.")
        return
    key = f"changed:{run.id}:{other.id}"
    rows = _filter(found, key=key)
    if rows.empty:
        st.info("No row is like that. Take some of the filters away.")
        return
    part = page_of_rows(len(rows), key=f"{key}:page", size=SIZE)
    page = rows.iloc[part]
    table = f"{key}:table:{hash(tuple(page['row']))}"  # ticks are places: other rows, another table
    _show_steps(run, rows, page.iloc[_show_table(page, found, key=table)])


def _filter(found: Compared, *, key: str) -> pd.DataFrame:
    """Draws the filters; returns the rows that meet them."""
    state, counts = session(), count_changes(found.changed)

    def first_page() -> None:
        state.set_widget(f"{key}:page", 1)

    with st.container(horizontal=True, vertical_alignment="top"):
        none: list[str] = []
        address.take_as("change", f"{key}:kinds", read=_kinds, default=none)
        kinds = st.pills(
            "How",
            [kind for kind in CHANGES if counts[kind]],
            format_func=lambda kind: f"{TITLES[kind]} ({text.number(counts[kind])})",
            selection_mode="multi",
            key=f"{key}:kinds",
            on_change=first_page,
        )
        address.tell("change", ",".join(str(CHANGES.index(kind)) for kind in kinds) or None)
        titles = text.distinct({ANY: "Any class", **{name: name for name in found.classes}})
        address.take("label", f"{key}:label", options=titles, default=ANY)
        label = st.selectbox(
            "Label", list(titles), format_func=titles.__getitem__, key=f"{key}:label", on_change=first_page, width=200
        )
        address.tell("label", label or None)
        address.take_as("words", f"{key}:words", read=lambda value: value, default="")
        words = st.text_input("Words in the text", key=f"{key}:words", max_chars=200, on_change=first_page, width=260)
        address.tell("words", words or None)
    return filter_changes(found.changed, kinds=kinds, label=label or None, words=words)


def _kinds(value: str) -> list[str] | None:
    """The kinds of change that an address names by their places."""
    return [CHANGES[int(place)] for place in value.split(",") if place.isascii() and place in ("0", "1", "2")]


def _show_table(page: pd.DataFrame, found: Compared, *, key: str) -> list[int]:
    """Draws a page of changed rows; returns the places of those that were ticked."""
    table = pd.DataFrame(
        {
            "Row": page["row"].to_numpy() + 1,
            "Text": [text.visible(value) for value in page["text"]],
            "Label": [text.visible(value) for value in page["label"]],
            "Before": [text.visible(value) for value in page["a"]],
            "In use": [text.visible(value) for value in page["b"]],
            "Sure": (100 * page["b_prob"].astype(float)).round().to_numpy(),
            "How": [TITLES[kind] for kind in page["change"]],
        }
    )
    height = WRAPPED if table["Text"].str.len().max() > LONG else LINE
    event: Any = st.dataframe(
        table,
        key=key,
        hide_index=True,
        placeholder="",
        on_select="rerun",
        selection_mode="single-row",
        height=min(540, height * len(table) + 40),
        row_height=height,
        column_config={
            "Row": st.column_config.NumberColumn(width=70, help="Counted from the first row of the file."),
            "Text": st.column_config.TextColumn(width=290),
            "Label": st.column_config.TextColumn(width=80, help="What the row is labeled."),
            "Before": st.column_config.TextColumn(width=90, help=f"What “{text.shorten(found.names[0], 60)}” says."),
            "In use": st.column_config.TextColumn(width=90, help=f"What “{text.shorten(found.names[1], 60)}” says."),
            "Sure": st.column_config.NumberColumn(
                format=f"%d{text.THIN}%%", width=70, help="How sure the run in use is of it."
            ),
            "How": st.column_config.TextColumn(width=110, help="Mended: right now, wrong before. Broken: the reverse."),
        },
    )
    return [place for place in event["selection"]["rows"] if place < len(page)]


def _show_steps(run: Run, rows: pd.DataFrame, ticked: pd.DataFrame) -> None:
    with st.container(horizontal=True):
        if st.button(
            "Explain",
            icon=":material/psychology:",
            key=f"changed:explain:{run.id}",
            disabled=len(ticked) != 1,
            help="Which words led the run in use to its answer. Tick one row.",
        ):
            st.switch_page(EXPLAIN, query_params={"run": run.id, "row": str(int(ticked["row"].iloc[0]))})
        st.download_button(
            "These rows as CSV",
            lambda: cache.csv_bytes(rows),
            f"changed-{run.id}.csv",
            icon=":material/download:",
            on_click="ignore",
        )
