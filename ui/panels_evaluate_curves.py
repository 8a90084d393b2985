"""How well each class can be told from the others, whatever the threshold: ROC and precision–recall curves."""

import pandas as pd
import streamlit as st

from sentiment import figures
from sentiment.evaluation import TOO_FEW
from sentiment.evaluation.curves import Curves
from sentiment.evaluation.means import Estimate
from sentiment.judging import Judgement
from sentiment.training.runs import Run
from ui import address, cache_judge, text
from ui.widgets import is_dark, show_figure

KINDS = {"precision-recall": "Precision and recall", "roc": "ROC"}
FIRST = "precision-recall"
HINTS = {
    "precision-recall": "How much of what is said is right, for each share of the class's rows that is found. The area "
    "is the average precision; a guess reaches the dotted line.",
    "roc": "Which share of the class's rows is found, for each share of other rows taken for it. The area is how often "
    "a row of the class is rated higher than another; a guess reaches 50 %.",
}


def show_curves(run: Run, judgement: Judgement, *, model: str) -> None:
    """Draws the curves of the classes, with the areas below them and their intervals."""
    found = cache_judge.curves(run, model)
    enough = {name: curve for name, curve in found.items() if min(curve.n, curve.n_others) >= TOO_FEW}
    for name, curve in found.items():
        if name not in enough:
            rows = text.count(min(curve.n, curve.n_others), "row")
            which = "of it" if curve.n <= curve.n_others else "of any other class"
            st.caption(f"{text.literal(name)}: too few rows for a curve ({rows} {which}; it takes {TOO_FEW}).")
    if not enough:
        return
    key = f"curve:{run.id}"
    address.take("curve", key, options=KINDS, default=FIRST)
    kind = st.segmented_control(
        "Curve", list(KINDS), format_func=KINDS.__getitem__, key=key, required=True, label_visibility="collapsed"
    )
    kind = str(kind or FIRST)
    address.tell("curve", kind if kind != FIRST else None)
    tables = {name: _table(curve) for name, curve in enough.items()}
    notes = {name: _area(curve, kind) for name, curve in enough.items()}
    levels = {name: curve.share for name, curve in enough.items()} if kind != "roc" else None
    figure = figures.plot_curves(
        tables, notes, run.info.colours, kind=kind, title=_title(enough, kind), levels=levels, dark=is_dark()
    )
    show_figure(figure, key=f"curves:{run.id}:{model}:{kind}")
    st.caption(HINTS[kind])


def _table(curve: Curves) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "threshold": curve.thresholds,
            "false_alarms": curve.false_alarms,
            "recall": curve.recall,
            "precision": curve.precision,
        }
    )


def _figure(curve: Curves, kind: str) -> Estimate:
    return curve.area if kind == "roc" else curve.average_precision


def _area(curve: Curves, kind: str) -> str:
    area = _figure(curve, kind)
    return f"{area.value:.2f} ({area.low:.2f} to {area.high:.2f}), {text.count(curve.n, 'row')}"


def _title(curves: dict[str, Curves], kind: str) -> str:
    ranked = sorted(curves, key=lambda name: -_figure(curves[name], kind).value)
    if len(ranked) < 2:
        return "How well the class is told from the rest"
    best, worst = (text.shorten(text.visible(name), 24) for name in (ranked[0], ranked[-1]))
    return f"{best} is told best from the rest, {worst} worst"
