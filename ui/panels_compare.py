"""The run in use beside others: which is better, on what, and which rows changed."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
import streamlit as st

from sentiment import figures
from sentiment.comparing import Compared
from sentiment.evaluation import Comparison
from sentiment.evaluation.changed import CHANGES, count_changes
from sentiment.evaluation.pair import ACCURACY, MACRO, line_of
from sentiment.listing import name_runs
from sentiment.numbers import points
from sentiment.training.runs import Run
from sentiment.workspace import Workspace
from ui import address, cache_compare, text
from ui.panels_changed import show_changed
from ui.state import runs_of, session
from ui.widgets import Figure, is_dark, next_step, show_figure, show_figures

METRICS = {"f1-score": "F1", "recall": "Recall"}
MEANS = {"f1-score": "Mean F1", "recall": "Mean recall"}
MOST = 8  # runs beside the one in use


def show_comparison(workspace: Workspace, run: Run) -> None:
    """Draws the choice of other runs of the same dataset, and how the run in use compares with them."""
    others = [one for one in runs_of(workspace, run.info.dataset.id) if one.id != run.id and is_judged(one)]
    if not others:
        with st.container(border=True):
            st.markdown("**There is no other finished run on this dataset to compare with**")
            st.markdown("Train one with another base model, other settings or more labels.")
            next_step("Fine-tune another", "pages/finetune.py")
        return
    chosen = _choose(run, others)
    if not chosen:
        st.info("Choose one run or more above.")
        return
    names = text.distinct(name_runs([run, *chosen]))
    if len(chosen) == 1:
        found = cache_compare.two(chosen[0], run, names=(names[chosen[0].id], names[run.id]))
        _show_pair(run, chosen[0], found)
    else:
        in_order = [*chosen[:1], *chosen[1:], run]  # the first chosen is what the others are held against
        _show_many(cache_compare.many({names[one.id]: one for one in in_order}), run.info.colours)


def choose_for_comparison(run: Run, others: Sequence[str]) -> None:
    """Chooses the runs that the run in use is compared with, by their ids; only before the page is drawn."""
    session().set_widget(_key(run), list(others)[:MOST])


def _key(run: Run) -> str:
    return f"compare:with:{run.id}"


def is_judged(run: Run) -> bool:
    """Whether a run has said something of held-out rows: only then can it be compared."""
    return (run.folder / "predictions.parquet").exists()


def _choose(run: Run, others: Sequence[Run]) -> list[Run]:
    """Draws the choice; returns the chosen runs. The address says which."""
    by_id = {one.id: one for one in others}
    titles = text.distinct(name_runs(others))

    def read(value: str) -> list[str] | None:
        return [run_id for run_id in value.split(",") if run_id in by_id][:MOST] or None

    first = next((one for one in others if set(one.info.classes) == set(run.info.classes)), others[0])
    address.take_as("with", _key(run), read=read, default=[first.id])
    session().set_widget(_key(run), [run_id for run_id in session().widget(_key(run)) if run_id in by_id])
    found = st.multiselect(
        "Compare the run in use with",
        list(titles),
        format_func=lambda run_id: titles.get(run_id, ""),
        key=_key(run),
        max_selections=MOST,
        placeholder="Choose runs",
    )
    address.tell("with", ",".join(found) if found != [first.id] else None)
    return [by_id[run_id] for run_id in found]


def _show_pair(run: Run, other: Run, found: Compared) -> None:
    pair = found.pair
    with st.container(border=True):
        st.markdown(f"### {text.literal(pair.sentence, limit=1000)}")
    for note in found.notes:
        st.caption(text.literal(note, limit=600))
    macro, right = line_of(pair.table, MACRO), line_of(pair.table, ACCURACY, "recall")
    counts = count_changes(found.changed)
    show_figures(
        [
            _moved("Macro-F1", macro, "The mean of the classes' F1, each class counting the same."),
            _moved("Right", right, "The share of the rows that it gets right."),
            Figure(
                "Rows changed",
                text.number(len(found.changed)),
                "Rows of which the two runs say different things.",
                f"{text.number(counts[CHANGES[1]])} mended, {text.number(counts[CHANGES[0]])} broken",
            ),
            Figure("Rows compared", text.number(pair.n_rows), "Rows that neither run was trained on."),
        ],
        key="figures-compare",
    )
    metric = _choose_metric()
    table = pair.table[pair.table["class"] != ACCURACY].rename(columns={"b": "value"}).assign(name=found.names[1])
    figure = figures.plot_deltas(table, run.info.colours, against=found.names[0], metric=metric, dark=is_dark())
    show_figure(figure, key="compare:figure")
    _show_pair_table(found, metric=metric)
    if pair.hint:
        st.caption(text.literal(pair.hint, limit=600))
    st.subheader("Rows that changed", anchor=False)
    show_changed(run, other, found)


def _moved(label: str, line: Mapping[str, Any], hint: str) -> Figure:
    low, high = (points(line[name]) for name in ("low", "high"))
    return Figure(label, text.percent(line["b"]), hint, f"{points(line['delta'])} points ({low} to {high})")


def _choose_metric() -> str:
    address.take("figure", "compare:metric", options=METRICS, default="f1-score")
    metric = st.segmented_control(
        "Figure", list(METRICS), format_func=METRICS.__getitem__, required=True, key="compare:metric",
        label_visibility="collapsed",
    )  # fmt: skip
    address.tell("figure", None if metric == "f1-score" else str(metric))
    return str(metric or "f1-score")


def _show_pair_table(found: Compared, *, metric: str) -> None:
    part = found.pair.table[(found.pair.table["metric"] == metric) & (found.pair.table["class"] != ACCURACY)]
    words = {"a": "worse", "b": "better", "undecided": "can't tell"}
    first, second = (text.shorten(name, 30) for name in found.names)
    lines = [
        {
            "Class": MEANS[metric] if line["class"] == MACRO else text.visible(line["class"]),
            f"Before: {first}": text.percent(line["a"]),
            f"In use: {second}": text.percent(line["b"]),
            "Difference in points": f"{points(line['delta'])}  ({points(line['low'])} to {points(line['high'])})",
            "In use it is": words[str(line["better"])],
            "Rows": text.number(line["support"]),
        }
        for line in part.to_dict("records")
    ]
    st.dataframe(pd.DataFrame(lines), hide_index=True, placeholder="", height="content" if len(lines) <= 15 else 560)


def _show_many(comparison: Comparison, colours: Mapping[str, str]) -> None:
    with st.container(border=True):
        st.markdown(f"### {text.literal(comparison.sentence, limit=1000)}")
        st.caption("The more runs are compared on the same rows, the more the best of them owes to luck.")
    for note in comparison.notes:
        st.caption(text.literal(note, limit=1000))
    metric = _choose_metric()
    figure = figures.plot_deltas(comparison.table, colours, against=comparison.against, metric=metric, dark=is_dark())
    show_figure(figure, key="compare:figure")
    show_many_table(comparison, metric=metric, what="Run")


def show_many_table(comparison: Comparison, *, metric: str, what: str) -> None:
    """Draws what each of several models gains and loses, class by class.

    Args:
        comparison: of the models.
        metric: "f1-score" or "recall".
        what: the heading of their names.
    """
    part = comparison.table[comparison.table["metric"] == metric]
    lines = []
    for name in part["name"].drop_duplicates():
        line = {what: text.visible(name)}
        for cell in part[part["name"] == name].to_dict("records"):
            heading = MEANS[metric] if cell["class"] == MACRO else text.visible(cell["class"])
            line[heading] = _cell(cell, reference=name == comparison.against)
        lines.append(line)
    table = pd.DataFrame(lines)
    front = [what, MEANS[metric]]
    st.dataframe(table[front + [column for column in table if column not in front]], hide_index=True, placeholder="")
    st.caption(
        f"{METRICS[metric]} on {text.count(comparison.n_rows, 'held-out row')}; in points, how far above or below "
        f"“{text.literal(comparison.against)}”, with the 95{text.THIN}% interval. ✓ and ✗: surely better, surely worse."
    )


def _cell(cell: Mapping[str, Any], *, reference: bool) -> str:
    value = text.percent(cell["value"])
    if reference:
        return value
    mark = {"yes": " ✓", "no": " ✗"}.get(str(cell["better"]), "")
    return f"{value}  {points(cell['delta'])} ({points(cell['low'])} to {points(cell['high'])}){mark}"
