"""Sentiment Studio: the entry of the dashboard (`streamlit run app.py`).

Streamlit imports this file once, for the server that is named `app` in it, and runs it again for every page.
"""

import streamlit as st

from ui import endpoint, shell

if __name__ == "__main__":
    shell.draw()
else:
    app = st.App(__file__, routes=endpoint.routes())
