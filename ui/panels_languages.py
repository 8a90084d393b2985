"""The languages of a dataset's rows: how many are in each, with examples; and the way to correct what was found."""

import pandas as pd
import streamlit as st

from sentiment import data
from sentiment.access import Role
from sentiment.data import DatasetInfo
from sentiment.data.language_changes import LanguageChange
from ui import cache, text
from ui.guard import guard
from ui.people import may
from ui.state import session
from ui.widgets import LINE, LONG, WRAPPED, page_of_rows

ANY = ""  # instead of a code: all languages
SHOWN = 30  # languages in the table
EXAMPLES = 2  # texts of each
_CHARS = 160  # of an example


def show_languages(info: DatasetInfo) -> None:
    """Draws the languages with their counts and examples and, for owners, the ways to correct them."""
    frame = cache.dataset(info.id).frame
    counts = data.count_languages(frame["language"])
    st.markdown(_summary(info, counts))
    _show_counts(frame, counts)
    if len(set(counts) - {data.UNDETERMINED}) > 1 and st.button(
        "What do they teach each other?", icon=":material/translate:"
    ):
        st.switch_page("pages/languages.py")
    _show_last(info)
    if may(Role.OWNER):
        _show_correction(info, counts)
        _show_rows(info, frame, counts)


def _summary(info: DatasetInfo, counts: dict[str, int]) -> str:
    known = {code: n for code, n in counts.items() if code != data.UNDETERMINED}
    if not known:
        return "No row has enough text to tell its language."
    unknown = sum(counts.values()) - sum(known.values())
    told = (
        f"as the column “{text.literal(info.language_column, limit=40)}” says, by the text where it says nothing"
        if info.language_column
        else "told from its own text and, where that is short, from what the other rows are in"
    )
    rest = f" {text.count(unknown, 'row')} with too little text to tell." if unknown else ""
    if len(known) == 1:
        return f"**All rows are in {_name(next(iter(known)))}**, {told}.{rest}"
    return f"**{text.count(len(known), 'language')}**; each row's is {told}.{rest}"


def _name(code: str) -> str:
    return text.literal(data.language_name(code), limit=40)


def _show_counts(frame: pd.DataFrame, counts: dict[str, int]) -> None:
    shown = list(counts)[:SHOWN]
    total = max(sum(counts.values()), 1)
    table = pd.DataFrame(
        {
            "Language": [data.language_name(code) for code in shown],
            "Rows": [counts[code] for code in shown],
            "Share": [100 * counts[code] / total for code in shown],
            "Examples": [_examples(frame, code) for code in shown],
        }
    )
    st.dataframe(
        table,
        key="languages",
        hide_index=True,
        placeholder="",
        row_height=WRAPPED,
        height=min(420, WRAPPED * len(table) + 40),
        column_config={
            "Language": st.column_config.TextColumn("Language", width=110),
            "Rows": st.column_config.NumberColumn("Rows", width=80, format="localized"),
            "Share": st.column_config.ProgressColumn(
                "Share", width=120, format=f"%.1f{text.THIN}%%", min_value=0, max_value=100
            ),
            "Examples": st.column_config.TextColumn("Examples"),
        },
    )
    if len(counts) > SHOWN:
        st.caption(f"The {SHOWN} most frequent of {text.number(len(counts))} languages.")


def _examples(frame: pd.DataFrame, code: str) -> str:
    found = frame["text"][(frame["language"] == code).to_numpy()].iloc[:EXAMPLES]
    return " · ".join(text.isolated(text.shorten(text.visible(" ".join(one.split())), _CHARS)) for one in found)


def _show_last(info: DatasetInfo) -> None:
    """Draws the last correction, and the way back from it."""
    changes = cache.workspace().languages.read(info.id).changes
    if not changes:
        return
    with st.container(horizontal=True, vertical_alignment="center", border=True):
        st.markdown(f"Corrected last: {_describe(changes[-1])}.", width="stretch")
        if may(Role.OWNER):
            key = f"undo-language:{len(changes)}"  # so that a second click does not fall on the one before
            st.button("Undo", icon=":material/undo:", key=key, on_click=_undo, args=(info, changes[-1]))


def _describe(change: LanguageChange) -> str:
    if change.rows is not None:
        meant = text.count(len(change.rows), "row")
    elif change.found is not None:
        meant = f"rows found as {_name(change.found)}"
    else:
        meant = "all rows"
    by = f", by {text.literal(change.who, limit=40)}" if change.who else ""
    when = f", {text.date(change.when)}" if change.when else ""
    return f"{meant} → {_name(change.language)}{by}{when}"


