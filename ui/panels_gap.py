"""The transfer gap: which languages there are, the measurement while it lives, and the way to start it."""

from pathlib import Path

import streamlit as st

from sentiment.access import Role
from sentiment.data import DatasetInfo
from sentiment.models.registry import BaseModel
from sentiment.training import transfer_gap_jobs
from sentiment.training.base_hash import Stamp, stamp_of
from sentiment.training.runs import RunState
from sentiment.training.transfer_gap_folder import (
    GapFolder,
    GapInfo,
    gap_folder,
    has_same_base,
    key_of_rows,
    list_gaps,
)
from sentiment.training.transfer_gap_rows import FEWEST_LABELS
from sentiment.transfer_gap import bases_for, label_counts, labeled_rows, start_gap
from ui import address, cache, text
from ui.guard import guard, show_problem
from ui.panels_gap_result import show_result
from ui.people import may, show_closed
from ui.widgets import Figure, import_sample, show_figures

EVERY = 1.0  # seconds between looks at a measurement that lives
SAMPLE = "two-languages"
_MOST_TILES = 4


def counts_of(info: DatasetInfo) -> dict[str, int]:
    """Labels of each language of a dataset, most first."""
    return _counts(cache.root(), info.id, cache.version(info.id))


@st.cache_data(max_entries=32, show_spinner="Counting the labels of each language")
def _counts(root: str, dataset_id: str, version: tuple[int, ...]) -> dict[str, int]:
    return label_counts(cache.dataset(dataset_id))


@st.cache_data(max_entries=32, show_spinner=False)
def _rows_now(root: str, dataset_id: str, version: tuple[int, ...]) -> str:
    """What changes with the labeled rows of a dataset."""
    return key_of_rows(labeled_rows(cache.dataset(dataset_id)))


@st.cache_data(max_entries=32, show_spinner=False)
def _same_base(key: str, stamp: Stamp, _about: GapInfo, _folder: Path) -> bool:
    """Whether a measurement was made with the base model that has its name now; `stamp` changes with its files."""
    return has_same_base(_about, _folder)


def show_languages(info: DatasetInfo) -> None:
    """Draws how many labels each language has; what the page is for where there is but one."""
    counts = counts_of(info)
    enough = {code: n for code, n in counts.items() if n >= FEWEST_LABELS}
    if len(enough) < 2:
        _show_lack(counts)
        return
    shown = list(counts.items())[:_MOST_TILES]
    tiles = [
        Figure(
            cache.language_name(code),
            text.count(n, "label"),
            hint="" if n >= FEWEST_LABELS else f"From {FEWEST_LABELS} on, its gap can be measured.",
        )
        for code, n in shown
    ]
    show_figures(tiles)
    others = [f"{cache.language_name(code)} {text.number(n)}" for code, n in list(counts.items())[_MOST_TILES:]]
    if others:
        st.caption(f"Labels in further languages: {text.listing(others)}.")


def _show_lack(counts: dict[str, int]) -> None:
    """Why there is nothing to compare yet, and a sample with which there is."""
    name = cache.language_name(next(iter(counts))) if counts else ""
    few = [f"{cache.language_name(code)} {text.number(n)}" for code, n in counts.items()]
    with st.container(border=True):
        if not counts:
            st.subheader("No label has a language that is known", anchor=False)
        elif len(counts) == 1:
            st.subheader(f"All labels are in {text.literal(name)}", anchor=False)
        else:
            st.subheader("Only one language has enough labels", anchor=False)
            st.markdown(f"Labels: {text.listing(few)}. It takes {FEWEST_LABELS} of a language.")
        st.markdown(
            "With labels in two languages or more, this page shows how much those of one teach about another: how far "
            "a base model gets without a label of a language's own, with 50 and with 200, and how many labels a model "
            "would need that starts from nothing. So you know in which language to label next."
        )
        sample = next((one for one in cache.workspace().samples() if one.name == SAMPLE), None)
        if may(Role.OWNER) and sample is not None:
            st.button(
                f"Use the sample “{sample.title}”",
                type="primary",
                icon=":material/dataset:",
                on_click=_use_sample,
                key="gap-sample",
            )


def _use_sample() -> None:
    with guard():
        sample = next(one for one in cache.workspace().samples() if one.name == SAMPLE)
        import_sample(cache.workspace(), sample)


