#!/bin/sh
# Starts the dashboard in a container: on all of its addresses, at $PORT. A file of roles, or of what a demo shows, that
# cannot be used stops it here.
set -eu
python -m sentiment.roles
exec python -m streamlit run app.py --server.address 0.0.0.0 --server.port "${PORT:-8501}" --server.headless true
