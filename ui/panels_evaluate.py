"""How far a run can be trusted: verdict, report beside the baselines, confusion and the texts behind it, downloads."""

import json
import math
from typing import Any

import pandas as pd
import streamlit as st

from sentiment import evaluation, figures
from sentiment.judging import Judgement
from sentiment.training.runs import Run
from ui import address, cache, text
from ui.widgets import Figure, is_dark, show_figure, show_figures

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
                "No test rows were held out in this run. These are the validation rows: what was chosen by them, the "
                "best epoch or how sure the model says to be, looks a little too good on them."
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
    figure = figures.plot_report(
        judgement.reports["model"], baselines, run.info.colours, fewest=evaluation.TOO_FEW, dark=is_dark()
    )
    show_figure(figure, key=f"report:{run.id}")


def choose_model(judgement: Judgement, *, key: str) -> str:
    """Draws the choice between the model and the baselines; returns its name in the report."""
    names = [name for name in TITLES if name in judgement.reports]
    address.take("of", key, options=names, default=names[0])
    chosen = st.segmented_control(
        "Report of", names, format_func=TITLES.__getitem__, required=True, key=key, label_visibility="collapsed"
    )
    name = str(chosen or names[0])
    address.tell("of", name if name != names[0] else None)
    st.caption(HINTS[name])
    return name


def show_table(judgement: Judgement, *, model: str) -> None:
    """Draws precision, recall and F1 of each class with their intervals."""
    shown = report_frame(judgement.reports[model])
    st.dataframe(
        shown,
        hide_index=True,
        placeholder="",
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
    st.caption(
        "In brackets the 95 % interval: where the figure would lie on other rows like these. A figure with fewer than "
        f"{evaluation.TOO_FEW} rows behind it is not shown: it would be a guess."
    )


def report_frame(report: dict[str, Any]) -> pd.DataFrame:
    """The table of a report as people read it: columns Class, Precision, Recall, F1 and Rows, all of them words."""
    table = evaluation.report_table(report)
    titles = {"macro avg": "Mean of the classes", "weighted avg": "Weighted by rows", "accuracy": "Right (accuracy)"}
    classes = set(report["classes"])
    names = [text.visible(n) if i < len(classes) else titles.get(n, n) for i, n in enumerate(table["class"])]
    shown = pd.DataFrame({"Class": names})
    behind = [*report["per_class"]]
    behind += [{"support": report["n_examples"]}] * (len(table) - len(behind))
    for heading, column in (("Precision", "precision"), ("Recall", "recall"), ("F1", "f1")):
        lines = table[[column, f"{column}_low", f"{column}_high"]].itertuples(index=False)
        shown[heading] = [
            _with_interval(*line, n=evaluation.rows_behind(rows, column))
            for line, rows in zip(lines, behind, strict=True)
        ]
    shown["Rows"] = [text.number(n) for n in table["support"]]
    return shown


def _with_interval(value: float, low: float, high: float, *, n: int) -> str:
    if math.isnan(value):
        return ""
    if n < evaluation.TOO_FEW:
        return f"too few rows ({text.number(n)})"
    return f"{text.percent(value)}  ({100 * low:.0f} to {100 * high:.0f})"


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
