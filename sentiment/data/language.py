"""Which language the texts are in: by script where that decides it, by py3langid where it does not."""

import re
from collections import Counter
from collections.abc import Iterable
from itertools import islice

import numpy as np
import pandas as pd

UNDETERMINED = "und"
_SAMPLE = 300
_NAMES = {
    "ar": "Arabic", "bg": "Bulgarian", "bn": "Bengali", "ca": "Catalan", "cs": "Czech", "da": "Danish",
    "de": "German", "el": "Greek", "en": "English", "es": "Spanish", "et": "Estonian", "fa": "Persian",
    "fi": "Finnish", "fr": "French", "he": "Hebrew", "hi": "Hindi", "hr": "Croatian", "hu": "Hungarian",
    "id": "Indonesian", "it": "Italian", "ja": "Japanese", "ko": "Korean", "lt": "Lithuanian", "lv": "Latvian",
    "ms": "Malay", "nl": "Dutch", "no": "Norwegian", "nb": "Norwegian", "pl": "Polish", "pt": "Portuguese",
    "ro": "Romanian", "ru": "Russian", "sk": "Slovak", "sl": "Slovenian", "sr": "Serbian", "sv": "Swedish",
    "ta": "Tamil", "th": "Thai", "tr": "Turkish", "uk": "Ukrainian", "ur": "Urdu", "vi": "Vietnamese",
    "zh": "Chinese", "und": "Unknown",
}  # fmt: skip
WITHOUT_SPACES = frozenset({"zh", "ja", "th", "lo", "km", "my"})
_HAN = re.compile(r"[\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003134f]")
_KANA = re.compile(r"[\u3041-\u30ff]")
_HANGUL = re.compile(r"[\uac00-\ud7a3\u1100-\u11ff]")
_THAI = re.compile(r"[\u0e01-\u0e5b]")
_NOISE = re.compile(r"https?://\S+|[@#]\w+|<[^>]{0,200}>|\d+")


def detect_language(texts: Iterable[str]) -> str:
    """The ISO 639-1 code of the language that most of the text is in; "und" where there is too little to tell.

    Looks at a spread of up to 300 texts, each counting by its length up to a bound.
    """
    series = texts if isinstance(texts, pd.Series) else pd.Series(list(texts), dtype="object")
    spread = np.linspace(0, len(series) - 1, min(_SAMPLE, len(series))).astype(int)
    votes: Counter[str] = Counter()
    for text in series.iloc[spread].dropna():
        cleaned = _NOISE.sub(" ", text[:1000])
        letters = sum(map(str.isalpha, cleaned))
        if letters >= 2:
            votes[_language_of(cleaned, letters)] += min(letters, 200)
    votes.pop(UNDETERMINED, None)
    if not votes:
        return UNDETERMINED
    language, weight = votes.most_common(1)[0]
    return language if weight >= 0.3 * votes.total() else UNDETERMINED


def language_name(code: str) -> str:
    """The English name of a language ("Chinese" for "zh"); the code itself if the name is not known."""
    return _NAMES.get(code, code)


def length_unit(language: str) -> str:
    """What the length of a text is counted in: "characters" for languages without spaces, else "words"."""
    return "characters" if language in WITHOUT_SPACES else "words"


def is_unspaced(text: str) -> bool:
    """True for a text that is mostly in a script without spaces between words."""
    head = text[:300]
    signs = len(_HAN.findall(head)) + len(_KANA.findall(head)) + len(_THAI.findall(head))
    return signs > 0.3 * max(1, sum(map(str.isalpha, islice(head, 300))))


def _language_of(text: str, letters: int) -> str:
    han, kana = len(_HAN.findall(text)), len(_KANA.findall(text))
    if kana > 0.1 * letters:
        return "ja"
    if len(_HANGUL.findall(text)) > 0.3 * letters:
        return "ko"
    if len(_THAI.findall(text)) > 0.3 * letters:
        return "th"
    if han > 0.3 * letters:
        return "zh"
    if letters < 8:
        return UNDETERMINED
    import py3langid  # slow to load, and not needed for scripts that decide the language

    code, _ = py3langid.classify(text)
    return str(code)
