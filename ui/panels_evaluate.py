"""How far a run can be trusted: verdict, report beside the baselines, confusion and the texts behind it, downloads."""

import json
import math
from typing import Any

import pandas as pd
import streamlit as st

from sentiment import evaluation, figures
from sentiment.judging import Judgement
from sentiment.training.runs import Run
from ui import cache, text
from ui.state import session
from ui.widgets import Figure, is_dark, page_of_rows, show_figure, show_figures, show_rows

TITLES = {"model": "This model", "tfidf": "TF-IDF", "majority": "Majority class"}
HINTS = {
    "model": "The model of this run.",
    "tfidf": "Words and word pairs (characters, where a language is written without spaces) with logistic regression, "
    "trained on the same rows: the simple thing to beat.",
    "majority": "Always says the most frequent class: what no learning at all would give.",
}


def show_verdict(judgement: Judgement) -> None:
    """Draws the sentence to repeat, and what must be known to read it rightly."""
    with st.container(border=True, key="verdict"):
        st.markdown(f"### {text.literal(judgement.verdict, limit=1000)}")
        if judgement.split == "validation":
            st.caption(
                "No test rows were held out in this run. These are the validation rows, which also chose the best "
                "epoch: the figures are a little too good."
            )
    for warning in judgement.reports["model"]["warnings"]:
        st.warning(text.literal(warning, limit=400), icon=":material/warning:")


def show_evaluation_figures(judgement: Judgement) -> None:
    """Draws accuracy and macro-F1 with intervals, the baseline's macro-F1 and the number of held-out rows."""
    report = judgement.reports["model"]
    shown = [
        Figure(
            "Right",
            text.percent(report["accuracy"]),
            "Accuracy: the share of held-out rows that the model gets right.",
            text.points(report["intervals"]["accuracy"]),
        ),
        _macro("Macro-F1", report, "The mean of the classes' F1, each class counting the same."),
    ]
    if "tfidf" in judgement.reports:
        shown.append(_macro("Macro-F1 of TF-IDF", judgement.reports["tfidf"], HINTS["tfidf"]))
    shown.append(Figure("Held-out rows", text.number(report["n_examples"]), "Rows that the model did not learn from."))
    show_figures(shown)


def _macro(label: str, report: dict, hint: str) -> Figure:
    span = report["intervals"]["macro avg"]["f1-score"]
    return Figure(label, text.percent(report["macro avg"]["f1-score"]), hint, text.points(span))


def show_report_chart(run: Run, judgement: Judgement) -> None:
    """Draws each class's F1 with its interval beside the baselines'."""
    baselines = {TITLES[name]: report for name, report in judgement.reports.items() if name != "model"}
    figure = figures.plot_report(judgement.reports["model"], baselines, run.info.colours, dark=is_dark())
    show_figure(figure, key=f"report:{run.id}")


def choose_model(judgement: Judgement, *, key: str) -> str:
    """Draws the choice between the model and the baselines; returns its name in the report."""
    names = [name for name in TITLES if name in judgement.reports]
    chosen = st.segmented_control(
        "Report of", names, format_func=TITLES.__getitem__, default=names[0], required=True, key=key,
        label_visibility="collapsed",
    )  # fmt: skip
    name = str(chosen or names[0])
    st.caption(HINTS[name])
    return name


def show_table(judgement: Judgement, *, model: str) -> None:
    """Draws precision, recall and F1 of each class with their intervals."""
    table = evaluation.report_table(judgement.reports[model])
    titles = {"macro avg": "Mean of the classes", "weighted avg": "Weighted by rows", "accuracy": "Accuracy"}
    classes = set(judgement.reports[model]["classes"])
    names = [text.visible(n) if i < len(classes) else titles.get(n, n) for i, n in enumerate(table["class"])]
    shown = pd.DataFrame({"Class": names})
    for heading, column in (("Precision", "precision"), ("Recall", "recall"), ("F1", "f1")):
        shown[heading] = [
            _with_interval(*line) for line in table[[column, f"{column}_low", f"{column}_high"]].itertuples(index=False)
        ]
    shown["Rows"] = [text.number(n) for n in table["support"]]
    st.dataframe(
        shown,
        hide_index=True,
        key=f"table:{model}",
        height="content" if len(shown) <= 15 else 560,
        column_config={
            "Precision": st.column_config.TextColumn(
                help="Of the rows that the model gives this class, how many are of it."
            ),
            "Recall": st.column_config.TextColumn(help="Of the rows of this class, how many the model finds."),
            "F1": st.column_config.TextColumn(help="The harmonic mean of precision and recall."),
            "Rows": st.column_config.TextColumn(help="Held-out rows of this class.", width="small"),
        },
    )
    st.caption("In brackets the 95 % interval: where the figure would lie on other rows like these.")


