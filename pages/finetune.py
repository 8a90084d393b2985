"""Fine-tune: teach it. Choose a base model, press one button, watch it learn."""

import streamlit as st

from sentiment.access import Role
from ui import cache, shell, widgets
from ui.guard import guard
from ui.panels_finetune import choose_base, choose_settings, show_start
from ui.panels_run import show_run, show_runs
from ui.panels_strategies import comparable_runs, show_strategies
from ui.people import may, show_closed
from ui.state import runs_of, session

shell.frame()
workspace = cache.workspace()
widgets.page_header("Fine-tune", "Teach it. Start from a model that has read a lot, and show it your labels.")
state = session()

if state.dataset_id is None:
    widgets.empty_state(
        workspace, why="There is no dataset to learn from yet", todo="Add a file of reviews with a column of labels."
    )
else:
    info = workspace.dataset_info(state.dataset_id)
    runs = runs_of(workspace, info.id)
    current = next((run for run in runs if run.id == state.run_id), None)
    if current is not None:
        show_run(current)
    if may(Role.OWNER):
        with st.expander("Start another run", expanded=False) if current is not None else st.container(), guard():
            base = choose_base(info)
            config, compared = choose_settings(info, base)
            show_start(info, config, workspace, compared=compared, primary=current is None)
    elif current is None:
        show_closed(Role.OWNER, "No model has been trained on this dataset yet.")
    with guard():
        show_strategies(comparable_runs(runs, state.run_id))
    if len(runs) > 1 or current is not None:
        st.subheader("Runs on this dataset", anchor=False)
        with guard():
            show_runs(runs, workspace)
