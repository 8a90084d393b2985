"""The words that set each class apart, and the rows that hold one."""

import streamlit as st

from sentiment import figures
from sentiment.data import DatasetInfo
from sentiment.data.search import parse_query
from sentiment.data.words import MOST_ROWS, pick_distinct
from ui import cache_explore, text
from ui.marked import show_marked_rows
from ui.panels_balance import clicked
from ui.panels_filters import looking
from ui.state import session
from ui.widgets import is_dark, show_figure

TYPICAL, UNTYPICAL = 14, 5
_UNSPACED = {"ja", "th", "lo", "km", "my"}  # written without spaces, and no dictionary at hand divides them


def show_words(info: DatasetInfo) -> None:
    """Draws the words of a class as a chart; a click on one shows the rows that hold it."""
    filters = looking(info).filters
    table = cache_explore.words(info.id, filters)
    names = [name for name in info.classes if (table["class"] == name).any()]
    if not names:
        st.markdown("There is nothing to compare: it takes rows of two classes, and words that several rows share.")
        return
    st.markdown(
        "Words that a class uses more than the others stand to the right, words that it avoids to the left. "
        "The longer the bar, the less it can be chance."
    )
    name = _choose_class(info, names)
    part = table[table["class"] == name]
    typical = pick_distinct(part, most=TYPICAL)
    flipped = part.iloc[::-1].assign(z=-part["z"].iloc[::-1])
    untypical = pick_distinct(flipped, most=UNTYPICAL)
    untypical = untypical.assign(z=-untypical["z"])
    if typical.empty and untypical.empty:
        st.markdown("No word sets this class apart by more than chance.")
        return
    state, key = session(), f"words:{info.id}:{info.classes.index(name)}"

    def pick() -> None:
        chosen = clicked(state.widget(key))
        if chosen is not None:
            state.set_widget(_word(info), str(chosen[0]))
            state.set_widget(f"page:word:{info.id}", 1)

    figure = figures.plot_words(typical, untypical, info.colours, name=name, dark=is_dark())
    show_figure(figure, key=key, on_select=pick)
    _say_how(info)
    _show_rows(info, [*typical["term"], *untypical["term"]])


def _choose_class(info: DatasetInfo, names: list[str]) -> str:
    titles, key = text.distinct({name: name for name in names}, limit=40), f"words-class:{info.id}"
    if session().widget(key) not in names:
        session().set_widget(key, names[0])
    if len(names) <= 6:
        return str(
            st.segmented_control(
                "Words of the class", names, format_func=lambda n: text.literal(titles[n]), key=key, required=True
            )
        )
    return str(st.selectbox("Words of the class", names, format_func=titles.__getitem__, key=key, width=320))


def _say_how(info: DatasetInfo) -> None:
    sampled = f" Of more rows, {text.number(MOST_ROWS)} are drawn." if info.n_labeled > MOST_ROWS else ""
    whole = (
        " Texts in this language are not divided into words, so what stands between two signs counts as one."
        if info.language in _UNSPACED
        else ""
    )
    st.caption(
        "Log-odds ratio with an informative prior (Monroe et al. 2008); a text that comes again with the same label "
        f"counts once.{sampled}{whole}"
    )


def _word(info: DatasetInfo) -> str:
    return f"word:{info.id}"


def _show_rows(info: DatasetInfo, terms: list[str]) -> None:
    """The rows that hold the chosen word, which stands marked in them."""
    key, state = _word(info), session()
    if state.widget(key) not in terms:
        state.set_widget(key, None)
    titles = text.distinct({term: term for term in terms})
    chosen: str | None = st.selectbox(
        "Read the rows with", terms, format_func=titles.__getitem__, key=key, placeholder="Click a word, or choose one"
    )
    if chosen is None:
        return
    query = parse_query('"' + chosen.replace('"', "") + '"')
    frame = cache_explore.kept_frame(info.id, looking(info).filters)
    found = frame[cache_explore.found(info.id, query, looking(info).filters)]
    counts = found["label"].value_counts()
    parts = [f"{text.number(counts[name])} {text.literal(name, limit=30)}" for name in info.classes if name in counts]
    said = f": {text.listing(parts)}" if parts else ""
    st.markdown(f"“{text.literal(chosen)}” is in {text.count(len(found), 'row')}{said}.")
    show_marked_rows(found, query, key=f"word:{info.id}")
