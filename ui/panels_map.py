"""The map: rows placed by a base model's text vectors, to be pointed at, picked with a lasso, read and labeled."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import plotly.graph_objects as go
import streamlit as st
from numpy.typing import NDArray

from sentiment import figures
from sentiment.access import Role
from sentiment.data import DatasetInfo
from sentiment.data.filters import Filter
from sentiment.data.projection import MOST_POINTS
from sentiment.models import registry
from sentiment.palette import assign_colours
from sentiment.training import text_map
from sentiment.training.base_hash import hash_of_base
from sentiment.training.runs import Run
from sentiment.training.text_map import TextMap
from sentiment.training.text_vectors import TextVectors, read_vectors, vectors_folder
from ui import cache, cache_explore, text
from ui.guard import guard, show_problem
from ui.panels_bulk import show_bulk, show_undo
from ui.panels_filters import columns_of, looking
from ui.people import may, show_closed
from ui.state import runs_of, session
from ui.widgets import is_dark, page_of_rows, show_rows

EVERY = 1.0  # seconds between looks at a map that is being made
PALES = {False: "#D5D7DC", True: "#4C4F57"}  # by dark: paler than the grey of any class
LABEL, SAID, CONFIDENCE, RUN = "\x00label", "\x00said", "\x00confidence", "\x00run"
_TEXT = 160  # characters of a text that a point says


@dataclass(frozen=True, eq=False)
class Points:
    """What the map shows: the positions of its rows in the dataset's frame, and their places."""

    positions: NDArray[np.int64]
    places: NDArray[np.float32]


def show_map(info: DatasetInfo) -> None:
    """Draws the map, or the way to have it made."""
    folder = cache.workspace().dataset_folder(info.id)
    base, _ = registry.recommend_base(info.language, n_labeled=info.n_labeled, language_counts=info.language_counts)
    state = text_map.read_state(folder, base)
    title = text.literal(registry.find_base(base).title)
    if state.status == "ready":
        found = _read(folder, base)
        if found is not None:
            _show_points(info, folder, base, found)
            return
    if state.status == "running":
        st.fragment(_watch, run_every=EVERY, key=f"map:{info.id}")(folder, base)
        return
    if state.status == "failed":
        show_problem(
            f"The map could not be made: {state.message}", todo="Try again; vectors that are complete are kept"
        )
    if state.status == "outdated":
        st.markdown(f"The base model “{title}” has changed since the map was made, so it has to be made again.")
    st.markdown(
        f"Rows that say alike things lie near each other on a map, as “{title}” reads them. Every "
        "text is read once for that; you can go on meanwhile."
    )
    if not may(Role.LABELER):
        again = " again" if state.status == "outdated" else ""
        show_closed(Role.LABELER, f"Nobody has had this map made{again} yet.")
        return
    key = f"make-map:{info.id}"  # so that a click on one dataset does not meet another
    if st.button("Make the map", type="primary", icon=":material/scatter_plot:", key=key):
        text_map.start(cache.workspace().root, info.id, base)
        st.rerun()


def _watch(folder: Path, base: str) -> None:
    with guard():
        state = text_map.read_state(folder, base)
        if state.status != "running":
            st.rerun()
        with st.container(horizontal=True, vertical_alignment="center"):
            st.progress(state.progress, text=state.phase, width="stretch")
            if may(Role.LABELER) and st.button("Stop", icon=":material/stop:", key="stop-map"):
                text_map.stop(folder, base)
                st.rerun()


def _read(folder: Path, base: str) -> TextMap | None:
    path = vectors_folder(folder, base) / "map.npz"
    return _read_map(str(folder), base, path.stat().st_mtime_ns if path.exists() else 0, hash_of_base(base))


@st.cache_resource(max_entries=4, show_spinner=False)
def _read_map(folder: str, base: str, written: int, base_hash: str) -> TextMap | None:
    return text_map.read_map(Path(folder), base)


def _show_points(info: DatasetInfo, folder: Path, base: str, found: TextMap) -> None:
    show_undo(info)
    points = _points(info, found)
    if not len(points.positions):
        st.markdown("No row of the map meets the filters.")
        return
    by = _choose_colour(info, base)
    run = _judged_run(info) if by == RUN else None
    key = f"map:{info.id}:{by}:{run.id if run else ''}:{hash(looking(info).filters)}:{is_dark()}"
    made_from = f"{base}:{found.base_hash}:{hash(found.places.tobytes())}"
    figure = _figure(f"{key}:{made_from}", cache.version(info.id), info, base, by, points)
    st.plotly_chart(
        figure,
        key=key,
        on_select="rerun",
        selection_mode=("points", "box", "lasso"),
        config={"displaylogo": False, "scrollZoom": False, "modeBarButtonsToRemove": ["toImage", "autoScale2d"]},
    )
    sampled = f" {text.number(MOST_POINTS)} drawn rows are shown." if info.n_rows > MOST_POINTS else ""
    st.caption(
        f"Draw a line around points to read their rows; a double click lets go. Near means alike to "
        f"“{text.literal(registry.find_base(base).title)}”; directions and distances between groups mean "
        f"little.{sampled}"
    )
    _show_picked(info, session().widget(key))


def _points(info: DatasetInfo, found: TextMap) -> Points:
    """The points whose rows are there and meet the filters."""
    rows = cache.dataset(info.id).frame["row"].to_numpy(np.int64)
    positions = np.minimum(np.searchsorted(rows, found.rows), max(len(rows) - 1, 0))
    kept = rows[positions] == found.rows if len(rows) else np.zeros(len(found.rows), bool)
    if looking(info).filters:
        kept &= np.isin(positions, cache_explore.matches(info.id, looking(info).filters))
    return Points(positions[kept], found.places[kept])


