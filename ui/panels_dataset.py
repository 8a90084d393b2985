"""What a dataset is: its numbers, its rows, its import report; and the list of all datasets."""

import pandas as pd
import streamlit as st

from sentiment import data
from sentiment.access import Role
from sentiment.data import DatasetInfo, ImportReport
from sentiment.workspace import Workspace
from ui import cache, text
from ui.guard import guard
from ui.people import may
from ui.state import Deleted, session
from ui.widgets import Figure, page_of_rows, show_figures, show_rows

NEARLY_ALL = 0.9  # share of the rows in one language from which on it stands for the dataset


def show_dataset_figures(info: DatasetInfo) -> None:
    """Draws a dataset's numbers that matter."""
    report = info.report
    show_figures(
        [
            Figure("Rows", text.number(info.n_rows), f"Read from {text.literal(info.source)}."),
            Figure(
                "Labeled", text.number(info.n_labeled), f"{text.count(info.n_rows - info.n_labeled, 'row')} without."
            ),
            Figure("Classes", text.number(len(info.classes))),
            _language_figure(info),
            Figure(
                "Duplicates",
                text.number(report.n_duplicates),
                "Rows that repeat an earlier text, case, white space and punctuation aside. "
                "They are kept, and stay on one side when rows are held out.",
            ),
        ]
    )


def _language_figure(info: DatasetInfo) -> Figure:
    """The language of nearly all rows; where there is none, how many languages there are."""
    known = {code: n for code, n in info.language_counts.items() if code != data.UNDETERMINED}
    if known and max(known.values()) < NEARLY_ALL * sum(known.values()):
        return Figure("Languages", text.number(len(known)), _languages_hint(info))
    return Figure("Language", data.language_name(info.language), _languages_hint(info))


def _languages_hint(info: DatasetInfo) -> str:
    total = sum(info.language_counts.values())
    if not total:
        return "Recognised from the texts."
    shares = [f"{data.language_name(code)} {text.percent(n / total)}" for code, n in info.language_counts.items()]
    return f"Of the rows: {text.listing(shares, limit=6)}. The tab “Languages” corrects them."


def show_dataset_rows(info: DatasetInfo) -> None:
    """Draws the rows of a dataset, a page at a time."""
    part = page_of_rows(info.n_rows, key=f"page:{info.id}")
    show_rows(cache.dataset(info.id).frame.iloc[part], key=f"rows:{info.id}")


def show_report(info: DatasetInfo) -> None:
    """Draws what importing found: what was read, left out, repeated, contradictory."""
    report = info.report
    lines = [
        f"{text.count(report.n_read, 'row')} read, {text.number(report.n_kept)} kept.",
        f"{text.count(report.n_empty, 'row')} without text, left out." if report.n_empty else "No empty text.",
        f"{text.count(report.n_unlabeled, 'row')} without a label." if report.n_unlabeled else "Every row has a label.",
        f"{text.count(report.n_duplicates, 'row')} repeat an earlier text; they are kept, and never end up on both "
        "sides when rows are held out."
        if report.n_duplicates
        else "No text appears twice.",
    ]
    if report.n_ragged:
        rows = text.listing((text.number(row + 1) for row in report.ragged_rows), limit=20)
        lines.append(f"{text.count(report.n_ragged, 'row')} with more or fewer fields than the header: {rows}.")
    if report.variants:
        lines.append(_describe_variants(info))
    st.markdown("\n".join(f"- {line}" for line in lines))
    for warning in report.warnings:
        st.warning(text.literal(warning, limit=400), icon=":material/warning:")
    if report.n_conflicting:
        _show_conflicts(report)


def _describe_variants(info: DatasetInfo) -> str:
    apart = {name: [v for v in found if v in info.classes] for name, found in info.report.variants.items()}
    apart = {name: found for name, found in apart.items() if len(found) > 1}
    if not apart:
        return f"{text.count(len(info.report.variants), 'label')} came in several spellings, which were merged."
    quoted = text.listing(f"“{text.literal(v, limit=40)}”" for found in apart.values() for v in found)
    return f"Labels that differ only by case or spaces were kept apart: {quoted}. Import the file again to merge them."


def _show_conflicts(report: ImportReport) -> None:
    shown = len(report.conflicts)
    st.markdown(
        f"**{text.count(report.n_conflicting, 'text')} with two or more labels.** A model can't get these all right; "
        "decide in your file and import it again if there are many."
    )
    table = pd.DataFrame(
        {
            "Text": [text.visible(conflict["text"]) for conflict in report.conflicts],
            "Labels": [
                ", ".join(f"{text.visible(label)} × {n}" for label, n in conflict["labels"].items())
                for conflict in report.conflicts
            ],
            "Rows": [", ".join(str(row + 1) for row in conflict["rows"][:12]) for conflict in report.conflicts],
        }
    )
    st.dataframe(
        table,
        hide_index=True,
        height=min(320, 36 * shown + 40),
        column_config={"Text": st.column_config.TextColumn(width="large")},
    )
    if shown < report.n_conflicting:
        st.caption(f"The first {shown} are listed.")


def show_datasets(workspace: Workspace) -> None:
    """Draws all datasets with what can be done with them: use and, for owners, rename and delete."""
    for info in workspace.datasets():
        if _show_one(info, workspace):
            with guard():
                _delete(info, workspace)


def _show_one(info: DatasetInfo, workspace: Workspace) -> bool:
    """Draws one dataset; returns whether it is to be deleted."""
    state = session()
    with st.container(border=True, horizontal=True, vertical_alignment="center"):
        st.markdown(
            f"**{text.literal(info.name)}**  \n{text.count(info.n_rows, 'row')} · "
            f"{text.count(len(info.classes), 'class', 'classes')} · {text.date(info.created)}",
            width="stretch",
        )
        if info.id == state.dataset_id:
            st.badge("In use", color="violet")
        elif st.button("Use", key=f"use:{info.id}"):
            state.use_dataset(info.id)
            st.rerun()
        if not may(Role.OWNER):
            return False
        with st.popover("Rename", type="tertiary"):
            name = st.text_input("New name", value=info.name, max_chars=120, key=f"rename:{info.id}")
            if st.button("Save", key=f"save:{info.id}", disabled=not name.strip()):
                workspace.rename_dataset(info.id, name.strip())
                state.notice = f"Renamed to “{text.literal(name.strip())}”."
                st.rerun()
        return st.button("Delete", key=f"delete:{info.id}", type="tertiary", icon=":material/delete:")


def _delete(info: DatasetInfo, workspace: Workspace) -> None:
    state = session()
    workspace.delete_dataset(info.id)
    state.deleted.append(Deleted("dataset", info.id, info.name))
    if info.id == state.dataset_id:
        state.use_dataset(None)
    st.rerun()
