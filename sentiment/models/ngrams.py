"""Texts → sparse counts of n-grams, of words or of characters, without a Python loop over words or characters.

Texts are laid out as one array of code points. Every unit (a word or a character) gets a 64-bit number,
every n-gram that of its first n - 1 units times a constant plus that of its last one, and a vocabulary is an
array of such numbers: a rolling hash, wide enough that two n-grams of a collection of texts do not meet.
"""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache, cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.sparse import coo_matrix, csr_matrix, vstack

from sentiment.arrays import distinct
from sentiment.models.tokenizer import clean

UNITS = ("word", "char")
_CHUNK_CHARS = 300_000  # worked on at once: bounds the memory
_MAX_CHARS = 10_000  # of a text that are read: half from its start, half from its end
# Odd, so that no power of them is 0 modulo 2^64, and otherwise without a pattern.
_CHAR_FACTOR, _UNIT_FACTOR = np.uint64(0x9E3779B97F4A7C15), np.uint64(0xD1342543DE82EF95)
_SPACE, _OTHER, _MARK, _LETTER = range(4)
_TELLING = "!?\uff01\uff1f"  # marks that count as words, as emoji do: tweets gain 1 to 2 points, film reviews none
# Thai to Myanmar, Khmer, Kana, and Han: written without spaces, so every character counts as a word.
_NO_SPACES = (0x0E00, 0x0EFF), (0x1000, 0x109F), (0x1780, 0x17FF), (0x3040, 0x30FF), (0x3400, 0x9FFF), (0xF900, 0xFAFF)
_WHITE = re.compile(r"\s+")


@dataclass(frozen=True)
class GramSettings:
    """Which n-grams are counted.

    Attributes:
        unit: "word" (a run of letters and digits, an emoji, "!" or "?"; other marks separate) or "char".
        low, high: shortest and longest n-gram, in units.
    """

    unit: str
    low: int
    high: int


@dataclass(frozen=True)
class Vocabulary:
    """The n-grams that a model knows.

    Attributes:
        settings: what they are made of.
        terms: the n-grams as text, in the order of `codes`.
        codes: uint64[n_terms], their numbers, each once.
    """

    settings: GramSettings
    terms: tuple[str, ...]
    codes: NDArray[np.uint64]

    @cached_property
    def _index(self) -> "pd.Index[int]":
        """The codes as a hash table, made once."""
        return pd.Index(self.codes)

    def count(self, texts: Sequence[str]) -> csr_matrix:
        """How often each term occurs in each text, float32[n_texts, n_terms]."""
        parts = [csr_matrix((0, len(self.codes)), dtype=np.float32)]
        for chunk in _chunks(texts):
            grams = _all_grams(chunk, self.settings)
            found = self._index.get_indexer(pd.Index(grams.codes))
            known = found >= 0
            parts.append(_tally(grams.rows[known], found[known], shape=(len(chunk), len(self.codes))))
        return vstack(parts, format="csr")

    def find(self, text: str) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
        """Where its terms occur in a text: the column, start and stop of each, int64[n], in characters of the text."""
        (chunk,) = _chunks([text]) if text else ([""],)
        grams = _all_grams(chunk, self.settings)
        columns = self._index.get_indexer(pd.Index(grams.codes))
        known = columns >= 0
        places = _places(text)
        starts, stops = grams.starts[known], grams.stops[known]
        return columns[known].astype(np.int64), places[starts], places[stops - 1] + 1


