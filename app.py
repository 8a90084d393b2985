"""Sentiment Studio: the entry of the dashboard (`streamlit run app.py`)."""

from ui import shell

shell.draw()
