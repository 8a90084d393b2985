"""How the classes are balanced: the numbers, what they mean and what helps, classes against anything, the rows."""

import math
from typing import Any

import numpy as np
import streamlit as st

from sentiment import figures
from sentiment.data import DatasetInfo
from sentiment.data.crosstab import effective_classes
from sentiment.data.filters import Filter
from sentiment.models import registry
from sentiment.training.config import FinetuneConfig
from sentiment.training.measured import measured_near
from ui import cache, cache_explore, text
from ui.panels_bulk import show_bulk, show_undo
from ui.panels_filters import LONGEST, columns_of, describe, looking
from ui.panels_imbalance import TITLES, recommend, training_counts
from ui.state import session
from ui.widgets import Figure, is_dark, next_step, page_of_rows, show_figure, show_figures, show_rows

UNLABELED = "\x00unlabeled"  # no class can have this name: NUL never reaches a dataset
MOST_TABS = 6
BY_CLASS, BY_LENGTH = "\x00class", "\x00length"


def show_balance(info: DatasetInfo) -> None:
    """Draws the section: numbers, meaning, the next step, the chart that is chosen, and the rows."""
    balance = cache_explore.balance(info.id, looking(info).filters)
    show_balance_figures(info, balance)
    st.markdown(text.literal(balance.meaning, limit=600))
    _show_next(info, balance)
    by = _choose_by(info)
    if by == BY_CLASS:
        show_class_chart(info, balance)
        st.caption("Click a class to read its rows.")
        show_class_rows(info)
    elif by == BY_LENGTH:
        show_lengths(info, balance)
    else:
        _show_cross(info, by)


def show_balance_figures(info: DatasetInfo, balance: cache.Balance) -> None:
    """Draws the ratio, the labeled and unlabeled rows and the rarest class."""
    counts = dict(zip(balance.counts["class"], balance.counts["count"].tolist(), strict=True))
    n_rows = len(cache_explore.matches(info.id, looking(info).filters)) if looking(info).filters else info.n_rows
    n_labeled = sum(counts.values())
    rarest = min((name for name, n in counts.items() if n), key=lambda name: counts[name], default=None)
    varied = effective_classes(counts.values())
    shown = [
        Figure(
            "Largest : smallest",
            _ratio(balance.ratio),
            "Rows of the most frequent class for each of the rarest. As varied as "
            f"{varied:.1f} equally frequent classes (the exponential of the entropy).",
        ),
        Figure("Labeled rows", text.number(n_labeled), f"Of {text.count(n_rows, 'row')}."),
        Figure("Unlabeled rows", text.number(n_rows - n_labeled), "They play no part in training."),
    ]
    if rarest is not None:
        rows = text.count(counts[rarest], "row")
        shown.append(Figure("Rarest class", text.literal(rarest, limit=24), f"{rows}."))
    show_figures(shown)


def _ratio(ratio: float) -> str:
    if math.isnan(ratio):
        return "one class"
    return f"{ratio:.1f} : 1" if ratio < 10 else f"{text.number(ratio)} : 1"


def _show_next(info: DatasetInfo, balance: cache.Balance) -> None:
    """What the imbalance does to the rare class, what helps, and the way to Fine-tune with that choice made."""
    base, _ = registry.recommend_base(info.language, n_labeled=info.n_labeled, language_counts=info.language_counts)
    default = FinetuneConfig()
    counts = {name: n for name, n in info.class_counts.items() if n}
    remedy, _ = recommend(base, training_counts(info, default.test_fraction + default.validation_fraction))
    if remedy == "none" or len(counts) < 2:
        next_step("Fine-tune a model", "pages/finetune.py")
        return
    found = measured_near(max(counts.values()) / min(counts.values()))
    if found.remedy == remedy:
        st.markdown(
            f"What that does, measured at 1 to {found.ratio} on reviews and tweets: left alone, a model found "
            f"{_span(found.without)} of the rare class; with {TITLES[remedy].lower()}, "
            f"{_span(found.remedied)}."
        )
    label = f"Fine-tune with {TITLES[remedy].lower()}"
    if st.button(label, type="primary", icon=":material/arrow_forward:", icon_position="right", key="to-finetune"):
        session().set_widget("set:imbalance", remedy)
        st.switch_page("pages/finetune.py")


def _span(shares: tuple[float, float]) -> str:
    """What was found in two sets, in per cent; one number where it is the same in both."""
    low, high = map(text.percent, shares)
    return low if low == high else text.points(shares)


