"""What the Explore sections remember between redraws: groups, matches, words, repeats, the map.

Keyed by the dataset and the version of its labels, as `ui.cache` is; every cache is bounded.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import streamlit as st

from sentiment import data
from sentiment.data import findings
from sentiment.data.crosstab import Groups, cross_classes, group_values
from sentiment.data.filters import Filter, filter_rows
from sentiment.data.findings import Finding, Repeats
from sentiment.data.search import Query, as_texts, search
from sentiment.data.words import distinctive_words
from sentiment.training.runs import Run
from ui import cache
from ui.cache import Balance, root, version, workspace

LANGUAGE = "language"  # the column of every dataset, whose groups have the languages' names
SPLIT = "split:"  # before the id of a run: its split, as if it were a column
SIDES = {"train": "training", "validation": "choosing the epoch", "test": "held out"}
Version = tuple[int, ...]
MOST_FOR_NEAR = 100_000  # rows; beyond, looking for near-duplicates would hold up everybody's pages
_HASHED: dict[type | str, Callable[[Any], Any]] = {Filter: hash}  # a filter may have tens of thousands of rows


def texts(dataset_id: str) -> pa.LargeStringArray:
    """The texts of a dataset, ready to be searched."""
    return _texts(root(), dataset_id, version(dataset_id))


@st.cache_resource(max_entries=2, show_spinner=False)
def _texts(root: str, dataset_id: str, version: Version) -> pa.LargeStringArray:
    return as_texts(cache.dataset(dataset_id).frame["text"])


def groups(dataset_id: str, column: str) -> Groups:
    """The rows of a dataset by a column, or by the split of a run ("split:<run>")."""
    return _groups(root(), dataset_id, version(dataset_id), column)


@st.cache_resource(max_entries=16, show_spinner=False)
def _groups(root: str, dataset_id: str, version: Version, column: str) -> Groups:
    frame = cache.dataset(dataset_id).frame
    if column.startswith(SPLIT):
        return group_values(_sides(frame, workspace().run(column.removeprefix(SPLIT))))
    if column not in frame:  # an address or a filter of another version of the dataset
        return group_values(pd.Series([None] * len(frame), dtype="str"))
    return group_values(frame[column].map(data.language_name) if column == LANGUAGE else frame[column])


def split_rows(run: Run) -> dict[str, np.ndarray]:
    """The rows of the file on each side of a run's split; nothing before it was drawn."""
    try:
        with np.load(run.folder / "split.npz", allow_pickle=False) as arrays:
            return {side: arrays[side] for side in SIDES}
    except (OSError, ValueError, KeyError):
        return {}


def _sides(frame: pd.DataFrame, run: Run) -> pd.Series:
    sides = pd.Series([None] * len(frame), dtype="str")
    for side, rows in split_rows(run).items():
        sides[frame["row"].isin(rows).to_numpy()] = SIDES[side]
    return sides


def matches(dataset_id: str, filters: tuple[Filter, ...]) -> np.ndarray:
    """Where in a dataset the rows are that meet the conditions: int64[n], ascending.

    Raises:
        UsageError: for a search that cannot be read.
    """
    return _matches(root(), dataset_id, version(dataset_id), filters)


@st.cache_resource(max_entries=24, show_spinner=False, hash_funcs=_HASHED)
def _matches(root: str, dataset_id: str, version: Version, filters: tuple[Filter, ...]) -> np.ndarray:
    return filter_rows(
        cache.dataset(dataset_id).frame,
        filters,
        texts=lambda: texts(dataset_id),
        groups=lambda column: groups(dataset_id, column),
    )


def kept_frame(dataset_id: str, filters: tuple[Filter, ...]) -> pd.DataFrame:
    """The rows of a dataset that meet the conditions."""
    frame = cache.dataset(dataset_id).frame
    return frame.iloc[matches(dataset_id, filters)] if filters else frame


def balance(dataset_id: str, filters: tuple[Filter, ...]) -> Balance:
    """The balance of the rows that meet the conditions."""
    if not filters:
        return cache.balance(root(), dataset_id)
    return _balance(root(), dataset_id, version(dataset_id), filters)


