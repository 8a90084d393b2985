"""Keras's Tokenizer, to the letter: which words there are, how a text falls into them, and what becomes of the others.

A text is made ready by the steps that its maker took before Keras saw it (`STEPS`), lower-cased, split, and looked up.
A word without a number is left out, unless there is a token for such words. Longer texts are cut as Keras's
`pad_sequences` cuts them; the padding itself is the network's business.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby
from pathlib import Path
from typing import Any, TypeVar

from sentiment.errors import ModelError

T = TypeVar("T")
KIND = "keras"
SIDES = ("pre", "post")
STEPS = ("tags", "letters", "stop-words")
PAD_NAME = "[PAD]"
_TAG = re.compile(r"<[^>]*>")
_LETTERS = re.compile(r"[^a-zA-Z]")
_MAX_WORDS = 2_000_000
_MAX_SPLIT, _MAX_FILTERS = 16, 1_000  # characters: each filtered one of a text becomes as many as it is split at


@dataclass(frozen=True)
class Encoding:
    """The tokens of a text.

    Attributes:
        ids: their numbers.
        offsets: where each stands in the text, as (first, after the last) characters.
        word_ids: the word that each belongs to; several have one where tokens are characters.
        n_cut: tokens that were left out because the text is too long.
    """

    ids: list[int]
    offsets: list[tuple[int, int]]
    word_ids: list[int]
    n_cut: int


@dataclass(frozen=True)
class Ids:
    """The tokens of a text, without their places.

    Attributes:
        ids: their numbers.
    """

    ids: list[int]


@dataclass(frozen=True, eq=False)
class KerasTokenizer:
    """A tokenizer as Keras's `to_json` describes it, with what the network needs besides.

    It is asked in the same words as one of the library `tokenizers`.

    Attributes:
        words: the number of each word that has one, from 1 on.
        size: rows of the network's table of words.
        filters: characters that become `split`.
        lower: whether texts are lower-cased.
        split: what words are split at.
        char_level: whether every character is a token.
        oov: the number for words without one; None leaves them out.
        maxlen: tokens of a text that are read.
        truncating: the side at which a longer text is cut: "pre" keeps its end, "post" its start.
        clean: the steps before all this, of `STEPS`.
        stop_words: the words that the step "stop-words" takes out.
    """

    words: Mapping[str, int]
    size: int
    filters: str
    lower: bool
    split: str
    char_level: bool
    oov: int | None
    maxlen: int
    truncating: str
    clean: tuple[str, ...] = ()
    stop_words: frozenset[str] = frozenset()

    def encode_batch_fast(self, texts: Sequence[str], *, add_special_tokens: bool = False) -> list[Ids]:
        """The tokens of each text, without their places. There are no special ones to add."""
        return [Ids(self.ids(text)) for text in texts]

    def encode_batch(self, texts: Sequence[str], *, add_special_tokens: bool = False) -> list[Encoding]:
        """The tokens of each text, and where they stand in it. There are no special ones to add."""
        return [self.encode(text) for text in texts]

    def ids(self, text: str) -> list[int]:
        """The numbers of a text's tokens, `maxlen` at most."""
        words = self._split(self._cleaned(text))
        if "stop-words" in self.clean:
            words = [word for word in words if word.lower() not in self.stop_words]
        if self.oov is None:
            found = [self.words[word] for word in words if word in self.words]
        else:
            found = [self.words.get(word, self.oov) for word in words]
        return self._cut(found)

    def encode(self, text: str, *, add_special_tokens: bool = False) -> Encoding:
        """The same tokens, and where they stand in the text."""
        places = _placed(self._cleaned(text), lower=self.lower)
        pieces = [(char, place, place + 1) for char, place in places] if self.char_level else self._pieces(places)
        if "stop-words" in self.clean:
            pieces = [piece for piece in pieces if piece[0].lower() not in self.stop_words]
        starts_word = _word_numbers(text)
        found = []
        for number, (word, first, after) in enumerate(pieces):
            token = self.words.get(word, self.oov)
            if token is not None:
                found.append((token, (first, after), starts_word[first] if self.char_level else number))
        n_cut = max(0, len(found) - self.maxlen)
        found = self._cut(found)
        return Encoding([one[0] for one in found], [one[1] for one in found], [one[2] for one in found], n_cut)

    def _cut(self, tokens: list[T]) -> list[T]:
        return tokens[-self.maxlen :] if self.truncating == "pre" else tokens[: self.maxlen]

    def get_vocab(self) -> dict[str, int]:
        """The number of each word."""
        return {PAD_NAME: 0, **self.words}

    def get_vocab_size(self) -> int:
        """Rows of the table of words that the numbers point into."""
        return self.size

    def id_to_token(self, token: int) -> str | None:
        """The word of a number; None if it has none."""
        return self._names.get(token)

    def token_to_id(self, word: str) -> int | None:
        """The number of a word; None if it has none."""
        return 0 if word == PAD_NAME and word not in self.words else self.words.get(word)

    def to_str(self) -> str:
        """The tokenizer as JSON, which `read_keras_tokenizer` reads."""
        values = {
            "kind": KIND,
            "size": self.size,
            "filters": self.filters,
            "lower": self.lower,
            "split": self.split,
            "char_level": self.char_level,
            "oov": self.oov,
            "maxlen": self.maxlen,
            "truncating": self.truncating,
            "clean": list(self.clean),
            "stop_words": sorted(self.stop_words),
            "words": dict(self.words),
        }
        return json.dumps(values, ensure_ascii=True, separators=(",", ":"))

    @cached_property
    def _names(self) -> dict[int, str]:
        names = {0: PAD_NAME}
        for word, number in self.words.items():
            names.setdefault(number, word)
        return names

    @cached_property
    def _table(self) -> dict[int, str]:
        return str.maketrans(dict.fromkeys(self.filters, self.split))

    def _cleaned(self, text: str) -> str:
        """The text after the steps that keep every character in its place."""
        if "tags" in self.clean:
            end = text.rfind(">") + 1  # behind it there is no tag, and every "<" would be looked after to the end
            text = _TAG.sub(lambda tag: " " * len(tag.group()), text[:end]) + text[end:]
        return _LETTERS.sub(" ", text) if "letters" in self.clean else text

    def _split(self, text: str) -> Sequence[str]:
        text = text.lower() if self.lower else text
        if self.char_level:
            return text
        return [word for word in text.translate(self._table).split(self.split) if word]

    def _pieces(self, places: list[tuple[str, int]]) -> list[tuple[str, int, int]]:
        """The words of a text with where they begin and end in it."""
        chars = [(one, place) for char, place in places for one in (self.split if char in self.filters else char)]
        whole, pieces, begin = "".join(char for char, _ in chars), [], 0
        for word in whole.split(self.split):
            if word:
                pieces.append((word, chars[begin][1], chars[begin + len(word) - 1][1] + 1))
            begin += len(word) + len(self.split)
        return pieces