def _vectors(info: DatasetInfo, base: str) -> TextVectors | None:
    """The vectors that the base model made, as it is now."""
    return read_vectors(cache.workspace().dataset_folder(info.id), base, base_hash=hash_of_base(base))


def _choose_colour(info: DatasetInfo, base: str) -> str:
    titles = {LABEL: "Label"}
    vectors = _vectors(info, base)
    if vectors is not None and vectors.head is not None:
        titles |= {SAID: "What the base model says", CONFIDENCE: "How sure the base model is"}
    run = _judged_run(info)
    if run is not None:
        titles[RUN] = f"What the run says of held-out rows: {run.info.name}"
    titles |= columns_of(info)
    shown = text.distinct(titles, limit=60)
    key = f"colour:{info.id}"
    if session().widget(key) not in shown:
        session().set_widget(key, LABEL)
    return str(st.selectbox("Colour", list(shown), format_func=shown.__getitem__, key=key, width=360))


def _judged_run(info: DatasetInfo) -> Run | None:
    runs = [run for run in runs_of(cache.workspace(), info.id) if (run.folder / "predictions.parquet").exists()]
    return next((run for run in runs if run.id == session().run_id), runs[0] if runs else None)


@st.cache_resource(max_entries=6, show_spinner="Drawing the map")
def _figure(key: str, version: tuple[int, ...], _info: DatasetInfo, _base: str, _by: str, _points: Points) -> go.Figure:
    frame = cache.dataset(_info.id).frame.iloc[_points.positions]
    rows = frame["row"].to_numpy(np.int64)
    texts = [value[:_TEXT] for value in frame["text"]]
    dark, n = is_dark(), text.count(len(rows), "row")
    if _by == CONFIDENCE:
        sure = _base_probs(_info, _base, rows).max(axis=1)
        return figures.plot_map_values(
            _points.places, rows, texts, sure, title=f"How sure the base model is of {n}", dark=dark
        )
    groups, colours = _coloured(_info, _base, _by, _points.positions, rows)
    return figures.plot_map(_points.places, rows, texts, groups, colours, title=f"{n}, alike ones near", dark=dark)


def _coloured(
    info: DatasetInfo, base: str, by: str, positions: NDArray[np.int64], rows: NDArray[np.int64]
) -> tuple[list[str], dict[str, str]]:
    """The group of each point, and the colour of each group in the order of the legend."""
    if by == LABEL:
        labels = cache.dataset(info.id).frame["label"].iloc[positions]
        return _with_rest(labels.tolist(), "without a label", info.colours)
    if by == SAID:
        vectors = _vectors(info, base)
        classes = vectors.classes if vectors else ()
        said = _base_probs(info, base, rows).argmax(axis=1)
        return [classes[code] for code in said.tolist()], assign_colours(classes)
    if by == RUN:
        run = _judged_run(info)
        table = run.predictions() if run else None
        known = {} if table is None else dict(zip(table["row"], table["model:prediction"], strict=True))
        return _with_rest([known.get(row) for row in rows.tolist()], "not held out", info.colours)
    found = cache_explore.groups(info.id, by)
    names = [found.names[code] for code in found.codes[positions].tolist()]
    return names, assign_colours(found.names) if len(found.names) > 1 else {found.names[0]: PALES[is_dark()]}


def _with_rest(names: list[Any], rest: str, colours: dict[str, str]) -> tuple[list[str], dict[str, str]]:
    """Missing names become the pale rest, which is drawn first, below the others."""
    while rest in colours:  # a class of that name stays apart
        rest = f"({rest})"
    return [name if isinstance(name, str) else rest for name in names], {rest: PALES[is_dark()], **colours}


def _base_probs(info: DatasetInfo, base: str, rows: NDArray[np.int64]) -> NDArray[np.float32]:
    """What the base model's own head says of rows: float32[n, n_base_classes]."""
    vectors = _vectors(info, base)
    part = vectors.of(rows) if vectors is not None else None
    if part is None or part.head is None:
        return np.zeros((len(rows), 1), np.float32)
    logits = np.asarray(part.vectors) @ part.head["kernel"] + part.head["bias"]
    logits -= logits.max(axis=1, keepdims=True)
    exponents = np.exp(logits)
    return np.asarray(exponents / exponents.sum(axis=1, keepdims=True), np.float32)


def _show_picked(info: DatasetInfo, event: Any) -> None:
    """The rows of the points that were picked, and what can be done with them."""
    chosen = [_row_of(point["customdata"]) for point in (event["selection"]["points"] if event else [])]
    if not chosen:
        return
    frame = cache.dataset(info.id).frame
    rows = tuple(sorted(set(chosen)))
    found = frame[frame["row"].isin(rows)]
    counts = found["label"].value_counts()
    parts = [f"{text.number(counts[name])} {text.literal(name, limit=30)}" for name in info.classes if name in counts]
    said = f": {text.listing(parts)}" if parts else ""
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f"**{text.count(len(found), 'row')} picked**{said}")
        one = Filter("rows", rows=rows)
        st.button("Filter to these", icon=":material/filter_alt:", on_click=looking(info).add, args=(one,))
        show_bulk(info, rows, key="map")
    part = page_of_rows(len(found), key=f"page:map:{info.id}")
    show_rows(found.iloc[part], key=f"map-rows:{info.id}")


def _row_of(data: Any) -> int:
    return int(data[0] if isinstance(data, list | tuple) else data)
