"""What the pages are made of: the one session, cached calls, controls and panels. Knows Streamlit; holds no logic."""