def _with_interval(value: float, low: float, high: float) -> str:
    return "" if math.isnan(value) else f"{text.percent(value)}  ({100 * low:.0f} to {100 * high:.0f})"


def show_confusion(run: Run, judgement: Judgement, *, model: str) -> None:
    """Draws the confusion matrix, and the texts behind the cell that was clicked."""
    report, key = judgement.reports[model], f"confusion:{run.id}:{model}"
    left, right = st.columns([5, 6], gap="large")
    with left:
        show_figure(
            figures.plot_confusion(report, run.info.colours, dark=is_dark()), key=key, on_select=lambda: _pick(key)
        )
    with right:
        _show_cell(run, judgement, model=model, report=report)


def _pick(key: str) -> None:
    """Turns a click on a cell into the choice of its two classes."""
    state = session()
    event: Any = state.widget(key)
    points = event["selection"]["points"] if event else []
    if points and points[0].get("customdata"):
        state.set_widget(f"{key}:true", points[0]["customdata"][0])
        state.set_widget(f"{key}:said", points[0]["customdata"][1])
        state.set_widget(f"{key}:page", 1)


def _show_cell(run: Run, judgement: Judgement, *, model: str, report: dict) -> None:
    key, names = f"confusion:{run.id}:{model}", [str(name) for name in report["classes"]]
    state = session()
    if state.widget(f"{key}:true") not in names:
        worst = _worst_cell(report)
        state.set_widget(f"{key}:true", names[worst[0]])
        state.set_widget(f"{key}:said", names[worst[1]])
    titles = text.distinct({name: name for name in names})
    with st.container(horizontal=True):
        true = st.selectbox("True class", names, format_func=titles.__getitem__, key=f"{key}:true")
        said = st.selectbox("The model says", names, format_func=titles.__getitem__, key=f"{key}:said")
    rows = judgement.rows
    rows = rows[(rows["label"] == true) & (rows[f"{model}:prediction"] == said)]
    column = f"{model}:prob:{said}"
    if column in rows:
        rows = rows.sort_values(column, ascending=False)
    if rows.empty:
        st.info("No held-out row is in this cell.")
        return
    part = page_of_rows(len(rows), key=f"{key}:page")
    columns = {column: "Probability"} if column in rows else {}
    show_rows(rows.iloc[part][["row", "text", *columns]], key=f"{key}:rows", columns=columns, text_width=250)
    st.caption("The surest first. Click a cell of the chart to see its texts.")


def _worst_cell(report: dict) -> tuple[int, int]:
    """The most frequent mistake; a right cell where there is none."""
    matrix = report["confusion_matrix"]
    cells = [(matrix[i][j], i, j) for i in range(len(matrix)) for j in range(len(matrix)) if i != j]
    n, i, j = max(cells, default=(0, 0, 0))
    return (i, j) if n else (0, 0)


def show_downloads(run: Run, judgement: Judgement) -> None:
    """Draws the report's downloads: a table for people, the whole for programs."""
    table = evaluation.report_table(judgement.reports["model"])
    whole = {
        "run": run.id,
        "dataset": run.info.dataset.name,
        "split": judgement.split,
        "verdict": judgement.verdict,
        **judgement.reports["model"],
        "baselines": {name: report for name, report in judgement.reports.items() if name != "model"},
    }
    files = {
        "Report as CSV": (f"report-{run.id}.csv", lambda: cache.csv_bytes(table)),
        "Report as JSON": (f"report-{run.id}.json", lambda: json.dumps(whole, ensure_ascii=False, indent=1).encode()),
        "Held-out predictions as CSV": (f"predictions-{run.id}.csv", lambda: cache.csv_bytes(judgement.rows)),
    }
    with st.container(horizontal=True):
        for label, (name, content) in files.items():
            # "ignore": a redraw while the file is being made would lose the download
            st.download_button(label, content, name, icon=":material/download:", on_click="ignore")
