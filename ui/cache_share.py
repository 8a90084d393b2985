"""What the Share page remembers: the card of a run, which is costly to fill in."""

import streamlit as st

from sentiment.model_card import model_card
from sentiment.models.package import RULE
from sentiment.training.runs import Run


def card(run: Run) -> str:
    """The card of a run's model, in Markdown (errors as for `model_card`)."""
    files = (run.folder / name for name in ("model/config.json", "predictions.parquet", "state.json", RULE))
    return _card(run.id, tuple(path.stat().st_mtime_ns if path.exists() else 0 for path in files), run)


@st.cache_data(max_entries=16, show_spinner="Filling in the card")
def _card(run_id: str, written: tuple[int, ...], _run: Run) -> str:
    return model_card(_run)
