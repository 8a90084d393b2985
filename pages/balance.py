"""Balance: is it fair? How the classes are spread, what sets them apart, and which rows are behind it."""

import streamlit as st

from ui import cache, shell, widgets
from ui.guard import guard
from ui.panels_balance import show_balance, show_class_rows
from ui.panels_filters import show_filters
from ui.panels_findings import show_findings
from ui.panels_map import show_map
from ui.panels_search import show_search
from ui.panels_words import show_words
from ui.state import session

SECTIONS = {
    "Balance": show_balance,
    "Words": show_words,
    "Map": show_map,
    "Search": show_search,
    "Findings": show_findings,
}

shell.frame()
workspace = cache.workspace()
widgets.page_header("Balance", "Is it fair? How the classes are spread, what sets them apart, and which rows they are.")
dataset_id = session().dataset_id

if dataset_id is None:
    widgets.empty_state(
        workspace,
        why="There is no dataset yet",
        todo="Add a file of reviews with labels; its classes are counted here.",
    )
else:
    info = workspace.dataset_info(dataset_id)
    offered = list(SECTIONS) if info.classes else ["Balance", "Map", "Search", "Findings"]
    section = st.segmented_control(
        "Section", offered, key="section", default="Balance", required=True, label_visibility="collapsed"
    )
    if section != "Findings":
        with guard():
            show_filters(info)
    with guard():
        if section == "Balance" and not info.classes:
            widgets.suggest(
                "This dataset has no labels",
                "There are no classes to compare. Label some rows, or import the file with a column of labels.",
                label="Label some rows",
                page="pages/label.py",
            )
            show_class_rows(info)
        else:
            SECTIONS[str(section)](info)
