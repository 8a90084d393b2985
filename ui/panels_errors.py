"""The model's mistakes, the surest first: by cell of the confusion matrix and by slice, and what to do about them."""

from typing import Any

import numpy as np
import pandas as pd
import streamlit as st

from sentiment import figures
from sentiment.access import Role
from sentiment.data import DatasetInfo
from sentiment.errors import SentimentError
from sentiment.evaluation.slices import FEWEST
from sentiment.judging import Judgement
from sentiment.labels.events import NewEvent, new_key
from sentiment.slicing import Slices
from sentiment.training.runs import Run
from ui import address, cache, cache_judge, text
from ui.panels_bulk import show_undo, step_button, write_step
from ui.panels_label import label_rows
from ui.panels_slices import ANY, WRONG, title_of_name
from ui.people import may
from ui.state import session
from ui.widgets import LINE, LONG, WRAPPED, is_dark, page_of_rows, show_figure

SIZE = 50  # rows on a page
EXPLAIN = "pages/explain.py"


def show_errors(run: Run, judgement: Judgement, *, model: str) -> None:
    """Draws the confusion matrix, the rows of the chosen cell and slice, and what can be done with them."""
    info = _info(run)
    if info is not None:
        show_undo(info)
    report, key = judgement.reports[model], f"confusion:{run.id}:{model}"
    left, right = st.columns([5, 6], gap="large")
    with left:
        figure = figures.plot_confusion(report, run.info.colours, dark=is_dark())
        show_figure(figure, key=key, on_select=lambda: _pick(run, key))
    with right:
        rows, said = _choose(run, judgement, model=model)
    _show_found(run, judgement, info, rows, said, model=model)


def _info(run: Run) -> DatasetInfo | None:
    """The run's dataset as it is now; None where it was deleted."""
    try:
        return cache.workspace().dataset_info(run.info.dataset.id)
    except SentimentError:
        return None


def _pick(run: Run, key: str) -> None:
    """Turns a click on a cell into the choice of its two classes."""
    state = session()
    event: Any = state.widget(key)
    points = event["selection"]["points"] if event else []
    if points and points[0].get("customdata"):
        state.set_widget(f"true:{run.id}", points[0]["customdata"][0])
        state.set_widget(f"said:{run.id}", points[0]["customdata"][1])
        state.set_widget(f"error-page:{run.id}", 1)


def _choose(run: Run, judgement: Judgement, *, model: str) -> tuple[pd.DataFrame, str]:
    """Draws the filters; returns the rows that meet them, the surest first, and what the model said of them."""
    names = [str(name) for name in judgement.reports[model]["classes"]]
    titles = text.distinct({ANY: "Any class", WRONG: "Any wrong class", **{name: name for name in names}})
    if ANY in names or WRONG in names:  # a class of that name: the general choice would hide it
        titles = {name: titles[name] for name in names}
    options = list(titles)
    with st.container(horizontal=True):
        true = _select("true", "True class", [o for o in options if o != WRONG], ANY, titles, run)
        said = _select("said", "The model says", [o for o in options if o != ANY], WRONG, titles, run)
    found = cache_judge.slices(run)
    mask = _choose_slice(run, judgement, found)
    rows = judgement.rows
    kept = np.ones(len(rows), bool) if mask is None else mask.copy()
    predicted = rows[f"{model}:prediction"].astype("str")
    if true != ANY or true in names:
        kept &= (rows["label"].astype("str") == true).to_numpy(bool)
    kept &= (
        (predicted != rows["label"].astype("str")) if said == WRONG and said not in names else predicted == said
    ).to_numpy(bool)
    probs = judgement.probs(model)
    part = rows[kept].assign(
        said=predicted[kept], confidence=probs[kept].max(axis=1, initial=0.0), of_true=_of_label(judgement, probs)[kept]
    )
    return part.sort_values("confidence", ascending=False, kind="stable"), said


def _of_label(judgement: Judgement, probs: np.ndarray) -> np.ndarray:
    """The probability that each row's own label got; 0 for a label that the model does not know."""
    labels = judgement.labels
    return np.where(labels >= 0, probs[np.arange(len(labels)), np.maximum(labels, 0)], 0.0)


def _select(name: str, label: str, options: list[str], default: str, titles: dict[str, str], run: Run) -> str:
    key = f"{name}:{run.id}"
    first = default if default in options else options[0]
    address.take(name, key, options=options, default=first)
    value = str(
        st.selectbox(label, options, format_func=titles.__getitem__, key=key, on_change=_first_page, args=(run,))
    )
    address.tell(name, value if value != first else None)
    return value


def _first_page(run: Run) -> None:
    session().set_widget(f"error-page:{run.id}", 1)


def _choose_slice(run: Run, judgement: Judgement, found: Slices) -> np.ndarray | None:
    key = f"error-slice:{run.id}"
    large = found.table[found.table["n"] >= FEWEST]
    offered = [f"{line['column']}={line['value']}" for line in found.worst().to_dict("records")]
    others = [f"{line['column']}={line['value']}" for line in large[large["column"] != "word"].to_dict("records")]
    options = [ANY, *dict.fromkeys([*offered, *others])]
    texts = judgement.rows["text"]
    named = session().widget(key) or next(iter(st.query_params.get_all("in")), "")
    if named and named not in options and found.named(str(named), texts) is not None:
        options.append(str(named))  # a word that somebody typed
    address.take("in", key, options=options, default=ANY)
    titles = text.distinct({ANY: "All held-out rows", **{name: title_of_name(found, name) for name in options[1:]}})
    name = str(
        st.selectbox("Within", options, format_func=titles.__getitem__, key=key, on_change=_first_page, args=(run,))
    )
    address.tell("in", name or None)
    return found.named(name, texts) if name else None


