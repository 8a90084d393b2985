"""Balance: is it fair? How many rows each class has, what that means, and which rows they are."""

import streamlit as st

from ui import cache, shell, text, widgets
from ui.guard import guard
from ui.panels_balance import show_balance_figures, show_class_chart, show_class_rows, show_lengths
from ui.state import session

shell.frame()
workspace = cache.workspace()
widgets.page_header("Balance", "Is it fair? How many rows each class has, and what that means for training.")
dataset_id = session().dataset_id

if dataset_id is None:
    widgets.empty_state(
        workspace,
        why="There is no dataset yet",
        todo="Add a file of reviews with labels; its classes are counted here.",
    )
elif not (info := workspace.dataset_info(dataset_id)).classes:
    widgets.suggest(
        "This dataset has no labels",
        "There are no classes to compare. Import the file with a column of labels, or use another dataset.",
        label="Import with labels",
        page="pages/data.py",
    )
    show_class_rows(info)
else:
    with guard():
        balance = cache.balance(cache.root(), info.id)
        show_balance_figures(info, balance)
        st.markdown(text.literal(balance.meaning, limit=600))
        widgets.next_step("Fine-tune a model", "pages/finetune.py")
        chart, lengths = st.tabs(["Rows per class", "Length of the texts"])
        with chart:
            show_class_chart(info, balance)
            st.caption("Click a class to read its rows.")
            show_class_rows(info)
        with lengths:
            show_lengths(info, balance)
