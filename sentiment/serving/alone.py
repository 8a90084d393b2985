"""The endpoint alone: one model in this process, on a port."""

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from starlette.applications import Starlette

from sentiment.evaluation.thresholds import Rule
from sentiment.models.batching import FINE_BUCKETS
from sentiment.serving.holder import Model
from sentiment.serving.http import Endpoint
from sentiment.serving.limits import ENDPOINT_LIMITS, EndpointLimits
from sentiment.serving.merging import Answer

_MANY = 100  # texts that go through as full batches; fewer than 9 have programs of their own


def make_endpoint_app(
    model: Model, *, name: str, rule: Rule | None = None, limits: EndpointLimits = ENDPOINT_LIMITS
) -> Starlette:
    """The application that answers `POST /api/predict` with one model.

    Args:
        model: what answers.
        name: what it is called.
        rule: how a class is chosen; the most likely one by default.
        limits: bounds on a request.
    """

    def predict(_: str, texts: list[str]) -> Answer:
        return tuple(model.classes), model(texts)

    return Starlette(routes=Endpoint(predict, lambda: {name: name}, rule_of=lambda _: rule, limits=limits).routes())


def warm(model: Callable[[Sequence[str]], NDArray[np.float32]], *, max_length: int) -> None:
    """Has a model compile what it needs for texts of any length, so that the first who asks does not wait for it."""
    for length in (*(bucket for bucket in FINE_BUCKETS if bucket < max_length), max_length):
        text = "a " * length
        model([text] * _MANY)
        model([text])


def name_of(model: str | Path) -> str:
    """What a run folder or package is called by who asks it."""
    return Path(model).resolve().stem