def choose_gap_base(info: DatasetInfo) -> BaseModel | None:
    """Draws the choice of a base model; None where nothing could be measured with any."""
    counts = counts_of(info)
    if not any(n >= FEWEST_LABELS for n in counts.values()):
        return None
    bases = {base.name: base for base in bases_for(counts)}
    if not bases:
        return None
    measured = [gap.info.base for gap in list_gaps(cache.workspace().dataset_folder(info.id)) if gap.info]
    default = next((name for name in measured if name in bases), next(iter(bases)))
    key = f"gap:base:{info.id}"
    address.take("gap-base", key, options=list(bases), default=default)
    titles = text.distinct({name: _title(base) for name, base in bases.items()}, limit=80)
    chosen = st.selectbox("Base model", list(bases), format_func=titles.__getitem__, key=key, width=460)
    address.tell("gap-base", None if chosen == default else str(chosen))
    return bases[str(chosen)]


def _title(base: BaseModel) -> str:
    reads = text.listing((cache.language_name(code) for code in base.languages), limit=3)
    return f"{base.title} ({reads or 'language not stated'})"


def show_gap(info: DatasetInfo, base: BaseModel) -> None:
    """Draws the gap with a base model: the measurement while it lives, what came of it, or how to start it."""
    gap = gap_folder(cache.workspace().dataset_folder(info.id), base.name)
    state = transfer_gap_jobs.read_state(gap)
    if state is not None and state.active:
        st.fragment(_watch, run_every=EVERY, key=f"gap:{info.id}:{base.name}")(gap)
        return
    if state is not None and state.status == "failed":
        error = state.error or {}
        show_problem(
            error.get("given") or "The measurement ended with an error",
            expected=error.get("expected", ""),
            todo=error.get("todo", ""),
        )
    elif state is not None and state.message:
        st.markdown(text.literal(state.message, limit=300))
    result = gap.result
    if result is None:
        _show_start(info, base, state)
        return
    show_result(info, base, result)
    changed = _what_changed(gap, info, base)
    if changed:
        st.caption(f"{changed} changed since this was measured.")
        if may(Role.OWNER):
            _start_button("Measure again", info, base, primary=False)


def _what_changed(gap: GapFolder, info: DatasetInfo, base: BaseModel) -> str:
    """What is not as it was measured any more, with its verb; "" if all is."""
    about = gap.info
    if about is None:
        return ""
    labels = about.rows != _rows_now(cache.root(), info.id, cache.version(info.id))
    model = base.folder is not None and not _same_base(about.key, stamp_of(base.folder), about, base.folder)
    if labels and model:
        return "Labels and the base model have"
    return "Labels have" if labels else "The base model has" if model else ""


def _watch(gap: GapFolder) -> None:
    with guard():
        state = transfer_gap_jobs.read_state(gap)
        if state is None or not state.active:
            st.rerun()
        assert state is not None
        left = "" if state.seconds_left is None else f" · {text.duration(state.seconds_left)} left"
        phase = text.literal(state.phase or state.status.capitalize(), limit=200)
        with st.container(border=True), st.container(horizontal=True, vertical_alignment="center"):
            st.progress(state.progress, text=f"{phase}{left}", width="stretch")
            if may(Role.OWNER) and st.button("Stop", icon=":material/stop:", key="stop-gap"):
                transfer_gap_jobs.stop(gap)
                st.rerun()


def _show_start(info: DatasetInfo, base: BaseModel, state: RunState | None) -> None:
    counts = counts_of(info)
    measured = [code for code, n in counts.items() if n >= FEWEST_LABELS]
    n, alone = len(measured), len(counts) == 1
    st.markdown(
        f"Part of the labels of each language is held out and judges all alike: “{text.literal(base.title)}” "
        + ("as it is" if alone else "taught by the other languages' labels alone")
        + ", with 50 and with 200 labels of the language's own, and two models that start from nothing with these "
        f"alone. It takes {text.time_range(25 * n, 75 * n)}, in the background."
    )
    missing = [cache.language_name(code) for code in measured if code not in base.languages and base.languages]
    if missing:
        st.caption(f"This base model was not made for {text.listing(missing)}. The measurement shows what that costs.")
    if not may(Role.OWNER):
        show_closed(Role.OWNER, "Nobody has had this measured yet.")
        return
    label = "Measure the gap" if state is None else "Try again" if state.status == "failed" else "Go on"
    _start_button(label, info, base, primary=n > 1)


def _start_button(label: str, info: DatasetInfo, base: BaseModel, *, primary: bool) -> None:
    st.button(
        label,
        type="primary" if primary else "secondary",
        icon=":material/play_arrow:",
        key="start-gap",
        on_click=_start,
        args=(info.id, base.name),
    )


def _start(dataset_id: str, base: str) -> None:
    with guard():
        start_gap(cache.workspace(), dataset_id, base)
