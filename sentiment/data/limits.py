"""How much of a file is read: bounds that keep a hostile or mistaken file from taking the machine down."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Limits:
    """Bounds on one imported file; each is told in a clear message when it is met.

    Attributes:
        max_file_bytes: size of the file as it is sent.
        max_rows: data rows in the file.
        max_columns: columns in the file.
        max_field_chars: characters of one field; a longer one is cut, and the row is named in a warning.
        max_cells: rows times columns of a worksheet, blank ones included.
        max_inflated_bytes: size of a workbook or a Parquet file once it is unpacked.
        max_inflated_ratio: unpacked size over packed size of one part of a workbook.
        max_json_depth: lists and objects within each other in a JSON value.
    """

    max_file_bytes: int = 1_000_000_000
    max_rows: int = 5_000_000
    max_columns: int = 500
    max_field_chars: int = 100_000
    max_cells: int = 20_000_000
    max_inflated_bytes: int = 1_500_000_000
    max_inflated_ratio: int = 200
    max_json_depth: int = 20


DEFAULT_LIMITS = Limits()
