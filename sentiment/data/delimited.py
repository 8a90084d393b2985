"""CSV and TSV text into a table of strings, every row accounted for."""

import csv
import io
import re
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import chain
from typing import Literal, TextIO

from sentiment.data.cells import CHUNK_ROWS, StringTable, chunked
from sentiment.data.encodings import check_decodes
from sentiment.data.limits import Limits
from sentiment.errors import DataError
from sentiment.numbers import count, number

DELIMITERS = (",", "\t", ";", "|")
MAX_LISTED = 200
Quoting = Literal[0, 3]  # csv.QUOTE_MINIMAL, csv.QUOTE_NONE
_SAMPLE_CHARS = 100_000
_SAMPLE_ROWS = 300
_DECLARED = re.compile(r"""\ufeff?"?sep=([^\w\r\n"])"?[\r\n]*""", re.IGNORECASE)  # a first line for Excel; no row

csv.field_size_limit(min(sys.maxsize, 2**31 - 1))  # long fields are cut, and told, by StringTable


@dataclass
class ParseNotes:
    """What was met while reading rows.

    Attributes:
        ragged: zero-based data rows with more or fewer fields than the header (the first few).
        n_ragged: how many there are.
        n_blank: lines without anything, passed over.
        messages: further warnings, in words.
    """

    ragged: list[int] = field(default_factory=list)
    n_ragged: int = 0
    n_blank: int = 0
    messages: list[str] = field(default_factory=list)

    def warnings(self) -> list[str]:
        """What was met, in words."""
        found = list(self.messages)
        if self.n_ragged:
            first = ", ".join(number(row + 1) for row in self.ragged[:10])
            more = ", …" if self.n_ragged > 10 else ""
            found.append(
                f"{count(self.n_ragged, 'row')} with more or fewer fields than the header: {first}{more}. "
                "Missing fields are empty; surplus ones are kept at the end of the last column."
            )
        if self.n_blank:
            found.append(f"{count(self.n_blank, 'blank line')} passed over.")
        return found


def detect_delimiter(text: str, *, prefer: str | None = None) -> str:
    """The character that separates the fields: the one with which the first rows have as many fields as the header.

    A first line such as “sep=;”, as Excel writes and reads it, says so itself.

    Args:
        text: the beginning of the file, decoded.
        prefer: wins where several do equally well (tab for a .tsv).
    """
    sample = text[:_SAMPLE_CHARS]
    if declared := _DECLARED.fullmatch(io.StringIO(sample, newline="").readline()):
        return declared[1]
    cut = len(text) > _SAMPLE_CHARS
    candidates = sorted(DELIMITERS, key=lambda sign: (sign != prefer, DELIMITERS.index(sign)))
    return max(candidates, key=lambda sign: _fit(sample, sign, cut=cut))


def _fit(sample: str, delimiter: str, *, cut: bool) -> tuple[float, int]:
    """How well a delimiter fits: share of rows as wide as the header (0 for a single column), then the width."""
    widths = []
    try:
        for row in csv.reader(io.StringIO(sample, newline=""), delimiter=delimiter):
            if row:
                widths.append(len(row))
            if len(widths) > _SAMPLE_ROWS:
                break
        else:
            widths = widths[:-1] if cut else widths
    except csv.Error:
        return 0.0, 0
    if not widths or widths[0] == 1:
        # One column: right where no row has the sign, so that a comma in a sentence does not make columns.
        return (0.2 if set(widths) <= {1} else 0.0), 0
    agreeing = sum(width == widths[0] for width in widths) / len(widths)
    return (agreeing if agreeing >= 0.3 else 0.1), widths[0]


def read_delimited(content: bytes, *, encoding: str, delimiter: str, limits: Limits) -> tuple[StringTable, ParseNotes]:
    """The rows of a CSV or TSV file, all of them strings, and what was met on the way.

    Line ends may be LF, CR or CRLF, mixed; they end a row only outside quotation marks, and no other character does.
    A row with too few fields is filled with empty ones; the surplus of one with too many stays at the end of its
    last column, with the delimiter between, so nothing is lost.

    Raises:
        DataError: naming the row of an unclosed or misplaced quotation mark, the byte that does not fit the
            encoding, or the limit that is passed.
    """
    if len(delimiter) != 1 or delimiter in '\r\n"':
        raise DataError(
            f"“{delimiter}” cannot separate fields", expected="One character that is no quotation mark or line end"
        )
    check_decodes(content, encoding)
    try:
        return _parse(content, encoding, delimiter, limits=limits, quoting=csv.QUOTE_MINIMAL)
    except DataError:
        if delimiter != "\t" or quotes_pair(content, encoding):
            raise
    # Tab-separated files are often written without any quoting: a quotation mark is then a plain character.
    table, notes = _parse(content, encoding, delimiter, limits=limits, quoting=csv.QUOTE_NONE)
    notes.messages.append("Quotation marks do not pair in this file; they are read as plain characters.")
    return table, notes


