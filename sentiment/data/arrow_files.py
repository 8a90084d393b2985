"""Parquet into a table of strings, within bounds."""

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from sentiment.data.cells import StringTable
from sentiment.data.limits import Limits
from sentiment.errors import DataError

_DAMAGED = "Write or download the file again"
_BATCH_ROWS = 50_000


def read_parquet(content: bytes, *, limits: Limits) -> tuple[StringTable, list[str]]:
    """The rows of a Parquet file with every value as text, and warnings about columns that are left out.

    Numbers, dates and truth values are written out; a whole float stays a number ("5" for 5.0). Lists and structs
    become JSON-like text; binary values that are not text are left out, and named.

    Raises:
        DataError: for a file that is cut off, damaged, or larger than the limits once unpacked.
    """
    try:
        file = pq.ParquetFile(pa.BufferReader(content))
        check_size(file, limits=limits)
        schema = file.schema_arrow
        strings = [name for name, kind in zip(schema.names, schema.types, strict=True) if is_text(kind)]
        # Dictionaries first: a few bytes may stand for gigabytes of repeated text.
        file = pq.ParquetFile(pa.BufferReader(content), read_dictionary=strings)
        return _read(file, limits=limits)
    except (pa.ArrowException, OSError, UnicodeDecodeError, OverflowError) as error:  # Overflow: a date in year 300,000
        raise DataError(
            "The Parquet file is cut off or damaged, so nothing was imported", expected="A whole file", todo=_DAMAGED
        ) from error


def check_size(file: pq.ParquetFile, *, limits: Limits) -> None:
    """Raises a DataError for a file that is larger than the limits, by what it says of itself."""
    metadata = file.metadata
    if metadata.num_rows > limits.max_rows:
        raise DataError(
            f"The file has {metadata.num_rows:,} rows",
            expected=f"At most {limits.max_rows:,} rows are read",
            todo="Import a random sample of the rows, or split the file",
        )
    if len(file.schema_arrow.names) > limits.max_columns:
        raise DataError(
            f"The file has {len(file.schema_arrow.names):,} columns",
            expected=f"At most {limits.max_columns:,} columns are read",
            todo="Keep the text, the label and the few columns that you need",
        )
    inflated = sum(metadata.row_group(i).total_byte_size for i in range(metadata.num_row_groups))
    if inflated > limits.max_inflated_bytes:
        raise _too_large(inflated, limits=limits)


def _read(file: pq.ParquetFile, *, limits: Limits) -> tuple[StringTable, list[str]]:
    schema = file.schema_arrow
    left_out: list[str] = []
    kept = [i for i, kind in enumerate(schema.types) if not is_nothing(kind)]
    table = StringTable([schema.names[i] for i in kept], limits=limits)
    total = 0
    for batch in file.iter_batches(batch_size=_BATCH_ROWS):
        total += sum(text_bytes(batch.column(i)) for i in kept)
        if total > limits.max_inflated_bytes:
            raise _too_large(total, limits=limits)
        columns = []
        for i in kept:
            text = as_text(batch.column(i))
            if text is None:
                left_out.append(schema.names[i])
                text = pa.nulls(batch.num_rows, pa.large_string())
            columns.append(text)
        if batch.num_rows:
            table.add_columns(columns)
    names = list(dict.fromkeys(left_out))
    return table, [f"Column “{name}” holds binary values that are no text; they are left out." for name in names]


def as_text(array: pa.Array) -> pa.Array | None:
    """The values as strings; None where they are bytes that are no text."""
    kind = array.type
    if pa.types.is_dictionary(kind):
        array, kind = array.dictionary_decode(), kind.value_type
    if pa.types.is_binary(kind) or pa.types.is_large_binary(kind) or pa.types.is_fixed_size_binary(kind):
        try:
            return pc.cast(pc.cast(array, pa.large_binary()), pa.large_string())
        except pa.ArrowInvalid:
            return None
    if pa.types.is_string(kind) or pa.types.is_large_string(kind):
        text = pc.cast(array, pa.large_string())
        text.validate(full=True)  # bytes that are no UTF-8 are an error here, not later
        return text
    if pa.types.is_nested(kind):
        return pa.array([None if value is None else str(value) for value in array.to_pylist()], pa.large_string())
    return pc.cast(array, pa.large_string())


def text_bytes(array: pa.Array) -> int:
    """Bytes that a column's texts take once they are written out."""
    if not pa.types.is_dictionary(array.type) or not is_text(array.type.value_type):
        return array.nbytes
    lengths = pc.binary_length(array.dictionary)
    return pc.sum(pc.cast(pc.take(lengths, array.indices), pa.int64())).as_py() or 0


def is_text(kind: pa.DataType) -> bool:
    """Whether a column of this type holds strings."""
    return pa.types.is_string(kind) or pa.types.is_large_string(kind)


def is_nothing(kind: pa.DataType) -> bool:
    """Whether a column of this type holds nothing at all."""
    return pa.types.is_null(kind)


def _too_large(size: int, *, limits: Limits) -> DataError:
    return DataError(
        f"The file unpacks to {size / 1e6:,.0f} MB",
        expected=f"At most {limits.max_inflated_bytes / 1e6:,.0f} MB are read",
        todo="Import a sample of the rows",
    )
