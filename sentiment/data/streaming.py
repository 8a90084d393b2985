"""A file read piece by piece, so that its size does not matter: what is in memory is a few thousand rows.

The file is read twice. The first pass counts the rows and meets every mistake in it, so that what comes after knows
how far it is, and nothing is half done. A workbook, and a JSON array, can only be read whole; the usual limits hold
for these.
"""

import codecs
import csv
import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq

from sentiment.data.arrow_files import check_size
from sentiment.data.cells import StringTable
from sentiment.data.delimited import ParseNotes, Quoting, quotes_pair
from sentiment.data.encodings import detect_encoding
from sentiment.data.reading import read_table
from sentiment.data.sniffing import FileFormat, detect_format, display_name
from sentiment.data.stream_tables import (
    STREAM_LIMITS,
    DamageTold,
    delimited_tables,
    empty_table,
    kept_columns,
    parquet_tables,
    record_tables,
    records,
)
from sentiment.errors import DataError
from sentiment.numbers import count, number

CHUNK_ROWS = 8_192
_HEAD_BYTES = 4 * 2**20
_BLOCK = 2**20


@dataclass(frozen=True)
class RowStream:
    """A file that has been looked through, to be read again piece by piece.

    Attributes:
        path: the file.
        file_format: how it is read.
        names: its columns, each different.
        n_rows: data rows.
        warnings: what was met, in words.
    """

    path: Path
    file_format: FileFormat
    names: tuple[str, ...]
    n_rows: int
    warnings: tuple[str, ...]
    _quoting: Quoting = csv.QUOTE_MINIMAL
    _keys: tuple[str, ...] = ()
    _whole: pd.DataFrame | None = None

    def chunks(self, size: int = CHUNK_ROWS) -> Iterator[pd.DataFrame]:
        """The rows as tables of strings with up to `size` rows each, in order; at least one table.

        Raises:
            DataError: if the file has changed since it was looked through.
        """
        n_rows = 0
        for table in self._tables(size):
            frame = table.frame() if isinstance(table, StringTable) else table
            n_rows += len(frame)
            if len(frame):
                yield frame
        if n_rows != self.n_rows:
            raise DataError(f"{display_name(self.path.name)} changed while it was read", todo="Start again")
        if not n_rows:
            yield pd.DataFrame({name: pd.Series(dtype="str") for name in self.names})

    def _tables(self, size: int) -> Iterator[StringTable | pd.DataFrame]:
        if self._whole is not None:
            yield from (self._whole.iloc[start : start + size] for start in range(0, len(self._whole), size))
        elif self.file_format.kind == "parquet":
            yield from parquet_tables(self.path, size)
        elif self.file_format.kind == "jsonl":
            yield from record_tables(self.path, self.file_format, self._keys, size)
        else:
            yield from delimited_tables(self.path, self.file_format, self._quoting, ParseNotes(), size)


def open_rows(path: Path, *, name: str | None = None, file_format: FileFormat | None = None) -> RowStream:
    """A file, looked through from its beginning to its end.

    Args:
        path: the file.
        name: what it is called, for display and as a hint at the format; by default the path's last part.
        file_format: how to read it; detected from the content by default.

    Raises:
        DataError: for anything that keeps the file from being read whole, as `read_table` does.
    """
    shown = name or path.name
    found = file_format or _detect(path, shown)
    if found.kind == "xlsx" or (found.kind == "jsonl" and _is_array(path, found)):
        table = read_table(path, name=shown, file_format=found)
        names = tuple(table.frame.columns)
        return RowStream(path, table.file_format, names, len(table.frame), table.warnings, _whole=table.frame)
    if found.kind == "parquet":
        return _scan_parquet(path, found)
    if found.kind == "jsonl":
        return _scan_records(path, found)
    return _scan_delimited(path, found)


def head_of(path: Path, *, name: str, n_rows: int = 1_000) -> tuple[FileFormat, pd.DataFrame]:
    """The format of a file and its first rows, without a look at the rest (errors as for `open_rows`).

    Args:
        path: the file.
        name: what it is called.
        n_rows: how many rows at most.
    """
    found = _detect(path, name)
    stream = RowStream(path, found, (), 0, ())
    if found.kind == "xlsx" or (found.kind == "jsonl" and _is_array(path, found)):
        return found, read_table(path, name=name, file_format=found).frame.head(n_rows)
    if found.kind == "jsonl":
        keys: dict[str, None] = {}
        for place, record in enumerate(records(path, found)):
            keys.update(dict.fromkeys(record))
            if place >= n_rows:
                break
        stream = dataclasses.replace(stream, _keys=tuple(keys))
    try:
        return found, _first(stream, n_rows)
    except DataError:  # a tab-separated file without any quoting
        if found.delimiter != "\t":
            raise
        return found, _first(dataclasses.replace(stream, _quoting=csv.QUOTE_NONE), n_rows)


def _first(stream: RowStream, n_rows: int) -> pd.DataFrame:
    """The first rows of a file; a table without rows where there are none."""
    frame = pd.DataFrame()
    for table in stream._tables(n_rows):
        frame = table.frame() if isinstance(table, StringTable) else table
        if len(frame):
            break
    return frame