def quotes_pair(content: bytes, encoding: str) -> bool:
    """True where quotation marks enclose fields: some field begins and ends with one on the same line."""
    sample = content[: 4 * _SAMPLE_CHARS].decode(encoding, errors="ignore")
    cells = [cell for line in sample.splitlines() for cell in line.split("\t")]
    opened = [cell for cell in cells if cell.startswith('"')]
    closed = [cell for cell in opened if len(cell) > 1 and cell.endswith('"')]
    return bool(opened) and len(closed) > 0.5 * len(opened)


def _parse(
    content: bytes, encoding: str, delimiter: str, *, limits: Limits, quoting: Quoting
) -> tuple[StringTable, ParseNotes]:
    notes = ParseNotes()
    stream = io.TextIOWrapper(io.BytesIO(content), encoding=encoding, newline="")
    header, chunks = row_chunks(stream, delimiter, quoting=quoting, notes=notes)
    table = StringTable(header, limits=limits)
    for chunk in chunks:
        table.add_rows(chunk)
    return table, notes


def row_chunks(
    stream: TextIO, delimiter: str, *, quoting: Quoting, notes: ParseNotes, size: int = CHUNK_ROWS
) -> tuple[list[str], Iterator[list[list[str]]]]:
    """The header, and the rows in lists of up to `size`, as many fields in each as in the header.

    A first line that only names the delimiter is passed over.

    Args:
        stream: opened with newline="".
        delimiter: what separates fields.
        quoting: `csv.QUOTE_MINIMAL`, or `csv.QUOTE_NONE` where quotation marks are plain characters.
        notes: takes what is met on the way.
        size: rows in a list.

    Raises:
        DataError: for a file without a header; later, for a row that cannot be read.
    """
    first = stream.readline()
    declared = _DECLARED.fullmatch(first) is not None
    lines = stream if declared else chain([first], stream)
    # "strict" makes an unclosed quotation mark an error, where it would else swallow the rest of the file.
    reader = csv.reader(lines, delimiter=delimiter, strict=True, quoting=quoting)
    rows = _counted(reader, notes, line_number=lambda: reader.line_num + declared)
    header = next(rows, None)
    if header is None:
        raise DataError("The file is empty", expected="A row of column names and rows of data below")
    return header, _even_chunks(rows, len(header), delimiter=delimiter, notes=notes, size=size)


def _even_chunks(
    rows: Iterator[list[str]], width: int, *, delimiter: str, notes: ParseNotes, size: int
) -> Iterator[list[list[str]]]:
    n_rows = 0
    for chunk in chunked(rows, size):
        if set(map(len, chunk)) != {width}:
            _even_out(chunk, width, delimiter=delimiter, first=n_rows, notes=notes)
        n_rows += len(chunk)
        yield chunk


def _counted(reader: Iterator[list[str]], notes: ParseNotes, *, line_number: Callable[[], int]) -> Iterator[list[str]]:
    """Rows that hold something; an error of the parser is told with its row and line."""
    row_number, line = 0, 1
    try:
        for row in reader:
            line = line_number() + 1
            if row:
                row_number += 1
                yield row
            else:
                notes.n_blank += 1
    except csv.Error as error:
        place = f"row {number(row_number)} (it begins in line {number(line)})" if row_number else "the header (line 1)"
        unclosed = "unexpected end of data" in str(error)
        what = "opens a quotation mark that is never closed" if unclosed else "has a character after a closing quote"
        raise DataError(
            f"{place[0].upper()}{place[1:]} {what}",
            expected='A field with quotation marks is written "like ""this"""',
            todo="Repair that row, or choose another delimiter",
        ) from error


def _even_out(chunk: list[list[str]], width: int, *, delimiter: str, first: int, notes: ParseNotes) -> None:
    for offset, row in enumerate(chunk):
        surplus = len(row) - width
        if not surplus:
            continue
        if surplus > 0 and not any(row[width:]):
            del row[width:]  # empty fields at the end, as spreadsheets write them: nothing is lost
            continue
        notes.n_ragged += 1
        if len(notes.ragged) < MAX_LISTED:
            notes.ragged.append(first + offset)
        if surplus > 0:
            row[width - 1 :] = [delimiter.join(row[width - 1 :])]
        else:
            row.extend([""] * -surplus)
