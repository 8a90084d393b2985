"""How the classes are balanced: the chart, the rows behind a class, what it means for training, lengths."""

import math
from typing import Any

import streamlit as st

from sentiment import figures
from sentiment.data import DatasetInfo
from ui import cache, text
from ui.state import session
from ui.widgets import Figure, is_dark, page_of_rows, show_figure, show_figures, show_rows

UNLABELED = "\x00unlabeled"  # no class can have this name: NUL never reaches a dataset
MOST_TABS = 6


def show_balance_figures(info: DatasetInfo, balance: cache.Balance) -> None:
    """Draws the ratio, the labeled and unlabeled rows and the rarest class."""
    rarest = min(info.classes, key=lambda name: info.class_counts[name], default=None)
    shown = [
        Figure(
            "Largest : smallest",
            _ratio(balance.ratio),
            "Rows of the most frequent class for each of the rarest.",
        ),
        Figure("Labeled rows", text.number(info.n_labeled), f"Of {text.count(info.n_rows, 'row')}."),
        Figure("Unlabeled rows", text.number(info.n_rows - info.n_labeled), "They play no part in training."),
    ]
    if rarest is not None:
        rows = text.count(info.class_counts[rarest], "row")
        shown.append(Figure("Rarest class", text.literal(rarest, limit=24), f"{rows}."))
    show_figures(shown)


def _ratio(ratio: float) -> str:
    if math.isnan(ratio):
        return "one class"
    return f"{ratio:.1f} : 1" if ratio < 10 else f"{text.number(ratio)} : 1"


def show_class_chart(info: DatasetInfo, balance: cache.Balance) -> None:
    """Draws the classes as bars; a click on one shows its rows below."""
    state, key = session(), f"classes:{info.id}"

    def pick() -> None:
        chosen = _first_point(state.widget(key))
        if chosen is not None:
            state.set_widget(_picker(info), chosen)
            state.set_widget(f"page:{info.id}", 1)

    figure = figures.plot_class_counts(balance.counts, info.colours, dark=is_dark())
    show_figure(figure, key=key, on_select=pick)


def _first_point(event: Any) -> str | None:
    points = event["selection"]["points"] if event else []
    return str(points[0]["customdata"][0]) if points and points[0].get("customdata") else None


def _picker(info: DatasetInfo) -> str:
    return f"class:{info.id}"


def show_class_rows(info: DatasetInfo) -> None:
    """Draws the rows of the chosen class, a page at a time."""
    choices = list(info.classes) + ([UNLABELED] if info.n_labeled < info.n_rows else [])

    titles = text.distinct({c: "without a label" if c == UNLABELED else c for c in choices}, limit=40)
    state = session()
    if state.widget(_picker(info)) not in choices:
        state.set_widget(_picker(info), choices[0])
    if len(choices) <= MOST_TABS:
        chosen = st.segmented_control(
            "Rows of the class",
            choices,
            format_func=lambda c: text.literal(titles[c]),
            key=_picker(info),
            required=True,
        )
    else:
        chosen = st.selectbox(
            "Rows of the class", choices, format_func=titles.__getitem__, key=_picker(info), width=320
        )
    label = None if chosen == UNLABELED else chosen
    found = cache.positions(cache.root(), info.id, label)
    part = page_of_rows(len(found), key=f"page:{info.id}")
    show_rows(cache.dataset(info.id).frame.iloc[found[part]], key=f"rows:{info.id}")


def show_lengths(info: DatasetInfo, balance: cache.Balance) -> None:
    """Draws how long the texts of each class are, and the same as a table."""
    figure = figures.plot_lengths(balance.histogram, info.colours, balance.unit, dark=is_dark())
    show_figure(figure, key=f"lengths:{info.id}")
    table = balance.lengths.rename(
        columns={
            "class": "Class",
            "n": "Rows",
            "p5": "5 %",
            "q1": "25 %",
            "median": "Median",
            "q3": "75 %",
            "p95": "95 %",
        }
    )
    table["Class"] = [text.visible(name) for name in table["Class"]]
    st.dataframe(table, hide_index=True, height="content" if len(table) <= 12 else 420)
    st.caption(f"Length in {balance.unit}: below each number lies that share of the class's rows.")
