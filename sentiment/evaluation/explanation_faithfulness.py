"""Whether an explanation is true to its model: deleting the words that it names must cost the model its opinion."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from sentiment.evaluation.explanation import PredictFn
from sentiment.evaluation.explanation_words import Span, without

SHARES = (0.1, 0.2, 0.3, 0.4, 0.5)  # of a text's words that are deleted


def deletion_curve(
    predict_fn: PredictFn,
    text: str,
    spans: Sequence[Span],
    scores: NDArray[np.floating],
    *,
    target: int,
    shares: Sequence[float] = SHARES,
) -> NDArray[np.float64]:
    """The probability of a class after the words that speak most for it are deleted, float64[1 + n_shares].

    The first is that of the whole text. At least one word is deleted at each share.

    Args:
        predict_fn: texts → probabilities float32[n_texts, n_classes].
        text: the text.
        spans: its words.
        scores: float[n_spans], how much each speaks for the class; the highest are deleted first.
        target: position of the class.
        shares: of the words, ascending, in (0, 1].
    """
    order = np.argsort(-scores, kind="stable")
    counts = [max(1, round(share * len(spans))) for share in shares]
    cut = [without(text, [spans[place] for place in order[:count]]) for count in counts]
    return predict_fn([text, *cut])[:, target].astype(np.float64)


def deletion_area(curve: NDArray[np.float64]) -> float:
    """How far the probability falls on average over the shares that are deleted: the area over the deletion curve.

    After Samek et al. 2017, "Evaluating the visualization of what a deep neural network has learned", equation 12.
    """
    return float((curve[0] - curve[1:]).mean())
