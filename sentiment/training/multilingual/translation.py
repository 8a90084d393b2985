"""English sentences put word by word into another language, so that a student meets its words where they belong."""

import re
from collections.abc import Mapping, Sequence

import numpy as np

from sentiment.training.multilingual.lexicon import Lexicon, find_lemma

_PARTS = re.compile(r"n't(?![^\W\d_])|[^\W\d_]+?(?=n't(?![^\W\d_]))|[^\W\d_]+|\d+|[^\w\s]")
_MOST_WORDS = 6  # words of the other language that an English one can become
_TEMPER = 0.9  # exponent of their weights: less usual words are drawn a little more often than they are used
_HARDLY = ("a", "an", "the")  # have no word in Chinese
_LONGEST = 128  # words of a text
_FULL_WIDTH = {",": "，", ".": "。", "!": "！", "?": "？", ";": "；", ":": "："}
_WHOLE, _MIXED = 0.95, 0.5  # share of the words that are exchanged in a translation, and in one of mixed languages
_SHARE_MIXED = 0.25

Choices = dict[str, tuple[list[str], np.ndarray]]


class Translator:
    """Puts English sentences word by word into a language; the order of the words stays as it is.

    An English word becomes one of the words whose senses it is among, drawn by how frequent they are. A word that
    none means, mostly a name, stays.

    Args:
        lexicon: of the language.
    """

    def __init__(self, lexicon: Lexicon) -> None:
        self.language = lexicon.language
        self._choices = _invert(lexicon)
        self._found: dict[str, tuple[list[str], np.ndarray] | None] = {}

    def __call__(self, sentences: Sequence[str], *, seed: int) -> list[str]:
        """The sentences in the language, some only half translated.

        Args:
            sentences: in English.
            seed: draws the words.
        """
        rng = np.random.default_rng(seed)
        return [self._translate(sentence, rng) for sentence in sentences]

    def _translate(self, sentence: str, rng: np.random.Generator) -> str:
        words = _PARTS.findall(sentence.lower())[:_LONGEST]
        share = _MIXED if rng.random() < _SHARE_MIXED else _WHOLE
        chances, places = rng.random(len(words)), rng.random(len(words))
        said = [
            self._exchange(word, place) if chance < share else word
            for word, chance, place in zip(words, chances.tolist(), places.tolist(), strict=True)
        ]
        return _join_unspaced(said) if self.language == "zh" else " ".join(said)

    def _exchange(self, word: str, place: float) -> str:
        """A word of the language for an English one; `place` in [0, 1) says which of them."""
        if self.language == "zh" and (word in _HARDLY or word in _FULL_WIDTH):
            return _FULL_WIDTH.get(word, "")
        if word not in self._found:
            self._found[word] = self._choices.get(word) or self._choices.get(find_lemma(word, "en"))
        choices = self._found[word]
        if choices is None:
            return word
        words, bounds = choices
        return words[int(np.searchsorted(bounds, place))]


def _invert(lexicon: Lexicon) -> Choices:
    """For each English word the words that mean it, and the upper bounds of their shares of [0, 1)."""
    found: dict[str, dict[str, float]] = {"n't": {}}
    for word, senses in lexicon.senses.items():
        for gloss, weight in senses.items():
            found.setdefault(gloss, {})[word] = weight * lexicon.frequencies[word]
    found["n't"] = found.get("not", {})
    return {gloss: _bounds(words) for gloss, words in found.items() if words}


def _bounds(weights: Mapping[str, float]) -> tuple[list[str], np.ndarray]:
    best = sorted(weights.items(), key=lambda item: -item[1])[:_MOST_WORDS]
    shares = np.array([weight for _, weight in best]) ** _TEMPER
    bounds = np.cumsum(shares / shares.sum())
    bounds[-1] = 1.0
    return [word for word, _ in best], bounds


def _join_unspaced(words: Sequence[str]) -> str:
    """Words in one text, with spaces only between those of a script that has them."""
    text = ""
    for word in words:
        spaced = bool(text) and text[-1].isascii() and text[-1].isalnum() and word[:1].isascii()
        text += f" {word}" if spaced else word
    return text
