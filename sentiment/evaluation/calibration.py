"""Whether probabilities mean what they say: temperature scaling, calibration error, Brier score and log loss.

The temperature (Guo et al. 2017, "On Calibration of Modern Neural Networks", section 4.2) divides all logits by one
number, fitted on rows that the model did not learn from. It changes no prediction, only how sure it sounds.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import optimize

from sentiment.evaluation.means import Estimate, estimate_mean, sum_by_group

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Finding = Literal["too sure", "not sure enough", "mixed", "none"]

N_BINS, FEWEST_IN_BIN = 10, 30
LOWEST, HIGHEST = 0.1, 10.0  # a temperature beyond these says more of the few rows than of the model
FEWEST_TO_MEASURE = 200  # rows below which no calibration error is shown: its interval holds the truth too seldom there
FEWEST_TO_FIT = 20  # rows below which no temperature is fitted
_SPREAD = 1.0  # standard deviation of the prior of log T: weighs on few rows, vanishes on a hundred
_TINY = 1e-12
_DRAWS, _STEPS = 1_000, 61


def fit_temperature(probs: ArrayLike, labels: ArrayLike) -> float:
    """The temperature in [0.1, 10] under which the labels are most likely.

    A normal prior on its logarithm (mean 0, standard deviation 1) keeps it near 1 where there are few rows, and
    finite where no row is wrong. Below 20 rows it is 1.

    Args:
        probs: float[n, n_classes] of rows that the model did not learn from, at temperature 1; rows sum to 1.
        labels: int[n], the true class of each row; -1 for one that the model does not know, which is left out.
    """
    logs, truth = _known(probs, labels)
    if len(truth) < FEWEST_TO_FIT:
        return 1.0
    rows = np.arange(len(truth))

    def loss(log_t: float) -> float:
        scaled = logs * np.exp(-log_t)
        top = scaled.max(axis=1)
        normaliser = top + np.log(np.exp(scaled - top[:, None]).sum(axis=1))
        return float((normaliser - scaled[rows, truth]).sum() + log_t**2 / (2 * _SPREAD**2))

    found = optimize.minimize_scalar(loss, bounds=(np.log(LOWEST), np.log(HIGHEST)), method="bounded")
    return float(np.exp(found.x))


def apply_temperature(probs: ArrayLike, temperature: float) -> NDArray[np.float32]:
    """Probabilities float32[n, n_classes] as they are under a temperature, from those at temperature 1; rows sum to 1.

    With 1 / T it takes a temperature of T off again.
    """
    table = np.asarray(probs, np.float64)
    if temperature == 1.0:
        return table.astype(np.float32)
    scaled = np.log(np.maximum(table, 1e-300)) / temperature
    powers = np.exp(scaled - scaled.max(axis=1, keepdims=True, initial=-np.inf))
    return np.asarray(powers / powers.sum(axis=1, keepdims=True), np.float32)


def _known(probs: ArrayLike, labels: ArrayLike) -> tuple[Floats, Ints]:
    """Log-probabilities and true classes of the rows whose class the model knows."""
    table, truth = np.asarray(probs, np.float64), np.asarray(labels, np.int64)
    if table.ndim != 2 or len(table) != len(truth):
        raise ValueError(f"{len(truth)} labels, but probabilities of shape {table.shape}")
    kept = truth >= 0
    return np.log(np.maximum(table[kept], 1e-300)), truth[kept]


@dataclass(frozen=True)
class Bin:
    """The rows whose confidence lies in one range.

    Attributes:
        low, high: the range of their confidences, in [0, 1].
        confidence: their mean confidence.
        share: the share of them that is as said.
        interval: the 95 % interval of that share.
        n: their number.
    """

    low: float
    high: float
    confidence: float
    share: float
    interval: tuple[float, float]
    n: int


@dataclass(frozen=True)
class Calibration:
    """How far confidences are from what they promise.

    Attributes:
        bins: up to 10 ranges of confidence with about as many rows each.
        error: the expected calibration error over these bins (Naeini et al. 2015): the mean distance between
            confidence and share, weighted by rows. Chance alone makes it larger than 0.
        chance: the error that a perfectly calibrated model would show on so many rows, on average.
        interval: the 95 % interval of the true error over these bins, chance taken off.
        gap: mean confidence minus share, with its interval: above 0 the model is too sure, below 0 not sure enough.
        brier: the mean squared distance to the truth (of all classes where the confidences are those of predictions).
        log_loss: the mean of −log(probability of the true class), in nats.
        n: rows.
    """

    bins: tuple[Bin, ...]
    error: float
    chance: float
    interval: tuple[float, float]
    gap: Estimate
    brier: Estimate
    log_loss: Estimate
    n: int

    @property
    def finding(self) -> Finding:
        """What the rows show of the confidences.

        "too sure" or "not sure enough" where the gap is surely not 0, else "mixed" where the error is, else "none".
        """
        if self.gap.low > 0:
            return "too sure"
        if self.gap.high < 0:
            return "not sure enough"
        return "mixed" if self.interval[0] > 0 else "none"

    def describe(self) -> str:
        """The finding about the confidence of a model as a sentence."""
        if self.finding == "none":
            return "These rows show no error beyond chance; more rows could show a smaller one."
        if self.finding == "mixed":
            return "The probabilities are too high in some ranges and too low in others."
        return f"The model is {self.finding} on these rows."


def measure_calibration(
    probs: ArrayLike,
    labels: ArrayLike,
    *,
    target: int | None = None,
    groups: Sequence[Any] | NDArray[Any] | None = None,
    seed: int = 0,
) -> Calibration:
    """How well probabilities are calibrated.

    Args:
        probs: float[n, n_classes]; rows sum to 1.
        labels: int[n], the true class of each row; -1 for one that the model does not know, which is never right.
        target: a class, whose probability is held against its share; None for the confidence in the predicted class.
        groups: which rows belong together.
        seed: of the draws behind the interval.

    Raises:
        ValueError: if there is no row, or the lengths do not fit.
    """
    table, truth = np.asarray(probs, np.float64), np.asarray(labels, np.int64)
    if table.ndim != 2 or len(table) != len(truth) or not len(truth):
        raise ValueError(f"{len(truth)} labels, but probabilities of shape {table.shape}")
    said = table.argmax(axis=1)
    confidence = table.max(axis=1) if target is None else table[:, target]
    hit = (said == truth) if target is None else (truth == target)
    brier, log_loss = _row_scores(table, truth, target=target)
    places = bin_rows(confidence)
    error, chance, interval = _error(confidence, hit.astype(float), places, groups=groups, seed=seed)
    return Calibration(
        bins=_bins(confidence, hit.astype(float), places, groups=groups),
        error=error,
        chance=chance,
        interval=interval,
        gap=estimate_mean(confidence - hit, groups=groups),
        brier=estimate_mean(brier, groups=groups, positive=True),
        log_loss=estimate_mean(log_loss, groups=groups, positive=True),
        n=len(truth),
    )


def _row_scores(table: Floats, truth: Ints, *, target: int | None) -> tuple[Floats, Floats]:
    """The Brier score and the log loss of each row."""
    if target is None:
        hits = np.zeros_like(table)
        known = truth >= 0
        hits[known, truth[known]] = 1.0
        of_truth = (table * hits).sum(axis=1)
        return ((table - hits) ** 2).sum(axis=1), -np.log(np.maximum(of_truth, _TINY))
    hit, p = truth == target, table[:, target]
    return (p - hit) ** 2, -np.log(np.maximum(np.where(hit, p, 1.0 - p), _TINY))


def bin_rows(confidence: Floats, *, n_bins: int = N_BINS) -> Ints:
    """int64[n]: the bin of each row, numbered from 0 without gaps; about as many rows in each, equal values in one.

    Fewer bins where there are fewer than 30 rows for each.
    """
    wanted = int(np.clip(len(confidence) // FEWEST_IN_BIN, 1, n_bins))
    edges = np.unique(np.quantile(confidence, np.linspace(0, 1, wanted + 1))[1:-1])
    _, places = np.unique(np.searchsorted(edges, confidence, side="right"), return_inverse=True)
    return np.asarray(places, np.int64)


def _bins(confidence: Floats, hit: Floats, places: Ints, *, groups: Any) -> tuple[Bin, ...]:
    found = []
    for place in range(int(places.max()) + 1):
        inside = places == place
        some = None if groups is None else np.asarray(groups, object)[inside]
        share = estimate_mean(hit[inside], groups=some, binary=True)
        values = confidence[inside]
        found.append(
            Bin(
                low=float(values.min()),
                high=float(values.max()),
                confidence=float(values.mean()),
                share=share.value,
                interval=(share.low, share.high),
                n=int(inside.sum()),
            )
        )
    return tuple(found)


def _error(
    confidence: Floats, hit: Floats, places: Ints, *, groups: Any, seed: int
) -> tuple[float, float, tuple[float, float]]:
    """The calibration error over bins, what chance alone gives, and the interval of the true one.

    With g the gaps of the bins, weighted by their share of the rows, the error is the sum of their sizes. The gaps are
    means, so their errors are about normal with a covariance that the rows (or groups) show, and the measured error is
    the true one plus what chance adds. How much that is depends on how the true error is spread over the bins, which
    nobody knows. So the interval holds every error under which the measured one is neither among the smallest nor the
    largest 2.5 % of draws, if it is spread in one of four ways: like the measured gaps, like these smoothed over
    neighbouring bins, evenly, or all in one bin.
    """
    n, n_bins = len(confidence), int(places.max()) + 1
    inside = np.zeros((n, n_bins))
    inside[np.arange(n), places] = 1.0
    weighted = inside * (confidence - hit)[:, None]
    gaps = weighted.mean(axis=0)
    shares = inside.mean(axis=0)
    units = sum_by_group(weighted - inside * (gaps / shares), groups) / n  # each row's distance from its bin's gap
    covariance = units.T @ units * len(units) / max(len(units) - n_bins, 1)
    rng, freedom = np.random.default_rng(seed), max(len(units) - n_bins, 1)
    draws = rng.standard_normal((_DRAWS, n_bins)) @ _root(covariance).T
    draws *= np.sqrt(freedom / rng.chisquare(freedom, (_DRAWS, 1)))  # the covariance is itself an estimate
    measured, by_chance = float(np.abs(gaps).sum()), np.abs(draws).sum(axis=1)
    most = measured + float(np.quantile(by_chance, 0.975))
    possible = np.linspace(0.0, most, _STEPS)
    accepted = np.zeros(_STEPS, bool)
    one = np.where(np.arange(n_bins) == np.abs(gaps).argmax(), gaps, 0.0)
    for pattern in (gaps, _smooth(gaps), shares * np.sign(gaps.sum() or 1.0), one):
        size = np.abs(pattern).sum()
        if size < _TINY:
            continue
        errors = np.abs(possible[:, None, None] * (pattern / size) + draws).sum(axis=2)
        low, high = np.quantile(errors, (0.025, 0.975), axis=1)
        accepted |= (low <= measured) & (measured <= high)
    known = possible[accepted] if accepted.any() else np.zeros(1)
    return measured, float(by_chance.mean()), (float(known.min()), float(known.max()))


def _smooth(gaps: Floats) -> Floats:
    """Each gap with half of its neighbours'."""
    padded = np.concatenate([gaps[:1], gaps, gaps[-1:]])
    return np.asarray(padded[:-2] / 4 + padded[1:-1] / 2 + padded[2:] / 4)


def _root(covariance: Floats) -> Floats:
    """A matrix whose product with its own transpose is the covariance."""
    values, vectors = np.linalg.eigh(covariance)
    return np.asarray(vectors * np.sqrt(np.maximum(values, 0.0)))
