"""Runs that differ only in what is done against imbalance, side by side."""

from collections.abc import Sequence

import streamlit as st

from sentiment import figures
from sentiment.training import jobs
from sentiment.training.config import AUTO
from sentiment.training.runs import Run
from ui import cache_compare, text
from ui.panels_compare import METRICS, show_many_table
from ui.panels_imbalance import TITLES
from ui.widgets import is_dark, show_figure


def comparable_runs(runs: Sequence[Run], run_id: str | None) -> dict[str, Run]:
    """The runs that differ from the one in use only in the strategy, by the strategy's title; “None” comes first.

    One that tuned everything is not compared with one that tuned the head alone. Of several runs with one strategy the
    newest is taken. Without one that does nothing there are none.
    """
    current = next((run for run in runs if run.id == run_id), None)
    if current is None:
        return {}
    found: dict[str, Run] = {}
    for run in runs:  # newest first
        if _rest(run) == _rest(current) and len({_tuned(run), _tuned(current), ""}) < 3:
            found.setdefault(_strategy(run), run)
    found.pop(AUTO, None)  # one that has not begun yet
    return {TITLES[name]: found[name] for name in TITLES if name in found} if "none" in found else {}


def _rest(run: Run) -> dict[str, object]:
    """All that must be alike: the data, and the settings but for the strategy."""
    settings = run.info.config.to_dict()
    return {name: value for name, value in settings.items() if name != "imbalance"} | {
        "fingerprint": run.info.dataset.fingerprint
    }


def _tuned(run: Run) -> str:
    """What was tuned, also where the choice was left open; "" before a run has begun."""
    return str(run.state.settings.get("strategy") or "")


def _strategy(run: Run) -> str:
    """What was done against imbalance, also where the choice was left open."""
    return str(run.state.settings.get("imbalance", run.info.config.imbalance))


def show_strategies(runs: dict[str, Run]) -> None:
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
    comparison = cache_compare.many(ready)
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
    show_many_table(comparison, metric=str(metric), what="Strategy")
