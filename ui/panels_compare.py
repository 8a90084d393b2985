"""Runs that differ only in what is done against imbalance, side by side."""

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from sentiment import figures
from sentiment.comparing import compare_runs
from sentiment.evaluation import Comparison
from sentiment.training import jobs
from sentiment.training.config import AUTO
from sentiment.training.runs import Run
from ui import text
from ui.panels_imbalance import TITLES
from ui.widgets import is_dark, show_figure

METRICS = {"f1-score": "F1", "recall": "Recall"}
MACRO = "macro avg"


def comparable_runs(runs: Sequence[Run], run_id: str | None) -> dict[str, Run]:
    """The runs that differ from the one in use only in the strategy, by the strategy's title; “None” comes first.

    Of several runs with one strategy the newest is taken. Without one that does nothing there are none.
    """
    current = next((run for run in runs if run.id == run_id), None)
    if current is None:
        return {}
    found: dict[str, Run] = {}
    for run in runs:  # newest first
        if _rest(run) == _rest(current):
            found.setdefault(_strategy(run), run)
    found.pop(AUTO, None)  # one that has not begun yet
    return {TITLES[name]: found[name] for name in TITLES if name in found} if "none" in found else {}


def _rest(run: Run) -> dict[str, object]:
    """All that must be alike: the data, and the settings but for the strategy."""
    settings = run.info.config.to_dict()
    return {name: value for name, value in settings.items() if name != "imbalance"} | {
        "fingerprint": run.info.dataset.fingerprint
    }


def _strategy(run: Run) -> str:
    """What was done against imbalance, also where the choice was left open."""
    return str(run.state.settings.get("imbalance", run.info.config.imbalance))


def show_comparison(runs: dict[str, Run]) -> None:
    """Draws which strategy is best, and what each gains and loses against doing nothing."""
    ready = {name: run for name, run in runs.items() if (run.folder / "predictions.parquet").exists()}
    waiting = [name for name, run in runs.items() if name not in ready and jobs.read_state(run.folder).active]
    if len(runs) < 2:
        return
    st.subheader("Strategies against imbalance", anchor=False)
    if waiting:
        st.markdown(f"Still to come: {text.listing(waiting)}.")
    if len(ready) < 2 or next(iter(runs)) not in ready:
        st.markdown("The comparison appears here as soon as the run without a strategy and another one have finished.")
        return
    comparison = _compared(tuple(run.id for run in ready.values()), _written(ready), ready)
    with st.container(border=True):
        st.markdown(f"**{text.literal(comparison.sentence, limit=600)}**")
        st.caption("The more strategies are compared on the same rows, the more the best of them owes to luck.")
    metric = st.segmented_control(
        "Figure", list(METRICS), format_func=METRICS.__getitem__, default="f1-score", required=True,
        key="compare:metric", label_visibility="collapsed",
    )  # fmt: skip
    colours = next(iter(ready.values())).info.colours
    figure = figures.plot_deltas(
        comparison.table, colours, against=comparison.against, metric=str(metric), dark=is_dark()
    )
    show_figure(figure, key="compare:figure")
    _show_table(comparison, metric=str(metric))


def _written(runs: dict[str, Run]) -> tuple[int, ...]:
    """When the predictions were written, which tells a new version of them."""
    return tuple((run.folder / "predictions.parquet").stat().st_mtime_ns for run in runs.values())


@st.cache_resource(max_entries=8, show_spinner="Comparing the runs on the held-out rows")
def _compared(ids: tuple[str, ...], written: tuple[int, ...], _runs: dict[str, Run]) -> Comparison:
    return compare_runs(_runs)


def _show_table(comparison: Comparison, *, metric: str) -> None:
    part = comparison.table[comparison.table["metric"] == metric]
    lines = []
    for name in part["name"].drop_duplicates():
        cells = part[part["name"] == name]
        line = {"Strategy": name}
        for cell in cells.to_dict("records"):
            heading = f"Mean {METRICS[metric]}" if cell["class"] == MACRO else text.visible(cell["class"])
            line[heading] = _cell(cell, reference=name == comparison.against)
        lines.append(line)
    table = pd.DataFrame(lines)
    front = ["Strategy", f"Mean {METRICS[metric]}"]
    st.dataframe(table[front + [column for column in table if column not in front]], hide_index=True)
    st.caption(
        f"{METRICS[metric]} on {text.count(comparison.n_rows, 'held-out row')}; in points, how far above or below "
        f"“{text.literal(comparison.against)}”, with the 95{text.THIN}% interval. ✓ and ✗: surely better, surely worse."
    )


def _cell(cell: dict, *, reference: bool) -> str:
    value = text.percent(cell["value"])
    if reference:
        return value
    delta, low, high = (f"{100 * cell[name]:+.1f}".replace("-", "−") for name in ("delta", "low", "high"))
    mark = {"yes": " ✓", "no": " ✗"}.get(str(cell["better"]), "")
    return f"{value}  {delta} ({low} to {high}){mark}"