def _show_found(
    run: Run, judgement: Judgement, info: DatasetInfo | None, rows: pd.DataFrame, said: str, *, model: str
) -> None:
    if rows.empty:
        st.info("No held-out row is here. Choose another cell, or all rows.")
        return
    share = text.percent(len(rows) / len(judgement.rows))
    st.markdown(f"**{text.count(len(rows), 'row')}**, {share} of the held-out ones, the surest first.")
    part = page_of_rows(len(rows), key=f"error-page:{run.id}", size=SIZE)
    page = rows.iloc[part]
    chosen = _show_table(run, page, model=model)
    _show_steps(run, info, rows, page.iloc[chosen], model=model)


def _show_table(run: Run, page: pd.DataFrame, *, model: str) -> list[int]:
    """Draws a page of rows; returns the places of those that were ticked."""
    table = pd.DataFrame(
        {
            "Row": page["row"].to_numpy() + 1,
            "Sure": (100 * page["confidence"]).round().to_numpy(),
            "Text": [text.visible(value) for value in page["text"]],
            "Says": [text.visible(value) for value in page["said"]],
            "Label": [text.visible(value) for value in page["label"]],
            "Label got": (100 * page["of_true"]).round().to_numpy(),
        }
    )
    height = WRAPPED if table["Text"].str.len().max() > LONG else LINE
    percent = f"%d{text.THIN}%%"
    event: Any = st.dataframe(
        table,
        key=f"errors:{run.id}:{model}:{hash(tuple(page['row']))}",  # ticks are places: other rows, another table
        hide_index=True,
        placeholder="",
        on_select="rerun",
        selection_mode="multi-row",
        height=min(540, height * len(table) + 40),
        row_height=height,
        column_config={
            "Row": st.column_config.NumberColumn(width=70, help="Counted from the first row of the file."),
            "Sure": st.column_config.NumberColumn(format=percent, width=70, help="How sure the model is of it."),
            "Text": st.column_config.TextColumn(width=370),
            "Says": st.column_config.TextColumn(width=90, help="What the model says."),
            "Label": st.column_config.TextColumn(width=90, help="What the row is labeled."),
            "Label got": st.column_config.NumberColumn(
                format=percent, width=80, help="The probability that the model gives the row's own label."
            ),
        },
    )
    return [place for place in event["selection"]["rows"] if place < len(page)]


def _show_steps(run: Run, info: DatasetInfo | None, rows: pd.DataFrame, ticked: pd.DataFrame, *, model: str) -> None:
    """Draws what can be done with the ticked rows, or with all that were found."""
    some = ticked if len(ticked) else rows
    what = text.count(len(some), "row") if len(ticked) else f"all {text.number(len(rows))}"
    with st.container(horizontal=True, vertical_alignment="center"):
        if info is not None and may(Role.LABELER):
            if st.button(f"Label {what} again", icon=":material/label:", key=f"relabel:{run.id}"):
                label_rows(cache.labeling(cache.root(), info.id), tuple(some["row"].tolist()))
                st.switch_page("pages/label.py")
            button = step_button(info, f"flag:{run.id}")
            st.button(
                f"The label is wrong ({text.count(len(ticked), 'row')})" if len(ticked) else "The label is wrong",
                icon=":material/flag:",
                key=button,
                disabled=ticked.empty,
                on_click=_flag,
                args=(info, ticked, button),
                help="Flags the ticked rows and notes what the model says of them; one click takes it back.",
            )
        explain = model == "model" and st.button(
            "Explain",
            icon=":material/psychology:",
            key=f"explain:{run.id}",
            disabled=len(ticked) != 1,
            help="Which words led to this answer. Tick one row.",
        )
        if explain:
            st.switch_page(EXPLAIN, query_params={"run": run.id, "row": str(int(ticked["row"].iloc[0]))})
    if info is None:
        st.caption("The dataset of this run was deleted, so its rows cannot be labeled.")
    elif ticked.empty and may(Role.LABELER):
        st.caption("Tick rows in the table to choose among them.")


def _flag(info: DatasetInfo, rows: pd.DataFrame, button: str) -> None:
    """Flags rows whose label looks wrong, with a note of what the model says, as one step; or draws why it cannot."""
    title = "Flagged labels that look wrong"
    write_step(info, title, len(rows), button=button, write=lambda: _append_flags(info, rows))


def _append_flags(info: DatasetInfo, rows: pd.DataFrame) -> None:
    person, step = session().person, new_key()
    new = []
    for row, said, label, sure in rows[["row", "said", "label", "confidence"]].itertuples(index=False):
        note = f"The label “{label}” looks wrong: the model says “{said}” ({text.percent(sure)} sure)."
        new.append(NewEvent(row=int(row), kind="flag", who=person, how="bulk", key=f"{step}:{row}:flag", step=step))
        new.append(
            NewEvent(row=int(row), kind="note", who=person, how="bulk", text=note, key=f"{step}:{row}:note", step=step)
        )
    cache.workspace().labels.append(info.id, new)
