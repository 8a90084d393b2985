"""The words of a text as people see them, with their places in it.

A model's own tokens are not words: it splits "don't" in two, lets a rare word fall into pieces, and reads Chinese in
sequences that are frequent rather than in words. Explanations speak of what stands here.
"""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

Span = tuple[int, int]  # [start, end) in characters (code points) of the text
MAX_CHARS = 20_000  # of a text that is explained
_LEFT_OUT = " … "  # stands where the middle of a text was

_HAN = (0x3400, 0x9FFF), (0xF900, 0xFAFF), (0x20000, 0x3FFFF)
_UNSPACED = (0x0E00, 0x0EFF), (0x1000, 0x109F), (0x1780, 0x17FF), (0x3040, 0x30FF)  # Thai, Lao, Burmese, Khmer, kana
_APOSTROPHES = "'’ʼ‘`´"
# What follows a sign and belongs to it: h Han, u letter of another script without spaces, l letter, d digit,
# m combining mark or variation selector, f invisible joiner, e emoji, t its skin tone, r half of a flag,
# a apostrophe, n point or comma, s space; every other sign stands for itself.
_UNITS = re.compile(
    r"h+"
    r"|u[mf]*"
    r"|d+(?:nd+)*[mf]*(?![ldmf])"
    r"|[ld](?:[ldmf]|a(?=[ld]))*"
    r"|rr?"
    r"|e[mft]*(?:(?<=f)e[mft]*)*"
    r"|s+"
    r"|(?P<sign>.)(?P=sign)*[mf]*",
    re.DOTALL,
)


def find_words(text: str) -> list[Span]:
    """The words and signs of a text, in order; white space belongs to none.

    A word keeps its apostrophes, accents and joiners, a number its decimal point, an emoji its skin tone and family.
    Chinese is divided by a dictionary. A sign that repeats itself ("!!!") is one.
    """
    kinds = "".join(_kind(character) for character in text)
    spans: list[Span] = []
    for match in _UNITS.finditer(kinds):
        start, end = match.span()
        if kinds[start] == "s":
            continue
        if kinds[start] == "h":
            spans += _divide(text, start, end)
        elif match["sign"] and kinds[start] in "amftnx":
            spans += _runs(text, start, end)
        else:
            spans.append((start, end))
    return spans


def keep_ends(text: str, *, most: int = MAX_CHARS) -> str:
    """A text of at most `most` characters: a longer one loses its middle, for models read both ends of a text."""
    if len(text) <= most:
        return text
    tail = (most - len(_LEFT_OUT)) // 2
    return text[: most - len(_LEFT_OUT) - tail] + _LEFT_OUT + text[-tail:]


def merge_spans(spans: Sequence[Span], tokens: Iterable[Span]) -> list[Span]:
    """The smallest units of whole words that no token reaches over.

    Args:
        spans: words, ascending.
        tokens: what a model read, in any order; a token may lie across several words.
    """
    if not spans:
        return []
    cut = np.ones(max(end for _, end in spans) + 1, bool)  # where a unit may end
    for start, end in [*spans, *tokens]:
        cut[start + 1 : end] = False
    merged: list[Span] = []
    for start, end in spans:
        if merged and not cut[merged[-1][1] : start + 1].any():
            merged[-1] = (merged[-1][0], end)
        else:
            merged.append((start, end))
    return merged


def sum_by_span(spans: Sequence[Span], tokens: Sequence[Span], scores: NDArray[np.floating]) -> NDArray[np.float64]:
    """What the tokens that begin in each span amount to, float64[n_spans, …].

    Args:
        spans: ascending, none overlapping.
        tokens: one for each line of `scores`.
        scores: float[n_tokens, …].
    """
    total = np.zeros((len(spans), *scores.shape[1:]))
    if len(spans) and len(tokens):
        starts = np.array([start for start, _ in spans])
        place = np.searchsorted(starts, [start for start, _ in tokens], side="right") - 1
        np.add.at(total, np.maximum(place, 0), scores)
    return total


def without(text: str, spans: Iterable[Span]) -> str:
    """The text without these words; of the spaces around each, one stays."""
    return replaced(text, [(span, "") for span in spans])


def replaced(text: str, edits: Iterable[tuple[Span, str]]) -> str:
    """The text with words replaced; one that is replaced by nothing takes a space with it."""
    for (start, end), instead in sorted(edits, reverse=True):
        before, after = text[:start], text[end:]
        if not instead and after[:1].isspace() and (not before or before[-1:].isspace()):
            after = after[1:]
        elif not instead and before[-1:].isspace() and not after[:1].isalnum():
            before = before[:-1]
        text = before + instead + after
    return text


def _kind(character: str) -> str:
    code = ord(character)
    if character in _APOSTROPHES:
        return "a"
    if character in ".,":
        return "n"
    if character.isspace():
        return "s"
    if code >= 0x3000 and any(low <= code <= high for low, high in _HAN):
        return "h"
    category = unicodedata.category(character)
    if category[0] == "L" and any(low <= code <= high for low, high in _UNSPACED):
        return "u"
    if category[0] == "L" or character == "_":
        return "l"
    if 0x1F1E6 <= code <= 0x1F1FF:
        return "r"
    if 0x1F3FB <= code <= 0x1F3FF:
        return "t"
    return {"N": "d", "M": "m"}.get(category[0]) or {"Cf": "f", "So": "e"}.get(category, "x")


def _divide(text: str, start: int, end: int) -> list[Span]:
    """The words of a run of Chinese characters."""
    import rjieba  # takes a moment to load its dictionary, which only Chinese needs

    spans = []
    for word in rjieba.cut(text[start:end]):
        spans.append((start, start + len(word)))
        start += len(word)
    return spans


def _runs(text: str, start: int, end: int) -> list[Span]:
    """A run of signs of one kind, cut where the sign changes."""
    cuts = [start, *(i for i in range(start + 1, end) if text[i] != text[i - 1] and _kind(text[i]) not in "mf"), end]
    return list(pairwise(cuts))
