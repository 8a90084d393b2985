"""XLSX workbooks into a table of strings, after the package has been looked at with suspicion."""

import re
import struct
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from io import BytesIO
from typing import Any

from python_calamine import CalamineError, CalamineWorkbook, SheetVisibleEnum

from sentiment.data.cells import StringTable, chunked
from sentiment.data.delimited import MAX_LISTED, ParseNotes
from sentiment.data.limits import Limits
from sentiment.errors import DataError
from sentiment.numbers import count, number

_BLOCK = 1 << 20
_OVERLAP = 256
_SHEETS = ("xl/worksheets/", "xl/chartsheets/", "xl/dialogsheets/")  # a sheet that lies elsewhere is not opened
# Rows and cells, and how spreadsheet programs write them. Where a parser puts one that is written in another way is not
# known beforehand, and a cell in row 4,000,000,000 takes all the memory there is: such a worksheet is refused.
_TAG = re.compile(rb"<(?:[^\s<>/:!?]*:)?(c|row)(?=[\s/>])")
_ATTRIBUTES = rb"""(?:\s+(?!r=)[\w:.-]+=(?:"[^"'<>]*"|'[^"'<>]*'))*"""
_CELL = re.compile(
    rb"<(?:[\w.-]+:)?c" + _ATTRIBUTES + rb"""(?:\s+r=["']([A-Z]{1,3})([0-9]{1,7})["']""" + _ATTRIBUTES + rb")?\s*/?>"
)
_ROW = re.compile(
    rb"<(?:[\w.-]+:)?row" + _ATTRIBUTES + rb"""(?:\s+r=["']([0-9]{1,7})["']""" + _ATTRIBUTES + rb")?\s*/?>"
)
_UNCOMPUTED = re.compile(rb"</(?:\w+:)?f>\s*(?:<v\s*/>|<v></v>)?\s*</(?:\w+:)?c>")
_WHOLE = "Download or save the workbook again"


@dataclass
class _Extent:
    """How far the cells of a worksheet reach, counted while it is unpacked."""

    rows: int = 0  # the last row with a cell that says its place
    columns: int = 0
    named_rows: int = 0  # the last row that says its number, be there cells in it or not
    unnamed_rows: int = 0
    longest_run: int = 0  # most cells in one row
    has_unplaced: bool = False
    _run: int = 0
    _pending: bytes = b""

    def add(self, block: bytes) -> None:
        """Counts the rows and cells of the next block.

        Raises:
            DataError: for a row or cell that is not written as spreadsheet programs write it.
        """
        window = self._pending + block
        last = window.rfind(b"<")
        cut = last if last >= 0 and b">" not in window[last:] else len(window)  # what is cut off waits for its end
        window, self._pending = window[:cut], window[cut:]
        kinds, cells, rows = _TAG.findall(window), _CELL.findall(window), _ROW.findall(window)
        if len(kinds) != len(cells) + len(rows) or b"\0" in window or len(self._pending) > _BLOCK:
            raise DataError(
                "A worksheet has rows or cells that no spreadsheet program writes",
                expected="A workbook written by a spreadsheet program",
                todo="Open it in one and save it again, or save the sheet as CSV",
            )
        runs = b"".join(kinds).replace(b"row", b"|").split(b"|")
        lengths = [self._run + len(runs[0]), *map(len, runs[1:])]
        self._run, self.longest_run = lengths[-1], max(self.longest_run, *lengths)
        self.rows = max(self.rows, max((int(row) for _, row in cells if row), default=0))
        self.columns = max([self.columns, *(_column_number(letters) for letters in {letters for letters, _ in cells})])
        self.named_rows = max(self.named_rows, max((int(row) for row in rows if row), default=0))
        self.unnamed_rows += rows.count(b"")
        self.has_unplaced = self.has_unplaced or (b"", b"") in cells

    def size(self) -> tuple[int, int]:
        """Rows and columns at most. A cell without a place of its own stands in its row, right of the one before."""
        if not self.has_unplaced:
            return self.rows, self.columns
        return max(self.rows, self.named_rows) + self.unnamed_rows, self.columns + self.longest_run


@dataclass
class _Package:
    """What was met while a workbook's parts were unpacked and counted."""

    n_bytes: int = 0
    n_uncomputed: int = 0
    extents: dict[str, tuple[int, int]] = field(default_factory=dict)  # part → rows, columns


