"""Variations of the texts of rare classes, so that showing them again teaches more than their wording.

Easy data augmentation (EDA; Wei & Zou 2019): in a copy of a text, words are replaced by similar ones, similar ones are
put in, words change places, or words are left out. It works on token ids and on whole words: the pieces of a word stay
together, and so does a Chinese word. Numbers, punctuation and very common words are not replaced.

Without any deep-learning library, so that pages can show examples.
"""

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sentiment.arrays import distinct
from sentiment.models.tokenizer import TokenTable
from sentiment.training.similar_words import class_associations, find_similar

_SHARE_CHANGED = 0.1  # of the words of a text, at least one (Wei & Zou 2019, section 3)
_TOO_COMMON = 0.05  # share of the texts from which on a word is grammar, or what all of them are about
_REPLACE, _INSERT, _SWAP, _DELETE = range(4)

Ints = NDArray[np.int64]


@dataclass(frozen=True)
class _Words:
    """The words of some copies of texts, one after another.

    Attributes:
        copy: int64[n], which copy a word is in; ascending.
        first: int64[n], its first token in the table.
        size: int64[n], how many tokens it has.
        place: float64[n], where in the copy it stands.
        instead: int64[n], the id that stands in its place; -1 for its own tokens.
    """

    copy: Ints
    first: Ints
    size: Ints
    place: NDArray[np.float64]
    instead: Ints

    def take(self, chosen: NDArray) -> "_Words":
        """Some of the words, by positions or by a mask."""
        return _Words(
            self.copy[chosen], self.first[chosen], self.size[chosen], self.place[chosen], self.instead[chosen]
        )


class Augmenter:
    """Varies training texts.

    Args:
        tokens: the training texts.
        labels: int64[n_texts].
        starts: bool[n_tokens], which tokens begin a word (see `tokenizer.word_starts`).
        names: the token of each id.
        vectors: float32[n_ids, embed]; None where none were learned yet, and words are only swapped and left out.
    """

    def __init__(
        self,
        tokens: TokenTable,
        labels: Ints,
        *,
        starts: NDArray[np.bool_],
        names: Sequence[str],
        vectors: NDArray[np.float32] | None,
    ) -> None:
        self.tokens, self.labels, self._names = tokens, labels, names
        self._first = np.flatnonzero(starts).astype(np.int64)
        self._size = np.diff(np.append(self._first, len(tokens.ids)))
        self._bounds = np.searchsorted(self._first, tokens.starts)  # text i has the words from bounds[i] on
        self._lexical = np.fromiter((any(map(str.isalpha, name)) for name in names), bool, len(names))
        n_classes = int(labels.max(initial=0)) + 1
        if vectors is None:
            self.similar = np.full((n_classes, len(names), 1), -1, np.int32)
        else:
            associations = class_associations(tokens, labels, vectors, n_classes=n_classes)
            self.similar = find_similar(vectors, self._replaceable(), associations)

    def _replaceable(self) -> Ints:
        """Ids of words of one token, of letters, that are in few enough texts."""
        n_ids = len(self._lexical)
        text = np.repeat(np.arange(len(self.labels)), self.tokens.lengths)
        n_texts = np.bincount(distinct(text * n_ids + self.tokens.ids) % n_ids, minlength=n_ids)
        whole = np.zeros(n_ids, bool)
        whole[self.tokens.ids[self._first[self._size == 1]]] = True
        return np.flatnonzero(whole & self._lexical & (n_texts <= max(_TOO_COMMON * len(self.labels), 2.0)))

    def vary_repeats(self, rows: Ints, *, rng: np.random.Generator) -> tuple[TokenTable, Ints, Ints]:
        """An epoch in which a text that comes again comes as a variation.

        Args:
            rows: int64[n], the texts to show, some more than once.
            rng: draws the variations.

        Returns:
            A table of the training texts and, below them, the variations; int64[n_texts of it], which training text
            each comes from; and int64[n], the texts of it to show.
        """
        again = np.ones(len(rows), bool)
        again[np.unique(rows, return_index=True)[1]] = False
        varied, n_texts = self.vary(rows[again], rng=rng), len(self.labels)
        table = TokenTable(
            np.concatenate([self.tokens.ids, varied.ids]),
            np.concatenate([self.tokens.starts, len(self.tokens.ids) + varied.starts[1:]]),
        )
        shown = rows.copy()
        shown[again] = n_texts + np.arange(again.sum())
        return table, np.concatenate([np.arange(n_texts), rows[again]]), shown

    def vary(self, rows: Ints, *, rng: np.random.Generator) -> TokenTable:
        """A variation of each of these texts; one of a single word stays as it is."""
        words = self._varied(rows, rng=rng)
        instead = np.repeat(words.instead, words.size)
        own = self.tokens.ids[_ranges(words.first, words.size)]
        lengths = np.bincount(np.repeat(words.copy, words.size), minlength=len(rows))
        ids = np.where(instead >= 0, instead, own).astype(np.int32)
        return TokenTable(ids, np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64))

    def examples(self, rows: Ints, *, rng: np.random.Generator) -> list[tuple[str, str]]:
        """These texts before and after, as the model reads them: in lower case, words and signs apart."""
        before, after = self._words_of(rows), self._varied(rows, rng=rng)
        return [(self._text(before, copy), self._text(after, copy)) for copy in range(len(rows))]

    def _varied(self, rows: Ints, *, rng: np.random.Generator) -> _Words:
        words = self._words_of(rows)
        similar = self.similar[self.labels[rows][words.copy], self.tokens.ids[words.first]]  # [n_words, similar]
        similar[words.size > 1] = -1
        may = self._lexical[self.tokens.ids[words.first]]
        how, drawn, rank = _draw(words.copy, may, similar[:, 0] >= 0, n_copies=len(rows), rng=rng)
        how = how[words.copy]
        picked = _pick(similar, rng=rng)
        added = dataclasses.replace(words, instead=picked, place=_anywhere(words, rng=rng))
        kept = dataclasses.replace(
            words,
            instead=np.where(drawn & (how == _REPLACE), picked, -1),
            place=_swapped(words, np.flatnonzero(drawn & (how == _SWAP)), rank),
        )
        return _in_order(kept.take(~(drawn & (how == _DELETE))), added.take(drawn & (how == _INSERT)))

    def _words_of(self, rows: Ints) -> _Words:
        counts = self._bounds[rows + 1] - self._bounds[rows]
        word = _ranges(self._bounds[rows], counts)
        copy = np.repeat(np.arange(len(rows)), counts)
        place = _ranges(np.zeros(len(rows), np.int64), counts).astype(float)
        return _Words(copy, self._first[word], self._size[word], place, np.full(len(word), -1))

    def _text(self, words: _Words, copy: int) -> str:
        parts = []
        for word in np.flatnonzero(words.copy == copy).tolist():
            first, instead = int(words.first[word]), int(words.instead[word])
            ids = self.tokens.ids[first : first + int(words.size[word])].tolist() if instead < 0 else [instead]
            parts.append("".join(self._names[i].removeprefix("##") for i in ids))
        return " ".join(parts)


