"""The report by length, language, any column of the file and by word, and the slices that the model is worse on."""

from typing import Any

import numpy as np
import pandas as pd
import streamlit as st
from numpy.typing import NDArray

from sentiment import data, evaluation, figures
from sentiment.data.dataset import FILE_PREFIX
from sentiment.evaluation.slices import FEWEST
from sentiment.judging import Judgement
from sentiment.slicing import BETWEEN, LANGUAGE, LENGTH, WORD, Slices, say_by_language
from sentiment.training import jobs
from sentiment.training.runs import Run
from ui import address, cache_judge, text
from ui.panels_evaluate import report_frame
from ui.state import session
from ui.widgets import LINE, LONG, WRAPPED, is_dark, page_of_rows, show_figure

WORST, NOTHING = "worst", ""
ANY, WRONG = "", "wrong"  # of the choices between cells: any class, and any but the right one
_TITLES = {WORST: "Worst slices", LENGTH: "Length", LANGUAGE: "Language", WORD: "A word"}
SECTION = "evaluate-section"  # the key of the choice between the parts of the page
MOST_LANES = 24


def show_slices(run: Run, judgement: Judgement) -> None:
    """Draws how right the model is in each slice, which slices are worse than the rest, and the rows of one."""
    found = cache_judge.slices(run)
    by = _choose_by(run, found)
    if by == WORD:
        _show_word(run, judgement, found)
        return
    table = found.worst() if by == WORST else found.table[found.table["column"] == by]
    table = table.head(MOST_LANES)
    if by == WORST:
        st.markdown(_summary(found))
    if table.empty:
        return
    overall = float((judgement.rows["label"].astype("str") == judgement.rows["model:prediction"].astype("str")).mean())
    shown = table.assign(title=_titles(run, table, with_column=by == WORST))
    key = f"slices:{run.id}:{by}"
    names = [_id(line) for line in table.to_dict("records")]
    figure = figures.plot_slices(shown, overall=overall, title=_title(shown, overall), dark=is_dark())
    show_figure(figure, key=key, on_select=lambda: _pick(run, key, names))
    st.caption(
        f"Right answers in each slice, with 95 % intervals; the dotted line is all rows. Filled: surely different from "
        f"the rest, corrected for the {text.number(int(found.table['p'].notna().sum()))} slices that were compared "
        f"(Holm). A slice needs {FEWEST} rows, and so does the rest. Click one to see its rows."
    )
    _show_chosen(run, judgement, found, dict(zip(names, shown["title"], strict=True)))


def show_by_language(run: Run) -> None:
    """Draws how often the model is right in each language, where the rows that it learned from are in several."""
    if len(jobs.read_state(run.folder).settings.get("languages", {})) > 1:
        said = say_by_language(cache_judge.slices(run))
        if said:
            st.markdown(text.literal(said, limit=600))


def _choose_by(run: Run, found: Slices) -> str:
    key, options = f"by:{run.id}", [WORST, *found.columns, WORD]
    address.take("by", key, options=options, default=WORST)
    titles = text.distinct({name: column_title(name) for name in options})
    by = str(st.selectbox("Slice by", options, format_func=titles.__getitem__, key=key, width=360))
    address.tell("by", by if by != WORST else None)
    return by


def column_title(column: str) -> str:
    """What a way of slicing is called."""
    return _TITLES.get(column, column.removeprefix(FILE_PREFIX))


def title_of(line: dict, *, with_column: bool = True) -> str:
    """What a slice is called: "length: 1 to 5", "word: refund", or its value alone."""
    value = text.visible(line["value"])
    if not with_column:
        return value
    column = "word" if line["column"] == WORD else text.visible(column_title(line["column"]))
    return f"{column}: {value}"


def _titles(run: Run, table: pd.DataFrame, *, with_column: bool) -> list[str]:
    """What slices are called, lengths with their unit."""
    unit = {LENGTH: f" {data.length_unit(run.info.language)}"}
    lines = table.to_dict("records")
    return [title_of(line, with_column=with_column) + unit.get(line["column"], "") for line in lines]


def _id(line: dict) -> str:
    return f"{line['column']}{BETWEEN}{line['value']}"


def title_of_name(found: Slices, name: str) -> str:
    """What the slice with that name in the address is called."""
    for column in (*found.columns, WORD):
        if name.startswith(f"{column}{BETWEEN}"):
            return title_of({"column": column, "value": name.removeprefix(f"{column}{BETWEEN}")})
    return name


def _summary(found: Slices) -> str:
    compared, worse = int(found.table["p"].notna().sum()), int((found.table["finding"] == "worse").sum())
    if not compared:
        return f"Too few rows: a slice needs {FEWEST} held-out rows, and so does the rest."
    if not worse:
        return (
            f"**None of {text.number(compared)} slices is surely worse than the rest.** With more held-out rows, "
            "smaller differences could be seen."
        )
    slices, are = text.count(compared, "slice"), "is" if worse == 1 else "are"
    return f"**{text.number(worse)} of {slices} {are} surely worse than the rest.**"