def _undo(info: DatasetInfo, change: LanguageChange) -> None:
    """Takes back the correction that the page named, unless it is no longer the last one."""
    with guard():
        if cache.workspace().languages.undo(info.id, expected=change) is None:
            st.toast("That is no longer the last correction; nothing else was taken back.")
            return
        session().notice = f"Taken back: {_describe(change)}."


def _show_correction(info: DatasetInfo, counts: dict[str, int]) -> None:
    """Draws the sentence that corrects all rows of a language, or all rows."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        titles = {code: f"Rows found as {data.language_name(code)}" for code in counts} | {ANY: "All rows"}
        found = st.selectbox(
            "Which rows",
            list(titles),
            format_func=text.distinct(titles).__getitem__,
            key=f"language-of:{info.id}",
            width=280,
        )
        language = _choose_language("are really in", key=f"language-to:{info.id}")
        st.button(
            "Correct",
            icon=":material/check:",
            key="correct-language",
            disabled=language is None or language == found,
            on_click=_correct,
            args=(info, language, found or None, None),
        )


def _choose_language(title: str, *, key: str) -> str | None:
    names = data.known_languages()
    return st.selectbox(
        title, list(names), index=None, format_func=names.__getitem__, key=key, width=220, placeholder="Language"
    )


def _show_rows(info: DatasetInfo, frame: pd.DataFrame, counts: dict[str, int]) -> None:
    """Draws the rows of a language, in which single ones can be chosen and corrected."""
    with st.expander("Correct single rows"):
        names = {code: f"{data.language_name(code)} ({text.number(n)})" for code, n in counts.items()}
        rarest = min(counts, key=lambda code: counts[code], default=ANY)
        code = st.selectbox(
            "Rows found as",
            list(names),
            index=list(names).index(rarest),
            format_func=text.distinct(names).__getitem__,
            key=f"language-rows:{info.id}:{len(counts)}",
            width=280,
        )
        rows = frame[(frame["language"] == code).to_numpy()]
        part = rows.iloc[page_of_rows(len(rows), key=f"language-page:{info.id}:{code}")]
        shown = hash(tuple(part["row"]))  # ticks are kept by position, so other rows need a table of their own
        chosen = _choose_rows(part, key=f"language-table:{info.id}:{code}:{cache.version(info.id)[-1]}:{shown}")
        with st.container(horizontal=True, vertical_alignment="bottom"):
            language = _choose_language("The chosen rows are in", key=f"language-single:{info.id}")
            st.button(
                f"Correct {text.count(len(chosen), 'row')}" if chosen else "Choose rows first",
                key="correct-rows",
                icon=":material/check:",
                disabled=not chosen or language is None,
                on_click=_correct,
                args=(info, language, None, chosen),
            )


def _choose_rows(part: pd.DataFrame, *, key: str) -> tuple[int, ...]:
    """Draws rows of which any can be chosen; returns those that are: zero-based rows of the file."""
    shown = [text.visible(one) for one in part["text"].str.slice(0, 1_000)]
    height = WRAPPED if max(map(len, shown), default=0) > LONG else LINE
    event = st.dataframe(
        pd.DataFrame({"Row": part["row"].to_numpy() + 1, "Text": shown}),
        key=key,
        hide_index=True,
        placeholder="",
        row_height=height,
        height=min(360, height * len(part) + 40),
        on_select="rerun",
        selection_mode="multi-row",
        column_config={"Row": st.column_config.NumberColumn("Row", width=70)},
    )
    return tuple(int(part["row"].iloc[place]) for place in event["selection"]["rows"] if place < len(part))


def _correct(info: DatasetInfo, language: str, found: str | None, rows: tuple[int, ...] | None) -> None:
    """Corrects the languages of rows, or draws why it cannot."""
    with guard():
        done = cache.workspace().languages.read(info.id).changes
        if done and (done[-1].language, done[-1].found, done[-1].rows) == (language, found, rows):
            return  # a second click, before the first was drawn
        changes = cache.workspace().languages.change(info.id, language, found=found, rows=rows)
        for kind in ("to", "single"):  # so that a second click corrects nothing else
            session().set_widget(f"language-{kind}:{info.id}", None)
        session().notice = f"Corrected: {_describe(changes.changes[-1])}."
