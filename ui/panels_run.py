"""A run while it lives and after: progress, curves, stop, resume; and the list of earlier runs."""

import streamlit as st

from sentiment import figures
from sentiment.access import Role
from sentiment.models import registry
from sentiment.training import jobs
from sentiment.training.runs import Run, RunState
from sentiment.workspace import Workspace
from ui import text
from ui.guard import guard, show_problem
from ui.people import may
from ui.sidebar import describe_run
from ui.state import Deleted, session
from ui.widgets import is_dark, next_step, show_figure

UNKNOWN_STEPS = 100  # the axis before the worker has said how many steps there are
EVERY = 1.0  # seconds between looks at a run that lives


def show_run(run: Run) -> None:
    """Draws a run; while it lives, it is looked at every second."""
    active = jobs.read_state(run.folder).active
    st.fragment(_draw, run_every=EVERY if active else None, key=f"run:{run.id}")(run, was_active=active)


def _draw(run: Run, *, was_active: bool) -> None:
    with guard():
        state = jobs.read_state(run.folder)
        if was_active and not state.active:
            st.rerun()  # it has just ended: the whole page has something new to say
        with st.container(border=True):
            st.subheader(text.literal(run.info.name), anchor=False)
            if state.active:
                _show_progress(run, state)
            else:
                _show_outcome(run, state)
            reasons = [
                str(state.settings.get(f"{choice}_reason") or "") for choice in ("strategy", "imbalance", "languages")
            ]
            st.caption(text.literal(text.thin(" ".join(filter(None, reasons))), limit=600))
            if n_unlabeled := state.settings.get("n_unlabeled"):
                st.caption(f"It learned a little from {text.count(int(n_unlabeled), 'row')} without a label as well.")
            if n_before := int(state.settings.get("n_learned_before") or 0):
                st.caption(
                    f"{text.count(n_before, 'row')} that the model to start from had learned from before "
                    f"{'was' if n_before == 1 else 'were'} for training alone."
                )
            if n_known := int(state.settings.get("n_held_out_learned") or 0):
                st.warning(
                    f"The model to start from had learned from {text.count(n_known, 'row')} of those that this run is "
                    "judged on: its figures are too good. Start a new run; it will keep such rows apart.",
                    icon=":material/warning:",
                )
            if warning := state.settings.get("warning"):
                st.warning(text.literal(str(warning), limit=400), icon=":material/warning:")
            if run.info.config.base in registry.BASELINES or state.settings.get("strategy") == "head":
                st.caption("It is fitted in one step, so there is no curve to watch.")
            else:
                _show_curve(run, state)


def _show_curve(run: Run, state: RunState) -> None:
    history = run.history()
    if state.active or len(history):
        total = (state.total_steps or UNKNOWN_STEPS) if state.active else 0  # one that has ended: as far as it got
        show_figure(figures.plot_history(history, total, dark=is_dark()), key=f"history:{run.id}")


def _show_progress(run: Run, state: RunState) -> None:
    left = "" if state.seconds_left is None else f" · {text.duration(state.seconds_left)} left"
    steps = f" · step {text.number(state.step)} of {text.number(state.total_steps)}" if state.total_steps else ""
    device = f" · {text.literal(state.device)}" if state.device else ""
    phase = state.phase or state.status.capitalize()
    with st.container(horizontal=True, vertical_alignment="center"):
        st.progress(state.progress, text=f"{text.literal(phase, limit=200)}{steps}{left}{device}", width="stretch")
        if not may(Role.OWNER):
            return
        label = "Cancel" if state.status == "queued" else "Stopping" if state.status == "stopping" else "Stop"
        if st.button(label, icon=":material/stop:", disabled=state.status == "stopping", key=f"stop:{run.id}"):
            jobs.stop(run.folder)
            st.rerun(scope="fragment")


def _show_outcome(run: Run, state: RunState) -> None:
    if state.status == "failed":
        error = state.error or {}
        show_problem(
            error.get("given") or "The training ended with an error",
            expected=error.get("expected", ""),
            todo=error.get("todo", ""),
        )
    took = f"after {text.duration(state.elapsed)}" if state.elapsed else ""
    st.markdown(" · ".join(fact for fact in (state.status.capitalize(), took, text.literal(state.device)) if fact))
    if state.message:
        st.markdown(text.literal(text.thin(state.message), limit=400))
    with st.container(horizontal=True):
        if state.status == "finished" or (run.folder / "predictions.parquet").exists():
            next_step("Judge it", "pages/evaluate.py")
        if (
            state.status != "finished"
            and may(Role.OWNER)
            and st.button("Resume", icon=":material/resume:", key=f"resume:{run.id}")
        ):
            jobs.resume(run.folder)
            st.rerun()


def show_runs(runs: list[Run], workspace: Workspace) -> None:
    """Draws the runs of the dataset in use: look at, delete."""
    for run in runs:
        if _show_one(run):
            with guard():
                _delete(run, workspace)


def _show_one(run: Run) -> bool:
    """Draws one run of the list; returns whether it is to be deleted."""
    state = session()
    with st.container(border=True, horizontal=True, vertical_alignment="center"):
        status = jobs.read_state(run.folder)
        score = "" if status.best_macro_f1 is None else f" · validation macro-F1 {text.percent(status.best_macro_f1)}"
        st.markdown(f"**{text.literal(run.info.name)}**  \n{describe_run(run)}{score}", width="stretch")
        if run.id == state.run_id:
            st.badge("In use", color="violet")
        elif st.button("Use", key=f"use-run:{run.id}"):
            state.use_run(run)
            st.rerun()
        return may(Role.OWNER) and st.button(
            "Delete", key=f"delete-run:{run.id}", type="tertiary", icon=":material/delete:"
        )


def _delete(run: Run, workspace: Workspace) -> None:
    state = session()
    workspace.delete_run(run.id)
    state.deleted.append(Deleted("run", run.id, run.info.name))
    if run.id == state.run_id:
        state.use_dataset(state.dataset_id)
    st.rerun()
