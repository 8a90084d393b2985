"""Which script a text is written in: each character's script from one table, counted for many texts at once."""

from functools import lru_cache

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

# Unicode blocks (17.0, Blocks.txt) that hold letters of today's writing, first and last character of each.
_BLOCKS: dict[str, tuple[tuple[int, int], ...]] = {
    "Latin": ((0x41, 0x5A), (0x61, 0x7A), (0xAA, 0xAA), (0xBA, 0xBA), (0xC0, 0xD6), (0xD8, 0xF6), (0xF8, 0x24F),
              (0x1E00, 0x1EFF), (0xFF21, 0xFF3A), (0xFF41, 0xFF5A)),
    "Greek": ((0x370, 0x3FF), (0x1F00, 0x1FFF)),
    "Cyrillic": ((0x400, 0x52F), (0x1C80, 0x1C8F)),
    "Armenian": ((0x531, 0x58A),),
    "Hebrew": ((0x5D0, 0x5F4), (0xFB1D, 0xFB4F)),
    "Arabic": ((0x620, 0x65F), (0x66E, 0x6D3), (0x6D5, 0x6EF), (0x6FA, 0x6FF), (0x750, 0x77F), (0x8A0, 0x8FF),
               (0xFB50, 0xFDFF), (0xFE70, 0xFEFC)),
    "Devanagari": ((0x900, 0x963), (0x970, 0x97F)),
    "Bengali": ((0x980, 0x9E5), (0x9F0, 0x9FF)),
    "Gurmukhi": ((0xA00, 0xA65), (0xA70, 0xA7F)),
    "Gujarati": ((0xA80, 0xAE5),),
    "Oriya": ((0xB00, 0xB65),),
    "Tamil": ((0xB80, 0xBE5),),
    "Telugu": ((0xC00, 0xC65),),
    "Kannada": ((0xC80, 0xCE5),),
    "Malayalam": ((0xD00, 0xD65),),
    "Sinhala": ((0xD80, 0xDE5),),
    "Thai": ((0xE01, 0xE3A), (0xE40, 0xE4E)),
    "Lao": ((0xE81, 0xECF), (0xEDC, 0xEDF)),
    "Myanmar": ((0x1000, 0x103F), (0x1050, 0x109F)),
    "Georgian": ((0x10A0, 0x10FF), (0x1C90, 0x1CBF)),
    "Ethiopic": ((0x1200, 0x139F),),
    "Khmer": ((0x1780, 0x17D3),),
    "Hangul": ((0x1100, 0x11FF), (0x3131, 0x318E), (0xAC00, 0xD7A3)),
    "Kana": ((0x3041, 0x3096), (0x309D, 0x309F), (0x30A1, 0x30FA), (0x30FD, 0x30FF), (0xFF66, 0xFF9D)),
    "Han": ((0x3005, 0x3007), (0x3400, 0x4DBF), (0x4E00, 0x9FFF), (0xF900, 0xFAFF), (0x20000, 0x3134F)),
}  # fmt: skip
NAMES = ("", *_BLOCKS)  # "" for what is no letter
# A sign of these says as much as several letters of an alphabet.
_WEIGHTS = {"Han": 3.0, "Kana": 3.0, "Hangul": 3.0, "Thai": 1.5}
_ENOUGH_KANA = 0.1  # of the signs: Japanese writes as many words in Han, Chinese writes none in Kana
_FEWEST = 3  # letters of an alphabet; of the signs above, one is enough


def find_scripts(texts: pa.LargeStringArray) -> NDArray[np.int8]:
    """The script that most of each text is in, int8[n]: its place in `NAMES`, 0 where there are too few letters.

    Japanese is found by its Kana, however much of it is in Han.
    """
    counts = _count_letters(texts)
    kana, han = NAMES.index("Kana"), NAMES.index("Han")
    japanese = counts[:, kana] > _ENOUGH_KANA * counts.sum(axis=1)
    counts[japanese, kana] += counts[japanese, han]
    counts[japanese, han] = 0
    weights = np.array([_WEIGHTS.get(name, 1.0) for name in NAMES], np.float32)
    weighted = counts * weights
    found = weighted.argmax(axis=1).astype(np.int8)
    found[weighted.max(axis=1, initial=0) < _FEWEST] = 0
    return found


def _count_letters(texts: pa.LargeStringArray) -> NDArray[np.float32]:
    """How many letters of each script each text has: float32[n, len(NAMES)], the first column 0."""
    counts = np.zeros((len(texts), len(NAMES)), np.float32)
    ascii_only = np.asarray(pc.string_is_ascii(texts))
    plain = texts.filter(pa.array(ascii_only))
    if len(plain):
        starts, ends, content = bytes_of(plain)
        before = np.concatenate([[0], np.cumsum(_table()[content] > 0)])
        counts[ascii_only, NAMES.index("Latin")] = before[ends] - before[starts]
    if len(plain) < len(texts):
        counts[~ascii_only] = _count_any(texts.filter(pa.array(~ascii_only)))
    return counts


def _count_any(texts: pa.LargeStringArray) -> NDArray[np.float32]:
    lengths = np.asarray(pc.utf8_length(texts)).astype(np.int64)
    joined = np.frombuffer("".join(texts.to_pylist()).encode("utf-32-le"), np.uint32)
    places = np.repeat(np.arange(len(texts)) * len(NAMES), lengths) + _table()[joined]
    counts = np.bincount(places, minlength=len(texts) * len(NAMES)).reshape(len(texts), len(NAMES))
    counts[:, 0] = 0
    return counts.astype(np.float32)


def bytes_of(texts: pa.LargeStringArray) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.uint8]]:
    """Where in the bytes of all each text begins and ends (int64[n] each), and these bytes (UTF-8)."""
    _, places, content = texts.buffers()
    if places is None:
        return np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0, np.uint8)
    offsets = np.frombuffer(places, np.int64)[texts.offset : texts.offset + len(texts) + 1]
    return offsets[:-1], offsets[1:], np.frombuffer(content or b"", np.uint8)


@lru_cache(maxsize=1)
def _table() -> NDArray[np.int8]:
    """The script of every character: int8[1,114,112]."""
    table = np.zeros(0x110000, np.int8)
    for place, blocks in enumerate(_BLOCKS.values(), start=1):
        for first, last in blocks:
            table[first : last + 1] = place
    return table
