"""Why a model says what it says of one text: how much each word speaks for a class.

A score is in log-odds: log(p / (1 - p)) of the class's probability. Above 0 the word speaks for the class.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sentiment.evaluation.explanation_words import Span, without

PredictFn = Callable[[Sequence[str]], NDArray[np.float32]]
_LEAST = 1e-9  # probabilities are taken to be this far from 0 and 1, at least
_MOST_OCCLUDED = 512  # words that are left out one by one; of a longer text the first and the last


@dataclass(frozen=True)
class WordScore:
    """A word of a text and how much it speaks for the class.

    Attributes:
        text: the word as it stands there.
        start, end: its place, [start, end) in characters (code points) of the text.
        score: in log-odds; above 0 it speaks for the class. 0 for a word that the model does not read.
    """

    text: str
    start: int
    end: int
    score: float


@dataclass(frozen=True)
class Explanation:
    """What a model says of a text, and why.

    Attributes:
        prediction: the most probable class.
        target: the class that the scores speak of; the prediction, unless another one was asked about.
        probs: the calibrated probability of each class.
        words: every word and sign of the text, in order.
        method: "integrated gradients", "exact" (simple models) or "occlusion" (a word's score is what leaving it out
            costs; only these do not sum to anything).
        blank: log-odds of the target before any word is read; with the scores they sum to those of the text.
        n_cut: tokens that were not read because the text is too long.
    """

    prediction: str
    target: str
    probs: dict[str, float]
    words: tuple[WordScore, ...]
    method: str
    blank: float = 0.0
    n_cut: int = 0

    def to_dict(self) -> dict[str, Any]:
        """The explanation for machines: "prediction", "probs" {class: p}, "words" [{text, start, end, score}]."""
        words = [{"text": word.text, "start": word.start, "end": word.end, "score": word.score} for word in self.words]
        return {"prediction": self.prediction, "probs": self.probs, "words": words}


def score_words(text: str, spans: Sequence[Span], scores: NDArray[np.floating]) -> tuple[WordScore, ...]:
    """The words of a text with their scores."""
    pairs = zip(spans, scores.tolist(), strict=True)
    return tuple(WordScore(text[start:end], start, end, round(score, 6)) for (start, end), score in pairs)


def share_out(
    spans: Sequence[Span], pieces: Sequence[Span], scores: NDArray[np.floating], *, by_word: bool
) -> NDArray[np.float64]:
    """What each word has of the scores of pieces that may reach over several words, float64[n_spans].

    Args:
        spans: the words, ascending.
        pieces: [start, end) of each piece.
        scores: float[n_pieces].
        by_word: True shares a piece equally among its words, False by their characters in it. A piece without a word,
            such as a space, belongs to the word before it.
    """
    total = np.zeros(len(spans))
    if not len(spans):
        return total
    starts, ends = np.array([start for start, _ in spans]), np.array([end for _, end in spans])
    first = np.searchsorted(ends, [start for start, _ in pieces], side="right")
    last = np.searchsorted(starts, [end for _, end in pieces], side="left")
    for low, high, (start, end), score in zip(first.tolist(), last.tolist(), pieces, scores.tolist(), strict=True):
        if low >= high:
            total[max(low - 1, 0)] += score
            continue
        inside = np.minimum(ends[low:high], end) - np.maximum(starts[low:high], start)
        weights = np.ones(high - low) if by_word else inside
        total[low:high] += score * weights / weights.sum()
    return total


def occlude(predict_fn: PredictFn, text: str, spans: Sequence[Span], target: int) -> NDArray[np.float64]:
    """What leaving out each word takes from the log-odds of a class, float64[n_spans].

    For models that give probabilities and nothing else. Of very long texts, the middle gets 0.

    Args:
        predict_fn: texts → probabilities float32[n_texts, n_classes].
        text: the text.
        spans: its words.
        target: position of the class.
    """
    half = _MOST_OCCLUDED // 2
    chosen = [i for i in range(len(spans)) if len(spans) <= _MOST_OCCLUDED or i < half or i >= len(spans) - half]
    odds = log_odds(predict_fn([text, *(without(text, [spans[i]]) for i in chosen)])[:, target])
    scores = np.zeros(len(spans))
    scores[chosen] = odds[0] - odds[1:]
    return scores


def log_odds(probs: NDArray[np.floating]) -> NDArray[np.float64]:
    """log(p / (1 - p)) of probabilities, finite also at 0 and 1."""
    kept = np.clip(probs.astype(np.float64), _LEAST, 1 - _LEAST)
    return np.log(kept) - np.log1p(-kept)