def _choose_by(info: DatasetInfo) -> str:
    """Draws what the classes are compared over; returns a column, or one of the two that every dataset has."""
    columns = {BY_CLASS: "Rows per class", BY_LENGTH: "Length of the texts"} | columns_of(info)
    titles = text.distinct(columns, limit=50)
    if len(titles) <= 4:
        chosen = st.segmented_control(
            "Show",
            list(titles),
            format_func=lambda c: text.literal(titles[c]),
            key=f"by:{info.id}",
            default=BY_CLASS,
            required=True,
            on_change=_forget_picked,
            args=(info,),
        )
    else:
        chosen = st.selectbox(
            "Show the classes by",
            list(titles),
            format_func=titles.__getitem__,
            key=f"by:{info.id}",
            width=360,
            on_change=_forget_picked,
            args=(info,),
        )
    return str(chosen or BY_CLASS)


def _forget_picked(info: DatasetInfo) -> None:
    looking(info).picked = ()


def show_class_chart(info: DatasetInfo, balance: cache.Balance) -> None:
    """Draws the classes as bars; a click on one shows its rows below."""
    state, key = session(), f"classes:{info.id}"

    def pick() -> None:
        chosen = clicked(state.widget(key))
        if chosen is not None:
            state.set_widget(_picker(info), str(chosen[0]))
            state.set_widget(f"page:{info.id}", 1)

    figure = figures.plot_class_counts(balance.counts, info.colours, dark=is_dark())
    show_figure(figure, key=key, on_select=pick)


def clicked(event: Any) -> list[Any] | None:
    """What the clicked mark of a chart stands for."""
    points = event["selection"]["points"] if event else []
    return list(points[0]["customdata"]) if points and points[0].get("customdata") else None


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
    if looking(info).filters:
        found = np.intersect1d(found, cache_explore.matches(info.id, looking(info).filters), assume_unique=True)
    _show_page(info, found)


def _show_page(info: DatasetInfo, positions: np.ndarray) -> None:
    if not len(positions):
        st.markdown("No row.")
        return
    part = page_of_rows(len(positions), key=f"page:{info.id}")
    show_rows(cache.dataset(info.id).frame.iloc[positions[part]], key=f"rows:{info.id}")


def _show_cross(info: DatasetInfo, column: str) -> None:
    """Draws the classes by the groups of a column; a click on a part of a bar shows its rows below."""
    table = cache_explore.cross(info.id, looking(info).filters, column)
    if table.empty:
        st.markdown("No row of these has a label.")
        return
    shares = st.segmented_control("Bars", ["Shares", "Counts"], default="Shares", key=f"bars:{info.id}", required=True)
    state, key = session(), f"cross:{info.id}:{column}"

    def pick() -> None:
        chosen = clicked(state.widget(key))
        if chosen is not None:
            group, name = (str(part) for part in chosen)
            looking(info).picked = (Filter("value", column=column, value=group), Filter("class", value=name))
            state.set_widget(f"page:{info.id}", 1)

    title = columns_of(info)[column]
    figure = figures.plot_cross(table, info.colours, shares=shares == "Shares", by=title, dark=is_dark())
    show_figure(figure, key=key, on_select=pick)
    show_picked(info, "Click a part of a bar to read its rows.")


def show_picked(info: DatasetInfo, hint: str) -> None:
    """Draws the rows of what was clicked in a chart, with the way to make it a filter; the hint before a click."""
    state = looking(info)
    if not state.picked:
        st.caption(hint)
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown("**" + " · ".join(describe(one, info) for one in state.picked) + "**")
        st.button("Filter to these", icon=":material/filter_alt:", on_click=state.add, args=state.picked)
        inside = cache_explore.matches(info.id, state.picked)
        if state.filters:
            inside = np.intersect1d(inside, cache_explore.matches(info.id, state.filters), assume_unique=True)
        show_bulk(info, tuple(cache.dataset(info.id).frame["row"].iloc[inside].tolist()), key="picked")
    show_undo(info)
    _show_page(info, inside)


def show_lengths(info: DatasetInfo, balance: cache.Balance) -> None:
    """Draws how long the texts of each class are, and the same as a table; a click on a bar shows its rows."""
    state, key = session(), f"lengths:{info.id}"

    def pick() -> None:
        chosen = clicked(state.widget(key))
        if chosen is not None:
            name, low, high = chosen
            length = Filter("length", low=int(low), high=LONGEST if high is None else int(high))
            looking(info).picked = (length, Filter("class", value=str(name)))
            state.set_widget(f"page:{info.id}", 1)

    figure = figures.plot_lengths(balance.histogram, info.colours, balance.unit, dark=is_dark())
    show_figure(figure, key=key, on_select=pick)
    show_picked(info, "Click a bar to read its rows.")
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
    st.dataframe(table, hide_index=True, placeholder="", height="content" if len(table) <= 12 else 420)
    st.caption(f"Length in {balance.unit}: below each number lies that share of the class's rows.")
