"""What the training loop is fed: the rows of each epoch in batches, drawn anew, the same for the same seed."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sentiment.models.batching import plan_batches
from sentiment.models.tokenizer import TokenTable
from sentiment.training.imbalance import ImbalancePlan, draw_epoch
from sentiment.training.optimizer import FitSettings
from sentiment.training.steps import Batch

# (rows, rng=) → a table of the training texts with others below them, the training text int64[n] that each text of the
# table comes from, and the texts int64[len(rows)] to show (see `Augmenter.vary_repeats`).
Vary = Callable[..., tuple[TokenTable, NDArray[np.int64], NDArray[np.int64]]]


@dataclass(frozen=True)
class Examples:
    """Texts as tokens, with their labels.

    Attributes:
        tokens: the texts.
        labels: int64[n], positions in the list of classes.
        weights: float32[n] or None for 1 each.
    """

    tokens: TokenTable
    labels: NDArray[np.int64]
    weights: NDArray[np.float32] | None = None


@dataclass(frozen=True)
class Epoch:
    """One pass over the rows.

    Attributes:
        tokens: the texts to show.
        labels: int32[n_texts].
        weights: float32[n_texts], by class and by row.
        plan: padded length and texts of each batch.
    """

    tokens: TokenTable
    labels: NDArray[np.int32]
    weights: NDArray[np.float32]
    plan: list[tuple[int, NDArray[np.int64]]]

    def batch(self, position: int, *, size: int, vectors: NDArray[np.float32] | None = None) -> Batch:
        """One batch, filled up to `size` rows; of text vectors float32[n_texts, hidden] if there are any."""
        length, members = self.plan[position]
        inputs: Any = self.tokens.padded(members, length) if vectors is None else vectors[members]
        return Batch(*(filled(part, size) for part in (inputs, self.labels[members], self.weights[members])))


class Feed:
    """Draws the epochs of a run.

    Args:
        train: training rows.
        plan: what is done against imbalance.
        settings: see `FitSettings`.
        vary: gives variations of rows that an epoch shows again; None shows them as they are.
    """

    def __init__(
        self, train: Examples, *, plan: ImbalancePlan, settings: FitSettings, vary: Vary | None = None
    ) -> None:
        self.train, self.varied = train, vary is not None
        self._plan, self._settings, self._vary = plan, settings, vary
        self._labels = train.labels.astype(np.int32)
        self._weights = plan.class_weights[train.labels].astype(np.float32)
        if train.weights is not None:
            self._weights *= train.weights

    def epoch(self, number: int) -> Epoch:
        """The epoch of this number, counted from 0."""
        settings = self._settings
        rng = np.random.default_rng((settings.seed, number))
        rows = draw_epoch(self._plan, self.train.labels, rng=rng)
        tokens, labels, weights = self.train.tokens, self._labels, self._weights
        if self._vary is not None:
            tokens, origin, rows = self._vary(rows, rng=rng)
            labels, weights = labels[origin], weights[origin]
        plan = plan_batches(
            rows, tokens.lengths, batch_size=settings.batch_size, max_length=settings.max_length, rng=rng
        )
        return Epoch(tokens, labels, weights, plan)


def filled(rows: NDArray[Any], size: int) -> NDArray[Any]:
    """The rows [n, …] and, below them, zeros: [size, …]."""
    whole = np.zeros((size, *rows.shape[1:]), rows.dtype)
    whole[: len(rows)] = rows
    return whole
