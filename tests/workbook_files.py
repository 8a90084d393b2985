"""Workbooks for tests, made and unmade."""

import io
import zipfile
from collections.abc import Callable

import xlsxwriter


def workbook(
    rows: list[list[object]] | None = None, *, edit: Callable[[xlsxwriter.Workbook], None] | None = None
) -> bytes:
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer, {"in_memory": True}) as book:
        sheet = book.add_worksheet("reviews")
        for number, row in enumerate(
            rows or [["text", "label"], ["good phone", "positive"], ["bad phone", "negative"]]
        ):
            sheet.write_row(number, 0, row)
        if edit is not None:
            edit(book)
    return buffer.getvalue()


def repack(content: bytes, change: Callable[[str, bytes], bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            new.writestr(name, change(name, old.read(name)))
    return buffer.getvalue()
