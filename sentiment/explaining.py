"""Why a model says what it says of a text: words, edits that change its mind, rows like it.

It loads a deep-learning library, so pages ask the model process instead (`sentiment.serving.operations`).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sentiment.errors import UsageError
from sentiment.evaluation.explanation import (
    Explanation,
    PredictFn,
    log_odds,
    occlude,
    score_words,
    share_out,
)
from sentiment.evaluation.explanation_flip import Flip, find_flip
from sentiment.evaluation.explanation_words import MAX_CHARS as MAX_CHARS
from sentiment.evaluation.explanation_words import Span, find_words, merge_spans, sum_by_span
from sentiment.models.attribution import attribute, warm_up
from sentiment.models.baselines import LinearModel
from sentiment.models.linear_attribution import attribute_linear
from sentiment.models.neighbours import find_neighbours
from sentiment.models.predictor import Predictor
from sentiment.numbers import number


def explain_text(
    model: PredictFn, text: str, *, target: str | None = None, classes: Sequence[str] | None = None
) -> Explanation:
    """Why a model says what it says of a text.

    A network is explained by integrated gradients, a simple model exactly, and any other `predict_fn` by occlusion.

    Args:
        model: a `Predictor`, a `LinearModel`, or texts → probabilities float32[n_texts, n_classes].
        text: what is explained.
        target: the class that the scores speak of; by default the one that is predicted.
        classes: the classes of the probabilities; by default those that the model names itself.

    Raises:
        UsageError: if the text is longer than 20,000 characters, or the model has no such class.
    """
    names: tuple[str, ...] = tuple(classes if classes is not None else getattr(model, "classes", ()))
    check_text(text)
    asked = -1 if target is None else _position(names, target)
    found = _score(model, text, asked)
    said = int(found.probs.argmax())
    return Explanation(
        prediction=names[said],
        target=names[said if asked < 0 else asked],
        probs=dict(zip(names, map(float, found.probs), strict=True)),
        words=score_words(text, found.spans, found.scores),
        method=found.method,
        blank=found.blank,
        n_cut=found.n_cut,
    )


def flip_text(model: PredictFn, text: str) -> Flip:
    """The smallest edit found that changes what a model says of a text.

    Words are left out or replaced by near ones of the model's own vocabulary (errors as for `explain_text`).
    """
    explained = explain_text(model, text)
    spans = [(word.start, word.end) for word in explained.words]
    scores = np.array([word.score for word in explained.words])

    def replacements(words: Sequence[str]) -> list[list[str]]:
        return find_neighbours(model, words) if isinstance(model, Predictor | LinearModel) else [[] for _ in words]

    return find_flip(model, text, spans, scores, replacements=replacements)


def check_text(text: Any) -> str:
    """The text, if it can be explained.

    Raises:
        UsageError: if it is no text, or longer than 20,000 characters.
    """
    if not isinstance(text, str):
        raise UsageError("What is to be explained is not a text", expected='"text": "…"')
    if len(text) > MAX_CHARS:
        raise UsageError(
            f"The text has {number(len(text))} characters",
            expected=f"At most {number(MAX_CHARS)}",
            todo="Explain a part of it",
        )
    return text


def prepare(model: PredictFn) -> None:
    """Does what the first explanation would otherwise wait for."""
    if isinstance(model, Predictor) and len(model.classes) > 1:
        warm_up(model)


@dataclass(frozen=True)
class _Scored:
    """The words of a text and their scores, and what else an explanation says."""

    spans: list[Span]
    scores: NDArray[np.float64]
    probs: NDArray[np.float32]
    method: str
    blank: float
    n_cut: int = 0


def _score(model: PredictFn, text: str, target: int) -> _Scored:
    words = find_words(text)
    explainable = len(getattr(model, "classes", ())) > 1  # the log-odds of an only class are infinite
    if isinstance(model, Predictor) and explainable:
        (found,) = attribute(model, [text], [target])
        spans = merge_spans(words, found.spans)
        scores = sum_by_span(spans, found.spans, found.scores)
        return _Scored(spans, scores, found.probs, "integrated gradients", found.blank, found.n_cut)
    if isinstance(model, LinearModel) and explainable:
        exact = attribute_linear(model, text, target)
        shares = share_out(words, exact.spans, exact.scores, by_word=exact.by_word)
        return _Scored(words, shares, exact.probs, "exact", exact.blank)
    probs = model([text, ""])
    target = int(probs[0].argmax()) if target < 0 else target
    scores = occlude(model, text, words, target)
    return _Scored(words, scores, probs[0], "occlusion", float(log_odds(probs[1:, target])[0]))


def _position(names: Sequence[str], target: str) -> int:
    if target not in names:
        raise UsageError(f"The model has no class {target[:60]!r}", expected=f"One of {', '.join(names[:20])}")
    return list(names).index(target)
