"""Languages by code and by name; what their texts are counted in."""

import re
from collections.abc import Mapping
from itertools import islice

from sentiment.language_names import NAMES, language_name

__all__ = [
    "UNDETERMINED",
    "WITHOUT_SPACES",
    "is_unspaced",
    "known_languages",
    "language_code",
    "language_name",
    "length_unit",
    "main_language",
]

UNDETERMINED = "und"
# Other codes that files use: ISO 639-2 (both of its forms), withdrawn ones, the forms of Norwegian and Chinese.
_ALIASES = {
    "ara": "ar", "bul": "bg", "ben": "bn", "cat": "ca", "ces": "cs", "cze": "cs", "dan": "da", "deu": "de", "ger": "de",
    "ell": "el", "gre": "el", "eng": "en", "spa": "es", "est": "et", "fas": "fa", "per": "fa", "fin": "fi", "fra": "fr",
    "fre": "fr", "heb": "he", "iw": "he", "hin": "hi", "hrv": "hr", "hun": "hu", "ind": "id", "in": "id", "ita": "it",
    "jpn": "ja", "kor": "ko", "lit": "lt", "lav": "lv", "msa": "ms", "may": "ms", "nld": "nl", "dut": "nl", "nor": "no",
    "nob": "no", "nno": "no", "nb": "no", "nn": "no", "pol": "pl", "por": "pt", "ron": "ro", "rum": "ro", "rus": "ru",
    "slk": "sk", "slo": "sk", "slv": "sl", "srp": "sr", "swe": "sv", "tam": "ta", "tha": "th", "fil": "tl", "tur": "tr",
    "ukr": "uk", "urd": "ur", "vie": "vi", "zho": "zh", "chi": "zh", "cmn": "zh", "yue": "zh", "mandarin": "zh",
    "farsi": "fa", "castilian": "es", "tagalog": "tl", "undetermined": "und", "unk": "und",
}  # fmt: skip
_CODES = {name.casefold(): code for code, name in NAMES.items()}
WITHOUT_SPACES = frozenset({"zh", "ja", "th", "lo", "km", "my"})
_LEAST_SHARE = 0.3  # of the rows whose language is known, for a language to be the one of the dataset
_HAN = re.compile(r"[\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003134f]")
_KANA = re.compile(r"[\u3041-\u30ff]")
_THAI = re.compile(r"[\u0e01-\u0e5b]")


def known_languages() -> dict[str, str]:
    """The languages that a row can be in: code → English name, by name, the unknown one last."""
    return dict(sorted(NAMES.items(), key=lambda item: (item[0] == UNDETERMINED, item[1])))


def language_code(value: str) -> str | None:
    """The ISO 639-1 code that a file means: by code, locale or English name ("en-GB", "pt_BR", "German"); None if none.

    Case and white space play no part; "und" and "unknown" are a code as well.
    """
    plain = value.strip().casefold()
    begin = re.split(r"[-_]", plain, maxsplit=1)[0]
    for word in (plain, begin):
        if word in NAMES:
            return word
        if word in _ALIASES:
            return _ALIASES[word]
    return _CODES.get(plain)


def main_language(counts: Mapping[str, int]) -> str:
    """The language of most rows whose language is known; "und" if that is in less than three of ten of them."""
    known = {code: n for code, n in counts.items() if code != UNDETERMINED and n > 0}
    if not known:
        return UNDETERMINED
    most = max(known, key=lambda code: (known[code], code))
    return most if known[most] >= _LEAST_SHARE * sum(known.values()) else UNDETERMINED


def length_unit(language: str) -> str:
    """What the length of a text is counted in: "characters" for languages without spaces, else "words"."""
    return "characters" if language in WITHOUT_SPACES else "words"


def is_unspaced(text: str) -> bool:
    """True for a text that is mostly in a script without spaces between words."""
    head = text[:300]
    signs = len(_HAN.findall(head)) + len(_KANA.findall(head)) + len(_THAI.findall(head))
    return signs > 0.3 * max(1, sum(map(str.isalpha, islice(head, 300))))
