"""What importing a file found: empty rows, duplicates, contradictions, spellings of labels."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from sentiment.arrays import distinct
from sentiment.data.duplicates import group_duplicates
from sentiment.data.label_names import LabelMapping, find_variants, propose_mapping
from sentiment.data.reading import Table

MAX_CONFLICTS = 200
_MAX_ROWS = 50
_MAX_CHARS = 1_000


@dataclass(frozen=True)
class ImportReport:
    """What importing a file found.

    Attributes:
        n_read: data rows in the file.
        n_kept: rows of the dataset.
        n_empty: rows left out since their text is blank.
        n_unlabeled: kept rows without a label.
        n_duplicates: kept rows whose text occurred before; case, white space and punctuation aside.
        n_conflicting: texts (likewise) with two or more labels.
        conflicts: the first 200 of them: {"text", "labels": {label: rows}, "rows": [zero-based rows, up to 50]}.
        variants: the spelling to keep → spellings of the same label in the file.
        mapping_offered: what the ratings in the file would stand for; None if they are no ratings.
        n_ragged: rows with more or fewer fields than the header.
        ragged_rows: the first of them, zero-based.
        warnings: what else was met, in words.
        n_classes: different labels of the kept rows, as renamed.
    """

    n_read: int
    n_kept: int
    n_empty: int
    n_unlabeled: int
    n_duplicates: int
    n_conflicting: int
    conflicts: tuple[dict[str, Any], ...]
    variants: dict[str, tuple[str, ...]]
    mapping_offered: LabelMapping | None
    n_ragged: int
    ragged_rows: tuple[int, ...]
    warnings: tuple[str, ...]
    n_classes: int


def report_import(table: Table, frame: pd.DataFrame, raw_labels: pd.Series | None) -> ImportReport:
    """The report on a table that became the rows of a dataset.

    Args:
        table: the file as it was read.
        frame: the rows that were kept, with columns row, text and label (renamed).
        raw_labels: the labels of these rows as they are in the file; None where no column holds labels.
    """
    texts = group_duplicates(frame["text"], near=False)
    n_conflicting, conflicts = _conflicts(frame, texts)
    raw_counts = raw_labels.value_counts() if raw_labels is not None else pd.Series(dtype="int64")
    raw_names = [str(name) for name in raw_counts.index if str(name).strip()]  # most frequent first
    return ImportReport(
        n_read=len(table.frame),
        n_kept=len(frame),
        n_empty=len(table.frame) - len(frame),
        n_unlabeled=int(frame["label"].isna().sum()),
        n_duplicates=len(texts) - int(texts.max()) - 1,
        n_conflicting=n_conflicting,
        conflicts=conflicts,
        variants=find_variants(raw_names),
        mapping_offered=propose_mapping(raw_names),
        n_ragged=table.n_ragged,
        ragged_rows=table.ragged_rows,
        warnings=table.warnings,
        n_classes=frame["label"].nunique(),
    )


def _conflicts(frame: pd.DataFrame, texts: np.ndarray) -> tuple[int, tuple[dict[str, Any], ...]]:
    codes = pd.factorize(frame["label"])[0]
    repeated = np.bincount(texts) > 1
    labeled = np.flatnonzero((codes >= 0) & repeated[texts])
    if not len(labeled):
        return 0, ()
    n_codes = int(codes.max()) + 1
    pairs = distinct(texts[labeled] * n_codes + codes[labeled]) // n_codes
    found, n_labels = np.unique(pairs, return_counts=True)
    conflicting = found[n_labels > 1]
    shown = conflicting[:MAX_CONFLICTS]
    part = frame.iloc[labeled[np.isin(texts[labeled], shown)]]
    groups = part.groupby(texts[part.index.to_numpy()], sort=True)
    return len(conflicting), tuple(_conflict(rows) for _, rows in groups)


def _conflict(rows: pd.DataFrame) -> dict[str, Any]:
    return {
        "text": str(rows["text"].iloc[0])[:_MAX_CHARS],
        "labels": {str(label): int(count) for label, count in rows["label"].value_counts().items()},
        "rows": [int(row) for row in rows["row"].iloc[:_MAX_ROWS]],
    }
