"""All runs in one table: sort, filter, take it along, and choose some to compare."""

from collections.abc import Sequence
from typing import Any

import pandas as pd
import streamlit as st

from sentiment.listing import COLUMNS
from sentiment.training.runs import Run
from sentiment.workspace import Workspace
from ui import address, cache, cache_compare, text
from ui.panels_compare import MOST as MOST_BESIDE
from ui.panels_compare import choose_for_comparison, is_judged
from ui.panels_slices import SECTION
from ui.state import runs_of, session

HERE, ALL = "This dataset", "All datasets"
MOST = 500  # runs in the table
_SCOPE, _WORDS, _STATUS = "runs:scope", "runs:words", "runs:status"


def show_runs(workspace: Workspace, run: Run) -> None:
    """Draws the table of the runs of a run's dataset, or of all; ticked ones can be compared."""
    with st.container(horizontal=True, vertical_alignment="top"):
        address.take("runs", _SCOPE, options=(HERE, ALL), default=HERE)
        scope = st.segmented_control("Runs of", [HERE, ALL], key=_SCOPE, required=True)
        address.tell("runs", ALL if scope == ALL else None)
        address.take_as("find", _WORDS, read=lambda value: value, default="")
        words = st.text_input("Find", key=_WORDS, placeholder="name or setting", max_chars=200)
        address.tell("find", words or None)
        runs = (_all_runs(workspace) if scope == ALL else runs_of(workspace, run.info.dataset.id))[:MOST]
        table = pd.DataFrame([cache_compare.described(one) for one in runs], columns=list(COLUMNS))
        states = sorted(set(table["status"]))
        none: list[str] = []
        address.take_as("status", _STATUS, read=lambda value: _known(value, states), default=none)
        statuses = st.multiselect("Status", states, key=_STATUS, width=260, placeholder="Any")
        address.tell("status", ",".join(statuses) or None)
    kept = filter_runs(table, words=words, statuses=statuses)
    if kept.empty:
        st.info("No run is like that. Take some of the words or the status away.")
        return
    ticked = _show_table(kept, with_dataset=scope == ALL)
    _show_steps(runs, kept, ticked)
    if len(runs) == MOST:
        st.caption(f"The newest {text.number(MOST)} runs are listed.")


def _all_runs(workspace: Workspace) -> list[Run]:
    """The runs that can be used, newest first: those on datasets that are still there."""
    there = {info.id for info in workspace.datasets()}
    return [run for run in workspace.runs() if run.info.dataset.id in there]


def _known(value: str, states: Sequence[str]) -> list[str] | None:
    """The states that an address names."""
    return [state for state in value.split(",") if state in states]


def filter_runs(table: pd.DataFrame, *, words: str, statuses: Sequence[str]) -> pd.DataFrame:
    """The runs that have all these words somewhere in their line, and one of these states (none given: any)."""
    keep = table["status"].isin(list(statuses)) if statuses else pd.Series(True, index=table.index)
    shown = table[["name", "dataset", "base", "status", "strategy", "imbalance"]].fillna("").astype("str")
    line = shown.agg(" ".join, axis=1).str.casefold() if len(shown) else pd.Series(dtype="str")
    for word in words.casefold().split():
        keep &= line.str.contains(word, regex=False)
    return table[keep.astype(bool)]


