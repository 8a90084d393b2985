"""Tables of labels: CSV, JSONL, Parquet."""

from collections.abc import Callable

import pandas as pd

from sentiment.data import defuse, read_table, write_bytes
from sentiment.errors import DataError
from sentiment.labels.exchange_lines import Line, make_line

WRITERS: dict[str, Callable[[pd.DataFrame], bytes]] = {
    "csv": lambda table: write_bytes(table, ".csv"),
    "jsonl": lambda table: write_bytes(table, ".jsonl"),
    "parquet": lambda table: write_bytes(table, ".parquet"),
}


def read(content: bytes, name: str) -> list[Line]:
    """The lines of a table with the columns row (or text) and label, and whatever else an export has.

    Raises:
        DataError: if it cannot be read, or has no such columns.
    """
    table = read_table(content, name=name).frame
    if "label" not in table or not {"row", "text"} & set(table.columns):
        found = ", ".join(f"“{column}”" for column in table.columns[:20])
        raise DataError(
            f"The file of labels has the columns {found}",
            expected="A column “label”, and “row” (zero-based row of the imported file) or “text”",
            todo="Rename its columns",
        )
    filled = table.fillna("")
    return [
        make_line(number, {str(key): fused(str(value)) for key, value in record.items()})
        for number, record in enumerate(filled.to_dict(orient="records"), 1)
    ]


def fused(value: str) -> str:
    """A cell as it was before `defuse` put an apostrophe before it."""
    return value[1:] if value.startswith("'") and defuse(value[1:]) == value else value
