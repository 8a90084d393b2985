"""Evaluate: can I trust it? The verdict, and behind it the classes, mistakes, slices, probabilities and other runs."""

from collections.abc import Callable

import streamlit as st

from sentiment.judging import Judgement
from sentiment.training import jobs
from sentiment.training.runs import Run
from ui import address, cache, shell, widgets
from ui.guard import guard
from ui.panels_calibration import show_calibration
from ui.panels_compare import show_comparison
from ui.panels_errors import show_errors
from ui.panels_evaluate import (
    choose_model,
    show_downloads,
    show_evaluation_figures,
    show_report_chart,
    show_table,
    show_verdict,
)
from ui.panels_evaluate_curves import show_curves
from ui.panels_more_labels import show_learning_curve
from ui.panels_runs import show_runs
from ui.panels_slices import SECTION, show_by_language, show_slices
from ui.panels_thresholds import show_thresholds
from ui.state import session


def _show_classes(run: Run, judgement: Judgement) -> None:
    show_evaluation_figures(judgement)
    show_report_chart(run, judgement)
    model = choose_model(judgement, key=f"model:{run.id}")
    show_table(judgement, model=model)
    show_curves(run, judgement, model=model)
    show_downloads(run, judgement)
    widgets.next_step("Share it", "pages/share.py")


def _show_mistakes(run: Run, judgement: Judgement) -> None:
    show_errors(run, judgement, model=choose_model(judgement, key=f"mistakes-of:{run.id}"))


SECTIONS: dict[str, Callable[[Run, Judgement], None]] = {
    "Classes": _show_classes,
    "Mistakes": _show_mistakes,
    "Slices": show_slices,
    "Thresholds": show_thresholds,
    "Calibration": show_calibration,
    "Compare": lambda run, judgement: show_comparison(cache.workspace(), run),
    "More labels?": lambda run, judgement: show_learning_curve(run),
    "Runs": lambda run, judgement: show_runs(cache.workspace(), run),
}


def _show_sections(run: Run, judgement: Judgement) -> None:
    show_verdict(judgement)
    show_by_language(run)
    first = next(iter(SECTIONS))
    address.take("show", SECTION, options=SECTIONS, default=first)
    chosen = st.segmented_control("Section", list(SECTIONS), key=SECTION, required=True, label_visibility="collapsed")
    address.tell("show", chosen if chosen != first else None)
    with guard():
        SECTIONS[str(chosen or first)](run, judgement)


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
            st.subheader("All runs", anchor=False)
            show_runs(workspace, run)
        else:
            _show_sections(run, judgement)
