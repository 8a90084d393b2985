"""Probabilities against the truth: the temperature is found, and the figures are those of the textbooks."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import optimize
from sklearn.calibration import calibration_curve
from sklearn.metrics import brier_score_loss, log_loss

from sentiment.evaluation.calibration import (
    apply_temperature,
    bin_rows,
    fit_temperature,
    measure_calibration,
)


def softmax(logits):
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


def draw(n, *, sure=1.0, seed=0, k=3):
    """Logits that are calibrated, made `sure` times as sure; labels."""
    rng = np.random.default_rng(seed)
    logits = rng.normal(0, 1.5, (n, k))
    labels = (softmax(logits).cumsum(axis=1) > rng.random((n, 1))).argmax(axis=1)
    return softmax(sure * logits), labels


@pytest.mark.parametrize("sure", [0.5, 1.0, 2.5])
def test_a_planted_temperature_is_found(sure):
    probs, labels = draw(20_000, sure=sure)
    assert fit_temperature(probs, labels) == pytest.approx(sure, rel=0.05)


def test_the_temperature_is_the_likeliest_under_its_prior():
    probs, labels = draw(60, sure=3.0)
    logs = np.log(probs)

    def loss(log_t):
        scaled = softmax(logs / np.exp(log_t))
        return -np.log(scaled[np.arange(60), labels]).sum() + log_t**2 / 2

    expected = np.exp(optimize.brute(lambda x: loss(x[0]), [(-2, 2)], Ns=200)[0])
    assert fit_temperature(probs, labels) == pytest.approx(expected, rel=1e-3)


def test_few_rows_and_perfect_ones_give_no_wild_temperature():
    probs, labels = draw(19, sure=9)
    assert fit_temperature(probs, labels) == 1.0
    assert fit_temperature(np.zeros((0, 3)), np.zeros(0, int)) == 1.0
    right = np.tile([0.9, 0.05, 0.05], (40, 1))
    assert 0.1 <= fit_temperature(right, np.zeros(40, int)) < 1
    certain = np.tile([1.0, 0.0, 0.0], (40, 1))
    assert np.isfinite(fit_temperature(certain, np.r_[np.zeros(39, int), 1]))


def test_a_label_that_the_model_does_not_know_is_left_out():
    probs, labels = draw(200, sure=2)
    more = np.vstack([probs, np.tile([1.0, 0, 0], (50, 1))])
    assert fit_temperature(more, np.r_[labels, np.full(50, -1)]) == pytest.approx(fit_temperature(probs, labels))


@settings(max_examples=50, deadline=None)
@given(st.floats(0.11, 9), st.integers(0, 1000))
def test_a_temperature_changes_no_prediction_and_can_be_taken_off(temperature, seed):
    probs, _ = draw(30, seed=seed)
    scaled = apply_temperature(probs, temperature)
    assert scaled.dtype == np.float32
    np.testing.assert_allclose(scaled.sum(axis=1), 1, atol=1e-5)
    np.testing.assert_allclose(scaled, softmax(np.log(probs) / temperature), atol=1e-6)
    if temperature > 0.5:  # below, small probabilities vanish from float32
        np.testing.assert_allclose(apply_temperature(scaled, 1 / temperature), probs, atol=1e-4)
        assert (scaled.argmax(axis=1) == probs.argmax(axis=1)).all()


def test_no_row_and_a_probability_of_0_are_no_trouble():
    assert apply_temperature(np.zeros((0, 2)), 2.0).shape == (0, 2)
    assert apply_temperature([[1.0, 0.0]], 2.0).tolist() == [[1.0, 0.0]]


def test_the_diagram_is_that_of_scikit_learn():
    probs, labels = draw(2_000, sure=1.7, k=2)
    ours = measure_calibration(probs, labels, target=1)
    shares, confidences = calibration_curve(labels, probs[:, 1], n_bins=10, strategy="quantile")
    np.testing.assert_allclose([line.share for line in ours.bins], shares, atol=1e-9)
    np.testing.assert_allclose([line.confidence for line in ours.bins], confidences, atol=1e-9)
    sizes = np.array([line.n for line in ours.bins])
    assert sizes.sum() == 2_000
    assert ours.error == pytest.approx((sizes * np.abs(shares - confidences)).sum() / 2_000)


def test_scores_are_those_of_scikit_learn():
    probs, labels = draw(500, sure=2.0)
    ours = measure_calibration(probs, labels)
    assert ours.log_loss.value == pytest.approx(log_loss(labels, probs))
    assert ours.brier.value == pytest.approx(((probs - np.eye(3)[labels]) ** 2).sum(axis=1).mean())
    one = measure_calibration(probs, labels, target=0)
    assert one.brier.value == pytest.approx(brier_score_loss(labels == 0, probs[:, 0]))
    assert one.log_loss.value == pytest.approx(log_loss(labels == 0, probs[:, 0]))
    assert ours.gap.value == pytest.approx(probs.max(axis=1).mean() - (probs.argmax(axis=1) == labels).mean())


def test_chance_is_taken_off_the_error_of_a_calibrated_model():
    probs, labels = draw(500)
    ours = measure_calibration(probs, labels)
    assert ours.error > 0
    assert ours.interval[0] == 0
    assert ours.error == pytest.approx(ours.chance, rel=0.6)
    wrong = measure_calibration(*draw(5_000, sure=3.0))
    assert 0 < wrong.interval[0] < wrong.error < wrong.interval[1]
    assert wrong.gap.low > 0  # too sure


def test_likeness_within_groups_widens_the_intervals():
    probs, labels = draw(200, sure=2)
    probs, labels, groups = np.repeat(probs, 5, axis=0), np.repeat(labels, 5), np.repeat(np.arange(200), 5)
    rows, grouped = measure_calibration(probs, labels), measure_calibration(probs, labels, groups=groups)
    assert grouped.gap.high - grouped.gap.low > 2 * (rows.gap.high - rows.gap.low)
    assert grouped.chance > 1.8 * rows.chance


def test_bins_are_even_and_hold_thirty_rows():
    assert np.bincount(bin_rows(np.linspace(0, 1, 1000))).tolist() == [100] * 10
    assert len(np.bincount(bin_rows(np.linspace(0, 1, 100)))) == 3
    assert bin_rows(np.full(500, 0.7)).tolist() == [0] * 500
    assert (np.bincount(bin_rows(np.repeat([0.1, 0.9], 300))) == 300).all()


def test_what_does_not_fit_is_refused():
    with pytest.raises(ValueError, match="3 labels"):
        measure_calibration([[0.5, 0.5]], [0, 1, 0])
    with pytest.raises(ValueError, match="0 labels"):
        measure_calibration(np.zeros((0, 2)), [])


def small_shift(shift, *, seed=10, n=600):
    """Probabilities of two classes that are `shift` above the share that is right."""
    rng = np.random.default_rng(seed)
    confidence = rng.uniform(0.5, 0.98, n)
    hit = rng.random(n) < np.clip(confidence - shift, 0, 1)
    return np.stack([confidence, 1 - confidence], axis=1), np.where(hit, 0, 1)


def test_a_gap_that_is_surely_there_is_told_where_the_error_alone_could_be_chance():
    found = measure_calibration(*small_shift(0.035))
    assert found.interval[0] == 0
    assert found.gap.low > 0
    assert found.finding == "too sure"
    assert found.describe() == "The model is too sure on these rows."
    assert measure_calibration(*small_shift(-0.07)).finding == "not sure enough"
    assert measure_calibration(*small_shift(0.0, seed=0)).finding == "none"


def test_errors_that_cancel_out_are_not_called_none():
    probs, labels = small_shift(0.0, n=4000)
    high = probs[:, 0] > np.median(probs[:, 0])
    rng = np.random.default_rng(1)
    shifted = np.clip(probs[:, 0] + np.where(high, -0.1, 0.1), 0, 1)
    labels = np.where(rng.random(4000) < shifted, 0, 1)
    assert measure_calibration(probs, labels).finding == "mixed"
