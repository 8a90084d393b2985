"""The smallest edit of a text that changes what a model says of it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from sentiment.evaluation.explanation import PredictFn
from sentiment.evaluation.explanation_words import Span, replaced

Replacements = Callable[[Sequence[str]], list[list[str]]]
_WORDS = 24  # words that are edited at all: those that count most, for and against
_PAIRED = 10  # words whose edits are tried two by two
_MOST_EDITS = 8  # of a text
_SUBSETS = 6  # edits up to which every smaller choice among them is tried


@dataclass(frozen=True)
class Edit:
    """One word left out or replaced.

    Attributes:
        start, end: its place in the text, in characters.
        word: the word.
        instead: what stands in its place; "" where it is left out.
    """

    start: int
    end: int
    word: str
    instead: str


@dataclass(frozen=True)
class Flip:
    """What changes a model's mind about a text.

    Attributes:
        edits: as few as were found, in the order of the text; () where none was found.
        text: the edited text.
        said: position of the class that was predicted before.
        says: position of the class that is predicted after; `said` where nothing was found.
        probs: probabilities float32[n_classes] after it.
        n_tried: texts that were tried.
        minimal: whether all smaller choices among these edits were tried, and none sufficed.
    """

    edits: tuple[Edit, ...]
    text: str
    said: int
    says: int
    probs: NDArray[np.float32]
    n_tried: int
    minimal: bool


def find_flip(
    predict_fn: PredictFn,
    text: str,
    spans: Sequence[Span],
    scores: NDArray[np.floating],
    *,
    replacements: Replacements = lambda words: [[] for _ in words],
) -> Flip:
    """The smallest edit found that changes the predicted class.

    First every edit of one word among the words that count most, then pairs, then greedily one after another; of what
    the greedy way finds, every smaller choice is tried. Of equally small edits the most certain one is taken.

    Args:
        predict_fn: texts → probabilities float32[n_texts, n_classes].
        text: the text.
        spans: its words.
        scores: float[n_spans], how much each speaks for the predicted class.
        replacements: words → what may stand in the place of each.
    """
    search = _Search(predict_fn, text)
    singles = _single_edits(text, spans, scores, replacements)
    if not singles:
        return search.flip((), minimal=False)
    probs = search.predict([(edit,) for edit in singles])
    best = search.best([(edit,) for edit in singles], probs)
    if best is not None:
        return search.flip(best, minimal=True)
    order = np.argsort(probs[:, search.said], kind="stable").tolist()  # the most damaging edits first
    ranked = _one_per_word([singles[place] for place in order])
    pairs = list(combinations(ranked[:_PAIRED], 2))
    if pairs:
        best = search.best(pairs, search.predict(pairs))
        if best is not None:
            return search.flip(best, minimal=True)
    chosen = search.greedy(ranked)
    if not chosen:
        return search.flip((), minimal=False)
    if len(chosen) > _SUBSETS:
        return search.flip(_sparing(search, chosen), minimal=False)
    for n in range(3, len(chosen)):
        smaller = list(combinations(chosen, n))
        best = search.best(smaller, search.predict(smaller))
        if best is not None:
            return search.flip(best, minimal=True)
    return search.flip(chosen, minimal=True)


class _Search:
    """The texts that were tried, and how."""

    def __init__(self, predict_fn: PredictFn, text: str) -> None:
        self._predict_fn, self.text = predict_fn, text
        self.before = predict_fn([text])[0]
        self.said = int(self.before.argmax())
        self.n_tried = 0

    def predict(self, choices: Sequence[Sequence[Edit]]) -> NDArray[np.float32]:
        """Probabilities float32[n, n_classes] of the text after each choice of edits."""
        self.n_tried += len(choices)
        return self._predict_fn([apply_edits(self.text, edits) for edits in choices])

    def best(self, choices: Sequence[tuple[Edit, ...]], probs: NDArray[np.float32]) -> tuple[Edit, ...] | None:
        """The choice that leads to another class with the highest probability; None if none leads to another."""
        flipped = np.flatnonzero(probs.argmax(axis=1) != self.said)
        return choices[flipped[probs[flipped].max(axis=1).argmax()]] if len(flipped) else None

    def greedy(self, ranked: Sequence[Edit]) -> tuple[Edit, ...]:
        """Edits one after another, each the one that helps most, until the class changes; () if it never does."""
        chosen: tuple[Edit, ...] = ()
        left = list(ranked)
        while left and len(chosen) < _MOST_EDITS:
            choices = [(*chosen, edit) for edit in left]
            probs = self.predict(choices)
            place = int(probs[:, self.said].argmin())
            chosen = choices[place]
            if probs[place].argmax() != self.said:
                return chosen
            del left[place]
        return ()

    def flip(self, edits: Sequence[Edit], *, minimal: bool) -> Flip:
        """The outcome."""
        edited = apply_edits(self.text, edits)
        probs = self._predict_fn([edited])[0] if edits else self.before
        ordered = tuple(sorted(edits, key=lambda edit: edit.start))
        return Flip(ordered, edited, self.said, int(probs.argmax()), probs, self.n_tried, minimal)


def apply_edits(text: str, edits: Sequence[Edit]) -> str:
    """The text after some edits."""
    return replaced(text, [((edit.start, edit.end), edit.instead) for edit in edits])


def _single_edits(
    text: str, spans: Sequence[Span], scores: NDArray[np.floating], replacements: Replacements
) -> list[Edit]:
    """Every edit of one word, for the words that count most; white space and what is not read stay."""
    places = [place for place in np.argsort(-np.abs(scores), kind="stable").tolist() if scores[place] != 0][:_WORDS]
    words = [text[slice(*spans[place])] for place in places]
    edits = []
    for place, word, near in zip(places, words, replacements(words), strict=True):
        start, end = spans[place]
        if len(spans) > 1:  # nothing at all is no answer
            edits.append(Edit(start, end, word, ""))
        edits += [Edit(start, end, word, _cased(name, word)) for name in near]
    return edits


def _cased(name: str, word: str) -> str:
    """The new word in capitals as the old one was."""
    if len(word) > 1 and word.isupper():
        return name.upper()
    return name.capitalize() if word[:1].isupper() else name


def _one_per_word(edits: Sequence[Edit]) -> list[Edit]:
    seen: dict[int, Edit] = {}
    for edit in edits:
        seen.setdefault(edit.start, edit)
    return list(seen.values())


def _sparing(search: _Search, chosen: tuple[Edit, ...]) -> tuple[Edit, ...]:
    """The edits without those that turn out not to be needed, tried one by one."""
    for edit in tuple(chosen):
        fewer = tuple(other for other in chosen if other != edit)
        if fewer and search.predict([fewer])[0].argmax() != search.said:
            chosen = fewer
    return chosen
