"""What comparing runs and listing them remembers between redraws.

Keyed by the files that tell a run's results and when they were written; every cache is bounded.
"""

from collections.abc import Mapping
from typing import Any

import streamlit as st

from sentiment.comparing import Compared, compare_runs, compare_two
from sentiment.evaluation import Comparison
from sentiment.listing import describe_run
from sentiment.training import jobs
from sentiment.training.runs import Run

Key = tuple[str, int]


def _key(run: Run) -> Key:
    """A run's predictions and when they were written, which tells a new version of them."""
    path = run.folder / "predictions.parquet"
    return str(path), path.stat().st_mtime_ns if path.exists() else 0


def two(a: Run, b: Run, *, names: tuple[str, str]) -> Compared:
    """Run b beside run a (errors as for `compare_two`)."""
    return _two(_key(a), _key(b), names, a, b)


@st.cache_resource(max_entries=8, show_spinner="Comparing the runs on the rows that both held out")
def _two(first: Key, second: Key, names: tuple[str, str], _a: Run, _b: Run) -> Compared:
    return compare_two(_a, _b, names=names)


def many(runs: Mapping[str, Run]) -> Comparison:
    """Runs beside the first of them, by what to call each (errors as for `compare_runs`)."""
    return _many(tuple(runs), tuple(_key(run) for run in runs.values()), runs)


@st.cache_resource(max_entries=8, show_spinner="Comparing the runs on the rows that all of them held out")
def _many(names: tuple[str, ...], keys: tuple[Key, ...], _runs: Mapping[str, Run]) -> Comparison:
    return compare_runs(_runs)


def described(run: Run) -> dict[str, Any]:
    """A run as a line of the table of runs (see `listing.describe_run`)."""
    state = run.folder / "state.json"
    status = jobs.read_state(run.folder).status  # a worker that was killed writes nothing any more
    return _described(_key(run), state.stat().st_mtime_ns if state.exists() else 0, status, run)


@st.cache_data(max_entries=1_000, show_spinner=False)
def _described(key: Key, written: int, status: str, _run: Run) -> dict[str, Any]:
    return describe_run(_run)
