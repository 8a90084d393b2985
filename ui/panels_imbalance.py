"""What is done against imbalance: the choice, what it does to this dataset, and runs that compare several."""

from collections.abc import Mapping, Sequence

import pandas as pd
import streamlit as st

from sentiment.data import DatasetInfo
from sentiment.models import registry
from sentiment.models.registry import BaseModel
from sentiment.training.allowed import imbalance_for
from sentiment.training.config import AUTO, IMBALANCE
from sentiment.training.estimate import OF_THE_LOOP
from sentiment.training.imbalance import preview_imbalance, recommend_imbalance
from sentiment.training.variation_examples import example_variations
from ui import cache, text
from ui.state import session

TITLES = {
    AUTO: "Automatic",
    "none": "None",
    "class-weights": "Class weights",
    "effective-number": "Effective number of rows",
    "oversample": "Oversample rare classes",
    "undersample": "Undersample frequent classes",
    "focal": "Focal loss",
    "logit-adjustment": "Logit adjustment",
    "posthoc-adjustment": "Logit adjustment after training",
    "augment": "Augment rare classes",
}
FIRST_COMPARED = ("logit-adjustment", "class-weights", "oversample")
_MAX_ROWS = 12  # classes that the preview shows without scrolling


def training_counts(info: DatasetInfo, held_out: float) -> dict[str, int]:
    """About how many rows of each class are left to train on when a share of them is held out."""
    return {name: max(1, round(n * (1.0 - held_out))) for name, n in info.class_counts.items()}


def recommend(base: str, counts: Mapping[str, int]) -> tuple[str, str]:
    """The strategy to take with a base for so many training rows of each class, and a sentence that says why."""
    recommended, reason = recommend_imbalance(counts)
    if recommended not in imbalance_for(base):
        return "none", "No strategy changes what this base learns."
    return recommended, reason


def choose_imbalance(info: DatasetInfo, base: BaseModel, allowed: Sequence[str], *, held_out: float) -> None:
    """Draws the choice with its sentence and what it does to this dataset."""
    options = (AUTO, *allowed)
    if session().widget("set:imbalance") not in options:
        session().set_widget("set:imbalance", AUTO)
    chosen = st.selectbox(
        "Against imbalance",
        options,
        format_func=TITLES.__getitem__,
        key="set:imbalance",
    )
    counts = training_counts(info, held_out)
    recommended, reason = recommend(base.name, counts)
    if chosen == AUTO:
        st.caption(f"{TITLES[recommended]}. {text.literal(reason, limit=400)}")
    else:
        advice = "" if chosen == recommended else f" For these classes, “{TITLES[recommended]}” is recommended."
        st.caption(f"{text.literal(IMBALANCE[chosen], limit=300)}{advice}")
    if len(counts) > 1:
        _show_preview(recommended if chosen == AUTO else chosen, counts)
        if (recommended if chosen == AUTO else chosen) == "augment":
            _show_variations(info, base, counts)


def _show_preview(chosen: str, counts: dict[str, int]) -> None:
    preview = preview_imbalance(chosen, counts)
    shown = pd.DataFrame(
        {
            "Class": [text.visible(name) for name in preview["class"]],
            "Rows": preview["rows"],
            "Rows shown": preview["shown"],
            "Weight of a mistake": preview["weight"],
            "Margin": preview["margin"],
        }
    )
    st.dataframe(
        shown,
        hide_index=True,
        key="imbalance-preview",
        height="content" if len(shown) <= _MAX_ROWS else 35 * _MAX_ROWS,
        column_config={
            "Rows": st.column_config.NumberColumn(help="About so many rows of the class are there to train on."),
            "Rows shown": st.column_config.NumberColumn(help="In each pass over the data (epoch)."),
            "Weight of a mistake": st.column_config.NumberColumn(
                format="%.2f", help="How much an error on one of these rows counts in training; 1 is the usual."
            ),
            "Margin": st.column_config.NumberColumn(
                format="%.2f",
                help="By how much the class is favoured over the largest one, in the logits that become probabilities.",
            ),
        },
    )


def _show_variations(info: DatasetInfo, base: BaseModel, counts: dict[str, int]) -> None:
    rarest = min(counts, key=lambda name: counts[name])
    st.caption(f"Rows of “{text.literal(rarest)}” and what becomes of them:")
    for before, after in _variations(cache.root(), info.id, base.name, rarest):
        st.markdown(f"{text.literal(before, limit=300)}  \n→ {text.literal(after, limit=300)}")


@st.cache_data(max_entries=16, show_spinner="Varying a few texts")
def _variations(root: str, dataset_id: str, base: str, label: str) -> list[tuple[str, str]]:
    rows = cache.dataset(dataset_id).labeled
    folder = registry.find_base(base).folder
    return example_variations(rows["text"].tolist(), rows["label"].tolist(), label=label, folder=folder)


def choose_compared(info: DatasetInfo, base: BaseModel, allowed: Sequence[str], *, held_out: float) -> list[str]:
    """Draws the choice of strategies to compare with doing nothing; returns all of them once “Compare” is pressed."""
    options = [name for name in allowed if name != "none"]
    if not options or len(info.classes) < 2:
        return []
    recommended, _ = recommend(base.name, training_counts(info, held_out))
    first = [name for name in dict.fromkeys((recommended, *FIRST_COMPARED)) if name in options][:3]
    before = session().widget("compare:strategies")
    session().set_widget("compare:strategies", first if before is None else [n for n in before if n in options])
    chosen = st.multiselect(
        "Compare strategies",
        options,
        format_func=TITLES.__getitem__,
        key="compare:strategies",
        help="Trains one model for each and one without any, on the same rows, and judges all of them on the same "
        "held-out rows.",
    )
    key = f"compare:start:{info.id}:{session().run_id}"  # so that a late click does not meet what is shown by then
    pressed = st.button("Compare", icon=":material/compare_arrows:", key=key, disabled=not chosen)
    runs = text.count(len(chosen) + 1, "run")
    acts = text.listing([TITLES[name].lower() for name in chosen if name in OF_THE_LOOP])
    also = f" As {acts} can act only while everything is tuned, all of them tune everything." if acts else ""
    st.caption(
        f"{runs}, one after another, with these settings: each of the strategies, and nothing against imbalance.{also}"
    )
    return ["none", *chosen] if pressed else []
