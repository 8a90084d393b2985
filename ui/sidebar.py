"""The sidebar that all pages share: the dataset and the run in use, and how to change them."""

from pathlib import Path

import streamlit as st

from sentiment.data import DatasetInfo
from sentiment.training import jobs
from sentiment.training.runs import Run
from sentiment.workspace import Workspace
from ui import text
from ui.state import runs_of, session

LOGO = Path(__file__).parent / "logo.svg"
MARK = Path(__file__).parent / "mark.svg"
_DATASET, _RUN = "sidebar:dataset", "sidebar:run"


def draw(workspace: Workspace) -> None:
    """Draws the name of the product, and the dataset and the run in use with their size and date."""
    st.logo(str(LOGO), icon_image=str(MARK), size="large")
    infos = workspace.datasets()
    with st.sidebar:
        if infos:
            _choose_dataset(infos)
            _choose_run(workspace)
        else:
            st.caption("No dataset yet. Add a file or pick a sample on the Data page.")


def _choose_dataset(infos: list[DatasetInfo]) -> None:
    state = session()
    by_id = {info.id: info for info in infos}
    state.set_widget(_DATASET, state.dataset_id)

    def change() -> None:
        state.use_dataset(state.widget(_DATASET))

    titles = text.distinct({info.id: info.name for info in infos})
    st.selectbox(
        "Dataset in use",
        list(titles),
        format_func=lambda key: titles.get(key, ""),
        key=_DATASET,
        on_change=change,
    )
    info = by_id[str(state.dataset_id)]
    st.caption(f"{text.count(info.n_rows, 'row')} · {text.date(info.created)}")


def _choose_run(workspace: Workspace) -> None:
    state = session()
    by_id = {run.id: run for run in runs_of(workspace, state.dataset_id)}
    if not by_id:
        st.caption("No run on this dataset yet.")
        return
    state.set_widget(_RUN, state.run_id)

    def change() -> None:
        state.use_run(by_id[state.widget(_RUN)])

    titles = text.distinct({run.id: _run_title(run) for run in by_id.values()})
    st.selectbox(
        "Run in use",
        list(titles),
        format_func=lambda key: titles.get(key, ""),
        key=_RUN,
        on_change=change,
    )
    st.caption(describe_run(by_id[str(state.run_id)]))


def _run_title(run: Run) -> str:
    """A run's name and time, without the name of its dataset, which stands above it."""
    name = run.info.name.removeprefix(f"{run.info.dataset.name} · ")
    return f"{name} · {text.day_or_time(run.info.created)}"


def describe_run(run: Run) -> str:
    """A run's state and date in a few words; they stay true for as long as a run is at work."""
    return f"{run_status(run).capitalize()} · {text.date(run.info.created)}"


def run_status(run: Run) -> str:
    """A run's state in a word or two: "in training" from the queue to the end."""
    state = jobs.read_state(run.folder)
    return "in training" if state.active else state.status
