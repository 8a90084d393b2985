"""What more labels would bring: from scores at several numbers of labels to what twice and four times as many promise.

Errors fall with the number of labels about like a power of it (Hestness et al. 2017; Viering & Loog 2023): a straight
line through the logarithms, fitted to the draws and followed further. The interval comes from drawing the held-out rows
(or groups) and the draws at each size again, and from the choice of the curve, which nobody can know: one that falls
for ever, or one that comes to rest.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sentiment.evaluation.intervals import CONFIDENCE
from sentiment.evaluation.metrics import encode_groups

Floats = NDArray[np.float64]
FACTORS = (2, 4)
_RESAMPLES = 400
_LEAST = 0.002  # an error below which a logarithm says nothing
_RESTS = (0.0, 0.5, 0.8)  # where a curve may come to rest, as a share of the smallest error that was seen
_TRUSTS = (0.0, 1.0, 2.0)  # by which power of itself a size weighs: with more labels it may fall faster than before


@dataclass(frozen=True)
class Usual:
    """What curves are usually like; counts the more, the worse a curve could be measured.

    Attributes:
        slope: by which power of their number labels lower the error.
        doubt: how far that differs from set to set, as a standard deviation.
        may_fall: whether more labels may make a score worse.
    """

    slope: float
    doubt: float
    may_fall: bool


OF_ALL = Usual(0.07, 0.05, may_fall=False)
# More labels of one class alone also shift what a model takes to be frequent, which can cost what they bring.
OF_ONE_CLASS = Usual(0.05, 0.1, may_fall=True)


@dataclass(frozen=True)
class Trial:
    """What one model says of the held-out rows that learned from a part of the labels.

    Attributes:
        n_labels: labels that it learned from (of the class that is varied, or of all).
        said: int64[n_held_out], positions of classes.
    """

    n_labels: int
    said: NDArray[np.int64]


@dataclass(frozen=True)
class Growth:
    """A score against the number of labels.

    Attributes:
        sizes: numbers of labels: those measured, then each of `FACTORS` times as many as there are.
        values: the score at each with its 95 % interval, (value, low, high) in [0, 1].
        n_measured: how many of the sizes were measured.
        gains: what each of `FACTORS` times as many labels add, (value, low, high) in [0, 1].
    """

    sizes: tuple[int, ...]
    values: tuple[tuple[float, float, float], ...]
    n_measured: int
    gains: dict[int, tuple[float, float, float]]


class HeldOut:
    """Held-out rows, and draws of them.

    Args:
        truth: int64[n], positions of classes.
        n_classes: how many there are.
        groups: which rows belong together.
        seed: of the draws.
    """

    def __init__(
        self, truth: NDArray[np.int64], *, n_classes: int, groups: Sequence[Any] | None = None, seed: int = 0
    ) -> None:
        self.truth, self.n_classes, self.seed = truth, n_classes, seed
        codes = encode_groups(groups, len(truth))
        _, unit = np.unique(np.arange(len(truth)) if codes is None else codes, return_inverse=True)
        n_units = int(unit.max()) + 1
        drawn = np.random.default_rng(seed).multinomial(n_units, np.full(n_units, 1 / n_units), size=_RESAMPLES)
        weights = np.concatenate([np.ones((1, n_units)), drawn])[:, unit].astype(np.float32)
        self._weights = weights
        self._of_class = np.stack([weights @ (truth == c) for c in range(n_classes)], axis=1).astype(np.float64)

    def f1(self, said: NDArray[np.int64]) -> Floats:
        """The F1 of each class, float64[1 + n_resamples, n_classes]: on the rows as they are, then on each draw."""
        found = np.empty((len(self._weights), self.n_classes))
        for c in range(self.n_classes):
            predicted = said == c
            right = self._weights @ (predicted & (self.truth == c)).astype(np.float32)
            whole = self._of_class[:, c] + self._weights @ predicted.astype(np.float32)
            found[:, c] = np.divide(2 * right, whole, out=np.zeros(len(whole)), where=whole > 0)
        return found


def grow(
    trials: Sequence[Trial],
    held_out: HeldOut,
    *,
    target: int | None,
    n_now: int,
    factors: Sequence[int] = FACTORS,
    usual: Usual = OF_ALL,
) -> Growth:
    """How a score grows with the number of labels.

    Args:
        trials: at three sizes or more, several at each but the largest.
        held_out: the rows that they judge.
        target: the class whose F1 it is; None for the mean of the classes.
        n_now: labels there are now (of the class, or of all), at least as many as in the largest trial.
        factors: how many times as many labels to look ahead to.
        usual: what such curves are usually like.

    Raises:
        ValueError: if there are fewer than three sizes.
    """
    sizes = np.unique([trial.n_labels for trial in trials])
    if len(sizes) < 3:
        raise ValueError(f"{len(sizes)} sizes; a curve needs three")
    scores = _scores(trials, sizes, held_out, target=target)
    errors = np.maximum(1.0 - scores, _LEAST)
    ahead = np.array([n_now * factor for factor in factors])
    rng = np.random.default_rng(held_out.seed + 1)
    rests = np.concatenate([[_RESTS[1]], rng.choice(_RESTS, len(errors) - 1)])
    trust = np.concatenate([[_TRUSTS[1]], rng.choice(_TRUSTS, len(errors) - 1)])
    at = _follow(
        np.log(sizes), errors, np.log([sizes[-1], n_now, *ahead]), rests=rests, trust=trust, usual=usual, rng=rng
    )
    gained = at[:, 1:2] - at[:, 2:]
    beyond = np.clip(scores[:, -1:] + at[:, :1] - at[:, 2:], 0.0, 1.0)
    spread = np.concatenate([scores, beyond], axis=1)
    return Growth(
        sizes=(*sizes.tolist(), *ahead.tolist()),
        values=tuple(_interval(spread[:, i]) for i in range(spread.shape[1])),
        n_measured=len(sizes),
        gains={factor: _interval(gained[:, i]) for i, factor in enumerate(factors)},
    )


def _scores(trials: Sequence[Trial], sizes: NDArray[np.int64], held_out: HeldOut, *, target: int | None) -> Floats:
    """The score at each size, float64[1 + n_resamples, n_sizes]; first as measured, then drawn again."""
    rng = np.random.default_rng(held_out.seed)
    columns, spread = [], 0.0
    for size in sizes:
        each = np.stack([_score(held_out.f1(trial.said), target) for trial in trials if trial.n_labels == size], axis=1)
        n = each.shape[1]
        drawn = rng.integers(0, n, each.shape)
        drawn[0] = np.arange(n)
        mean = np.take_along_axis(each, drawn, axis=1).mean(axis=1)
        if n > 1:
            spread = float(each[0].std(ddof=1))
        else:  # all labels can be taken in one way only: half of them, which could be taken in many, show the spread
            mean[1:] += rng.normal(0.0, spread / np.sqrt(2), len(mean) - 1)
        columns.append(mean)
    return np.clip(np.stack(columns, axis=1), 0.0, 1.0)


def _score(f1: Floats, target: int | None) -> Floats:
    return np.asarray(f1.mean(axis=1) if target is None else f1[:, target])


def _follow(
    x: Floats,
    errors: Floats,
    to: Floats,
    *,
    rests: Floats,
    trust: Floats,
    usual: Usual,
    rng: np.random.Generator,
) -> Floats:
    """Errors float64[n, len(to)] further along a power law that comes to rest at some share of the least error.

    Args:
        x: float64[n_sizes], logarithms of the sizes.
        errors: float64[n, n_sizes], first as measured, then drawn again.
        to: logarithms of the sizes to follow it to.
        rests: float64[n], the share of the least error at which it comes to rest.
        trust: float64[n], how much a size weighs: by which power of itself.
        usual: what such curves are usually like.
        rng: draws what is usual.
    """
    rest = (rests * errors.min(axis=1))[:, None]
    y = np.log(np.maximum(errors - rest, _LEAST / 2))
    weights = np.exp(trust[:, None] * (x - x.max()))
    weights = weights / weights.sum(axis=1, keepdims=True)
    centre, middle = (weights * x).sum(axis=1, keepdims=True), (weights * y).sum(axis=1, keepdims=True)
    away = x - centre
    slope = -(weights * away * y).sum(axis=1, keepdims=True) / (weights * away**2).sum(axis=1, keepdims=True)
    # A slope that was measured badly counts little beside what is usual, with as much doubt as that has.
    # The spread is that over all shapes a curve may have: where they disagree, the measured slope says little of what
    # comes, because curves bend.
    middling, doubt = usual.slope / (1.0 - rests[:, None]), usual.doubt / (1.0 - rests[:, None])
    known = doubt**2 / (doubt**2 + slope[1:].var())
    drawn = middling + doubt * np.concatenate([[[0.0]], rng.standard_normal((len(slope) - 1, 1))])
    slope = known * slope + (1.0 - known) * drawn
    if not usual.may_fall:
        slope = np.maximum(slope, 0.0)
    return np.asarray(rest + np.exp(middle - slope * (to - centre)))


def _interval(drawn: Floats) -> tuple[float, float, float]:
    """The measured value, and the interval of its draws, which always holds it."""
    tails = (0.5 - CONFIDENCE / 2, 0.5 + CONFIDENCE / 2)
    low, high = np.quantile(drawn[1:], tails)
    value = float(drawn[0])
    return value, min(float(low), value), max(float(high), value)
