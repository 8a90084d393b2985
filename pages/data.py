"""Data: what do you have? Add a file or a sample, check what was read, go on to the balance."""

import streamlit as st

from sentiment.access import Role
from ui import cache, shell, widgets
from ui.guard import guard
from ui.panels_dataset import show_dataset_figures, show_dataset_rows, show_datasets, show_report
from ui.panels_import import show_import, upload_box
from ui.panels_languages import show_languages
from ui.people import may
from ui.state import session

shell.frame()
workspace = cache.workspace()
widgets.page_header("Data", "What do you have? Add a file of reviews and see what is in it.")
upload = upload_box() if may(Role.OWNER) else None
dataset_id = session().dataset_id

if upload is not None:
    with guard():
        show_import(upload, workspace)
elif dataset_id is None and not may(Role.OWNER):
    widgets.empty_state(workspace, why="There is no dataset yet", todo="")
elif dataset_id is None:
    st.subheader("No file at hand? Start with a sample", anchor=False)
    widgets.show_samples(workspace, key="sample")
else:
    if may(Role.OWNER):
        with st.expander("Or use a sample"):
            widgets.show_samples(workspace, key="sample")
    info = workspace.dataset_info(dataset_id)
    with guard():
        widgets.page_section(info.name)
        show_dataset_figures(info)
        widgets.next_step("Look at the balance", "pages/balance.py")
    rows, languages, report, datasets = st.tabs(["Rows", "Languages", "Import report", "All datasets"])
    with rows, guard():
        show_dataset_rows(info)
    with languages, guard():
        show_languages(info)
    with report, guard():
        show_report(info)
    with datasets, guard():
        show_datasets(workspace)