def _detect(path: Path, name: str) -> FileFormat:
    """How to read a file, by its beginning and, of a text file, by whether all of it can be read so."""
    head = _head(path)
    if len(head) == path.stat().st_size or head.startswith(b"PK"):
        return detect_format(path, name=name)
    if head.startswith(b"PAR1"):
        return FileFormat("parquet")
    found = detect_format(head if b"\x00" in head else head[: head.rfind(b"\n") + 1] or head, name=name)
    broken = _undecodable(path, found.encoding or "utf-8")
    if broken is None:
        return found
    with path.open("rb") as file:  # what tells the encoding may come late
        file.seek(max(0, broken - _BLOCK))
        sample = file.read(2 * _BLOCK)
    encoding = detect_encoding(sample[sample.find(b"\n") + 1 : sample.rfind(b"\n") + 1] or sample)
    return dataclasses.replace(found, encoding=encoding)


def _head(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(_HEAD_BYTES)
    except OSError as error:
        reason = "does not exist" if isinstance(error, FileNotFoundError) else f"cannot be read ({error.strerror})"
        raise DataError(f"The file {display_name(path.name)} {reason}", todo="Check the path") from error


def _undecodable(path: Path, encoding: str) -> int | None:
    """About where in a file the first byte is that an encoding cannot read; None where all of it can be read."""
    decoder = codecs.getincrementaldecoder(encoding)(errors="strict")
    place = 0
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            try:
                decoder.decode(block, final=False)
            except UnicodeError:
                return place
            place += len(block)
    try:
        decoder.decode(b"", final=True)
    except UnicodeError:
        return place
    return None


def _check_decodes(path: Path, encoding: str) -> None:
    broken = _undecodable(path, encoding)
    if broken is not None:
        raise DataError(
            f"The file cannot be read as {encoding}: somewhere after byte {number(broken)} there are bytes that do not "
            "fit",
            expected="Every byte must belong to a character: nothing is replaced silently",
            todo="Save the file as UTF-8 again",
        )


def _scan_delimited(path: Path, found: FileFormat) -> RowStream:
    _check_decodes(path, found.encoding or "utf-8")
    try:
        return _count_delimited(path, found, csv.QUOTE_MINIMAL)
    except DataError:
        if found.delimiter != "\t" or quotes_pair(_head(path), found.encoding or "utf-8"):
            raise
    # Tab-separated files are often written without any quoting: a quotation mark is then a plain character.
    stream = _count_delimited(path, found, csv.QUOTE_NONE)
    told = "Quotation marks do not pair in this file; they are read as plain characters."
    return dataclasses.replace(stream, warnings=(*stream.warnings, told))


def _count_delimited(path: Path, found: FileFormat, quoting: Quoting) -> RowStream:
    notes, n_rows, changed = ParseNotes(), 0, list[str]()
    names: tuple[str, ...] = ()
    for table in delimited_tables(path, found, quoting, notes, CHUNK_ROWS):
        names, n_rows = tuple(table.names), table.n_rows
        changed = changed or [f"{said} There may be more." for said in table.warnings()]
    return RowStream(path, found, names, n_rows, (*_told(notes, n_columns=len(names)), *changed), quoting)


def _told(notes: ParseNotes, *, n_columns: int) -> list[str]:
    """What was met while reading rows, in words."""
    found, n = dataclasses.replace(notes, n_blank=0).warnings(), notes.n_blank
    if n:
        lost = "; in a file of one column such a line may be a row without a text, which is then not in the result"
        found.append(f"{count(n, 'blank line')} passed over{lost if n_columns == 1 else ''}.")
    return found


def _is_array(path: Path, found: FileFormat) -> bool:
    head = _head(path)[:65_536].decode(found.encoding or "utf-8", errors="ignore")
    return head.lstrip("\ufeff \t\r\n").startswith("[")


def _scan_records(path: Path, found: FileFormat) -> RowStream:
    _check_decodes(path, found.encoding or "utf-8")
    keys: dict[str, None] = {}
    n_rows = 0
    for record in records(path, found):
        n_rows += 1
        if record.keys() - keys.keys():
            keys.update(dict.fromkeys(record))
        if _is_broken(record):
            raise DataError(
                f"Row {number(n_rows)} holds half of a character (a lone surrogate)",
                expected="Text must be valid Unicode",
                todo="Repair that text",
            )
    if not n_rows:
        raise DataError("The file has no JSON objects", expected="One object per line, such as {“text”: “…”}")
    names = tuple(empty_table(list(keys) or ["text"], 0).names)
    return RowStream(path, found, names, n_rows, (), _keys=tuple(keys))


def _is_broken(record: dict[str, str | None]) -> bool:
    """Whether a key or a value cannot be written in any encoding."""
    try:
        "".join((*record, *filter(None, record.values()))).encode()
    except UnicodeEncodeError:
        return True
    return False


def _scan_parquet(path: Path, found: FileFormat) -> RowStream:
    with DamageTold():
        file = pq.ParquetFile(path)
        check_size(file, limits=STREAM_LIMITS)
        kept = kept_columns(file.schema_arrow)
        names = tuple(empty_table([file.schema_arrow.names[i] for i in kept], 0).names)
        for _ in parquet_tables(path, CHUNK_ROWS):
            pass
        return RowStream(path, found, names, file.metadata.num_rows, ())
