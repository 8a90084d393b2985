"""Which encoding a text file is in: byte-order mark, then strict UTF-8, then a guess from a bounded sample."""

import codecs
import re

from charset_normalizer import from_bytes

from sentiment.data.row_languages import detect_language
from sentiment.errors import DataError
from sentiment.numbers import number

_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),  # before UTF-16, whose mark is its beginning
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
# What files of reviews come in; the guess is far better among these than among all that exist.
_GUESSED = [
    "gb18030", "big5", "cp932", "euc_jp", "cp949",
    "cp1252", "cp1250", "cp1251", "cp1253", "cp1254", "cp1255", "cp1256", "cp1257", "koi8_r", "mac_roman",
]  # fmt: skip
_HASTY = ("gb18030", "big5", "cp932", "euc_jp", "cp949", "mac_roman")  # guessed from a single sign of `_TYPED`
_TYPED = frozenset("€£‘’“”–—…•™©®°")  # what office programs put into English texts
_LATIN = ("cp1252", "cp1250", "cp1254", "cp1257")
_LATIN_OF = {
    **dict.fromkeys(("pl", "cs", "sk", "hu", "sl", "hr", "bs", "ro"), "cp1250"),
    **dict.fromkeys(("tr", "az"), "cp1254"),
    **dict.fromkeys(("lt", "lv", "et"), "cp1257"),
}
_SAMPLE_BYTES = 40_000
_BLOCK = 1 << 20
ENCODINGS = ("utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", *_GUESSED)


def detect_encoding(content: bytes) -> str:
    """The name of the encoding (as Python's codecs know it) that decodes all of `content`.

    Raises:
        DataError: if no encoding fits.
    """
    for mark, name in _BOMS:
        if content.startswith(mark):
            return name
    zeros, wide = _wide_encoding(content[:4096])
    broken = find_undecodable(content, "utf-8")
    if wide and (zeros > 0.3 or broken is not None):
        return wide
    if broken is None or _mostly_utf8(content):
        return "utf-8"  # damaged, maybe: then reading names the place, where a guess would garble every other accent
    guess = _guess(content)
    if guess is None:
        raise DataError(
            f"The text is in an encoding that could not be told; as UTF-8 it breaks at {_place(content, broken)}",
            expected="A text file in UTF-8, or in one of the usual older encodings",
            todo="Choose the encoding yourself, or save the file as UTF-8",
        )
    return guess


def check_decodes(content: bytes, encoding: str) -> None:
    """Checks that every byte of `content` can be read in `encoding`.

    Raises:
        DataError: for an unknown encoding, or naming byte offset and line of the first byte that does not fit.
    """
    try:
        known = codecs.lookup(encoding)._is_text_encoding  # "hex" and "zip" are codecs too, but not of text
    except LookupError:
        known = False
    if not known:
        raise DataError(f"“{encoding}” is no encoding known here", todo=f"Choose one of: {', '.join(ENCODINGS)}")
    offset = find_undecodable(content, encoding)
    if offset is not None:
        byte = content[offset : offset + 1].hex().upper() or "end of file"
        raise DataError(
            f"The file cannot be read as {encoding}: byte {byte} at {_place(content, offset)} does not fit",
            expected="Every byte must belong to a character: nothing is replaced silently",
            todo="Choose another encoding, or repair that place",
        )


def find_undecodable(content: bytes, encoding: str) -> int | None:
    """The offset of the first byte that `encoding` cannot read, or None where all of it can be read."""
    decoder = codecs.getincrementaldecoder(encoding)(errors="strict")
    view = memoryview(content)
    for start in range(0, max(len(content), 1), _BLOCK):
        final = start + _BLOCK >= len(content)
        pending = len(decoder.getstate()[0])
        try:
            decoder.decode(bytes(view[start : start + _BLOCK]), final)
        except UnicodeDecodeError as error:
            return max(start - pending + error.start, 0)
        except UnicodeError:  # UTF-16 and UTF-32 say so when the mark they need is not there
            return 0
    return None


def _place(content: bytes, offset: int) -> str:
    line = content.count(b"\n", 0, offset) + 1
    return f"byte {number(offset)} (line {number(line)})"


def _wide_encoding(sample: bytes) -> tuple[float, str | None]:
    """The share of zeros at the even or odd bytes, and the UTF-16 without a mark that puts all of them there."""
    even, odd = sample[0::2], sample[1::2]
    if len(odd) < 4:
        return 0.0, None
    at_even, at_odd = even.count(0) / len(even), odd.count(0) / len(odd)
    if at_odd > 0.02 and at_even < at_odd / 5:
        return at_odd, "utf-16-le"
    if at_even > 0.02 and at_odd < at_even / 5:
        return at_even, "utf-16-be"
    return 0.0, None


def _mostly_utf8(content: bytes) -> bool:
    text = content[: 4 * _BLOCK].decode("utf-8", errors="replace")
    broken = text.count("\ufffd")
    return sum(not c.isascii() for c in text) - broken > 3 * broken


def _guess(content: bytes) -> str | None:
    sample = _telling_sample(content)
    matches = from_bytes(sample, cp_isolation=_GUESSED, enable_fallback=False)
    names = [match.encoding for match in matches]
    fitting = next((name for name in names if find_undecodable(content, name) is None), None)
    if fitting in _HASTY and find_undecodable(content, "cp1252") is None:
        signs = {sign for sign in sample.decode("cp1252") if not sign.isascii()}
        return "cp1252" if signs <= _TYPED else fitting
    if fitting in _LATIN:
        # A few accents in Latin letters do not tell these apart, but the language does, however they are read.
        likely = _LATIN_OF.get(detect_language(sample.decode("cp1252", errors="replace").split("\n")), "cp1252")
        return likely if find_undecodable(content, likely) is None else fitting
    return fitting


def _telling_sample(content: bytes) -> bytes:
    """Whole lines with bytes outside ASCII, up to a bound: the plain ones say nothing about the encoding."""
    lines: list[bytes] = []
    size = 0
    for match in re.finditer(rb"[^\r\n]*[\x80-\xff][^\r\n]*", content):
        line = match.group()[:4000] if not lines else match.group()
        if size + len(line) > _SAMPLE_BYTES and lines:
            break
        lines.append(line[:_SAMPLE_BYTES])
        size += len(line)
    return b"\n".join(lines)
