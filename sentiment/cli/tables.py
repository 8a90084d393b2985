"""Tables in a terminal."""

from collections.abc import Sequence


def table_text(header: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    """Lines of columns as wide as their widest cell, for a terminal."""
    widths = [max(len(row[column]) for row in [header, *rows]) for column in range(len(header))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in [header, *rows]
    )
