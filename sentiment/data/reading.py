"""A file into a table of strings, with everything that was met on the way."""

import hashlib
from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd

from sentiment.data.arrow_files import read_parquet
from sentiment.data.cells import StringTable
from sentiment.data.delimited import ParseNotes, read_delimited
from sentiment.data.limits import DEFAULT_LIMITS, Limits
from sentiment.data.records import read_records
from sentiment.data.sniffing import FileFormat, detect_format, display_name, load_bytes
from sentiment.data.workbooks import read_workbook
from sentiment.errors import DataError
from sentiment.memory import without_collection
from sentiment.numbers import number


@dataclass(frozen=True)
class Table:
    """A file as it was read.

    Attributes:
        frame: one row per data row of the file; the index is the zero-based row. All columns are strings, with
            unique names. "NA", "null" and "007" stay as they are; an empty field of a CSV or XLSX is "", a null of
            JSON or Parquet is missing.
        file_format: how it was read.
        name: the file's name, for display only.
        sheets: the names of a workbook's sheets; empty otherwise.
        file_hash: sha256 of the file, in hexadecimal.
        warnings: what was met and what was done about it, in words.
        ragged_rows: zero-based rows whose number of fields differs from the header's (the first 200).
        n_ragged: how many there are.
    """

    frame: pd.DataFrame
    file_format: FileFormat
    name: str
    sheets: tuple[str, ...]
    file_hash: str
    warnings: tuple[str, ...]
    ragged_rows: tuple[int, ...]
    n_ragged: int = 0


def read_table(
    source: Path | bytes, *, name: str, file_format: FileFormat | None = None, limits: Limits = DEFAULT_LIMITS
) -> Table:
    """The rows of a CSV, TSV, XLSX, JSONL or Parquet file.

    Args:
        source: the file, or its content.
        name: what the file is called; used for display and as a hint at the format, never as a path.
        file_format: how to read it; detected from the content by default.
        limits: bounds on size and shape.

    Raises:
        DataError: for anything that keeps the file from being read whole; nothing is replaced or dropped silently.
    """
    content = source if isinstance(source, bytes) else load_bytes(source)
    if len(content) > limits.max_file_bytes:
        raise DataError(
            f"{display_name(name)} has {number(len(content) / 1e6)} MB",
            expected=f"At most {number(limits.max_file_bytes / 1e6)} MB are read",
            todo="Import a sample of the rows",
        )
    detected = file_format or detect_format(content, name=name)
    with without_collection():
        table, notes, chosen, sheets = _read(content, detected, limits=limits)
    frame = table.frame()
    warnings = [*notes.warnings(), *table.warnings()]
    if file_format is None and detected.encoding and not detected.encoding.startswith("utf"):
        warnings.append(f"The file is not UTF-8; it was read as {detected.encoding}. Check that letters look right.")
    if frame.empty:
        warnings.append("The file has column names but 0 rows.")
    elif _header_looks_like_data(frame):
        warnings.append(
            "The first row was read as the column names, but it looks like data. "
            "Add a row of names on top of the file if it has none."
        )
    return Table(
        frame=frame,
        file_format=chosen,
        name=display_name(name),
        sheets=sheets,
        file_hash=hashlib.sha256(content).hexdigest(),
        warnings=tuple(warnings),
        ragged_rows=tuple(notes.ragged),
        n_ragged=notes.n_ragged,
    )


def _read(
    content: bytes, file_format: FileFormat, *, limits: Limits
) -> tuple[StringTable, ParseNotes, FileFormat, tuple[str, ...]]:
    encoding = file_format.encoding or "utf-8"
    if file_format.kind == "csv":
        delimiter = file_format.delimiter or ","
        table, notes = read_delimited(content, encoding=encoding, delimiter=delimiter, limits=limits)
        return table, notes, file_format, ()
    if file_format.kind == "jsonl":
        return read_records(content, encoding=encoding, limits=limits), ParseNotes(), file_format, ()
    if file_format.kind == "parquet":
        table, messages = read_parquet(content, limits=limits)
        return table, ParseNotes(messages=messages), file_format, ()
    table, notes, sheet, sheets = read_workbook(content, sheet=file_format.sheet, limits=limits)
    return table, notes, replace(file_format, sheet=sheet), sheets


def _header_looks_like_data(frame: pd.DataFrame) -> bool:
    """True where a column's name is a sentence, or a value that its short-valued column is made of."""
    head = frame.head(200)
    for name in head.columns:
        if len(name) > 60 and name.count(" ") > 7:
            return True
        values = head[name]
        if len(head) >= 5 and values.nunique() <= len(head) // 3 and (values == name).any():
            return True
    return False