def read_workbook(
    content: bytes, *, sheet: str | None, limits: Limits
) -> tuple[StringTable, ParseNotes, str, tuple[str, ...]]:
    """The rows of one worksheet, every cell as text.

    Returns:
        The table, what was met on the way, the name of the sheet that was read, and the names of all sheets.

    Raises:
        DataError: for a package that is damaged, lies about sizes, unpacks to more than the limits or defines XML
            entities; for a sheet that is not there or holds nothing.
    """
    package = _inspect(content, limits=limits)
    try:
        workbook = CalamineWorkbook.from_filelike(BytesIO(content))
        names = tuple(workbook.sheet_names)
        visible = {m.name: m.visible == SheetVisibleEnum.Visible for m in workbook.sheets_metadata}
        chosen, rows = _choose_sheet(workbook, sheet, visible)
    except (CalamineError, OSError, ValueError, zipfile.BadZipFile) as error:
        raise DataError(
            "The workbook is damaged and cannot be read", expected="A whole .xlsx file", todo=_WHOLE
        ) from error
    notes = ParseNotes()
    hidden = [name for name in names if not visible.get(name, True)]
    if hidden:
        notes.messages.append(f"Hidden sheets: {', '.join(hidden[:10])}. Choose one of them if the data is there.")
    if package.n_uncomputed:
        notes.messages.append(
            f"{count(package.n_uncomputed, 'formula')} without a stored value, read as empty. "
            "Open the workbook in a spreadsheet program and save it to have them computed."
        )
    return _fill(rows, notes, limits=limits), notes, chosen, names


def _choose_sheet(
    workbook: CalamineWorkbook, sheet: str | None, visible: dict[str, bool]
) -> tuple[str, Iterator[list[Any]]]:
    names = workbook.sheet_names
    if sheet is not None and sheet not in names:
        raise DataError(f"The workbook has no sheet “{sheet}”", expected=f"One of: {', '.join(names[:20])}")
    found = {name: workbook.get_sheet_by_name(name) for name in ([sheet] if sheet is not None else names)}
    # The rows are seldom on the cover: of the visible sheets the longest, and of equally long ones the first.
    chosen = max(found, key=lambda name: (found[name].height > 0, visible.get(name, True), found[name].height))
    if not found[chosen].height:
        raise DataError("The workbook is empty", expected="A row of column names and rows of data below")
    return chosen, found[chosen].iter_rows()


def _fill(rows: Iterator[list[Any]], notes: ParseNotes, *, limits: Limits) -> StringTable:
    texts = ([_text(value) for value in row] for row in rows)
    filled = _without_blank(texts, notes)
    header = next(filled, None)
    if header is None:
        raise DataError("The workbook is empty", expected="A row of column names and rows of data below")
    while header and not header[-1]:
        header.pop()
    table = StringTable(header, limits=limits)
    width = len(header)
    for chunk in chunked(filled):
        for offset, row in enumerate(chunk):
            if any(row[width:]):
                notes.n_ragged += 1
                if len(notes.ragged) < MAX_LISTED:
                    notes.ragged.append(table.n_rows + offset)
                row[width - 1] = " ".join(cell for cell in row[width - 1 :] if cell)
            del row[width:]
        table.add_rows(chunk)
    return table


def _without_blank(rows: Iterator[list[str]], notes: ParseNotes) -> Iterator[list[str]]:
    for row in rows:
        if any(row):
            yield row
        else:
            notes.n_blank += 1


