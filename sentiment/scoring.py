"""Tables through a `predict_fn`: in memory, or a file of any size piece by piece."""

import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sentiment.data.sniffing import FileFormat
from sentiment.data.streaming import open_rows
from sentiment.data.table_writer import TableWriter
from sentiment.errors import DataError, UsageError
from sentiment.evaluation.thresholds import Rule

PredictFn = Callable[[Sequence[str]], NDArray[np.float32]]


@dataclass(frozen=True)
class ScoringProgress:
    """How far the scoring of a file is.

    Attributes:
        n_done: rows written.
        n_rows: rows of the file.
        seconds_left: estimate; None while unknown.
    """

    n_done: int
    n_rows: int
    seconds_left: float | None

    @property
    def share(self) -> float:
        """Share of the rows that is written, from 0 to 1."""
        return self.n_done / self.n_rows if self.n_rows else 1.0


@dataclass(frozen=True)
class Scored:
    """What came of scoring a file.

    Attributes:
        n_rows: rows of the file.
        n_empty: rows without a text, which have no prediction.
        counts: rows predicted as each class.
        warnings: what was met while reading, in words.
        stopped: whether it was asked to stop; nothing was written then.
        n_undecided: rows that the rule leaves undecided, which have probabilities and no prediction.
    """

    n_rows: int
    n_empty: int
    counts: dict[str, int]
    warnings: tuple[str, ...]
    stopped: bool = False
    n_undecided: int = 0


def score_file(
    source: Path,
    out: Path,
    *,
    text: str,
    predict_fn: PredictFn,
    classes: Sequence[str],
    rule: Rule | None = None,
    name: str | None = None,
    file_format: FileFormat | None = None,
    on_progress: Callable[[ScoringProgress], None] = lambda _: None,
    should_stop: Callable[[], bool] = lambda: False,
) -> Scored:
    """Writes a file with the columns prediction and prob_<class> added; rows, their order and columns stay.

    A few thousand rows are in memory at a time. `out` is there once all is written, or not at all. Values come back as
    text, numbers of JSON lines and Parquet too; blank lines are no rows.

    Args:
        source: CSV, TSV, XLSX, JSONL or Parquet.
        out: the same kinds, by its ending; formulas are defused where a spreadsheet program would run them.
        text: the column with the texts.
        predict_fn: texts → probabilities float32[n, n_classes].
        classes: names of the columns of the probabilities.
        rule: how a class is chosen; the most likely one by default.
        name: what the file is called, by default its own name.
        file_format: how to read it; detected from the content by default.
        on_progress: called after every piece.
        should_stop: asked before every piece.

    Raises:
        DataError: if the file cannot be read or written in that format, or has no such column.
        UsageError: if the file has a column of one of the new names already.
        OSError: if `out` cannot be written; an earlier file is untouched.
    """
    rows = open_rows(source, name=name, file_format=file_format)
    _check_columns(list(rows.names), text=text, added=_added(classes))
    counts: Counter[str] = Counter()
    n_done = n_empty = 0
    began = time.monotonic()
    try:
        with TableWriter(out, n_rows=rows.n_rows) as writer:
            for chunk in rows.chunks():
                if should_stop():
                    raise _Stop
                scored = score_frame(chunk, text=text, predict_fn=predict_fn, classes=classes, rule=rule)
                writer.add(scored)
                counts.update(scored["prediction"].tolist())
                n_empty += int(scored[_added(classes)[1]].isna().sum())
                n_done += len(chunk)
                seconds_left = (time.monotonic() - began) / n_done * (rows.n_rows - n_done) if n_done else None
                on_progress(ScoringProgress(n_done, rows.n_rows, seconds_left))
    except _Stop:
        return Scored(rows.n_rows, 0, {}, rows.warnings, stopped=True)
    said = {label: counts[label] for label in classes}
    undecided = counts[""] - n_empty
    return Scored(rows.n_rows, n_empty, said, rows.warnings, n_undecided=undecided)


def score_frame(
    frame: pd.DataFrame,
    *,
    text: str,
    predict_fn: PredictFn,
    classes: Sequence[str],
    rule: Rule | None = None,
) -> pd.DataFrame:
    """The table with the columns prediction and prob_<class> added; rows and their order stay as they are.

    A row without a text gets an empty prediction and empty probabilities, one that the rule leaves undecided an empty
    prediction.

    Args:
        frame: any table.
        text: its column with the texts.
        predict_fn: texts → probabilities float32[n, n_classes].
        classes: names of the columns of the probabilities.
        rule: how a class is chosen; the most likely one by default.

    Raises:
        DataError: if there is no such column.
        UsageError: if the table has a column of one of the new names already.
    """
    added = _added(classes)
    _check_columns(list(frame.columns), text=text, added=added)
    texts = frame[text].astype("str").fillna("")
    there = np.flatnonzero((texts.str.strip() != "").to_numpy(bool))
    known = predict_fn(texts.iloc[there].tolist())
    probs = np.full((len(frame), len(classes)), np.nan)
    probs[there] = known
    prediction = np.full(len(frame), "", object)
    said = known.argmax(axis=1) if rule is None else rule.decide(known, classes)
    prediction[there] = np.append(np.array(list(classes), object), "")[said]  # undecided is −1: the last
    new = pd.DataFrame(dict(zip(added, [pd.array(prediction, dtype="str"), *probs.T], strict=True)), index=frame.index)
    return pd.concat([frame, new], axis=1)


class _Stop(Exception):
    """Somebody asked to stop."""


def _added(classes: Sequence[str]) -> list[str]:
    return ["prediction", *(f"prob_{name}" for name in classes)]


def _check_columns(columns: Sequence[str], *, text: str, added: Sequence[str]) -> None:
    if text not in columns:
        raise DataError(f"There is no column {text!r}", expected=f"One of {', '.join(map(repr, columns[:20]))}")
    taken = [name for name in added if name in columns]
    if taken:
        raise UsageError(f"The table has a column {taken[0]!r} already", todo="Rename or remove it, then predict again")
