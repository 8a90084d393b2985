"""What came of a transfer gap: the verdict on each language, the picture, the figures, and what to do next."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
import streamlit as st

from sentiment import figures
from sentiment.access import Role
from sentiment.data import DatasetInfo
from sentiment.models.registry import BaseModel
from sentiment.training.languages import row_languages
from sentiment.training.transfer_gap_scores import TRANSFER
from sentiment.transfer_gap import (
    TITLES,
    describe_language,
    gap_table,
    next_labels,
    transfer_cells,
)
from ui import cache, text
from ui.panels_label import label_rows
from ui.people import may
from ui.widgets import is_dark, next_step, show_figure

HARDLY_READ = 0.3  # share of what the texts are made of that a base model may not know


def show_result(info: DatasetInfo, base: BaseModel, result: Mapping[str, Any]) -> None:
    """Draws the verdict, the chart, the next step and the table."""
    languages = result["languages"]
    with st.container(border=True):
        for language in languages:
            st.markdown(f"**{text.literal(describe_language(language), limit=600)}**")
            if language["unknown"] > HARDLY_READ:
                name = cache.language_name(language["language"])
                st.warning(
                    f"{text.percent(language['unknown'])} of what the {text.literal(name)} texts are made of is "
                    f"unknown to “{text.literal(base.title)}”, which can hardly read them. Choose a base model for "
                    f"{text.literal(name)}, if there is one.",
                    icon=":material/warning:",
                )
    table = gap_table(result)
    show_figure(
        figures.plot_gap(_for_chart(table), main=TITLES[TRANSFER], title=_title(languages), dark=is_dark()),
        key="gap-chart",
    )
    st.caption(
        "Bars are 95 % intervals over the held-out rows and over the draws of own labels. The base model stays as it "
        "is, and only what decides on top of it learns: fine-tuning on a thousand labels or more tunes all of it."
    )
    _show_next(info, languages)
    with st.expander("All figures"):
        _show_table(table)
    for reason in result["refused"].values():
        st.caption(f"{text.literal(reason, limit=300)}.")


def _title(languages: list[dict[str, Any]]) -> str:
    """What the chart shows, of the language that own labels bring most."""
    gains = [
        (gain["macro_f1"], gain["to"], cache.language_name(language["language"]))
        for language in languages
        for gain in language["gains"]
    ]
    sure = [(value, n, name) for (value, low, _), n, name in gains if low > 0]
    if not sure:
        return "Macro-F1 on held-out rows, with and without labels of a language's own"
    value, n, name = max(sure)
    return f"{n} {name} labels bring {100 * value:.0f} points of macro-F1"


def _for_chart(table: pd.DataFrame) -> pd.DataFrame:
    """The cells of the chart: the numbers of own labels that the base model was tried with."""
    tried = table[table["kind"] == TRANSFER].groupby("language", sort=False)["n_own"].agg(set)
    kept = [n in tried.get(language, set()) for language, n in zip(table["language"], table["n_own"], strict=True)]
    part = table[kept]
    nth = part["language"].map({code: place for place, code in enumerate(tried.index)})
    part = part.assign(nth=nth).sort_values(["nth", "n_own"], kind="stable")
    return pd.DataFrame(
        {
            "language": [cache.language_name(code) for code in part["language"]],
            "step": [_step(int(n)) for n in part["n_own"]],
            "series": [TITLES[kind] for kind in part["kind"]],
            "value": part["macro_f1"].to_numpy(float),
            "low": part["macro_f1_low"].to_numpy(float),
            "high": part["macro_f1_high"].to_numpy(float),
            "hint": part["chosen"].tolist(),
        }
    )


def _step(n: int) -> str:
    return f"{text.number(n)} labels of its own" if n else "no label of its own"


def _show_table(table: pd.DataFrame) -> None:
    shown = pd.DataFrame(
        {
            "Language": [cache.language_name(code) for code in table["language"]],
            "Model": [TITLES[kind] for kind in table["kind"]],
            "Own labels": table["n_own"],
            "Macro-F1": [_figure(line, "macro_f1") for line in table.to_dict("records")],
            "Accuracy": [_figure(line, "accuracy") for line in table.to_dict("records")],
            "Draws": table["n_draws"],
            "Held-out rows": table["n_test"],
            "Setting": table["chosen"],
        }
    )
    st.dataframe(
        shown,
        hide_index=True,
        placeholder="",
        key="gap-table",
        column_config={
            "Own labels": st.column_config.NumberColumn(help="Labels of the language itself that it learned from."),
            "Draws": st.column_config.NumberColumn(help="How often these labels were drawn; figures are means."),
            "Setting": st.column_config.TextColumn(
                help="How much the other languages' labels count beside its own, and the rows by which that was "
                "chosen. Test rows choose nothing.",
            ),
        },
    )


def _figure(line: Mapping[Any, Any], name: str) -> str:
    value, low, high = (100 * line[f"{name}{end}"] for end in ("", "_low", "_high"))
    return f"{value:.1f} ({low:.0f} to {high:.0f})"


def _show_next(info: DatasetInfo, languages: list[dict[str, Any]]) -> None:
    """The way to labeling rows of the language that gains most by it, or to fine-tuning."""
    wanted = _most_wanted(languages)
    code = wanted["language"] if wanted else ""
    rows = _unlabeled(cache.root(), info.id, cache.version(info.id), code) if wanted else ()
    if wanted is None or not rows or not may(Role.LABELER):
        next_step("Fine-tune a model", "pages/finetune.py")
        return
    n = min(next_labels(wanted), len(rows))
    name = cache.language_name(code)
    if st.button(
        f"Label {text.count(n, 'row')} in {text.literal(name)}",
        type="primary",
        icon=":material/label:",
        key="gap-label",
    ):
        drawn = np.random.default_rng(0).permutation(np.array(rows))[:n]
        label_rows(cache.labeling(cache.root(), info.id), tuple(int(row) for row in drawn))
        st.switch_page("pages/label.py")


def _most_wanted(languages: list[dict[str, Any]]) -> dict[str, Any] | None:
    """The language whose own labels bring most for sure; else the one with the lowest figures."""
    able = [language for language in languages if transfer_cells(language)]
    gained = [
        (gain["macro_f1"][0], place)
        for place, language in enumerate(able)
        for gain in language["gains"]
        if gain["macro_f1"][1] > 0
    ]
    if gained:
        return able[max(gained)[1]]
    return min(able, key=lambda language: transfer_cells(language)[-1]["macro_f1"][0], default=None)


@st.cache_data(max_entries=16, show_spinner=False)
def _unlabeled(root: str, dataset_id: str, version: tuple[int, ...], code: str) -> tuple[int, ...]:
    """Rows without a label in a language."""
    frame = cache.dataset(dataset_id).frame
    wanted = frame["label"].isna().to_numpy() & (row_languages(frame) == code)
    return tuple(int(row) for row in frame["row"].to_numpy()[wanted])
