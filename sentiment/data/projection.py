"""Vectors in two dimensions: rows whose vectors are alike lie near each other."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

MOST_POINTS = 50_000
LAID_OUT = 4_000  # points that t-SNE arranges; it takes some ten seconds for so many, and more than linearly longer
_COMPONENTS = 50
_NEIGHBOURS = 4
_PERPLEXITY = 30.0
_ITERATIONS = 500
_LEARNED_FROM = 20_000

Floats = NDArray[np.float32]


def choose_points(n_rows: int, *, most: int = MOST_POINTS, seed: int = 0) -> NDArray[np.int64]:
    """The rows to place, ascending: all of them, or `most` drawn ones."""
    if n_rows <= most:
        return np.arange(n_rows, dtype=np.int64)
    return np.sort(np.random.default_rng(seed).choice(n_rows, most, replace=False)).astype(np.int64)


def place_vectors(
    vectors: Floats, *, seed: int = 0, laid_out: int = LAID_OUT, on_progress: Callable[[str], None] = lambda said: None
) -> Floats:
    """Places float32[n, 2] for vectors float32[n, hidden], the same for the same seed; the middle at 0, most within ±1.

    The main 50 directions are kept. t-SNE (van der Maaten & Hinton 2008) arranges up to `laid_out` of the points,
    starting from the main two directions; every other point goes between its nearest ones among them.

    Args:
        vectors: of any length; only the direction they point to counts.
        seed: draws the points that are arranged.
        laid_out: see above.
        on_progress: told in words what is done next.
    """
    if len(vectors) < 4:
        return np.array([[x, 0.0] for x in range(len(vectors))], np.float32).reshape(len(vectors), 2)
    on_progress("Finding the main directions")
    reduced = _main_directions(vectors, seed=seed)
    chosen = choose_points(len(vectors), most=laid_out, seed=seed)
    on_progress("Arranging the points")
    places = np.zeros((len(vectors), 2), np.float32)
    places[chosen] = _arrange(reduced[chosen], seed=seed)
    rest = np.setdiff1d(np.arange(len(vectors)), chosen)
    if len(rest):
        on_progress("Placing the other points")
        places[rest] = _between_neighbours(reduced[rest], reduced[chosen], places[chosen])
    return _scaled(places)


def _main_directions(vectors: Floats, *, seed: int) -> Floats:
    from sklearn.utils.extmath import randomized_svd

    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    unit = np.asarray(vectors / np.maximum(lengths, 1e-9), np.float32)
    unit -= unit.mean(axis=0)
    n = min(_COMPONENTS, *unit.shape)
    sample = unit[choose_points(len(unit), most=_LEARNED_FROM, seed=seed)]
    svd: Any = randomized_svd(sample, n_components=n, n_iter=3, random_state=seed)
    return np.asarray(unit @ svd[2].T, np.float32)


def _arrange(points: Floats, *, seed: int) -> Floats:
    from sklearn.manifold import TSNE

    n_different = len(np.unique(points, axis=0))
    if n_different < 4 or points.shape[1] < 2:
        return np.pad(points[:, :2], ((0, 0), (0, max(0, 2 - points.shape[1]))))
    start = points[:, :2] / max(float(points[:, 0].std()), 1e-9) * 1e-4
    layout = TSNE(
        perplexity=min(_PERPLEXITY, (len(points) - 1) / 3),
        init=start,
        learning_rate="auto",
        max_iter=_ITERATIONS,
        random_state=seed,
    )
    with threadpool_limits(limits=1):  # several threads would wait for each other where other work keeps the cores busy
        return np.asarray(layout.fit_transform(points), np.float32)


def _between_neighbours(points: Floats, known: Floats, places: Floats) -> Floats:
    """Where points go: the mean of their nearest known ones' places, the nearer the heavier."""
    from sklearn.neighbors import NearestNeighbors

    n = min(_NEIGHBOURS, len(known))
    distances, nearest = NearestNeighbors(n_neighbors=n, algorithm="brute").fit(known).kneighbors(points)
    weights = 1.0 / (distances.astype(np.float64) ** 2 + 1e-6)
    weights /= weights.sum(axis=1, keepdims=True)
    return np.asarray((places[nearest] * weights[:, :, None]).sum(axis=1), np.float32)


def _scaled(places: Floats) -> Floats:
    centred = places - np.median(places, axis=0)
    reach = float(np.quantile(np.abs(centred), 0.98))
    return np.asarray(centred / max(reach, 1e-9), np.float32)
