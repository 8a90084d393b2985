"""Explain: why? The words that decide, what would change the model's mind, rows like a text, the model as a whole."""

import streamlit as st

from sentiment.serving import client
from ui import address, cache, shell, widgets
from ui.guard import guard
from ui.panels_explain import show_one_text
from ui.panels_explain_model import show_whole_model
from ui.state import session

VIEWS = {"text": "One text", "model": "The whole model"}

shell.frame()
workspace = cache.workspace()
widgets.page_header("Explain", "Why? See which words decide, and what would change the model's mind.")
state = session()

if state.dataset_id is None:
    widgets.empty_state(
        workspace, why="There is nothing to explain yet", todo="Add a file of reviews, then fine-tune a model."
    )
elif state.run_id is None or not workspace.run(state.run_id).has_model:
    widgets.suggest(
        "No model has been trained on this dataset yet" if state.run_id is None else "This run has no model yet",
        "Fine-tune one; then type a text here and see which words decide.",
        label="Fine-tune a model",
        page="pages/finetune.py",
    )
else:
    client.start()
    run = workspace.run(state.run_id)
    with guard():
        key = f"view:{run.id}"
        address.take("view", key, options=VIEWS, default="text")
        view = st.segmented_control(
            "View", list(VIEWS), format_func=VIEWS.__getitem__, key=key, required=True, label_visibility="collapsed"
        )
        address.tell("view", None if view == "text" else view)
        if view == "model":
            show_whole_model(run)
        else:
            show_one_text(run)
        widgets.next_step("Share it", "pages/share.py")