def _placed(text: str, *, lower: bool) -> list[tuple[str, int]]:
    """Each character with its place in the text; lower-cased ones may become several, and depend on the others."""
    if not lower:
        return list(zip(text, range(len(text)), strict=True))
    lengths = [len(char.lower()) for char in text]
    places = [place for place, length in enumerate(lengths) for _ in range(length)]
    return list(zip(text.lower(), places, strict=True))


def _word_numbers(text: str) -> list[int]:
    """For each character, the number of the run of spaces or of others that it is in."""
    return [number for number, (_, run) in enumerate(groupby(text, key=str.isspace)) for _ in run]


def is_keras_tokenizer(path: Path) -> bool:
    """Whether a tokenizer.json is of this kind, by how it begins."""
    try:
        with path.open("rb") as file:
            return file.read(32).replace(b" ", b"").replace(b"\n", b"").startswith(b'{"kind":"keras"')
    except OSError:
        return False


def read_keras_tokenizer(path: Path) -> KerasTokenizer:
    """The tokenizer in a model folder's tokenizer.json of this kind.

    Raises:
        ModelError: if it is damaged.
    """
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
        return checked_tokenizer(values)
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ModelError(
            f"The tokenizer {path.parent.name}/{path.name} cannot be read ({str(error)[:80]})",
            expected="The tokenizer.json that was written with the weights",
        ) from error


def checked_tokenizer(values: Mapping[str, Any]) -> KerasTokenizer:
    """The tokenizer from the values of `to_str`.

    Raises:
        ValueError, KeyError, TypeError: if something is missing or of no use.
    """
    words, oov, size = values["words"], values["oov"], values["size"]
    split, filters = values["split"], values["filters"]
    if type(size) is not int or not 2 <= size <= _MAX_WORDS or not isinstance(words, dict) or len(words) > _MAX_WORDS:
        raise ValueError("its number of words is out of range")
    if any(type(number) is not int or not 1 <= number < size for number in words.values()):
        raise ValueError("a word has a number that is not in the table")
    if oov is not None and (type(oov) is not int or not 1 <= oov < size):
        raise ValueError("the number of unknown words is not in the table")
    if not isinstance(split, str) or not split or not isinstance(filters, str):
        raise ValueError("what words are split at is not text")
    if len(split) > _MAX_SPLIT or len(filters) > _MAX_FILTERS:
        raise ValueError("what words are split at is longer than anything of use")
    if type(values["lower"]) is not bool or type(values["char_level"]) is not bool:
        raise ValueError("lower and char_level are true or false")
    if type(values["maxlen"]) is not int or not 1 <= values["maxlen"] <= 100_000 or values["truncating"] not in SIDES:
        raise ValueError("how texts are cut is out of range")
    if set(values["clean"]) - set(STEPS):
        raise ValueError(f"a step of {values['clean']} is not known")
    return KerasTokenizer(
        words,
        size,
        filters,
        values["lower"],
        split,
        values["char_level"],
        oov,
        values["maxlen"],
        values["truncating"],
        tuple(values["clean"]),
        frozenset(map(str, values["stop_words"])),
    )
