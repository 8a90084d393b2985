"""Evaluate: can I trust it? The verdict, the report beside the baselines, and the texts behind each mistake."""

import streamlit as st

from sentiment.training import jobs
from ui import cache, shell, widgets
from ui.guard import guard
from ui.panels_evaluate import (
    choose_model,
    show_confusion,
    show_downloads,
    show_evaluation_figures,
    show_report_chart,
    show_table,
    show_verdict,
)
from ui.state import session

shell.frame()
workspace = cache.workspace()
widgets.page_header("Evaluate", "Can I trust it? Judged on rows that the model has not learned from.")
state = session()

if state.dataset_id is None:
    widgets.empty_state(
        workspace, why="There is nothing to judge yet", todo="Add a file of reviews, then fine-tune a model."
    )
elif state.run_id is None:
    widgets.suggest(
        "No model has been trained on this dataset yet",
        "Fine-tune one; its report appears here.",
        label="Fine-tune a model",
        page="pages/finetune.py",
    )
else:
    run = workspace.run(state.run_id)
    with guard():
        judgement = cache.judgement(run)
        if judgement is None or "model" not in judgement.reports:
            active = jobs.read_state(run.folder).active
            widgets.suggest(
                "The model is still learning" if active else "This run has no predictions yet",
                "Its report appears here when it has finished." if active else "Resume it, or start another run.",
                label="Watch it" if active else "Go to the run",
                page="pages/finetune.py",
            )
        else:
            show_verdict(judgement)
            show_evaluation_figures(judgement)
            show_report_chart(run, judgement)
            show_downloads(run, judgement)
            st.subheader("Class by class", anchor=False)
            model = choose_model(judgement, key=f"model:{run.id}")
            show_table(judgement, model=model)
            st.subheader("Mistakes", anchor=False)
            show_confusion(run, judgement, model=model)
