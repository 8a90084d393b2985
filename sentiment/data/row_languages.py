"""Which language each row of a dataset is in: by its script, and by the other rows where that is not enough.

A short text alone says little about its language: py3langid takes a tenth of English tweets for something else. A
dataset says more. From a spread of its rows, the shares of the languages are estimated (expectation maximisation over
the languages of a script, from shares as the languages are written in general), and each row is judged by Bayes' rule
with these shares as the prior.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from sentiment.arrays import on_cores
from sentiment.data.duplicates import as_arrow
from sentiment.data.language import UNDETERMINED, known_languages, main_language
from sentiment.data.language_model import LanguageScorer
from sentiment.data.scripts import NAMES, find_scripts

_CHARS = 160  # of a text that are looked at, once addresses, names and tags are taken out
_SPREAD = 300  # texts by which the language of all is told
_SAMPLE = 4_000  # rows by which the shares are estimated
_BLOCK = 16_000  # rows at a time, to hold few in memory twice
_PSEUDO_ROWS = 100.0  # what languages have in general counts as much as so many rows
_LEAST = 5e-5  # share below which a language is not looked for in the rows
_STEPS = 40
# Neighbouring n-grams are not independent, so they say less together than the sum of what each says. On sentences whose
# language is known, these shares of the sum gave the best posteriors: the first for short texts, then falling with the
# root of the bytes.
_EVIDENCE, _LONG_EVIDENCE = 0.3, 2.0
_SURE = 0.5
_MARKS = "[\u0300-\u036f]"  # written after the letter that they belong to
_NOISE = r"https?://\S+|www\.\S+|@\w+|<[^>]{0,200}>"

# The languages of each script but Latin: one that decides the language, or those to tell apart.
_ELSEWHERE: dict[str, tuple[str, ...]] = {
    "Cyrillic": ("ru", "uk", "bg", "sr", "be", "mk", "kk", "ky", "mn", "tg", "tt", "ba"),
    "Arabic": ("ar", "fa", "ur", "ps", "ug"),
    "Devanagari": ("hi", "mr", "ne", "sa"),
    "Bengali": ("bn", "as"),
    "Greek": ("el",), "Armenian": ("hy",), "Hebrew": ("he",), "Gurmukhi": ("pa",), "Gujarati": ("gu",),
    "Oriya": ("or",), "Tamil": ("ta",), "Telugu": ("te",), "Kannada": ("kn",), "Malayalam": ("ml",),
    "Sinhala": ("si",), "Thai": ("th",), "Lao": ("lo",), "Myanmar": ("my",), "Georgian": ("ka",), "Ethiopic": ("am",),
    "Khmer": ("km",), "Hangul": ("ko",), "Kana": ("ja",), "Han": ("zh",),
}  # fmt: skip
_NEVER = {UNDETERMINED, "yi"}  # Yiddish: not known to the model
_LATIN = set(known_languages()).difference(_NEVER, *_ELSEWHERE.values())
_LANGUAGES = _ELSEWHERE | {"Latin": tuple(sorted(_LATIN))}
# How much is written in a language, roughly and in arbitrary units: only few rows leave the choice to it.
_GENERAL = {"en": 30.0}
_GENERAL |= dict.fromkeys(("es", "fr", "de", "pt", "it", "nl", "pl", "tr", "id", "vi", "sv", "ru", "ar", "hi"), 3.0)
_GENERAL |= dict.fromkeys(("ro", "cs", "hu", "fi", "da", "no", "fa", "ur", "uk", "bg", "sr", "mr", "bn"), 1.0)
_RARE = 0.1
_CODES = (UNDETERMINED, *dict.fromkeys(code for languages in _LANGUAGES.values() for code in languages))


@dataclass(frozen=True, eq=False)
class _Expected:
    """What is expected of the rows in one script: the languages to look for, and the share of each."""

    scorer: LanguageScorer
    shares: NDArray[np.float64]


def identify_languages(texts: Iterable[str | None]) -> "pd.Series[str]":
    """The language of each text: an ISO 639-1 code, "und" where there is too little text to tell.

    What a row is taken for depends on the other rows: a short one is in the language that the longer ones of its script
    are in. Takes some seconds for a million short texts.

    Args:
        texts: one per row; of a long one the beginning is read.
    """
    array = _readable(texts)
    expected = _expect(array)
    blocks = [array.slice(start, _BLOCK) for start in range(0, len(array), _BLOCK)]
    parts = on_cores(lambda block: _identify(_cleaned(block), expected), blocks)
    joined = pa.chunked_array([part.cast(pa.large_string()) for part in parts], pa.large_string())
    return joined.to_pandas().astype("str")


def detect_language(texts: Iterable[str]) -> str:
    """The language that most of the text is in; "und" where there is too little to tell, or no language has 30 %.

    Looks at a spread of up to 300 texts, each counting by its length up to a bound.
    """
    series = texts if isinstance(texts, pd.Series) else pd.Series(list(texts), dtype="object")
    spread = np.unique(np.linspace(0, max(len(series) - 1, 0), min(_SPREAD, len(series))).astype(int))
    looked = [str(text) for text in series.iloc[spread].dropna()]
    votes: Counter[str] = Counter()
    for text, code in zip(looked, identify_languages(looked), strict=True):
        votes[code] += min(len(text), 200)
    return main_language(votes)


def count_languages(languages: "pd.Series[str]") -> dict[str, int]:
    """Rows per language, the most frequent first."""
    return {str(code): int(n) for code, n in languages.value_counts().items()}


def _readable(texts: Iterable[str | None]) -> pa.LargeStringArray:
    try:
        array = as_arrow(texts)
    except UnicodeEncodeError:  # half a character, which no file holds but a text of Python's can
        array = as_arrow([None if text is None else text.encode(errors="replace").decode() for text in texts])
    return pc.fill_null(array, "")


def _cleaned(texts: pa.LargeStringArray) -> pa.LargeStringArray:
    """The beginning of each text without what is in no language."""
    begun = pc.utf8_slice_codeunits(texts, 0, 2 * _CHARS)
    if pc.any(pc.match_substring_regex(begun, "https?://|www|[@<]")).as_py():
        begun = pc.replace_substring_regex(begun, _NOISE, " ")
    return pc.utf8_slice_codeunits(begun, 0, _CHARS)


def _expect(texts: pa.LargeStringArray) -> dict[int, _Expected]:
    """What is expected of the rows in each script that leaves the language open, by a spread of the rows."""
    spread = np.unique(np.linspace(0, len(texts) - 1, min(_SAMPLE, len(texts))).astype(np.int64))
    sample = _cleaned(texts.take(pa.array(spread)))
    scripts = find_scripts(sample)
    open_scripts = [place for place, name in enumerate(NAMES) if name and len(_LANGUAGES[name]) > 1]
    return {place: _estimate(sample.filter(pa.array(scripts == place)), _LANGUAGES[NAMES[place]])
            for place in open_scripts}  # fmt: skip


def _estimate(texts: pa.LargeStringArray, languages: tuple[str, ...]) -> _Expected:
    """The shares of the languages among texts in one script; with none of these, as they are in general.

    Expectation maximisation of the shares of a mixture, with a Dirichlet prior.
    """
    scorer = LanguageScorer(languages)
    general = np.array([_GENERAL.get(code, _RARE) for code in languages])
    general /= general.sum()
    shares = general
    if len(texts):
        likelihood = _likelihoods(texts, scorer)
        for _ in range(_STEPS):
            seen = _posteriors(likelihood, shares).sum(axis=0)
            shares = (seen + _PSEUDO_ROWS * general) / (len(texts) + _PSEUDO_ROWS)
    wanted = shares >= _LEAST
    looked_for = tuple(code for code, kept in zip(languages, wanted.tolist(), strict=True) if kept)
    return _Expected(LanguageScorer(looked_for), shares[wanted])


def _likelihoods(texts: pa.LargeStringArray, scorer: LanguageScorer) -> NDArray[np.float64]:
    """The likelihood of each text in each language, relative to the likeliest: float64[n, n_languages]."""
    even = pc.if_else(pc.utf8_is_upper(texts), pc.utf8_lower(texts), texts)  # as the model was made
    composed = pc.utf8_normalize(even, "NFC") if pc.any(pc.match_substring_regex(even, _MARKS)).as_py() else even
    lengths = np.maximum(np.asarray(pc.binary_length(composed)).astype(float), 1)
    share = np.minimum(_EVIDENCE, _LONG_EVIDENCE / np.sqrt(lengths))
    evidence = share[:, None] * scorer.score(composed)
    return np.exp(evidence - evidence.max(axis=1, keepdims=True))


def _posteriors(likelihoods: NDArray[np.float64], shares: NDArray[np.float64]) -> NDArray[np.float64]:
    """The probability of each language of each text, by Bayes' rule: float64[n, n_languages]."""
    joint = likelihoods * shares
    return joint / joint.sum(axis=1, keepdims=True)


def _identify(texts: pa.LargeStringArray, expected: dict[int, _Expected]) -> pa.Array:
    """The codes of cleaned texts, as a dictionary-encoded array."""
    scripts = find_scripts(texts)
    codes = np.zeros(len(texts), np.int16)
    for place in np.unique(scripts).tolist():
        rows = np.flatnonzero(scripts == place)
        if place in expected:
            codes[rows] = _likeliest(texts.take(pa.array(rows)), expected[place])
        elif place:
            codes[rows] = _CODES.index(_LANGUAGES[NAMES[place]][0])
    return pa.DictionaryArray.from_arrays(pa.array(codes), pa.array(_CODES, pa.large_string()))


def _likeliest(texts: pa.LargeStringArray, expected: _Expected) -> NDArray[np.int16]:
    """The place among `_CODES` of each text's language."""
    places = np.array([_CODES.index(code) for code in expected.scorer.languages], np.int16)
    posteriors = _posteriors(_likelihoods(texts, expected.scorer), expected.shares)
    return np.where(posteriors.max(axis=1) > _SURE, places[posteriors.argmax(axis=1)], np.int16(0)).astype(np.int16)
