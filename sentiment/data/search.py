"""Finding rows by their words, by exact phrases, or by a regular expression, among a million rows in under a second.

Regular expressions run on RE2, whose time grows with the length of the texts alone, whatever the pattern.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from sentiment.arrays import on_cores
from sentiment.data.duplicates import as_arrow
from sentiment.errors import UsageError
from sentiment.numbers import number

MAX_PATTERN = 500  # characters
_BLOCK = 50_000  # rows that one core searches before it takes the next
_OPEN, _CLOSE = "\ufdd0", "\ufdd1"  # noncharacters: no text that is meant to be read has them
_PARTS = re.compile(r'(-?)(?:"([^"]*)"?|(\S+))')
_WORDS = re.compile(r"\w+")
_UNSPACED = r"\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}"
_SIDE = rf"[^\p{{L}}\p{{M}}\p{{N}}_{_OPEN}]|[{_UNSPACED}]"  # what may stand beside a word
_NEEDS_NO_SIDE = re.compile(r"[\u0e01-\u0e5b\u2e80-\u30ff\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003134f]|\W")


@dataclass(frozen=True)
class Term:
    """One thing to look for.

    Attributes:
        pattern: RE2's form of it; its second group is what was looked for.
        wanted: whether rows with it are looked for, or rows without it.
    """

    pattern: str
    wanted: bool


@dataclass(frozen=True)
class Query:
    """What is looked for: all its terms at once.

    Attributes:
        source: as it was typed.
        regex: whether it is one regular expression.
        terms: what it takes.
    """

    source: str
    regex: bool
    terms: tuple[Term, ...]


def as_texts(texts: Iterable[str | None]) -> pa.LargeStringArray:
    """Texts in the form that `search` takes; a missing one is an empty one."""
    return pc.fill_null(as_arrow(texts), "")


def parse_query(source: str, *, regex: bool = False) -> Query:
    """A query from what somebody typed.

    Words must all occur, as whole words, in any order and case; `batter*` finds words that begin so; `"not good"` finds
    words in a row; `-refund` leaves out the rows with it. Where no spaces stand between words, any place will do.

    Args:
        source: what was typed; blank finds everything.
        regex: take it as one regular expression instead, in RE2's form, for upper and lower case alike.

    Raises:
        UsageError: for a pattern that RE2 cannot read, or one of more than 500 characters.
    """
    if len(source) > MAX_PATTERN:
        raise UsageError(
            f"The search has {number(len(source))} characters", expected=f"At most {MAX_PATTERN}", todo="Shorten it"
        )
    if regex:
        return Query(source, True, (_check_pattern(source),) if source else ())
    found = [(sign, (phrase or word).strip()) for sign, phrase, word in _PARTS.findall(source)]
    return Query(source, False, tuple(_term(words, wanted=not sign) for sign, words in found if words))


def search(texts: pa.LargeStringArray, query: Query) -> NDArray[np.bool_]:
    """Which texts (see `as_texts`) a query finds: bool[n]."""
    left = np.arange(len(texts))
    for term in sorted(query.terms, key=lambda term: -len(term.pattern)):  # long words leave the others little to do
        some = texts if len(left) == len(texts) else texts.take(pa.array(left))
        left = left[_matches(some, term) == term.wanted]
    found = np.zeros(len(texts), bool)
    found[left] = True
    return found


def mark_matches(texts: Sequence[str], query: Query) -> list[list[tuple[str, bool]]]:
    """Each text in parts, with whether a part is what was looked for; the parts make up the text."""
    marked = as_arrow([text.replace(_OPEN, "").replace(_CLOSE, "") for text in texts])
    for term in (term for term in query.terms if term.wanted):
        for _ in range(1 if query.regex else 2):  # two words side by side share what stands between them
            marked = pc.replace_substring_regex(marked, f"(?i){term.pattern}", rf"\1{_OPEN}\2{_CLOSE}\3")
    return [_parts(text) for text in marked.to_pylist()]


def _parts(marked: str) -> list[tuple[str, bool]]:
    parts: list[tuple[str, bool]] = []
    inside = 0
    for piece in re.split(f"([{_OPEN}{_CLOSE}])", marked):
        if piece in (_OPEN, _CLOSE):
            inside += 1 if piece == _OPEN else -1
        elif piece:
            parts.append((piece, inside > 0))
    return [("".join(piece for piece, _ in run), hit) for hit, run in groupby(parts, key=lambda part: part[1])]


def _term(words: str, *, wanted: bool) -> Term:
    """The term of a word or of the words of a phrase."""
    begins = words.endswith("*") and len(words) > 1
    stem = words[:-1] if begins else words
    pieces = _WORDS.findall(stem)
    if not pieces:  # signs only, such as ":)"
        return Term(f"()({re.escape(words)})()", wanted)
    core = r"[^\p{L}\p{M}\p{N}_]+".join(re.escape(piece) for piece in pieces) if len(pieces) > 1 else re.escape(stem)
    free_left = _NEEDS_NO_SIDE.match(stem[0]) is not None
    free_right = begins or _NEEDS_NO_SIDE.match(stem[-1]) is not None
    left, right = "()" if free_left else f"(^|{_SIDE})", "()" if free_right else f"($|{_SIDE})"
    return Term(f"{left}({core}){right}", wanted)


def _check_pattern(pattern: str) -> Term:
    term = Term(f"()({pattern})()", True)
    for checked in (pattern, term.pattern):  # "a)(b" must not become right by what is put around it
        try:
            pc.match_substring_regex(pa.array([""], pa.large_string()), checked, ignore_case=True)
        except pa.ArrowInvalid as error:
            reason = str(error).removeprefix("Invalid regular expression: ")
            raise UsageError(
                f"The pattern “{pattern}” cannot be read ({reason})",
                expected="A regular expression in RE2's form: it knows no look-ahead and no back-reference",
                todo=r"Put a backslash before signs that are meant as they are, such as \( or \?",
            ) from error
    return term


def _matches(texts: pa.LargeStringArray, term: Term) -> NDArray[np.bool_]:
    blocks = [texts.slice(start, _BLOCK) for start in range(0, len(texts), _BLOCK)]
    parts = on_cores(lambda block: pc.match_substring_regex(block, term.pattern, ignore_case=True), blocks)
    return np.concatenate([np.asarray(part, bool) for part in parts]) if parts else np.zeros(0, bool)