def _in_order(words: _Words, added: _Words) -> _Words:
    """All words, those of a copy in the order of their places."""
    fields = [field.name for field in dataclasses.fields(_Words)]
    both = _Words(*(np.concatenate([getattr(words, name), getattr(added, name)]) for name in fields))
    return both.take(np.lexsort((both.place, both.copy)))


def _draw(
    copy: Ints, may: NDArray[np.bool_], may_vary: NDArray[np.bool_], *, n_copies: int, rng: np.random.Generator
) -> tuple[Ints, NDArray[np.bool_], Ints]:
    """What is done to each copy, int64[n_copies], to which words, bool[n_words], and their random order int64[n_words].

    Args:
        copy: int64[n_words], ascending.
        may: which words may be moved or left out.
        may_vary: which words have similar ones.
        n_copies: how many copies there are.
        rng: draws.
    """
    varies = np.bincount(copy[may_vary], minlength=n_copies) > 0
    how = rng.integers(np.where(varies, _REPLACE, _SWAP), _DELETE + 1)
    open_ = np.where((how < _SWAP)[copy], may_vary, may)
    n_open, n_words = np.bincount(copy[open_], minlength=n_copies), np.bincount(copy, minlength=n_copies)
    wanted = np.maximum(1, np.rint(_SHARE_CHANGED * n_words).astype(np.int64))
    limit = np.select(
        [how == _SWAP, how == _DELETE], [2 * np.minimum(wanted, n_open // 2), np.minimum(wanted, n_open - 1)], wanted
    )
    order = np.lexsort((rng.random(len(copy)), ~open_, copy))  # those that are open come first in their copy
    rank = np.empty(len(copy), np.int64)
    rank[order] = _ranges(np.zeros(n_copies, np.int64), n_words)
    return how, open_ & (rank < limit[copy]), rank


def _pick(similar: NDArray[np.int32], *, rng: np.random.Generator) -> Ints:
    """One of the similar words of each word, int64[n_words]; -1 where there are none."""
    column = (rng.random(len(similar)) * (similar >= 0).sum(axis=1)).astype(np.int64)
    return similar[np.arange(len(similar)), column].astype(np.int64)


def _anywhere(words: _Words, *, rng: np.random.Generator) -> NDArray[np.float64]:
    """A random place between the words of the same copy, for each word."""
    return rng.random(len(words.copy)) * np.bincount(words.copy)[words.copy] - 0.5 if len(words.copy) else words.place


def _swapped(words: _Words, chosen: Ints, rank: Ints) -> NDArray[np.float64]:
    """The places after the chosen words, an even number in each copy, have exchanged theirs two by two."""
    chosen = chosen[np.lexsort((rank[chosen], words.copy[chosen]))]
    place = words.place.copy()
    place[chosen[0::2]], place[chosen[1::2]] = words.place[chosen[1::2]], words.place[chosen[0::2]]
    return place


def _ranges(starts: Ints, lengths: Ints) -> Ints:
    """The numbers starts[i], starts[i] + 1, …, so many as lengths[i], one range after another."""
    ends = np.cumsum(lengths)
    return np.arange(int(lengths.sum())) - np.repeat(ends - lengths - starts, lengths)