def _text(value: Any) -> str:
    """A cell as text, the way a spreadsheet shows it without formatting."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
    if isinstance(value, datetime):
        return value.isoformat(sep=" ")
    return (
        value.isoformat()
        if isinstance(value, date | time)
        else str(value)
        if isinstance(value, int | timedelta)
        else ""
    )


def _inspect(content: bytes, *, limits: Limits) -> _Package:
    """Unpacks every part, block by block and keeping none of it, so that sizes are known before a parser runs."""
    package = _Package()
    try:
        with zipfile.ZipFile(BytesIO(content)) as archive:
            infos = archive.infolist()
    except (zipfile.BadZipFile, NotImplementedError, ValueError, OSError) as error:
        raise DataError("The workbook is cut off or damaged", expected="A whole .xlsx file", todo=_WHOLE) from error
    declared = sum(info.file_size for info in infos)
    if len(infos) > 10_000 or declared > limits.max_inflated_bytes:
        raise _bomb(f"The workbook unpacks to {number(declared / 1e6)} MB in {number(len(infos))} parts", limits=limits)
    # A parser in another language may end a name at its NUL, or take the other one of two parts with one name.
    if len({info.filename for info in infos}) < len(infos) or any("\0" in info.orig_filename for info in infos):
        raise DataError(
            "Two parts of the workbook have one name",
            expected="A workbook written by a spreadsheet program",
            todo=_WHOLE,
        )
    for info in infos:
        if info.flag_bits & 0x1:
            raise DataError("The workbook's parts are encrypted", expected="A workbook without a password")
        if info.file_size > 1_000_000 and info.file_size > limits.max_inflated_ratio * max(info.compress_size, 1):
            times = number(info.file_size / max(info.compress_size, 1))
            raise _bomb(f"A part of the workbook unpacks to {times} times its size", limits=limits)
        try:
            _inspect_part(content, info, package, limits=limits)
        except (zlib.error, struct.error, IndexError) as error:
            raise DataError("The workbook is cut off or damaged", expected="A whole .xlsx file", todo=_WHOLE) from error
    for rows, columns in package.extents.values():
        if columns > limits.max_columns:
            raise DataError(
                f"The worksheet has {number(columns)} columns",
                expected=f"At most {number(limits.max_columns)} columns are read",
            )
        if rows * columns > limits.max_cells:
            raise DataError(
                f"The worksheet spans {number(rows)} rows and {number(columns)} columns",
                expected=f"At most {number(limits.max_cells)} cells are read",
                todo="Delete the stray cells far from the data, or save the sheet as CSV",
            )
    return package


def _inspect_part(content: bytes, info: zipfile.ZipInfo, package: _Package, *, limits: Limits) -> None:
    is_sheet = info.filename.lower().replace("\\", "/").startswith(_SHEETS)
    is_xml = info.filename.lower().endswith((".xml", ".rels"))
    size, tail, extent = 0, b"", _Extent()
    for block in _inflate(content, info):
        size += len(block)
        package.n_bytes += len(block)
        if size > info.file_size:
            raise DataError(
                "The workbook lies about its size: a part is larger than its directory says",
                expected="A workbook written by a spreadsheet program",
                todo=_WHOLE,
            )
        if package.n_bytes > limits.max_inflated_bytes:
            raise _bomb("The workbook unpacks to too much", limits=limits)
        window = tail + block
        if is_xml and re.search(rb"<!(?:DOCTYPE|ENTITY)", window.replace(b"\0", b""), re.IGNORECASE):
            raise DataError(
                "The workbook defines XML entities, which no spreadsheet program writes",
                expected="A plain workbook",
                todo="Open it in a spreadsheet program and save it again",
            )
        if is_sheet:
            extent.add(block)
            package.n_uncomputed += sum(m.end() > len(tail) for m in _UNCOMPUTED.finditer(window))
        tail = window[-_OVERLAP:]
    if size != info.file_size:
        raise DataError("The workbook is cut off or lies about its size", expected="A whole .xlsx file", todo=_WHOLE)
    package.extents[info.filename] = extent.size()


def _inflate(content: bytes, info: zipfile.ZipInfo) -> Iterator[bytes]:
    """The blocks of a part, from its raw bytes: the zip module would stop at the size that the directory claims."""
    start = info.header_offset
    if content[start : start + 4] != b"PK\x03\x04":
        raise struct.error("no local header")
    name_length, extra_length = struct.unpack("<HH", content[start + 26 : start + 30])
    begin = start + 30 + name_length + extra_length
    packed = memoryview(content)[begin : begin + info.compress_size]
    if info.compress_type == zipfile.ZIP_STORED:
        yield bytes(packed)
        return
    if info.compress_type != zipfile.ZIP_DEFLATED:
        raise DataError("The workbook uses an unusual compression", todo="Save it again in a spreadsheet program")
    inflater = zlib.decompressobj(-15)
    pending: bytes = bytes(packed)
    while pending and not inflater.eof:
        yield inflater.decompress(pending, _BLOCK)
        pending = inflater.unconsumed_tail
    yield inflater.flush()
    if not inflater.eof:
        raise zlib.error("incomplete")


def _column_number(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number


def _bomb(what: str, *, limits: Limits) -> DataError:
    return DataError(
        what,
        expected=f"At most {number(limits.max_inflated_bytes / 1e6)} MB, {limits.max_inflated_ratio} times the packed",
        todo="Save the sheet with the reviews as CSV",
    )
