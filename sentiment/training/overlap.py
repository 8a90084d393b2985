"""Texts that hold a good piece of another: a sentence cut out of a review, a review with a line more."""

import re
from collections import Counter, defaultdict
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

_WIDTH = 8  # characters of a piece
_SHARE = 0.3  # of the shorter text's pieces
_NO_WORD = re.compile(r"\W+")


def find_overlapping(texts: Sequence[str], others: Sequence[str]) -> NDArray[np.bool_]:
    """Which texts share three tenths of their pieces with one of the others, bool[n_texts].

    A piece is eight characters in a row, spaces and punctuation left out; the shorter text of a pair counts. So a
    part of a text is found beside the whole, which two texts that are compared as wholes do not show.
    """
    pieces = [_pieces(text) for text in others]
    holders: defaultdict[str, list[int]] = defaultdict(list)
    for other, found in enumerate(pieces):
        for piece in found:
            holders[piece].append(other)
    return np.array([_shares(_pieces(text), pieces, holders) for text in texts], np.bool_)


def _shares(own: set[str], pieces: Sequence[set[str]], holders: dict[str, list[int]]) -> bool:
    counts = Counter(other for piece in own for other in holders.get(piece, ()))
    return any(n >= _SHARE * min(len(own), len(pieces[other])) for other, n in counts.items())


def _pieces(text: str) -> set[str]:
    letters = _NO_WORD.sub("", text)
    return {letters[place : place + _WIDTH] for place in range(max(1, len(letters) - _WIDTH + 1))}
