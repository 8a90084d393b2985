"""Losses against values worked out by hand."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from sentiment.training.losses import adjust_logits, cross_entropy, focal, weighted_mean

LOGITS = jnp.log(jnp.array([[0.2, 0.8], [0.9, 0.1]]))
LABELS = jnp.array([1, 1])


def test_cross_entropy_by_hand():
    np.testing.assert_allclose(cross_entropy(LOGITS, LABELS), [-np.log(0.8), -np.log(0.1)], rtol=1e-5)


def test_focal_by_hand_and_at_zero():
    expected = [0.2**2 * -np.log(0.8), 0.9**2 * -np.log(0.1)]
    np.testing.assert_allclose(focal(LOGITS, LABELS, gamma=2.0), expected, rtol=1e-5)
    np.testing.assert_array_equal(focal(LOGITS, LABELS, gamma=0.0), cross_entropy(LOGITS, LABELS))


@pytest.mark.parametrize("gamma", [0.0, 0.5, 2.0])
def test_gradients_stay_finite_at_the_extremes(gamma):
    logits = jnp.array([[1e4, -1e4], [-1e4, 1e4], [0.0, 0.0]])
    gradient = jax.grad(lambda x: focal(x, jnp.array([0, 0, 0]), gamma=gamma).sum())(logits)
    assert np.isfinite(gradient).all()


def test_a_weight_of_zero_equals_leaving_the_row_out():
    losses = jnp.array([1.0, 5.0, 3.0])
    assert weighted_mean(losses, jnp.array([1.0, 0.0, 1.0])) == 2.0
    assert weighted_mean(losses, jnp.zeros(3)) == 0.0


def test_adjustment_asks_a_rare_class_for_a_larger_margin():
    log_prior = jnp.log(jnp.array([0.9, 0.1]))
    even = jnp.zeros((1, 2))
    rare, frequent = jnp.array([1]), jnp.array([0])
    assert cross_entropy(adjust_logits(even, log_prior), rare)[0] == pytest.approx(-np.log(0.1), rel=1e-5)
    assert cross_entropy(adjust_logits(even, log_prior), frequent)[0] == pytest.approx(-np.log(0.9), rel=1e-5)
