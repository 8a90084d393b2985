"""Findings: texts that repeat, contradict each other or stand on both sides of a split, and what to do about it."""

from collections.abc import Callable
from dataclasses import dataclass

import pandas as pd
import streamlit as st

from sentiment.access import Role
from sentiment.data import DatasetInfo, findings
from sentiment.data.findings import Finding
from sentiment.labels.events import NewEvent, new_key
from ui import cache, cache_explore, text
from ui.panels_bulk import show_bulk, show_undo, step_button, write_step
from ui.panels_filters import split_run
from ui.panels_label import choose_suspects
from ui.people import may
from ui.state import session
from ui.widgets import Figure, page_of_rows, show_figures


@dataclass(frozen=True)
class Kind:
    """How a finding is told, and its remedy: a name for the button and what it proposes."""

    title: str
    none: str
    some: Callable[[Finding], str]
    remedy: str
    propose: Callable[[Finding], pd.DataFrame]


def _exact(found: Finding) -> str:
    return (
        f"{text.count(found.n_sets, 'text')} come more than once, case, spaces and punctuation aside: "
        f"{text.count(found.n_extra, 'row')} too many. A model sees them as many times, and they make a class look "
        "larger than it is."
    )


def _near(found: Finding) -> str:
    return (
        f"{text.count(found.n_sets, 'group')} of texts that share at least 70 % of their word pairs (or characters): "
        f"{text.count(found.n_extra, 'text')} beyond the first. Fine-tuning keeps each group on one side of a split."
    )


def _conflicts(found: Finding) -> str:
    return (
        f"{text.count(found.n_sets, 'text')} have more than one label, in {text.count(len(found.rows), 'row')}. "
        "Whatever a model says of them, it is wrong for some."
    )


def _crossing(found: Finding) -> str:
    return (
        f"{text.count(found.n_sets, 'text')} stand on both sides of the split, nearly the same: what was learned by "
        "heart is judged there, and the figures of the run flatter."
    )


KINDS = {
    "exact": Kind(
        "Duplicates", "No text comes twice.", _exact, "Keep one of each, leave out the rest", findings.keep_first
    ),
    "near": Kind(
        "Near-duplicates", "No two texts are nearly the same.", _near, "Keep one of each group", findings.keep_first
    ),
    "conflicts": Kind(
        "Conflicting labels",
        "No text has two labels.",
        _conflicts,
        "Give each text the label that most rows have",
        findings.majority_label,
    ),
    "crossing": Kind(
        "Both sides of the split",
        "No text stands on both sides of the split.",
        _crossing,
        "Leave them out of the training rows",
        findings.drop_from_training,
    ),
}


def show_findings(info: DatasetInfo) -> None:
    """Draws how much of each kind there is, and the chosen kind with its rows and its remedy."""
    found = cache_explore.find(info.id, split_run(info))
    show_undo(info)
    by_kind = {name: finding for name in KINDS if (finding := getattr(found, name)) is not None}
    show_figures(
        [
            Figure(KINDS[name].title, text.number(len(finding.rows) if name == "crossing" else finding.n_extra))
            if name in ("exact", "near", "crossing")
            else Figure(KINDS[name].title, text.number(finding.n_sets))
            for name, finding in by_kind.items()
        ]
    )
    chosen = st.segmented_control(
        "Finding",
        list(by_kind),
        format_func=lambda name: KINDS[name].title,
        key=f"finding:{info.id}",
        default="exact",
        required=True,
    )
    if "crossing" not in by_kind:
        st.caption("Whether a text stands on both sides of a split is seen here once a run has split the rows.")
    if info.n_rows > cache_explore.MOST_FOR_NEAR:
        most = text.number(cache_explore.MOST_FOR_NEAR)
        st.caption(
            f"Texts that are nearly the same are looked for among up to {most} rows; here, only the same ones are."
        )
    _show_finding(info, str(chosen or "exact"), by_kind[str(chosen or "exact")])
    if info.n_labeled and may(Role.LABELER):
        st.markdown("A label can look wrong without a second one beside it: the Label page shows those one by one.")
        if st.button("Check labels that look wrong", icon=":material/rule:", key="to-suspects"):
            choose_suspects(cache.labeling(cache.root(), info.id))
            st.switch_page("pages/label.py")


def _show_finding(info: DatasetInfo, name: str, found: Finding) -> None:
    kind = KINDS[name]
    if not found.n_sets:
        st.markdown(kind.none)
        return
    st.markdown(kind.some(found))
    events = kind.propose(found)
    with st.container(horizontal=True, vertical_alignment="center"):
        if may(Role.OWNER):
            button = step_button(info, f"remedy:{name}")
            st.button(
                kind.remedy,
                icon=":material/auto_fix_high:",
                key=button,
                disabled=events.empty,
                on_click=_apply,
                args=(info, kind.remedy, events, button),
            )
        if name == "conflicts":
            show_bulk(info, tuple(found.rows["row"].tolist()), key=name)
        if may(Role.OWNER):
            st.markdown(_what_changes(events))
    part = found.rows.iloc[page_of_rows(len(found.rows), key=f"page:{name}:{info.id}", size=50)]
    table = pd.DataFrame(
        {
            "Set": part["set"].to_numpy() + 1,
            "Row": part["row"].to_numpy() + 1,
            "Text": [text.visible(value) for value in part["text"]],
            "Label": ["" if pd.isna(value) else text.visible(value) for value in part["label"]],
        }
    )
    if "side" in part:
        table["Side"] = part["side"].to_numpy()
    st.dataframe(
        table,
        hide_index=True,
        placeholder="",
        key=f"finding-rows:{name}",
        height=min(540, 35 * len(table) + 40),
        column_config={
            "Set": st.column_config.NumberColumn(width=60, help="Rows of one number belong together."),
            "Row": st.column_config.NumberColumn(width=70, help="Counted from the first row of the file."),
            "Label": st.column_config.TextColumn(width=120),
        },
    )


def _what_changes(events: pd.DataFrame) -> str:
    if events.empty:
        return "No label is more frequent than the other, so people have to decide."
    n = text.count(len(events), "row")
    if events["kind"].iloc[0] == "exclude":
        return f"Leaves out {n}; the file stays as it is, and one click brings them back."
    return f"Gives {n} another label; one click takes that back."


def _apply(info: DatasetInfo, title: str, events: pd.DataFrame, button: str) -> None:
    """Writes a remedy into the label store, as one step."""
    person, step = session().person, new_key()
    new = [
        NewEvent(
            row=int(row),
            kind=str(kind),
            who=person,
            label=None if pd.isna(label) else str(label),
            text=str(reason),
            how="remedy",
            key=f"{step}:{row}",
            step=step,
        )
        for row, kind, label, reason in events.itertuples(index=False)
    ]
    write_step(info, title, len(new), button=button, write=lambda: cache.workspace().labels.append(info.id, new))
