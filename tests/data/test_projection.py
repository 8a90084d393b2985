"""Vectors in two dimensions: neighbours stay neighbours, the same seed gives the same map."""

import numpy as np
import pytest

from sentiment.data.projection import choose_points, place_vectors


def clusters(n: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    which = rng.integers(0, 3, n)
    return (4 * rng.normal(size=(3, 24))[which] + rng.normal(size=(n, 24))).astype(np.float32), which


def test_what_belongs_together_lies_together_also_beyond_the_arranged_points() -> None:
    vectors, which = clusters(400)
    places = place_vectors(vectors, laid_out=150)
    assert places.shape == (400, 2)
    assert places.dtype == np.float32
    distance = np.linalg.norm(places[:, None] - places[None], axis=2) + 1e9 * np.eye(400)
    assert (which[distance.argmin(axis=1)] == which).mean() > 0.95
    assert np.array_equal(places, place_vectors(vectors, laid_out=150))


@pytest.mark.parametrize("n", [0, 1, 3, 4, 9])
def test_few_rows_have_places_too(n: int) -> None:
    vectors, _ = clusters(n)
    places = place_vectors(vectors)
    assert places.shape == (n, 2)
    assert np.isfinite(places).all()


def test_rows_that_are_all_the_same_and_vectors_of_nothing_have_places() -> None:
    assert np.isfinite(place_vectors(np.ones((50, 8), np.float32))).all()
    assert np.isfinite(place_vectors(np.zeros((50, 1), np.float32))).all()


def test_points_are_drawn_once_and_in_order() -> None:
    chosen = choose_points(1_000, most=100)
    assert len(np.unique(chosen)) == 100
    assert (np.diff(chosen) > 0).all()
    assert choose_points(5).tolist() == [0, 1, 2, 3, 4]
