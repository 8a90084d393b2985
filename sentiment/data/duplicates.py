"""Texts that are the same, or nearly: so that no text is learned from and judged on at once."""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from itertools import pairwise

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray
from rensa import RMinHash

from sentiment.arrays import distinct, on_cores
from sentiment.data.language import is_unspaced

NEAR_JACCARD = 0.7  # share of common shingles from which two texts count as nearly the same
_MIN_SHINGLES = 5  # below, one changed word is a different statement: "good product" is not "bad product"
_BANDS, _ROWS = 16, 4  # finds pairs at Jaccard 0.7 with 98.8 %, at 0.8 with 99.98 % (Leskovec et al., section 3.4)
_SEED = 20
_BLOCK = 50_000
_FOLDED_ROWS = 5_000  # at a time: what is counted on the way stays in the processor's cache
_ASIDE = r"[\p{P}\p{Z}\p{Cf}\p{Cc}]+"
_KEPT_BYTES = np.array([unicodedata.category(chr(byte))[0] not in "PZC" if byte < 128 else True for byte in range(256)])
_DROPPED_BYTES = bytes(np.flatnonzero(~_KEPT_BYTES).tolist())
_ADDRESS = re.compile(r"https?://\S+|www\.\S+")
_WORD = re.compile(r"\w+")


def normalise_texts(texts: Iterable[str | None]) -> pa.LargeStringArray:
    """Each text without case, white space and punctuation, in Unicode form NFKC: equal means the same text.

    A text of nothing but punctuation stays as it is ("???" is not "!!!"); a missing one becomes "".
    """
    array = pc.fill_null(as_arrow(texts), "")
    blocks = [array.slice(start, _FOLDED_ROWS) for start in range(0, len(array), _FOLDED_ROWS)]
    parts = on_cores(_normalise, blocks)
    return pa.concat_arrays(parts) if parts else array


def _normalise(array: pa.LargeStringArray) -> pa.LargeStringArray:
    folded = pc.utf8_lower(pc.utf8_normalize(array, "NFKC"))
    bare = _without_ascii_signs(folded)
    foreign = pc.invert(pc.string_is_ascii(bare))
    if pc.any(foreign).as_py():
        rest = pc.replace_substring_regex(bare.filter(foreign), _ASIDE, "")
        bare = pc.replace_with_mask(bare, foreign, rest)
    return pc.if_else(pc.equal(bare, ""), pc.utf8_trim_whitespace(folded), bare)


def _without_ascii_signs(array: pa.LargeStringArray) -> pa.LargeStringArray:
    """The texts without ASCII punctuation, space and control characters: on the bytes, ten times a regex's speed."""
    _, offsets, content = array.buffers()
    ends = np.frombuffer(offsets, np.int64)[array.offset : array.offset + len(array) + 1]
    characters = np.frombuffer(content, np.uint8)[ends[0] : ends[-1]] if content else np.empty(0, np.uint8)
    ends = ends - ends[0]
    kept = _KEPT_BYTES[characters]
    n_kept = np.cumsum(kept, dtype=np.int64)
    new_ends = np.zeros(len(ends), np.int64)
    new_ends[ends > 0] = n_kept[ends[ends > 0] - 1]
    left = characters.tobytes().translate(None, _DROPPED_BYTES)
    return pa.LargeStringArray.from_buffers(len(array), pa.py_buffer(new_ends), pa.py_buffer(left))


def group_duplicates(texts: Iterable[str | None], *, near: bool = True) -> NDArray[np.int64]:
    """A group number per text, int64[n], counted up in order of first appearance: equal numbers, same text.

    Args:
        texts: the texts.
        near: also join texts that share at least 70 % of their word pairs (characters in threes where the script
            has no spaces, web addresses aside). Candidates come from MinHash; each is checked exactly before it is
            joined, so nothing is joined by chance. Groups are transitive: a chain of near-duplicates is one group.
    """
    array = as_arrow(texts)
    codes, first = _encode(normalise_texts(array))
    if not near or len(first) < 2:
        return codes
    distinct = pc.fill_null(array.take(pa.array(first)), "").to_pylist()
    roots = _near_roots(distinct)
    return np.unique(roots, return_inverse=True)[1].astype(np.int64)[codes]


def _encode(keys: pa.LargeStringArray) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Codes in order of first appearance, and the position of each code's first appearance."""
    codes = np.asarray(keys.dictionary_encode().indices).astype(np.int64)
    return codes, np.flatnonzero(~pd.Series(codes).duplicated().to_numpy())


