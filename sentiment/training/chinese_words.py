"""The words that base models for Chinese know: those of the reviews, frequent ones of the language, all characters."""

import importlib.util
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path

import numpy as np
import rjieba

from sentiment.errors import ModelError
from sentiment.models.tokenizer import clean, count_words

_DICTIONARY = "jieba"
_HAN = re.compile(r"[\u3400-\u9fff]+")
_LONGEST = 6  # characters of a word


def count_chinese(texts: Iterable[str]) -> Counter[str]:
    """How often each word occurs in texts; what is written without spaces is divided into words by a dictionary."""
    counts: Counter[str] = Counter()
    for run, n in count_words(map(clean, texts)).items():
        for word in rjieba.cut(run) if _HAN.search(run) else (run,):
            counts[word] += n
    return counts


def frequent_words() -> Counter[str]:
    """How often Chinese words occur in general, by jieba's dictionary (MIT).

    Raises:
        ModelError: if the package that carries it is not installed.
    """
    spec = importlib.util.find_spec(_DICTIONARY)
    if spec is None:
        raise ModelError("jieba's dictionary is not installed", todo="pip install -r requirements-build.txt")
    path = next(Path(place) / "dict.txt" for place in spec.submodule_search_locations or ())
    rows = (line.split(" ") for line in path.read_text(encoding="utf-8").splitlines())
    return Counter({row[0]: int(row[1]) for row in rows if _HAN.fullmatch(row[0]) and len(row[0]) <= _LONGEST})


def choose_chinese(
    counts: Mapping[str, int], general: Mapping[str, int], *, min_count: int, n_frequent: int
) -> dict[str, float]:
    """The vocabulary: words and characters with their log-probabilities, most frequent in the corpora first.

    Words of the corpora that occur often enough, the most frequent ones of the language, every character of both, and
    the letters, so that a word in another script falls into known pieces.

    Args:
        counts: words in the training rows.
        general: words in the language.
        min_count: how often a word must occur in the training rows.
        n_frequent: how many of the language's words are taken.
    """
    common = sorted(general, key=lambda word: -general[word])[:n_frequent]
    ranked = sorted(counts, key=lambda word: -counts[word])
    words = [word for word in ranked if counts[word] >= min_count and len(word) <= 4 * _LONGEST]
    single = [letter for word in (*words, *common) for letter in word]
    known = dict.fromkeys([*words, *common, *single, *"abcdefghijklmnopqrstuvwxyz0123456789"])
    # Both sources as shares; a word that neither has seen is a little rarer than one that was seen once.
    own, all_ = sum(counts.values()), sum(general.values())
    share = {word: counts.get(word, 0) / own + general.get(word, 0) / all_ for word in known}
    return {word: float(np.log(value + 0.5 / own)) for word, value in share.items()}
