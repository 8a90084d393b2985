"""Search: words, phrases and regular expressions among all rows."""

import pandas as pd
import streamlit as st

from sentiment import data, figures
from sentiment.data import DatasetInfo
from sentiment.data.filters import Filter
from sentiment.data.search import Query, parse_query
from ui import cache_explore, text
from ui.marked import show_marked_rows
from ui.panels_bulk import show_bulk, show_undo
from ui.panels_filters import looking
from ui.state import session
from ui.widgets import is_dark, show_figure


def show_search(info: DatasetInfo) -> None:
    """Draws the box to search by, how many rows of each class are found, and the rows."""
    show_undo(info)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        words = st.text_input(
            "Search the texts",
            key=f"search:{info.id}",
            placeholder='battery "not good" -refund',
            max_chars=500,
            on_change=session().set_widget,
            args=(f"page:search:{info.id}", 1),
        )
        regex = st.toggle("Regular expression", key=f"search-regex:{info.id}")
    if not words.strip():
        st.caption(
            "Words must all occur; “batter\\*” finds words that begin so; quotes find words in a row; a minus leaves "
            "rows out. A regular expression is read by an engine that no pattern can slow down."
        )
        return
    query = parse_query(words if regex else words.strip(), regex=regex)
    filters = looking(info).filters
    found = cache_explore.kept_frame(info.id, filters)[cache_explore.found(info.id, query, filters)]
    if found.empty:
        st.markdown("No row has that. Try fewer words, or the beginning of one with a star: “refund\\*”.")
        return
    _show_counts(info, len(found), found["label"].notna().sum())
    _show_steps(info, query, tuple(found["row"].tolist()))
    if found["label"].notna().any() and len(info.classes) > 1:
        _show_classes(info, found)
    show_marked_rows(found, query, key=f"search:{info.id}")


def _show_classes(info: DatasetInfo, found: pd.DataFrame) -> None:
    """Draws how many of the rows each class has; a click on one keeps to it."""
    key = f"search-classes:{info.id}"

    def pick() -> None:
        event = session().widget(key)
        points = event["selection"]["points"] if event else []
        if points and points[0].get("customdata"):
            looking(info).add(Filter("class", value=str(points[0]["customdata"][0])))

    counts = data.count_classes(found["label"], classes=info.classes)
    show_figure(figures.plot_class_counts(counts, info.colours, dark=is_dark()), key=key, on_select=pick)
    st.caption("Click a class to keep to its rows.")


def _show_counts(info: DatasetInfo, n_found: int, n_labeled: int) -> None:
    share = text.percent(n_found / max(info.n_rows, 1))
    st.markdown(f"**{text.count(n_found, 'row')}**, {share} of all; {text.number(n_labeled)} of them with a label.")


def _show_steps(info: DatasetInfo, query: Query, rows: tuple[int, ...]) -> None:
    with st.container(horizontal=True):
        one = Filter("search", value=query.source, regex=query.regex)
        st.button("Filter to these", icon=":material/filter_alt:", on_click=looking(info).add, args=(one,))
        show_bulk(info, rows, key="search")
