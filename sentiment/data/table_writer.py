"""A table written piece by piece, whole or not at all, in the formats of `writing.write_table`."""

import os
import tempfile
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import xlsxwriter

from sentiment.data.writing import MAX_XLSX_ROWS, check_cells, defuse, write_bytes
from sentiment.errors import DataError
from sentiment.numbers import number

FORMATS = (".csv", ".tsv", ".xlsx", ".jsonl", ".parquet")


class TableWriter:
    """Takes a table in pieces; the file is there once the `with` block ends without an error.

    In .csv, .tsv and .xlsx a text that a spreadsheet program would take for a formula is preceded by an apostrophe.

    Args:
        path: the file; its ending names the format.
        n_rows: rows that will come, to refuse at once what a worksheet cannot hold.

    Raises:
        DataError: for another ending, and for more rows than a worksheet holds.
        OSError: if the folder cannot be written.
    """

    def __init__(self, path: Path, *, n_rows: int) -> None:
        extension = path.suffix.lower()
        if extension not in FORMATS:
            raise DataError(f"“{path.name}” names no format", expected=f"One of the endings {', '.join(FORMATS)}")
        if extension == ".xlsx" and n_rows > MAX_XLSX_ROWS:
            raise DataError(
                f"The table has {number(n_rows)} rows",
                expected=f"A worksheet holds {number(MAX_XLSX_ROWS)}",
                todo="Write a .csv",
            )
        self.path = path
        handle, name = tempfile.mkstemp(dir=path.absolute().parent, prefix=f".{path.name[:40]}.")
        os.close(handle)
        self._temporary = Path(name)
        self._body: _Body
        if extension == ".parquet":
            self._body = _Parquet(self._temporary)
        elif extension == ".xlsx":
            self._body = _Workbook(self._temporary)
        else:
            self._body = _Text(self._temporary, extension)

    def add(self, frame: pd.DataFrame) -> None:
        """Writes the next rows; every piece has the same columns.

        Raises:
            DataError: for a text that does not fit a cell of a worksheet.
            OSError: if the disk is full.
        """
        self._body.add(frame)

    def __enter__(self) -> "TableWriter":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self._body.close()
            if error is None:
                with self._temporary.open("rb") as file:
                    os.fsync(file.fileno())
                os.replace(self._temporary, self.path)
        finally:
            self._temporary.unlink(missing_ok=True)


class _Body(Protocol):
    """What writes one format."""

    def add(self, frame: pd.DataFrame) -> None: ...

    def close(self) -> None: ...


class _Text:
    """CSV, TSV or JSON lines: the pieces follow each other, with one header."""

    def __init__(self, path: Path, extension: str) -> None:
        self._file, self._extension, self._first = path.open("wb"), extension, True

    def add(self, frame: pd.DataFrame) -> None:
        content = write_bytes(frame, self._extension)
        if not self._first and self._extension != ".jsonl":
            header = write_bytes(frame.iloc[:0], self._extension)
            content = content[len(header) :]
        self._first = False
        self._file.write(content)

    def close(self) -> None:
        self._file.close()


class _Parquet:
    def __init__(self, path: Path) -> None:
        self._path = path
        self._writer: pq.ParquetWriter | None = None

    def add(self, frame: pd.DataFrame) -> None:
        table = pa.Table.from_pandas(frame, preserve_index=False)
        if self._writer is None:
            self._writer = pq.ParquetWriter(self._path, table.schema)
        self._writer.write_table(table.cast(self._writer.schema))

    def close(self) -> None:
        if self._writer is not None:
            self._writer.close()


class _Workbook:
    """One worksheet, of which one row at a time is in memory."""

    def __init__(self, path: Path) -> None:
        self._folder = tempfile.TemporaryDirectory()
        options = {"constant_memory": True, "tmpdir": self._folder.name, "nan_inf_to_errors": True}
        options |= {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
        self._book = xlsxwriter.Workbook(str(path), options)
        self._sheet = self._book.add_worksheet("rows")
        self._n_rows = 0

    def add(self, frame: pd.DataFrame) -> None:
        if not self._n_rows:
            self._write([defuse(name) for name in frame.columns])
        check_cells(frame)
        for values in zip(*(frame[name].tolist() for name in frame.columns), strict=True):
            self._write([None if pd.isna(value) else defuse(value) for value in values])

    def _write(self, values: list[Any]) -> None:
        for place, value in enumerate(values):
            if isinstance(value, str):
                self._sheet.write_string(self._n_rows, place, value)
            elif value is not None:
                self._sheet.write_number(self._n_rows, place, value)
        self._n_rows += 1

    def close(self) -> None:
        self._book.close()
        self._folder.cleanup()
