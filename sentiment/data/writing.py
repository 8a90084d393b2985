"""A table into a file that others can open without harm."""

import io
import json
import re
from collections.abc import Callable
from pathlib import Path

import pandas as pd

from sentiment.errors import DataError
from sentiment.files import write_atomic
from sentiment.numbers import number

# What a spreadsheet program would run as a formula, or strip away to find one (OWASP, "CSV Injection").
_FORMULA = re.compile(r"^[\s\u200b\ufeff]*[=+\-@\t\r＝＋－＠]")
_NUMBER = re.compile(r"^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$")
MAX_XLSX_ROWS = 1_048_575
MAX_XLSX_CHARS = 32_767


def write_table(frame: pd.DataFrame, path: Path) -> None:
    """Writes a table in the format that the path's extension names, whole or not at all.

    In .csv, .tsv and .xlsx a text that a spreadsheet program would take for a formula is preceded by an apostrophe;
    .jsonl and .parquet hold every text as it is.

    Raises:
        DataError: for another extension, and for a table or text that does not fit a worksheet.
        OSError: if the file cannot be written; an earlier one is untouched.
    """
    extension = path.suffix.lower()
    if extension not in _WRITERS:
        raise DataError(f"“{path.name}” names no format", expected=f"One of the endings {', '.join(_WRITERS)}")
    write_atomic(path, write_bytes(frame, extension))


def write_bytes(frame: pd.DataFrame, extension: str) -> bytes:
    """A table as the content of a file with that extension, such as ".csv" (see `write_table`)."""
    return _WRITERS[extension](frame)


def defuse(value: object) -> object:
    """A cell that a spreadsheet program takes for text: a leading formula sign gets an apostrophe before it."""
    if isinstance(value, str) and _FORMULA.match(value) and not _NUMBER.match(value):
        return "'" + value
    return value


def _defused(frame: pd.DataFrame) -> pd.DataFrame:
    safe = frame.copy()
    for position, kind in enumerate(frame.dtypes):
        if not pd.api.types.is_numeric_dtype(kind):
            safe.isetitem(position, frame.iloc[:, position].map(defuse, na_action="ignore").array)
    safe.columns = pd.Index([defuse(name) for name in frame.columns])
    return safe


def _delimited(frame: pd.DataFrame, delimiter: str) -> bytes:
    text = _defused(frame).to_csv(index=False, sep=delimiter, lineterminator="\r\n")
    return text.encode("utf-8")


def check_cells(frame: pd.DataFrame) -> None:
    """Checks that every text fits into a cell of a worksheet.

    Raises:
        DataError: naming the column of one that does not.
    """
    for name in frame.columns:
        values = frame[name]
        if not pd.api.types.is_numeric_dtype(values) and (values.astype("str").str.len() > MAX_XLSX_CHARS).any():
            raise DataError(
                f"A text of column “{name}” is longer than a cell of a worksheet may be",
                expected=f"At most {number(MAX_XLSX_CHARS)} characters",
                todo="Write a .csv or .jsonl",
            )


def _workbook(frame: pd.DataFrame) -> bytes:
    if len(frame) > MAX_XLSX_ROWS:
        raise DataError(
            f"The table has {number(len(frame))} rows",
            expected=f"A worksheet holds {number(MAX_XLSX_ROWS)}",
            todo="Write a .csv",
        )
    safe = _defused(frame)
    check_cells(safe)
    buffer = io.BytesIO()
    options = {"strings_to_formulas": False, "strings_to_urls": False, "nan_inf_to_errors": True}
    with pd.ExcelWriter(buffer, engine="xlsxwriter", engine_kwargs={"options": options}) as writer:
        safe.to_excel(writer, index=False, sheet_name="rows")
    return buffer.getvalue()


def _lines(frame: pd.DataFrame) -> bytes:
    table = frame.astype(object).where(frame.notna(), None)
    lines = (json.dumps(record, ensure_ascii=False, default=str) for record in table.to_dict(orient="records"))
    return "".join(line + "\n" for line in lines).encode("utf-8")


_WRITERS: dict[str, Callable[[pd.DataFrame], bytes]] = {
    ".csv": lambda table: _delimited(table, ","),
    ".tsv": lambda table: _delimited(table, "\t"),
    ".xlsx": _workbook,
    ".jsonl": _lines,
    ".parquet": lambda table: table.to_parquet(index=False),
}
