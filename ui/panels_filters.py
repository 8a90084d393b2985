"""Filters that combine: a way to add them, and a chip for each that takes it away."""

from dataclasses import dataclass

import streamlit as st

from sentiment.data import DatasetInfo
from sentiment.data.dataset import FILE_PREFIX
from sentiment.data.filters import Filter
from sentiment.data.search import parse_query
from sentiment.training.runs import Run
from ui import cache, cache_explore, text
from ui.guard import guard
from ui.state import runs_of, session

LONGEST = 1_000_000_000  # words: stands for no upper limit
NO_LABEL = "\x00none"  # no class can have this name: NUL never reaches a dataset


@dataclass
class Looking:
    """What one person looks at in a dataset.

    Attributes:
        filters: the conditions on all that is shown.
        picked: the conditions of what was clicked in a chart; its rows are listed below it.
    """

    filters: tuple[Filter, ...] = ()
    picked: tuple[Filter, ...] = ()

    def add(self, *filters: Filter) -> None:
        """Narrows what is shown; what was clicked is forgotten."""
        self.filters = tuple(dict.fromkeys((*self.filters, *filters)))
        self.picked = ()

    def remove(self, one: Filter) -> None:
        """Takes a condition away."""
        self.filters = tuple(other for other in self.filters if other != one)
        self.picked = ()


def looking(info: DatasetInfo) -> Looking:
    """What this session looks at in a dataset."""
    return session().keep(f"looking:{info.id}", Looking)


def split_run(info: DatasetInfo) -> Run | None:
    """The run in use if it has split this dataset, else the newest that has."""
    runs = [run for run in runs_of(cache.workspace(), info.id) if (run.folder / "split.npz").exists()]
    return next((run for run in runs if run.id == session().run_id), runs[0] if runs else None)


def columns_of(info: DatasetInfo) -> dict[str, str]:
    """The columns that rows can be grouped by, with the names to show (not escaped); those of the file as they are."""
    frame = cache.dataset(info.id).frame
    found = {cache_explore.LANGUAGE: "Language"}
    others = [name for name in frame.columns if name.startswith(FILE_PREFIX)]
    found |= {name: name.removeprefix(FILE_PREFIX) for name in others if name != f"{FILE_PREFIX}{info.language_column}"}
    if info.group_column:
        found["group"] = info.group_column
    run = split_run(info)
    if run is not None:
        found[f"{cache_explore.SPLIT}{run.id}"] = f"Split of the run {run.info.name}"
    return found


def show_filters(info: DatasetInfo) -> None:
    """Draws the filters as chips, and the control that adds one."""
    state = looking(info)
    with st.container(horizontal=True, vertical_alignment="center", key="filters"):
        with st.popover("Filter", icon=":material/filter_alt:"), guard():
            _show_choice(info)
        for one in state.filters:
            st.button(
                describe(one, info),
                icon=":material/close:",
                icon_position="right",
                key=f"filter:{info.id}:{hash(one)}",  # not its place, which the next one takes
                on_click=state.remove,
                args=(one,),
                help="Take this filter away",
            )
        if state.filters:
            n = len(cache_explore.matches(info.id, state.filters))
            st.markdown(f"{text.number(n)} of {text.count(info.n_rows, 'row')}")


def describe(one: Filter, info: DatasetInfo) -> str:
    """A condition in a few words, literal."""
    if one.kind == "class":
        return "Without a label" if one.value is None else text.literal(one.value, limit=30)
    if one.kind == "value":
        title = columns_of(info).get(one.column, "A column")
        return f"{text.literal(title, limit=24)}: {text.literal(one.value, limit=30)}"
    if one.kind == "length":
        unit = cache.balance(cache.root(), info.id).unit
        return f"{one.low} to {one.high} {unit}" if one.high < LONGEST else f"{one.low} {unit} or more"
    if one.kind == "search":
        return f"“{text.literal(one.value, limit=30)}”"
    return f"{text.count(len(one.rows), 'row')} of the map"


def _show_choice(info: DatasetInfo) -> None:
    keys = [f"choose:{info.id}:{name}" for name in ("class", "column", "value", "length", "search")]
    names = [*info.classes, *([NO_LABEL] if info.n_labeled < info.n_rows else [])]
    titles = text.distinct({name: "without a label" if name == NO_LABEL else name for name in names}, limit=40)
    st.multiselect("Class", names, format_func=titles.__getitem__, key=keys[0])
    columns = columns_of(info)
    if columns:
        shown = text.distinct(columns, limit=40)
        column = st.selectbox("Column", list(columns), format_func=shown.__getitem__, key=keys[1], index=None)
        if column is not None:
            values = cache_explore.groups(info.id, column).names
            st.multiselect("Value", values, format_func=text.distinct({v: v for v in values}).__getitem__, key=keys[2])
    lengths = cache.dataset(info.id).frame["length"]
    top = max(int(lengths.quantile(0.99)), 2)
    unit = cache.balance(cache.root(), info.id).unit
    st.slider(f"Length in {unit}", 0, top, (0, top), key=keys[3], help="The right end has no upper limit.")
    st.text_input("Search", key=keys[4], placeholder='battery "not good" -refund')
    st.button("Add", type="primary", on_click=_add, args=(info, keys, top), key=f"choose:{info.id}:add")


def _add(info: DatasetInfo, keys: list[str], top: int) -> None:
    state, values = session(), [session().widget(key) for key in keys]
    names, column, chosen, length, words = values
    new = [Filter("class", value=None if name == NO_LABEL else name) for name in names or ()]
    new += [Filter("value", column=column, value=value) for value in (chosen or () if column else ())]
    if length and tuple(length) != (0, top):
        new.append(Filter("length", low=length[0], high=length[1] if length[1] < top else LONGEST))
    if words and words.strip() and parse_query(words.strip()[:500]).terms:
        new.append(Filter("search", value=words.strip()[:500]))
    looking(info).add(*new)
    blank: tuple[object, ...] = ([], None, [], (0, top), "")
    for key, empty in zip(keys, blank, strict=True):
        state.set_widget(key, empty)
