"""Columns of strings on their way from a file into a table: built in chunks, cleaned, named."""

import unicodedata
from collections.abc import Iterable, Sequence
from itertools import islice

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from sentiment.data.limits import Limits
from sentiment.errors import DataError
from sentiment.numbers import count, number

CHUNK_ROWS = 50_000
MAX_NAME_CHARS = 200
_JOINERS = "\u200c\u200d"  # invisible, but a part of the word in Persian, in Indic scripts and in emoji
NUL_SYMBOL = "\u2400"  # what a NUL byte inside a text becomes: visible, and safe in every database and file format


class StringTable:
    """A table of strings that grows by chunks of rows, in arrow memory.

    Args:
        names: the column names as the file has them; `unique_names` makes them unique.
        limits: bounds on rows, columns and field lengths.

    Raises:
        DataError: for more columns than the limit.
    """

    def __init__(self, names: Sequence[str], *, limits: Limits) -> None:
        if len(names) > limits.max_columns:
            raise DataError(
                f"The file has {number(len(names))} columns",
                expected=f"At most {number(limits.max_columns)} columns are read",
                todo="Keep the text, the label and the few columns that you need",
            )
        self.names = unique_names(names)
        self.limits = limits
        self.n_rows = 0
        self._chunks: list[list[pa.Array]] = [[] for _ in self.names]
        self._n_cut = 0
        self._n_nul = 0
        self._first_cut: tuple[int, str] | None = None

    def add_rows(self, rows: Sequence[Sequence[str | None]]) -> None:
        """Appends rows, each with one string (or None) per column.

        Raises:
            DataError: for a lone surrogate, naming row and column, and for more rows than the limit.
        """
        if rows:
            self.add_columns(list(zip(*rows, strict=True)))

    def add_columns(self, columns: Sequence[Sequence[str | None] | pa.Array]) -> None:
        """Appends a chunk given as one sequence of strings per column (see `add_rows`)."""
        n_added = len(columns[0])
        if self.n_rows + n_added > self.limits.max_rows:
            raise DataError(
                f"The file has more than {number(self.limits.max_rows)} rows",
                expected=f"At most {number(self.limits.max_rows)} rows are read",
                todo="Import a random sample of the rows, or split the file",
            )
        for position, values in enumerate(columns):
            array = values if isinstance(values, pa.Array) else self._encode(values, name=self.names[position])
            self._chunks[position].append(self._clean(array, name=self.names[position]))
        self.n_rows += n_added

    def warnings(self) -> list[str]:
        """What was changed in the fields, in words."""
        found = []
        if self._first_cut is not None:
            row, name = self._first_cut
            limit = self.limits.max_field_chars
            found.append(
                f"{count(self._n_cut, 'field')} longer than {number(limit)} characters, cut there; "
                f"the first in row {number(row + 1)}, column “{name}”."
            )
        if self._n_nul:
            found.append(f"{count(self._n_nul, 'field')} with NUL bytes, shown and stored as {NUL_SYMBOL}.")
        return found

    def frame(self) -> pd.DataFrame:
        """The rows so far as a table of `str` columns, its index the zero-based data row."""
        columns = [pa.chunked_array(chunks, type=pa.large_string()) for chunks in self._chunks]
        return pa.table(dict(zip(self.names, columns, strict=True))).to_pandas()

    def _encode(self, values: Sequence[str | None], *, name: str) -> pa.Array:
        try:
            return pa.array(values, pa.large_string())
        except UnicodeEncodeError:
            offset = next(i for i, value in enumerate(values) if value is not None and has_surrogate(value))
            raise DataError(
                f"Row {number(self.n_rows + offset + 1)}, column “{name}”, holds half of a character "
                "(a lone surrogate)",
                expected="Text must be valid Unicode",
                todo="Repair that text, or save the file as UTF-8 again from the program that made it",
            ) from None

    def _clean(self, array: pa.Array, *, name: str) -> pa.Array:
        limit = self.limits.max_field_chars
        longest = pc.max(pc.binary_length(array)).as_py() or 0
        if longest > limit:  # bytes: a cheap upper bound, so that the count of characters is rarely needed
            too_long = pc.fill_null(pc.greater(pc.utf8_length(array), limit), False)
            n_cut = pc.sum(too_long).as_py() or 0
            if n_cut:
                self._n_cut += n_cut
                if self._first_cut is None:
                    self._first_cut = (self.n_rows + pc.index(too_long, True).as_py(), name)
                array = pc.utf8_slice_codeunits(array, 0, limit)
        nul = pc.sum(pc.match_substring(array, "\x00")).as_py() or 0
        if nul:
            self._n_nul += nul
            array = pc.replace_substring(array, "\x00", NUL_SYMBOL)
        return array


def has_surrogate(value: str) -> bool:
    """True for a string that no encoding can write, since it holds half of a character."""
    return any("\ud800" <= character <= "\udfff" for character in value)


def chunked(rows: Iterable[list[str]], size: int = CHUNK_ROWS) -> Iterable[list[list[str]]]:
    """Lists of up to `size` rows, in order, until the rows end."""
    iterator = iter(rows)
    while chunk := list(islice(iterator, size)):
        yield chunk


def unique_names(names: Sequence[str]) -> list[str]:
    """Column names without surrounding white space, each different; an empty one becomes "column N"."""
    taken: set[str] = set()
    unique = []
    for position, raw in enumerate(names, 1):
        name = clean_name(raw) or f"column {position}"
        candidate, n = name, 1
        while candidate in taken:
            n += 1
            candidate = f"{name} ({n})"
        taken.add(candidate)
        unique.append(candidate)
    return unique


def clean_name(name: str, *, limit: int = MAX_NAME_CHARS, joiners: bool = False) -> str:
    """A name for display: no control characters, bidi marks or other invisible ones, at most `limit` characters.

    With `joiners`, U+200C and U+200D stay between two characters that are not ASCII.
    """
    cut = name[: limit * 4]
    visible = (" " if unicodedata.category(c) in ("Cc", "Zl", "Zp") else c for c in cut)
    kept = "".join(
        c
        for place, c in enumerate(visible)
        if unicodedata.category(c) not in ("Cf", "Cs", "Co") or (joiners and _joins(cut, place))
    )
    text = " ".join(kept.split())
    return text if len(text) <= limit else text[: limit - 1] + "…"


def _joins(text: str, place: int) -> bool:
    """Whether a joiner stands there, between two characters that it may join."""
    if text[place] not in _JOINERS or not 0 < place < len(text) - 1:
        return False
    return all(
        not c.isascii() and not c.isspace() and unicodedata.category(c) not in ("Cf", "Cs", "Co")
        for c in (text[place - 1], text[place + 1])
    )
