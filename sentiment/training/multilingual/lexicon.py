"""The words of a language: how frequent they are, and what they mean in English. Only pretraining needs it.

Frequencies are those of `wordfreq` (Speer 2022; data CC BY-SA 4.0), lemmas those of `simplemma` (Barbaresi 2023, MIT).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from sentiment.errors import ModelError
from sentiment.training.dictionaries import FREEDICT, Dictionary, merge, read_cedict, read_freedict, reverse

_POSITION = 0.85  # weight of a gloss relative to the one before it: dictionaries tend to give the usual sense first
_FREQUENCY = 0.5  # exponent of a gloss's frequency in English: rare senses are rarely meant
_PHRASE = 0.3  # weight of each further word of a gloss: a phrase explains more often than it translates
_RARE = 1e-9  # frequency of a word that is in no list
_MOST_SENSES = 4


@dataclass(frozen=True)
class Lexicon:
    """The most frequent words of a language.

    Attributes:
        language: ISO 639-1 code.
        frequencies: word, in lower case → its share of all words, most frequent first.
        senses: word → English glosses with weights that sum to 1, weightiest first; words without a gloss are missing.
    """

    language: str
    frequencies: dict[str, float]
    senses: dict[str, dict[str, float]]


def read_lexicon(language: str, *, n_words: int) -> Lexicon:
    """The most frequent words of a language with their senses.

    A form that the dictionary does not have gets the senses of its lemma ("schlechte" → "schlecht").

    Args:
        language: "zh", or one of `FREEDICT`.
        n_words: how many words.

    Raises:
        ModelError, DataError: if what only pretraining needs is not installed.
    """
    frequencies = read_frequencies(language, n_words=n_words)
    dictionary = read_cedict() if language == "zh" else _read_both_ways(language)
    english = read_frequencies("en", n_words=300_000)
    senses = {}
    for word in frequencies:
        glosses = dictionary.get(word) or dictionary.get(find_lemma(word, language))
        if glosses:
            senses[word] = weigh_senses(glosses, english)
    return Lexicon(language, frequencies, senses)


def read_frequencies(language: str, *, n_words: int) -> dict[str, float]:
    """The most frequent words of a language, without numbers and punctuation, and their shares of all words.

    Raises:
        ModelError: if `wordfreq` is not installed.
    """
    try:
        from wordfreq import get_frequency_dict
    except ImportError as error:
        raise ModelError("wordfreq is not installed", todo="pip install -r requirements-build.txt") from error
    words = get_frequency_dict(language, wordlist="best")
    found = {word: share for word, share in words.items() if word.isalpha() and _in_script(word, language)}
    return dict(list(found.items())[:n_words])


def find_lemma(word: str, language: str) -> str:
    """The lemma of a word in lower case; of a Chinese word itself."""
    if language == "zh":
        return word
    from simplemma import lemmatize

    return str(lemmatize(word, lang=language)).lower()


def weigh_senses(glosses: Iterable[str], english: Mapping[str, float]) -> dict[str, float]:
    """The likeliest glosses with weights that sum to 1, weightiest first.

    Args:
        glosses: in the order of the dictionary.
        english: shares of English words.
    """
    weights = {}
    for position, gloss in enumerate(dict.fromkeys(glosses)):
        words = gloss.split()
        share = min(english.get(word, _RARE) for word in words)
        weights[gloss] = _POSITION**position * share**_FREQUENCY * _PHRASE ** (len(words) - 1)
    best = sorted(weights.items(), key=lambda item: -item[1])[:_MOST_SENSES]
    total = sum(weight for _, weight in best)
    return {gloss: weight / total for gloss, weight in best}


def _read_both_ways(language: str) -> Dictionary:
    """A FreeDict dictionary and the reverse of its counterpart; through German where neither has a word."""
    code = FREEDICT[language]
    direct = merge(read_freedict(code, "eng"), reverse(read_freedict("eng", code)))
    if language == "de":
        return direct
    german = read_freedict("deu", "eng")
    pivot = merge(read_freedict(code, "deu"), reverse(read_freedict("deu", code)))
    for word, translations in pivot.items():
        if word not in direct:
            glosses = tuple(gloss for german_word in translations[:3] for gloss in german.get(german_word, ())[:3])
            if glosses:
                direct[word] = glosses
    return direct


def _in_script(word: str, language: str) -> bool:
    return all(("\u3400" <= letter <= "\u9fff") == (language == "zh") for letter in word)