def learn_vocabulary(texts: Sequence[str], settings: GramSettings, *, min_texts: int, max_terms: int) -> Vocabulary:
    """The n-grams that occur in at least `min_texts` texts, the `max_terms` most widespread of them at most."""
    codes, n_texts = [np.zeros(0, np.uint64)], [np.zeros(0, np.int64)]
    for chunk in _chunks(texts):
        grams = _all_grams(chunk, settings)
        positions, found = pd.factorize(grams.codes)
        columns = _tally(grams.rows, positions, shape=(len(chunk), len(found))).indices
        codes.append(found)
        n_texts.append(np.bincount(columns, minlength=len(found)))
    where, every = pd.factorize(np.concatenate(codes))
    total = np.bincount(where, weights=np.concatenate(n_texts), minlength=len(every))
    kept = np.flatnonzero(total >= min_texts)
    if len(kept) > max_terms:
        kept = kept[np.lexsort((every[kept], -total[kept]))[:max_terms]]
    chosen = np.sort(every[kept])  # an order that does not depend on how the texts were cut into chunks
    return Vocabulary(settings, _spell(texts, chosen, settings), chosen)


def restore_vocabulary(terms: Sequence[str], settings: GramSettings) -> Vocabulary:
    """The vocabulary with these terms, in this order.

    Raises:
        ValueError: if they are not the terms of a vocabulary with these settings, in its order.
    """
    units = _units(terms, settings)
    n_units = np.bincount(units.rows, minlength=len(terms))
    codes, found = np.zeros(len(terms), np.uint64), np.zeros(len(terms), bool)
    for n, grams in enumerate(_grams(units, settings), settings.low):
        whole = grams.rows[n_units[grams.rows] == n]
        codes[whole], found[whole] = grams.codes[n_units[grams.rows] == n], True
    if not found.all() or len(distinct(codes)) < len(codes):
        raise ValueError(f"the terms are no vocabulary of {settings.low} to {settings.high} {settings.unit}s")
    return Vocabulary(settings, tuple(terms), codes)


@dataclass(frozen=True)
class _Pieces:
    """Units or n-grams of some texts: their numbers, their texts, and where they stand in these texts joined."""

    codes: NDArray[np.uint64]
    rows: NDArray[np.int64]
    starts: NDArray[np.int64]
    stops: NDArray[np.int64]


def _chunks(texts: Sequence[str]) -> Iterator[list[str]]:
    """The texts in lower case, cut where they are too long, in lists of bounded size."""
    half = _MAX_CHARS // 2
    chunk: list[str] = []
    size = 0
    for text in texts:
        chunk.append(clean(text if len(text) <= _MAX_CHARS else f"{text[:half]} {text[-half:]}").lower())
        size += len(chunk[-1])
        if size >= _CHUNK_CHARS:
            yield chunk
            chunk, size = [], 0
    if chunk:
        yield chunk


def _places(text: str) -> NDArray[np.int64]:
    """Which character of a text each one of its chunk comes from; lower case can be longer ("İ")."""
    places, half = np.arange(len(text)), _MAX_CHARS // 2
    if len(text) > _MAX_CHARS:
        places = np.concatenate([places[:half], places[half : half + 1], places[-half:]])
    lengths = [len(text[place].lower()) for place in places.tolist()]
    if len(text) > _MAX_CHARS:
        lengths[half] = 1  # the space between both halves
    return np.repeat(places, lengths)


@cache
def _kinds() -> NDArray[np.uint8]:
    """For every code point up to 0xFFFF whether it is white space, stands alone as a word, or is part of one."""
    kinds = np.full(0x10000, _OTHER, np.uint8)
    for code in range(0x10000):
        category = unicodedata.category(chr(code))
        if category[0] in "LNM" or chr(code) == "_":
            kinds[code] = _LETTER
        elif category == "So" or chr(code) in _TELLING:
            kinds[code] = _MARK
        elif category[0] in "ZC":
            kinds[code] = _SPACE
    for first, last in _NO_SPACES:
        kinds[first : last + 1][kinds[first : last + 1] == _LETTER] = _MARK
    return kinds


