"""What each word or n-gram of a text adds to the log-odds of a class under a simple model: exact.

A simple model's logits are linear in its features, so integrated gradients from the empty text are a feature's value
times an average of its weights: the class's own less those of the other classes, each as probable as it is on average
along the way.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sentiment.models.baselines import LinearModel, softmax
from sentiment.models.features import MAX_TOKENS, GramFeatures, VectorFeatures
from sentiment.models.tokenizer import clean, cut_tokens

_POINTS = 64  # of the quadrature along the way, smooth enough for 15 digits

Span = tuple[int, int]
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class PieceScores:
    """What the pieces of one text add to the log-odds of a class; they sum to `reached` less `blank`.

    Attributes:
        spans: [start, end) of each piece in characters of the text; n-grams overlap.
        scores: float64[n_pieces], in log-odds.
        by_word: whether a piece's score belongs to its words in equal parts; else to its characters.
        blank: log-odds of the empty text.
        reached: log-odds of the text.
        probs: float32[n_classes], the probabilities of the text.
    """

    spans: list[Span]
    scores: Floats
    by_word: bool
    blank: float
    reached: float
    probs: NDArray[np.float32]


def attribute_linear(model: LinearModel, text: str, target: int) -> PieceScores:
    """The scores of a text's pieces under a simple model.

    Args:
        model: the model.
        text: the text.
        target: position of the class that is asked about; -1 for the most probable one.
    """
    spans, pieces = _pieces(model, text)
    logits = (pieces.sum(axis=0) + model.bias) / model.temperature
    target = int(logits.argmax()) if target < 0 else target
    blank = model.bias.astype(np.float64) / model.temperature
    own = _average_pull(blank, logits, target)  # [n_classes]
    scores = pieces @ own / model.temperature
    by_word = not (isinstance(model.features, GramFeatures) and model.features.vocabulary.settings.unit == "char")
    probs = softmax(logits[None].astype(np.float32))[0]
    return PieceScores(spans, scores, by_word, _log_odds(blank, target), _log_odds(logits, target), probs)


def _pieces(model: LinearModel, text: str) -> tuple[list[Span], Floats]:
    """The places of a text's pieces, and what each adds to the logits before the temperature, [n, n_classes]."""
    features = model.features
    kernel = model.kernel.astype(np.float64)
    if isinstance(features, GramFeatures):
        columns, starts, stops = features.vocabulary.find(text)
        row = features([text]).tocsr()
        values = dict(zip(row.indices.tolist(), row.data.tolist(), strict=True))
        times = np.bincount(columns, minlength=max(len(kernel), 1))
        each = np.array([values[column] / times[column] for column in columns.tolist()])
        return list(zip(starts.tolist(), stops.tolist(), strict=True)), each[:, None] * kernel[columns]
    if isinstance(features, VectorFeatures):
        encoding = features.tokenizer.encode(clean(text), add_special_tokens=False)
        ids = cut_tokens(encoding.ids, max_length=MAX_TOKENS)
        vectors = (features.vectors[ids].astype(np.float64) - features.mean) * features.scale / max(len(ids), 1)
        return cut_tokens(encoding.offsets, max_length=MAX_TOKENS), vectors @ kernel
    return [], np.zeros((0, len(model.classes)))


def _average_pull(start: Floats, end: Floats, target: int) -> Floats:
    """The gradient of the log-odds of a class by the logits, averaged on the way, float64[n_classes]."""
    points, weights = np.polynomial.legendre.leggauss(_POINTS)
    logits = start + (points[:, None] + 1) / 2 * (end - start)  # [points, n_classes]
    logits[:, target] = -np.inf
    others = np.exp(logits - logits.max(axis=1, keepdims=True))
    others /= others.sum(axis=1, keepdims=True)
    pull = -(weights[:, None] / 2 * others).sum(axis=0)
    pull[target] = 1.0
    return pull


def _log_odds(logits: Floats, target: int) -> float:
    others = np.delete(logits, target)
    top = others.max()
    return float(logits[target] - top - np.log(np.exp(others - top).sum()))
