"""Label: which row next? One row at a time, chosen by what it teaches; the model learns as you go."""

import streamlit as st

from ui import cache, shell, widgets
from ui.guard import guard
from ui.panels_label import choose_queue, show_card
from ui.panels_label_more import show_more
from ui.panels_label_side import show_guidelines, show_side
from ui.state import session

shell.frame()
workspace = cache.workspace()
widgets.page_header("Label", "Which row next? The ones that teach the model most come first.")
dataset_id = session().dataset_id

if dataset_id is None:
    widgets.empty_state(
        workspace, why="There is no dataset to label yet", todo="Add a file of texts; it needs no labels of its own."
    )
else:
    with guard():
        labeling = cache.labeling(cache.root(), dataset_id)
        choose_queue(labeling)
        card, side = st.columns([5, 3], gap="large")
        with card:
            show_card(labeling)
            show_guidelines(labeling)
        with side:
            show_side(labeling)
        show_more(labeling)
        widgets.next_step("Fine-tune with these labels", "pages/finetune.py", primary=False)