def _units(texts: Sequence[str], settings: GramSettings) -> _Pieces:
    """The words and marks, or the characters, of texts in lower case. White space of any length is one character."""
    points = np.frombuffer("".join(texts).encode("utf-32-le"), np.uint32)
    rows = np.repeat(np.arange(len(texts)), np.fromiter(map(len, texts), np.int64, len(texts)))
    kinds = np.where(points <= 0xFFFF, _kinds()[np.minimum(points, 0xFFFF)], _MARK)
    goes_on = np.zeros(len(points), bool)  # whether a character is of the same text and kind as the one before it
    goes_on[1:] = (kinds[1:] == kinds[:-1]) & (rows[1:] == rows[:-1])
    if settings.unit == "char":
        starts = np.flatnonzero((kinds != _SPACE) | ~goes_on)
        codes = np.where(kinds == _SPACE, np.uint32(32), points)[starts].astype(np.uint64)
        return _Pieces(codes, rows[starts], starts, starts + 1)
    starts = np.flatnonzero((kinds == _MARK) | ((kinds == _LETTER) & ~goes_on))
    if not len(starts):
        return _Pieces(np.zeros(0, np.uint64), rows[:0], starts, starts)
    inside = kinds >= _MARK
    lengths = np.add.reduceat(inside, starts, dtype=np.int64)  # a unit reaches over what is behind it: 0
    behind = np.repeat(starts, np.diff(starts, append=len(points)))
    within = np.minimum(np.arange(starts[0], len(points)) - behind, lengths.max())
    powers = np.cumprod(np.full(lengths.max() + 1, _CHAR_FACTOR), dtype=np.uint64)
    parts = np.where(inside, points, 0).astype(np.uint64)
    parts[starts[0] :] *= powers[within]
    return _Pieces(np.add.reduceat(parts, starts), rows[starts], starts, starts + lengths)


def _grams(units: _Pieces, settings: GramSettings) -> Iterator[_Pieces]:
    """The n-grams of each length from `low` to `high`; none reaches from one text into the next."""
    codes = units.codes
    for n in range(1, settings.high + 1):
        if n > 1:
            codes = codes[: max(len(units.codes) - n + 1, 0)] * _UNIT_FACTOR + units.codes[n - 1 :]
        if n >= settings.low:
            rows = units.rows[: len(codes)]
            whole = np.flatnonzero(rows == units.rows[n - 1 :])
            starts, stops = units.starts[whole], units.stops[n - 1 :][whole]
            yield _Pieces(codes[whole] + np.uint64(n), rows[whole], starts, stops)


def _all_grams(texts: Sequence[str], settings: GramSettings) -> _Pieces:
    every = list(_grams(_units(texts, settings), settings))
    codes, rows = (np.concatenate([getattr(part, name) for part in every]) for name in ("codes", "rows"))
    starts, stops = (np.concatenate([getattr(part, name) for part in every]) for name in ("starts", "stops"))
    return _Pieces(codes, rows, starts, stops)


def _tally(rows: NDArray[np.int64], columns: NDArray[np.int64], *, shape: tuple[int, int]) -> csr_matrix:
    """How often each pair of row and column occurs, float32."""
    return coo_matrix((np.ones(len(rows), np.float32), (rows, columns)), shape=shape).tocsr()


def _spell(texts: Sequence[str], codes: NDArray[np.uint64], settings: GramSettings) -> tuple[str, ...]:
    """The n-grams with these numbers as text, as they stand where they occur, white space made one space."""
    terms: dict[int, str] = {}
    index = pd.Index(codes)
    for chunk in _chunks(texts):
        grams, joined = _all_grams(chunk, settings), "".join(chunk)
        found = index.get_indexer(pd.Index(grams.codes))
        places = np.full(len(codes) + 1, -1)
        places[found] = np.arange(len(found))  # those that are not found share the last place
        for term in np.flatnonzero(places[:-1] >= 0).tolist():
            if term not in terms:
                place = places[term]
                terms[term] = _WHITE.sub(" ", joined[grams.starts[place] : grams.stops[place]])
    return tuple(terms[term] for term in range(len(codes)))
