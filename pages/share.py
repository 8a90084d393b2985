"""Share: hand it on. Links, the report, the package, a file to score, the endpoint, a demo."""

import streamlit as st

from ui import cache, shell, widgets
from ui.guard import guard
from ui.panels_access import show_demo, show_links
from ui.panels_score import show_scoring
from ui.panels_share import show_endpoint, show_package, show_report_file
from ui.state import session

shell.frame()
workspace = cache.workspace()
widgets.page_header("Share", "Hand it on: to people as a link or a report, to programs as a model or an address.")
state = session()

if state.dataset_id is None:
    widgets.empty_state(
        workspace, why="There is nothing to share yet", todo="Add a file of reviews, then fine-tune a model."
    )
elif state.run_id is None:
    widgets.suggest(
        "No model has been trained on this dataset yet",
        "Fine-tune one; then it can be handed on here.",
        label="Fine-tune a model",
        page="pages/finetune.py",
    )
else:
    run = workspace.run(state.run_id)
    report, package, score, endpoint, links, demo = st.tabs(
        ["Report", "Package", "Score a file", "Endpoint", "Links", "Demo"]
    )
    with links, guard():
        show_links(workspace, run)
    with demo, guard():
        show_demo(workspace, run)
    if not run.has_model or not (run.folder / "predictions.parquet").exists():
        for tab in (report, package, score, endpoint):
            tab.markdown("The model is still learning; this is here when it has finished.")
    else:
        with report, guard():
            show_report_file(run)
        with package, guard():
            show_package(run)
        with endpoint, guard():
            show_endpoint(workspace, run)
        with score, guard():
            show_scoring(run)