def _title(shown: pd.DataFrame, overall: float) -> str:
    known = shown[shown["share"].notna()]
    if known.empty:
        return "Too few rows in each slice"
    worst = known.iloc[int(known["share"].to_numpy().argmin())]
    return f"{worst['title']}: {text.percent(worst['share'])} right, all rows {text.percent(overall)}"


def _pick(run: Run, key: str, names: list[str]) -> None:
    state = session()
    event = state.widget(key)
    points = event["selection"]["points"] if event else []
    if points and points[0].get("customdata"):
        state.set_widget(f"slice:{run.id}", names[int(points[0]["customdata"][0])])
        state.set_widget(f"slice-page:{run.id}", 1)


def _show_chosen(run: Run, judgement: Judgement, found: Slices, titles: dict[str, str]) -> None:
    key, options = f"slice:{run.id}", [NOTHING, *titles]
    address.take("slice", key, options=options, default=NOTHING)
    shown = text.distinct({NOTHING: "Choose a slice", **titles})
    name = str(st.selectbox("Rows of", options, format_func=shown.__getitem__, key=key, width=360))
    address.tell("slice", name or None)
    mask = found.named(name, judgement.rows["text"]) if name else None
    if mask is not None:
        show_slice(run, judgement, mask, title=titles[name], name=name)


def _show_word(run: Run, judgement: Judgement, found: Slices) -> None:
    key = f"word:{run.id}"
    address.take_as("word", key, read=lambda value: value[:100], default="")
    word = st.text_input("Rows with the word or phrase", key=key, max_chars=100, width=360, placeholder="refund")
    word = word.strip()
    address.tell("word", word or None)
    if not word:
        st.caption(
            "Capitals do not matter. The report below is for the rows that have it: a frequent word as a whole, "
            "anything else as a part of the text."
        )
        return
    name = f"{WORD}{BETWEEN}{word.lower()}"
    mask = found.named(name, judgement.rows["text"])
    if mask is None:
        st.markdown("No held-out row has it. Try a shorter form of the word.")
        return
    show_slice(run, judgement, mask, title=f"“{text.visible(word)}”", name=name)


def show_slice(run: Run, judgement: Judgement, mask: NDArray[np.bool_], *, title: str, name: str) -> None:
    """Draws the report on the rows of a slice, and the rows, mistakes first."""
    rows = judgement.rows[mask]
    n = len(rows)
    st.markdown(
        f"**{text.literal(title)}**: {text.count(n, 'row')}, {text.percent(n / len(mask))} of the held-out ones."
    )
    if n < FEWEST:
        st.markdown(f"Too few rows for figures of their own: it takes {FEWEST}.")
    else:
        report = evaluation.evaluate(
            rows["label"].tolist(),
            judgement.probs()[mask],
            classes=judgement.classes,
            groups=None if judgement.groups is None else judgement.groups[mask].tolist(),
            n_resamples=500,
        )
        st.dataframe(_report_of(report), hide_index=True, placeholder="", key=f"slice-report:{run.id}")
    wrong = (rows["label"] != rows["model:prediction"]).to_numpy(bool)
    confidence = judgement.probs()[mask].max(axis=1)
    order = np.lexsort((-confidence, ~wrong))
    ordered = rows.iloc[order].assign(confidence=confidence[order])
    part = page_of_rows(n, key=f"slice-page:{run.id}")
    _show_rows(run, ordered.iloc[part])
    st.button(
        "Go through its mistakes",
        icon=":material/bug_report:",
        key=f"to-errors:{run.id}",
        on_click=_to_mistakes,
        args=(run, name),
    )


def _report_of(report: dict[str, Any]) -> pd.DataFrame:
    """The table of a report; without the mean of the classes where a class has too few rows to be a part of it."""
    shown = report_frame(report)
    too_few = any(line["support"] < evaluation.TOO_FEW for line in report["per_class"])
    return shown.drop(index=len(report["classes"])) if too_few else shown


def _to_mistakes(run: Run, name: str) -> None:
    state = session()
    for key, value in (("true", ANY), ("said", WRONG), ("error-slice", name)):
        state.set_widget(f"{key}:{run.id}", value)
    state.set_widget(SECTION, "Mistakes")


def _show_rows(run: Run, page: pd.DataFrame) -> None:
    table = pd.DataFrame(
        {
            "Row": page["row"].to_numpy() + 1,
            "Sure": (100 * page["confidence"]).round().to_numpy(),
            "Text": [text.visible(value) for value in page["text"]],
            "Says": [text.visible(value) for value in page["model:prediction"]],
            "Label": [text.visible(value) for value in page["label"]],
        }
    )
    height = WRAPPED if table["Text"].str.len().max() > LONG else LINE
    st.dataframe(
        table,
        key=f"slice-rows:{run.id}",
        hide_index=True,
        placeholder="",
        height=min(540, height * len(table) + 40),
        row_height=height,
        column_config={
            "Row": st.column_config.NumberColumn(width=70, help="Counted from the first row of the file."),
            "Sure": st.column_config.NumberColumn(format=f"%d{text.THIN}%%", width=70),
            "Text": st.column_config.TextColumn(width=420),
            "Says": st.column_config.TextColumn(width=90, help="What the model says."),
            "Label": st.column_config.TextColumn(width=90, help="What the row is labeled."),
        },
    )
    st.caption("Mistakes first, the surest on top.")
