"""Pieces of a file as tables of strings: of CSV and TSV, of JSON lines, of Parquet."""

import dataclasses
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType

import pyarrow as pa
import pyarrow.parquet as pq

from sentiment.data.arrow_files import DAMAGE, as_text, is_nothing, is_text, text_bytes
from sentiment.data.cells import StringTable
from sentiment.data.delimited import ParseNotes, Quoting, row_chunks
from sentiment.data.limits import DEFAULT_LIMITS
from sentiment.data.records import records_of
from sentiment.data.sniffing import FileFormat
from sentiment.errors import DataError
from sentiment.numbers import number

STREAM_LIMITS = dataclasses.replace(DEFAULT_LIMITS, max_file_bytes=2**42, max_rows=10**10, max_inflated_bytes=2**44)
_MOST_CHUNK_BYTES = 2**29


def delimited_tables(
    path: Path, found: FileFormat, quoting: Quoting, notes: ParseNotes, size: int
) -> Iterator[StringTable]:
    """Tables whose `n_rows` counts from the first row of the file; the first one has no rows."""
    with path.open(encoding=found.encoding or "utf-8", newline="") as stream:
        header, chunks = row_chunks(stream, found.delimiter or ",", quoting=quoting, notes=notes, size=size)
        n_rows = 0
        yield empty_table(header, n_rows)
        for chunk in chunks:
            table = empty_table(header, n_rows)
            table.add_rows(chunk)
            n_rows = table.n_rows
            yield table


def empty_table(names: list[str] | tuple[str, ...], n_rows: int) -> StringTable:
    """An empty table that goes on counting rows, so that messages name them rightly."""
    table = StringTable(names, limits=STREAM_LIMITS)
    table.n_rows = n_rows
    return table


def records(path: Path, found: FileFormat) -> Iterator[dict[str, str | None]]:
    """The records of a file of JSON lines (errors as for `records_of`)."""
    with path.open(encoding=found.encoding or "utf-8", newline="\n") as lines:
        yield from records_of((line.removeprefix("\ufeff") for line in lines), limits=STREAM_LIMITS)


def record_tables(path: Path, found: FileFormat, keys: tuple[str, ...], size: int) -> Iterator[StringTable]:
    """Tables of the records of a file of JSON lines, with a column for each of the keys."""
    n_rows = 0
    chunk: list[dict[str, str | None]] = []

    def table() -> StringTable:
        filled = empty_table(list(keys) or ["text"], n_rows)
        filled.add_columns([[record.get(key) for record in chunk] for key in keys] or [[None] * len(chunk)])
        return filled

    for record in records(path, found):
        chunk.append(record)
        if len(chunk) == size:
            yield table()
            n_rows += len(chunk)
            chunk = []
    if chunk:
        yield table()


def parquet_tables(path: Path, size: int) -> Iterator[StringTable]:
    """Tables of the values as text; bytes that are no text are missing values."""
    schema = pq.ParquetFile(path).schema_arrow
    strings = [name for name, kind in zip(schema.names, schema.types, strict=True) if is_text(kind)]
    # Dictionaries first: a few bytes may stand for gigabytes of repeated text.
    file, kept, n_rows = pq.ParquetFile(path, read_dictionary=strings), kept_columns(schema), 0
    for batch in file.iter_batches(batch_size=size):
        n_bytes = sum(text_bytes(batch.column(i)) for i in kept)
        if n_bytes > _MOST_CHUNK_BYTES:
            raise DataError(
                f"{number(batch.num_rows)} rows of the file unpack to {number(n_bytes / 1e6)} MB",
                expected=f"At most {number(_MOST_CHUNK_BYTES / 1e6)} MB in so many rows",
            )
        table = empty_table([schema.names[i] for i in kept], n_rows)
        texts = (as_text(batch.column(i)) for i in kept)
        table.add_columns([pa.nulls(batch.num_rows, pa.large_string()) if text is None else text for text in texts])
        n_rows = table.n_rows
        yield table


def kept_columns(schema: pa.Schema) -> list[int]:
    """The positions of the columns that hold something."""
    return [place for place, kind in enumerate(schema.types) if not is_nothing(kind)]


class DamageTold:
    """Turns what the library says of a damaged file into words."""

    def __enter__(self) -> None:
        return

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if isinstance(error, DAMAGE):
            raise DataError(
                "The Parquet file is cut off or damaged", expected="A whole file", todo="Write or download it again"
            ) from error
