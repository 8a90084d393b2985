"""Rows that are unlike each other: where to begin, and which of the doubtful rows teach most about all the others."""

import numpy as np
from numpy.typing import NDArray

Rows = NDArray[np.int64]
_SAMPLED = 3_000  # rows that stand for all: distances to a hundred thousand would not be there within a second
_ROUNDS = 8  # of k-means; the rows nearest to the centres hardly change after
_SHRINK = 0.5  # of the mean spread is added to each number's, as in the head
_LENGTH = 3.0  # of a typical vector, as under the head's prior
_PRIOR = 0.7  # variance of the head's weights before the labels


def representatives(vectors: NDArray[np.float32], rows: Rows, *, n: int, rng: np.random.Generator) -> Rows:
    """Up to n rows that stand for the whole, int64[m]: the middle of each cluster, that of the largest cluster first.

    Args:
        vectors: float32[n_rows, hidden].
        rows: those to choose from; of many, a sample.
        n: clusters.
        rng: draws the sample and where the clusters start.
    """
    drawn = _sample(rows, max(_SAMPLED, 4 * n), rng)
    if len(drawn) <= n:
        return rng.permutation(drawn)
    points = _standardise(np.asarray(vectors[drawn]))
    centres = points[_spread_out(points, n, rng)]
    for _ in range(_ROUNDS):
        nearest = _distances(points, centres).argmin(axis=1)
        centres = np.stack(
            [points[nearest == k].mean(axis=0) if (nearest == k).any() else centres[k] for k in range(n)]
        )
    distances = _distances(points, centres)
    sizes = np.bincount(distances.argmin(axis=1), minlength=n)
    chosen: list[int] = []
    for cluster in np.argsort(-sizes, kind="stable").tolist():
        distance = distances[:, cluster]
        distance[chosen] = np.inf  # two centres may have one nearest row
        chosen.append(int(distance.argmin()))
    return drawn[chosen]


def most_telling(
    vectors: NDArray[np.float32],
    probs: NDArray[np.float32],
    *,
    rows: Rows,
    labeled: Rows,
    n: int,
    rng: np.random.Generator,
) -> Rows:
    """The n of the rows whose labels would take most doubt from all rows, one after the other, int64[n].

    A head on text vectors is seen as a Gaussian process: a label takes away variance at its own row and, by how alike
    they are, at others. Of the doubtful candidates the one is taken that takes away most of it, summed over a sample
    of the rows and weighed by how doubtful each is; its likes are then worth less, so no two near-identical rows
    follow each other. (Experimental design for the integrated variance: Cohn 1996; with deep vectors: Ash et al. 2021.)

    Args:
        vectors: float32[n_rows, hidden].
        probs: float32[n_rows, n_classes].
        rows: candidates, the most doubtful first.
        labeled: rows with a label.
        n: how many.
        rng: draws the sample.
    """
    everywhere = _sample(np.arange(len(vectors)), _SAMPLED // 5, rng)
    known = _sample(labeled, _SAMPLED // 3, rng)
    together = np.concatenate([rows, everywhere, known])
    features = _standardise(np.asarray(vectors[together])) * np.float32(np.sqrt(_PRIOR))
    doubt = _doubt(probs[together])
    n_open = len(rows) + len(everywhere)
    covariance = _given(features[:n_open], features[n_open:], doubt[n_open:])
    own, weights = doubt[: len(rows)], doubt[len(rows) : n_open]
    chosen: list[int] = []
    for _ in range(min(n, len(rows))):
        toward = covariance[: len(rows), len(rows) :]
        variance = np.diagonal(covariance)[: len(rows)]
        gain = (toward**2 @ weights) * own / (1.0 + own * variance)
        gain[chosen] = -np.inf
        best = int(gain.argmax())
        chosen.append(best)
        column = covariance[:, best].copy()
        covariance -= np.outer(column, column * (own[best] / (1.0 + own[best] * column[best])))
    return rows[chosen]


def _doubt(probs: NDArray[np.float32]) -> NDArray[np.float32]:
    """How unsure each row is, float32[n]: the variance of its label, summed over the classes."""
    return np.asarray((probs * (1.0 - probs)).sum(axis=1), np.float32)


def _given(
    features: NDArray[np.float32], known: NDArray[np.float32], doubt: NDArray[np.float32]
) -> NDArray[np.float32]:
    """Covariance float32[n, n] of the rows' scores after the labels of the known rows; a sure row tells little."""
    covariance = features @ features.T
    if not len(known):
        return covariance
    weighed = known * np.sqrt(np.maximum(doubt / 2.0, 0.02))[:, None]
    inner = weighed @ weighed.T + np.eye(len(known), dtype=np.float32)
    cross = weighed @ features.T
    half = np.linalg.solve(np.linalg.cholesky(inner), cross)
    return np.asarray(covariance - half.T @ half, np.float32)


def _standardise(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    """Vectors about 0 in which every number counts about the same, as the head sees them."""
    spread = vectors.std(axis=0)
    scale = _LENGTH / np.sqrt(vectors.shape[1]) / (spread + _SHRINK * spread.mean() + 1e-6)
    return np.asarray((vectors - vectors.mean(axis=0)) * scale, np.float32)


def _spread_out(points: NDArray[np.float32], n: int, rng: np.random.Generator) -> list[int]:
    """Places to start clusters from, far from each other (k-means++, Arthur & Vassilvitskii 2007)."""
    chosen = [int(rng.integers(len(points)))]
    distance = _distances(points, points[chosen])[:, 0]
    while len(chosen) < n:
        total = float(distance.sum())
        chances = distance / total if total > 0 else np.full(len(points), 1.0 / len(points))
        chosen.append(int(rng.choice(len(points), p=chances / chances.sum())))
        distance = np.minimum(distance, _distances(points, points[chosen[-1:]])[:, 0])
    return chosen


def _distances(points: NDArray[np.float32], centres: NDArray[np.float32]) -> NDArray[np.float64]:
    """Squared distances float64[n, n_centres]."""
    squares = (points**2).sum(axis=1)[:, None] + (centres**2).sum(axis=1)
    return np.maximum(squares.astype(np.float64) - 2.0 * (points @ centres.T), 0.0)


def _sample(rows: Rows, most: int, rng: np.random.Generator) -> Rows:
    """The rows, or of many some, in ascending order: memory-mapped vectors are then read from front to back."""
    return rows if len(rows) <= most else np.sort(rng.choice(rows, most, replace=False))
