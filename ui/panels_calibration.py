"""Whether the model's probabilities can be believed: the reliability diagram before and after the temperature."""

import pandas as pd
import streamlit as st

from sentiment import figures
from sentiment.evaluation.calibration import FEWEST_TO_MEASURE, Calibration
from sentiment.evaluation.means import Estimate
from sentiment.judging import Judgement
from sentiment.numbers import signed
from sentiment.training.runs import Run
from ui import address, cache_judge, text
from ui.widgets import Figure, is_dark, show_figure, show_figures

ALL = ""  # stands for the confidence of whatever the model says


def show_calibration(run: Run, judgement: Judgement) -> None:
    """Draws how far probabilities are from what they promise, and what the temperature has done about it."""
    n = len(judgement.rows)
    if n < FEWEST_TO_MEASURE:
        st.markdown(
            f"**Too few rows.** {text.count(n, 'held-out row')} cannot tell whether a probability can be believed; it "
            f"takes {FEWEST_TO_MEASURE}. Label more, or hold out a larger part."
        )
        return
    target = _choose(run, judgement)
    place = None if target == ALL else judgement.classes.index(target)
    before, after = cache_judge.calibration(run, place)
    _show_numbers(before, after)
    st.markdown(_sentence(after, target))
    lines = {"as it is": _table(after)} if before is None else {"before": _table(before), "after": _table(after)}
    colour = None if place is None else run.info.colours.get(target)
    what = ("confidence of the model", "right, of these rows")
    if place is not None:
        name = text.shorten(text.visible(target), 24)
        what = (f"probability of {name}", f"{name}, of these rows")
    figure = figures.plot_reliability(lines, title=_title(after, target), colour=colour, what=what, dark=is_dark())
    show_figure(figure, key=f"reliability:{run.id}:{place}")
    st.caption(
        "Each point stands for about as many rows as the others, with the 95 % interval of their share. On the "
        "dotted line the model is as often right as it says; below it, it is too sure."
    )
    _show_temperature(judgement, before, after)
    _show_table(before, after)


def _choose(run: Run, judgement: Judgement) -> str:
    key, options = f"believe:{run.id}", [ALL, *judgement.classes]
    address.take("believe", key, options=options, default=ALL)
    titles = text.distinct({name: name or "What the model says, whatever it is" for name in options})
    target = str(st.selectbox("Probability of", options, format_func=titles.__getitem__, key=key, width=360))
    address.tell("believe", target or None)
    return target


def _show_numbers(before: Calibration | None, after: Calibration) -> None:
    gap = after.gap
    show_figures(
        [
            Figure(
                "Calibration error",
                text.percent(after.error),
                "How far confidence and truth are apart, on average over ranges of confidence (ECE). Chance alone "
                f"gives about {text.percent(after.chance)} on so many rows; the interval is that of the true error, "
                "with chance taken off.",
                text.points(after.interval),
            ),
            Figure(
                "Too sure by" if gap.value >= 0 else "Not sure enough by",
                text.percent(abs(gap.value)),
                "Mean confidence minus the share that is right.",
                _span(gap) if gap.value >= 0 else _span(Estimate(-gap.value, -gap.high, -gap.low)),
            ),
            Figure("Error before calibration", "–" if before is None else text.percent(before.error),
                   "The calibration error of the model before its probabilities were scaled.",
                   "" if before is None else text.points(before.interval)),
            Figure("Held-out rows", text.number(after.n), "Rows that the model did not learn from."),
        ],
        key="figures-calibration",
    )  # fmt: skip


def _span(estimate: Estimate) -> str:
    low, high = (signed(100 * value, digits=0, plus=False) for value in (estimate.low, estimate.high))
    return f"{low} to {high}{text.THIN}%"


def _sentence(after: Calibration, target: str) -> str:
    if not target or after.finding == "none":
        return after.describe()
    word = {"too sure": "too high", "not sure enough": "too low"}.get(after.finding, "not exact")
    return f"The probabilities of “{text.literal(target, limit=40)}” are {word} on these rows."


def _title(after: Calibration, target: str) -> str:
    if after.finding == "none":
        return f"{'Probability and share' if target else 'Confidence and truth'} agree, as far as these rows can tell"
    return "Confidence and truth differ" if not target else "Probability and share differ"


def _table(found: Calibration) -> pd.DataFrame:
    return pd.DataFrame(
        [
            {"confidence": b.confidence, "share": b.share, "low": b.interval[0], "high": b.interval[1], "n": b.n}
            for b in found.bins
        ]
    )


def _show_temperature(judgement: Judgement, before: Calibration | None, after: Calibration) -> None:
    if judgement.temperature is None or before is None:
        st.info(
            "This run was made before probabilities were scaled, so there is no “before”. Fine-tune again to have it "
            "calibrated on its validation rows."
        )
        return
    rows = 0 if judgement.validation is None else len(judgement.validation)
    what = "less sure" if judgement.temperature > 1 else "surer" if judgement.temperature < 1 else "as sure as it was"
    st.markdown(
        f"To calibrate it, its scores (logits) are divided by a temperature of **{judgement.temperature:.2f}**, "
        f"fitted on {text.count(rows, 'validation row')}. That makes it {what}, everywhere in this product, and "
        "changes no prediction."
    )
    if judgement.split == "validation":
        st.caption("No test rows were held out: the temperature was fitted on the very rows that are shown here.")


def _show_table(before: Calibration | None, after: Calibration) -> None:
    figures_of = {
        "Calibration error": lambda c: (c.error, *c.interval),
        "Mean confidence − right": lambda c: (c.gap.value, c.gap.low, c.gap.high),
        "Brier score": lambda c: (c.brier.value, c.brier.low, c.brier.high),
        "Log loss (nats)": lambda c: (c.log_loss.value, c.log_loss.low, c.log_loss.high),
    }
    table = pd.DataFrame({"Figure": list(figures_of)})
    for heading, found in (("Before", before), ("After", after)):
        if found is not None:
            table[heading] = [_three(*read(found)) for read in figures_of.values()]
    st.dataframe(table, hide_index=True, placeholder="", key="calibration-table")
    st.caption("In brackets the 95 % interval. The nearer to 0, the better.")


def _three(value: float, low: float, high: float) -> str:
    return f"{value:.3f}  ({low:.3f} to {high:.3f})".replace("-", "−")
