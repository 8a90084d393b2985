"""Parquet into a table of strings, within bounds."""

from collections.abc import Sequence

# Registers pandas' types with pyarrow: without it, periods and intervals come as bare numbers.
import pandas.core.arrays.arrow.extension_types  # type: ignore[import-not-found]  # noqa: F401
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from sentiment.data.cells import StringTable
from sentiment.data.limits import Limits
from sentiment.errors import DataError
from sentiment.numbers import number

# What reading a damaged file raises. Overflow: a date in year 300,000; Key, Type: what a column says of its own type.
DAMAGE = (pa.ArrowException, OSError, OverflowError, KeyError, TypeError, ValueError)
_TICKS = {"s": 0, "ms": 3, "us": 6, "ns": 9}  # digits after the second
_DAMAGED = "Write or download the file again"
_BATCH_ROWS = 50_000


def read_parquet(content: bytes, *, limits: Limits) -> tuple[StringTable, list[str]]:
    """The rows of a Parquet file with every value as text, and warnings about columns that are left out.

    Numbers, dates, periods, durations ("0:00:03") and truth values are written out; a whole float stays a number ("5"
    for 5.0). Lists and structs become JSON-like text; values that are not text, and cannot become it, are left out,
    and their columns named.

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
    except DAMAGE as error:
        raise DataError(
            "The Parquet file is cut off or damaged, so nothing was imported", expected="A whole file", todo=_DAMAGED
        ) from error


def check_size(file: pq.ParquetFile, *, limits: Limits) -> None:
    """Raises a DataError for a file that is larger than the limits, by what it says of itself."""
    metadata = file.metadata
    if metadata.num_rows > limits.max_rows:
        raise DataError(
            f"The file has {number(metadata.num_rows)} rows",
            expected=f"At most {number(limits.max_rows)} rows are read",
            todo="Import a random sample of the rows, or split the file",
        )
    if len(file.schema_arrow.names) > limits.max_columns:
        raise DataError(
            f"The file has {number(len(file.schema_arrow.names))} columns",
            expected=f"At most {number(limits.max_columns)} columns are read",
            todo="Keep the text, the label and the few columns that you need",
        )
    inflated = sum(metadata.row_group(i).total_byte_size for i in range(metadata.num_row_groups))
    if inflated > limits.max_inflated_bytes:
        raise _too_large(inflated, limits=limits)


def _read(file: pq.ParquetFile, *, limits: Limits) -> tuple[StringTable, list[str]]:
    schema = file.schema_arrow
    left_out: dict[str, str] = {}
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
                what = "binary values that are no text" if is_binary(schema.types[i]) else "values that are no text"
                left_out[schema.names[i]] = what
                text = pa.nulls(batch.num_rows, pa.large_string())
            columns.append(text)
        if batch.num_rows:
            table.add_columns(columns)
    return table, [f"Column “{name}” holds {what}; they are left out." for name, what in left_out.items()]


def as_text(array: pa.Array) -> pa.Array | None:
    """The values as strings; None where they are bytes that are no text, or of a kind that cannot be written out."""
    kind = array.type
    if pa.types.is_dictionary(kind):
        array, kind = array.dictionary_decode(), kind.value_type
    if isinstance(kind, pa.BaseExtensionType):
        return _of_extension(array)
    if is_binary(kind):
        try:
            return pc.cast(pc.cast(array, pa.large_binary()), pa.large_string())
        except pa.ArrowInvalid:
            return None
    if pa.types.is_string(kind) or pa.types.is_large_string(kind):
        text = pc.cast(array, pa.large_string())
        text.validate(full=True)  # bytes that are no UTF-8 are an error here, not later
        return text
    if pa.types.is_nested(kind):
        return _written(array.to_pylist())
    if pa.types.is_duration(kind):
        ticks = pc.cast(array, pa.int64()).to_pylist()
        return _written([None if value is None else _duration(value, digits=_TICKS[kind.unit]) for value in ticks])
    try:
        return pc.cast(array, pa.large_string())
    except (pa.ArrowNotImplementedError, pa.ArrowInvalid):
        return None


def _of_extension(array: pa.ExtensionArray) -> pa.Array | None:
    """UUIDs, and pandas' periods and intervals, as they are usually written; others as what they are stored as."""
    name = array.type.extension_name
    if name == "arrow.uuid":
        return _written(array.to_pylist())
    if name not in ("pandas.period", "pandas.interval"):
        return as_text(array.storage)
    values = array.to_pandas()
    return _written([None if missing else value for value, missing in zip(values, values.isna(), strict=True)])


def _written(values: Sequence[object]) -> pa.Array:
    return pa.array([None if value is None else str(value) for value in values], pa.large_string())


def _duration(ticks: int, *, digits: int) -> str:
    """A duration as Python writes it, with no more digits than it has: "1 day, 0:00:03.5"."""
    seconds, part = divmod(abs(ticks), 10**digits)
    days, seconds = divmod(seconds, 86_400)
    minutes, seconds = divmod(seconds, 60)
    text = f"{minutes // 60}:{minutes % 60:02}:{seconds:02}"
    text += f".{part:0{digits}}".rstrip("0") if part else ""
    return ("-" if ticks < 0 else "") + (f"{days} day{'s' if days > 1 else ''}, " if days else "") + text


def text_bytes(array: pa.Array) -> int:
    """Bytes that a column's texts take once they are written out."""
    if not pa.types.is_dictionary(array.type) or not is_text(array.type.value_type):
        return array.nbytes
    lengths = pc.binary_length(array.dictionary)
    return pc.sum(pc.cast(pc.take(lengths, array.indices), pa.int64())).as_py() or 0


def is_binary(kind: pa.DataType) -> bool:
    """Whether a column of this type holds bytes."""
    return pa.types.is_binary(kind) or pa.types.is_large_binary(kind) or pa.types.is_fixed_size_binary(kind)


def is_text(kind: pa.DataType) -> bool:
    """Whether a column of this type holds strings."""
    return pa.types.is_string(kind) or pa.types.is_large_string(kind)


def is_nothing(kind: pa.DataType) -> bool:
    """Whether a column of this type holds nothing at all."""
    return pa.types.is_null(kind)


def _too_large(size: int, *, limits: Limits) -> DataError:
    return DataError(
        f"The file unpacks to {number(size / 1e6)} MB",
        expected=f"At most {number(limits.max_inflated_bytes / 1e6)} MB are read",
        todo="Import a sample of the rows",
    )