def as_arrow(texts: Iterable[str | None]) -> pa.LargeStringArray:
    """Strings as one arrow array; what pandas takes for missing is null."""
    if isinstance(texts, pa.Array | pa.ChunkedArray):
        array = pc.cast(texts, pa.large_string())
    else:
        values = texts if isinstance(texts, pd.Series | np.ndarray) else list(texts)
        array = pa.array(values, pa.large_string(), from_pandas=True)
    return array.combine_chunks() if isinstance(array, pa.ChunkedArray) else array


def _near_roots(texts: list[str]) -> NDArray[np.int64]:
    """The smallest position in the near-duplicate group of each text."""
    members, hashes, keys = _sketch(texts)
    parents = list(range(len(texts)))
    for left, right in _candidates(keys):
        a, b = _root(parents, members[left]), _root(parents, members[right])
        if a != b and _jaccard(hashes[left], hashes[right]) >= NEAR_JACCARD:
            parents[max(a, b)] = min(a, b)
    return np.array([_root(parents, position) for position in range(len(texts))], np.int64)


def _sketch(texts: list[str]) -> tuple[list[int], list[NDArray[np.uint64]], NDArray[np.uint64]]:
    """Positions of the texts that are long enough, their shingle hashes, and their band keys uint64[n, bands]."""
    members: list[int] = []
    hashes: list[NDArray[np.uint64]] = []
    keys = [np.empty((0, _BANDS), np.uint64)]
    mixers = np.random.default_rng(_SEED).integers(1, 2**63, _ROWS, dtype=np.uint64) | np.uint64(1)
    for start in range(0, len(texts), _BLOCK):
        shingles = [_shingles(text) for text in texts[start : start + _BLOCK]]
        long_enough = [offset for offset, found in enumerate(shingles) if len(found) >= _MIN_SHINGLES]
        if not long_enough:
            continue
        token_hashes = RMinHash.hash_token_sets([shingles[offset] for offset in long_enough])
        digests = RMinHash.digest_matrix_from_token_hash_sets(token_hashes, _BANDS * _ROWS, _SEED).to_rows()
        bands = np.array(digests, dtype=np.uint64).reshape(-1, _BANDS, _ROWS)
        keys.append((bands * mixers).sum(axis=2, dtype=np.uint64))
        members += [start + offset for offset in long_enough]
        hashes += [np.array(found, dtype=np.uint64) for found in token_hashes]
    return members, hashes, np.concatenate(keys)


def _shingles(text: str) -> list[str]:
    """Pairs of words; for scripts without spaces, runs of three characters. Each once, in a fixed order."""
    words = _WORD.findall(_ADDRESS.sub(" ", text).lower())
    if is_unspaced(text):
        joined = "".join(words)
        return list(dict.fromkeys(joined[i : i + 3] for i in range(len(joined) - 2)))
    return list(dict.fromkeys(f"{a} {b}" for a, b in pairwise(words)))


def _candidates(keys: NDArray[np.uint64]) -> Iterator[tuple[int, int]]:
    """Pairs that agree in a band: each text with the first and with the one before it in its bucket.

    That is linear in the texts, where all pairs of a bucket of a thousand would be half a million.
    """
    n = len(keys)
    pairs = [np.empty(0, np.int64)]
    for band in range(_BANDS if n else 0):
        order = np.argsort(keys[:, band], kind="stable")
        same = keys[order[1:], band] == keys[order[:-1], band]
        starts = np.concatenate([[True], ~same])
        firsts = order[np.maximum.accumulate(np.where(starts, np.arange(n), 0))]
        here, before, first = order[1:][same], order[:-1][same], firsts[1:][same]
        pairs += [first * n + here, before * n + here]
    for pair in distinct(np.concatenate(pairs)).tolist():
        yield divmod(pair, n)


def _jaccard(left: NDArray[np.uint64], right: NDArray[np.uint64]) -> float:
    smaller, larger = sorted((len(left), len(right)))
    if smaller < NEAR_JACCARD * larger:
        return 0.0
    common = len(np.intersect1d(left, right, assume_unique=True))
    return common / (smaller + larger - common)


def _root(parents: list[int], position: int) -> int:
    while parents[position] != position:
        parents[position] = parents[parents[position]]
        position = parents[position]
    return position