def _show_table(kept: pd.DataFrame, *, with_dataset: bool) -> list[int]:
    """Draws the table; returns the places in `kept` of the runs that are ticked."""
    shown = pd.DataFrame(
        {
            "Run": [text.visible(name) for name in kept["name"]],
            **({"Dataset": [text.visible(name) for name in kept["dataset"]]} if with_dataset else {}),
            "Base": [text.visible(name) for name in kept["base"]],
            "Macro-F1": (100 * kept["macro_f1"].astype(float)).round(1).to_numpy(),
            "Macro-F1 interval": _spans(kept, "macro_f1"),
            "Right": (100 * kept["accuracy"].astype(float)).round(1).to_numpy(),
            "Right interval": _spans(kept, "accuracy"),
            "Labels": kept["labels"].astype("Int64").to_numpy(),
            "Held out": kept["held_out"].astype("Int64").to_numpy(),
            "Tuned": kept["strategy"].fillna("").astype("str").to_numpy(),
            "Against imbalance": kept["imbalance"].fillna("").astype("str").to_numpy(),
            "Seed": kept["seed"].to_numpy(),
            "Status": kept["status"].to_numpy(),
            "Date": pd.to_datetime(kept["created"], utc=True, errors="coerce").to_numpy(),
        }
    )
    percent = f"%.1f{text.THIN}%%"
    event: Any = st.dataframe(
        shown,
        key=f"runs:table:{int(with_dataset)}:{hash(tuple(kept['id']))}",  # ticks are places: other runs, another table
        hide_index=True,
        placeholder="",
        on_select="rerun",
        selection_mode="multi-row",
        height=min(560, 35 * len(shown) + 52),
        column_config={
            "Macro-F1": st.column_config.NumberColumn(
                format=percent, width=90, help="The mean of the classes' F1 on the run's own held-out rows."
            ),
            "Macro-F1 interval": st.column_config.TextColumn(width=130, help="95 %, in per cent."),
            "Right": st.column_config.NumberColumn(
                format=percent, width=80, help="The share of its held-out rows that it gets right."
            ),
            "Right interval": st.column_config.TextColumn(width=100, help="95 %, in per cent."),
            "Labels": st.column_config.NumberColumn(width=80, help="Rows that it learned from."),
            "Held out": st.column_config.NumberColumn(width=80, help="Rows that judge it."),
            "Date": st.column_config.DatetimeColumn(format="D MMM YYYY, HH:mm", width=140),
        },
    )
    return [place for place in event["selection"]["rows"] if place < len(kept)]


def _spans(kept: pd.DataFrame, name: str) -> list[str]:
    ends = zip(kept[f"{name}_low"], kept[f"{name}_high"], strict=True)
    return ["" if pd.isna(low) else text.points((low, high)) for low, high in ends]


def _show_steps(runs: Sequence[Run], kept: pd.DataFrame, ticked: Sequence[int]) -> None:
    """Draws what can be done with the ticked runs, and the table as a file."""
    by_id = {run.id: run for run in runs}
    chosen = [by_id[run_id] for run_id in kept["id"].iloc[list(ticked)]]
    obstacle = _obstacle(chosen)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.button(
            f"Compare these {len(chosen)}" if len(chosen) > 1 else "Compare",
            icon=":material/compare_arrows:",
            disabled=len(chosen) < 2 or obstacle is not None,
            on_click=_compare,
            args=(chosen,),
            help="Tick two runs or more.",
        )
        st.button(
            "Use this run",
            icon=":material/check:",
            disabled=len(chosen) != 1,
            on_click=lambda: session().use_run(chosen[0]),
            help="Makes the ticked run the one that every page shows.",
        )
        st.download_button(
            "Table as CSV",
            lambda: cache.csv_bytes(kept),
            "runs.csv",
            icon=":material/download:",
            on_click="ignore",
        )
    if obstacle is not None:
        st.info(obstacle)
    st.caption("Click a heading to sort. Each run is judged on its own held-out rows; comparing uses those in common.")


def _obstacle(chosen: Sequence[Run]) -> str | None:
    """Why these runs cannot be compared; None where they can."""
    if len(chosen) < 2:
        return None
    if len({run.info.dataset.id for run in chosen}) > 1:
        return "Runs on different datasets have no held-out rows in common to compare. Tick runs on one dataset."
    unjudged = [run for run in chosen if not is_judged(run)]
    if unjudged:
        named = text.literal(unjudged[0].info.name, limit=60)
        others = f" and {text.count(len(unjudged) - 1, 'other')}" if len(unjudged) > 1 else ""
        return f"{named}{others} cannot be compared: only finished runs with held-out rows can. Take the tick away."
    if len(chosen) > MOST_BESIDE + 1:
        return f"At most {text.number(MOST_BESIDE + 1)} runs are compared at once, and {len(chosen)} are ticked."
    return None


def _compare(chosen: Sequence[Run]) -> None:
    """Goes to the comparison of the newest of the chosen runs with the others."""
    first, *others = chosen
    session().use_run(first)
    choose_for_comparison(first, [run.id for run in others])
    session().set_widget(SECTION, "Compare")
