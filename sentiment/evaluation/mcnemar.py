"""Whether one of two models is right more often than the other on the same rows: McNemar's test."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import signal, stats

from sentiment.evaluation.metrics import encode_groups

_LONG = 4_096  # numbers from which convolving by a Fourier transform is quicker


@dataclass(frozen=True)
class McNemar:
    """How often only one of two models is right, and how likely a difference as large is by chance.

    Attributes:
        only_a: rows that a alone gets right.
        only_b: rows that b alone gets right.
        exact: the two-sided p-value of the exact test.
        mid_p: the mid-p value, which counts half of the chance of just this difference (Fagerland et al. 2013).
        grouped: whether rows that belong together were counted as one.
    """

    only_a: int
    only_b: int
    exact: float
    mid_p: float
    grouped: bool


def mcnemar(right_a: ArrayLike, right_b: ArrayLike, *, groups: Sequence[Any] | None = None) -> McNemar:
    """McNemar's test of two models on the same rows.

    If the models are equally good, which of the two is right where only one is, is like the toss of a coin. Rows that
    belong together are tossed together: what a group adds to the difference changes its sign as a whole. Without
    groups this is the exact binomial test.

    Args:
        right_a: bool[n], whether a is right on each row.
        right_b: bool[n].
        groups: which rows belong together.

    Raises:
        ValueError: if the lengths differ.
    """
    a, b = np.asarray(right_a, bool), np.asarray(right_b, bool)
    if a.shape != b.shape:
        raise ValueError(f"{len(a)} and {len(b)} rows")
    codes = encode_groups(groups, len(a))
    difference = a.astype(np.int64) - b
    if codes is not None:
        _, unit = np.unique(codes, return_inverse=True)
        difference = np.bincount(unit, weights=difference).round().astype(np.int64)
    chances = _distribution(np.abs(difference[difference != 0]))
    beyond = np.abs(np.arange(len(chances)) - len(chances) // 2)
    seen = abs(int(difference.sum()))
    more, same = float(chances[beyond > seen].sum()), float(chances[beyond == seen].sum())
    return McNemar(
        only_a=int((a & ~b).sum()),
        only_b=int((b & ~a).sum()),
        exact=min(1.0, more + same),
        mid_p=min(1.0, more + same / 2) if len(chances) > 1 else 1.0,
        grouped=codes is not None,
    )


def _distribution(sizes: NDArray[np.int64]) -> NDArray[np.float64]:
    """The chances float64[2 * sum + 1] of each sum, from -sum to sum, of sizes int64[n] with signs drawn at random."""
    found = np.ones(1)
    for size, n in zip(*np.unique(sizes, return_counts=True), strict=True):
        part = np.zeros(2 * size * n + 1)
        part[:: 2 * size] = stats.binom.pmf(np.arange(n + 1), n, 0.5)
        quick = min(len(found), len(part)) > _LONG
        found = signal.fftconvolve(found, part) if quick else np.convolve(found, part)
    return np.maximum(found, 0.0)
