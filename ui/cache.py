"""Calls into the library that are worth remembering between redraws.

Datasets are immutable and runs are named by content and time, so everything is keyed by ids; every cache is bounded.
Large things are shared between sessions and must not be changed in place.
"""

import os
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import streamlit as st

from sentiment import data
from sentiment.access import Role, is_demo, require
from sentiment.data import ColumnProposal, Dataset, FileFormat, LabelMapping, Table
from sentiment.judging import Judgement, judge_run
from sentiment.labeling import Labeling
from sentiment.training.runs import Run
from sentiment.workspace import Workspace
from ui import people as _people  # noqa: F401 it says who acts, to whoever asks for the workspace


def workspace() -> Workspace:
    """The workspace of this server.

    Raises:
        WorkspaceError: if its folder cannot be written.
        AccessError: for somebody who has to sign in first.
    """
    require(Role.VIEWER, doing="see this")
    return _workspace(os.environ.get("SENTIMENT_WORKSPACE", ""), is_demo())


@st.cache_resource(max_entries=4, show_spinner=False)
def _workspace(root: str, demo: bool) -> Workspace:
    return Workspace()


def root() -> str:
    """The workspace's folder, which keeps what is remembered of one workspace apart from another's."""
    return str(workspace().root)


def dataset(dataset_id: str) -> Dataset:
    """A dataset of the workspace, read once."""
    return _dataset(root(), dataset_id, version(dataset_id))


def version(dataset_id: str) -> tuple[int, ...]:
    """What changes with every label and every corrected language: a part of the key of all that depends on them."""
    return (*workspace().labels_version(dataset_id), workspace().languages.version(dataset_id))


@st.cache_resource(max_entries=3, show_spinner="Reading the dataset")
def _dataset(root: str, dataset_id: str, version: tuple[int, ...]) -> Dataset:
    return workspace().dataset(dataset_id)


@st.cache_resource(max_entries=3, show_spinner="Reading the dataset and its labels")
def labeling(root: str, dataset_id: str) -> Labeling:
    """The labeling loop of a dataset, one for all sessions."""
    return Labeling(workspace(), dataset_id)


@dataclass(frozen=True)
class Draft:
    """A file that is being looked at before it is imported: its table, and what is proposed for it."""

    table: Table
    proposal: ColumnProposal


@st.cache_data(max_entries=8, show_spinner="Looking at the file")
def detect_format(upload_id: str, name: str, _content: bytes) -> FileFormat:
    """The format of an uploaded file (`upload_id` stands for its content)."""
    return data.detect_format(_content, name=name)


@st.cache_resource(max_entries=2, show_spinner="Reading the file")
def read_draft(upload_id: str, name: str, file_format: FileFormat, _content: bytes) -> Draft:
    """An uploaded file read in a given format, with its proposed columns."""
    table = data.read_table(_content, name=name, file_format=file_format)
    return Draft(table, data.propose_columns(table.frame))


@dataclass(frozen=True)
class LabelOffers:
    """What is offered for a label column: spellings to merge, and ratings to turn into sentiments."""

    counts: dict[str, int]
    variants: dict[str, tuple[str, ...]]
    mapping: LabelMapping | None


@st.cache_data(max_entries=16, show_spinner=False)
def label_offers(upload_id: str, file_format: FileFormat, column: str, _frame: pd.DataFrame) -> LabelOffers:
    """The labels of a column of an uploaded file, most frequent first, and what is offered for them."""
    labels = _frame[column]
    labels = labels[labels.notna() & (labels.astype("str").str.strip() != "")]
    counts = {str(label): int(n) for label, n in labels.value_counts().items()}
    return LabelOffers(counts, dict(data.find_variants(list(counts))), data.propose_mapping(list(counts)))


@dataclass(frozen=True)
class Balance:
    """What the Balance page shows of a dataset: counts, lengths, and what they mean."""

    counts: pd.DataFrame
    ratio: float
    meaning: str
    lengths: pd.DataFrame
    histogram: pd.DataFrame
    unit: str


def balance(root: str, dataset_id: str) -> Balance:
    """The balance of a dataset's labels and the lengths of its texts."""
    return _balance(root, dataset_id, version(dataset_id))


@st.cache_resource(max_entries=16, show_spinner="Counting rows and words")
def _balance(root: str, dataset_id: str, version: tuple[int, ...]) -> Balance:
    found = dataset(dataset_id)
    return measure_balance(found.frame, classes=found.classes, unit=data.length_unit(found.language))


def measure_balance(frame: pd.DataFrame, *, classes: Sequence[str], unit: str) -> Balance:
    """The balance of rows with the columns label and length."""
    labels, lengths = frame["label"], frame["length"]
    counts = data.count_classes(labels, classes=classes)
    return Balance(
        counts=counts,
        ratio=data.imbalance_ratio(counts),
        meaning=data.describe_balance(counts),
        lengths=data.length_table(lengths, labels, classes=classes),
        histogram=_open_ended(data.length_histogram(lengths, labels, classes=classes)),
        unit=unit,
    )


def _open_ended(histogram: pd.DataFrame) -> pd.DataFrame:
    """The histogram with its wide last bin, which reaches to the longest text, as one without an end."""
    width = histogram["stop"] - histogram["start"]
    return histogram.assign(stop=histogram["stop"].astype(float).mask(width > width.min(), np.inf))


def positions(root: str, dataset_id: str, label: str | None) -> np.ndarray:
    """Where in a dataset the rows of one class are; with None, those without a label."""
    return _positions(root, dataset_id, label, version(dataset_id))


@st.cache_resource(max_entries=24, show_spinner=False)
def _positions(root: str, dataset_id: str, label: str | None, version: tuple[int, ...]) -> np.ndarray:
    labels = dataset(dataset_id).frame["label"]
    mask = labels.isna() if label is None else (labels == label).fillna(False)
    return np.flatnonzero(mask.to_numpy(dtype=bool))


def judgement(run: Run) -> Judgement | None:
    """What a run is worth, or None while there are no predictions."""
    path = run.folder / "predictions.parquet"
    return _judgement(str(path), path.stat().st_mtime_ns, run) if path.exists() else None


@st.cache_resource(max_entries=8, show_spinner="Judging the model on the held-out rows")
def _judgement(path: str, written: int, _run: Run) -> Judgement | None:
    return judge_run(_run)


def mean_tokens(root: str, dataset_id: str) -> float:
    """About how many tokens a text of a dataset has: its mean length, by class, over the labeled rows."""
    lengths = balance(root, dataset_id).lengths
    return float((lengths["median"] * lengths["n"]).sum() / max(1, lengths["n"].sum()))


def language_name(code: str) -> str:
    """The English name of a language."""
    return data.language_name(code)


def csv_bytes(table: pd.DataFrame) -> bytes:
    """A table as CSV that a spreadsheet opens without running any formula in it."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "table.csv"
        data.write_table(table, path)
        return path.read_bytes()
