"""Sentiment Studio: the entry of the dashboard (`streamlit run app.py`)."""

import streamlit as st

from ui import cache, sidebar, widgets
from ui.guard import guard
from ui.state import session

ABOUT = (
    "**Sentiment Studio** turns a file of reviews into a sentiment classifier that you can trust: "
    "look at the data, fine-tune a small pretrained model on it, judge it class by class."
)

st.set_page_config(
    page_title="Sentiment Studio: from reviews to a classifier you can trust",
    page_icon=str(sidebar.MARK),
    layout="wide",
    menu_items={"About": ABOUT},
)
page = st.navigation(
    [
        st.Page("pages/data.py", title="Data", icon=":material/table_rows:", url_path="data", default=True),
        st.Page("pages/balance.py", title="Balance", icon=":material/balance:", url_path="balance"),
        st.Page("pages/finetune.py", title="Fine-tune", icon=":material/model_training:", url_path="fine-tune"),
        st.Page("pages/evaluate.py", title="Evaluate", icon=":material/fact_check:", url_path="evaluate"),
    ]
)
with guard():
    workspace = cache.workspace()
    session().follow(workspace)
    sidebar.draw(workspace)
    widgets.show_notice(workspace)
    page.run()