@st.cache_resource(max_entries=16, show_spinner=False, hash_funcs=_HASHED)
def _balance(root: str, dataset_id: str, version: Version, filters: tuple[Filter, ...]) -> Balance:
    found, frame = cache.dataset(dataset_id), kept_frame(dataset_id, filters)
    return cache.measure_balance(frame, classes=found.classes, unit=data.length_unit(found.language))


def cross(dataset_id: str, filters: tuple[Filter, ...], column: str) -> pd.DataFrame:
    """The classes of the rows that meet the conditions, by the groups of a column."""
    return _cross(root(), dataset_id, version(dataset_id), filters, column)


@st.cache_resource(max_entries=16, show_spinner="Counting", hash_funcs=_HASHED)
def _cross(root: str, dataset_id: str, version: Version, filters: tuple[Filter, ...], column: str) -> pd.DataFrame:
    kept, found = matches(dataset_id, filters), groups(dataset_id, column)
    dataset = cache.dataset(dataset_id)
    labels = dataset.frame["label"].iloc[kept].tolist()
    return cross_classes(labels, Groups(found.names, found.codes[kept]), classes=dataset.classes)


def words(dataset_id: str, filters: tuple[Filter, ...]) -> pd.DataFrame:
    """The words that set the classes apart among the rows that meet the conditions."""
    return _words(root(), dataset_id, version(dataset_id), filters)


@st.cache_resource(max_entries=6, show_spinner="Counting words", hash_funcs=_HASHED)
def _words(root: str, dataset_id: str, version: Version, filters: tuple[Filter, ...]) -> pd.DataFrame:
    frame = kept_frame(dataset_id, filters)
    return distinctive_words(frame["text"], frame["label"], classes=cache.dataset(dataset_id).classes)


@dataclass(frozen=True)
class Findings:
    """All findings of a dataset; `crossing` is None where no run has split it."""

    exact: Finding
    near: Finding
    conflicts: Finding
    crossing: Finding | None


def find(dataset_id: str, run: Run | None) -> Findings:
    """What is wrong with the rows of a dataset, the split of a run included."""
    return _find(root(), dataset_id, version(dataset_id), run.id if run else None)


@st.cache_resource(max_entries=4, show_spinner=False)
def _find(root: str, dataset_id: str, version: Version, run_id: str | None) -> Findings:
    frame = cache.dataset(dataset_id).frame
    repeats = _repeats(root, dataset_id, hashlib.sha1(frame["row"].to_numpy().tobytes()).hexdigest())
    sides = split_rows(workspace().run(run_id)) if run_id else {}
    crossing = None
    if sides:
        trained = np.concatenate([sides["train"], sides["validation"]])
        crossing = findings.crossing_rows(frame, repeats, trained=trained.tolist(), held_out=sides["test"].tolist())
    return Findings(
        findings.exact_duplicates(frame, repeats),
        findings.near_duplicates(frame, repeats),
        findings.conflicting_labels(frame, repeats),
        crossing,
    )


@st.cache_resource(max_entries=3, show_spinner="Comparing the texts with each other")
def _repeats(root: str, dataset_id: str, rows_hash: str) -> Repeats:
    """Labels change no text: only other rows ask for another look."""
    texts = cache.dataset(dataset_id).frame["text"]
    return findings.find_repeats(texts, near=len(texts) <= MOST_FOR_NEAR)


def found(dataset_id: str, query: Query, filters: tuple[Filter, ...]) -> np.ndarray:
    """Which of the rows that meet the conditions a query finds: bool[n]."""
    return _found(root(), dataset_id, version(dataset_id), query, filters)


@st.cache_resource(max_entries=16, show_spinner=False, hash_funcs=_HASHED)
def _found(root: str, dataset_id: str, version: Version, query: Query, filters: tuple[Filter, ...]) -> np.ndarray:
    some = texts(dataset_id)
    return search(some.take(pa.array(matches(dataset_id, filters))) if filters else some, query)
