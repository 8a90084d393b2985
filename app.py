"""Sentiment Studio: the entry of the dashboard (`streamlit run app.py`).

Streamlit imports this file once, for the server that is called `app` in it, and runs it again for every page.
"""

import streamlit as st

if __name__ == "__main__":
    from ui import shell

    shell.draw()
else:
    from ui import endpoint

    app = st.App(__file__, routes=endpoint.routes())
