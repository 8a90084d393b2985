"""Labels in several languages: the choice of how much each counts, and what it does to this dataset."""

import pandas as pd
import streamlit as st

from sentiment.data import UNDETERMINED, DatasetInfo
from sentiment.training.config import BALANCED, LANGUAGES
from sentiment.training.languages import FEWEST, preview_languages, row_languages, tabulate_languages
from ui import cache, text

TITLES = {BALANCED: "Balanced across them", "as-they-are": "As they are"}


def choose_languages(info: DatasetInfo, *, held_out: float) -> None:
    """Draws the choice with what it does, where the labels are in several languages."""
    table = (_table(cache.root(), info.id, cache.version(info.id)) * (1.0 - held_out)).round().astype(int)
    table = table[table.sum(axis=1) >= FEWEST]
    if len(table) < 2:
        return
    chosen = str(
        st.selectbox("Labels in several languages", TITLES, format_func=TITLES.__getitem__, key="set:languages")
    )
    st.caption(LANGUAGES[chosen])
    preview = preview_languages(table, setting=chosen)
    shown = pd.DataFrame(
        {
            "Language": [cache.language_name(code) for code in preview["language"]],
            "Labels": preview["rows"],
            "Each counts as": preview["weight"],
            "Share of all": 100 * preview["share"],
        }
    )
    st.dataframe(
        shown,
        hide_index=True,
        key="languages-preview",
        column_config={
            "Labels": st.column_config.NumberColumn(help="About so many are there to train on."),
            "Each counts as": st.column_config.NumberColumn(
                format="%.2f",
                help="How much a label counts in training, on average over the classes; 1 is the usual. Languages with "
                f"fewer than {FEWEST} labels stay at 1.",
            ),
            "Share of all": st.column_config.NumberColumn(
                format=f"%.0f{text.THIN}%%", help="How much the language counts in all."
            ),
        },
    )


@st.cache_data(max_entries=32, show_spinner="Counting the labels of each language")
def _table(root: str, dataset_id: str, version: tuple[int, ...]) -> pd.DataFrame:
    """Labels of each language that is known, by class."""
    labeled = cache.dataset(dataset_id).labeled
    table = tabulate_languages(row_languages(labeled), labeled["label"])
    return table.drop(index=UNDETERMINED, errors="ignore")
