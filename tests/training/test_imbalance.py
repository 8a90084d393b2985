"""Strategies against imbalance: what they weigh and what they draw."""

import numpy as np
import pytest

from sentiment.errors import UsageError
from sentiment.training.config import IMBALANCE
from sentiment.training.imbalance import (
    adjust_head,
    draw_epoch,
    plan_imbalance,
    preview_imbalance,
    recommend_imbalance,
)

LABELS = np.repeat([0, 1, 2], [80, 15, 5])


@pytest.mark.parametrize("strategy", IMBALANCE)
def test_every_strategy_keeps_the_mean_weight_at_one(strategy):
    plan = plan_imbalance(strategy, LABELS, n_classes=4)
    assert plan.class_weights[LABELS].mean() == pytest.approx(1.0, rel=1e-5)


def test_class_weights_are_inverse_to_the_rows():
    weights = plan_imbalance("class-weights", LABELS, n_classes=3).class_weights
    np.testing.assert_allclose(weights * [80, 15, 5], weights[0] * 80, rtol=1e-5)


def test_effective_number_is_gentler_than_class_weights():
    hard = plan_imbalance("class-weights", LABELS * 1, n_classes=3).class_weights
    many = np.repeat([0, 1], [20_000, 1_000])
    soft = plan_imbalance("effective-number", many, n_classes=2).class_weights
    assert soft[1] / soft[0] < 20 < 80 / 5 + 5 <= 21
    assert hard[2] / hard[0] == pytest.approx(16.0, rel=1e-4)


def test_oversampling_shows_every_class_equally_and_every_row():
    plan = plan_imbalance("oversample", LABELS, n_classes=3)
    rows = draw_epoch(plan, LABELS, rng=np.random.default_rng(0))
    assert np.bincount(LABELS[rows]).tolist() == [80, 80, 80]
    assert set(rows) == set(range(100))
    assert np.ptp(np.bincount(rows)[LABELS == 1]) <= 1


def test_undersampling_draws_other_rows_each_time():
    plan = plan_imbalance("undersample", LABELS, n_classes=3)
    one, other = (draw_epoch(plan, LABELS, rng=np.random.default_rng(seed)) for seed in (0, 1))
    assert np.bincount(LABELS[one]).tolist() == [5, 5, 5]
    assert set(one) != set(other)


def test_an_unknown_strategy_names_those_there_are():
    with pytest.raises(UsageError, match="oversample"):
        plan_imbalance("magic", LABELS, n_classes=3)


def test_adjustments_are_the_logarithm_of_the_shares_and_of_opposite_sign():
    during = plan_imbalance("logit-adjustment", LABELS, n_classes=3)
    after = plan_imbalance("posthoc-adjustment", LABELS, n_classes=3)
    expected = np.log([1.0, 15 / 80, 5 / 80])  # a constant added to all logits changes nothing
    np.testing.assert_allclose(during.log_prior, expected, rtol=1e-5)
    np.testing.assert_allclose(after.posthoc, -expected, rtol=1e-5)
    assert not during.posthoc.any()
    assert not after.log_prior.any()


def test_nothing_speaks_for_a_class_without_a_row():
    plan = plan_imbalance("posthoc-adjustment", LABELS, n_classes=4)
    assert plan.posthoc[3] == 0.0
    assert plan.posthoc[2] > 0.0


def test_an_adjusted_head_predicts_by_the_balanced_probabilities():
    """Menon et al. 2021: dividing the posterior by the prior undoes what the imbalance did to it."""
    prior, likelihood = np.array([0.8, 0.15, 0.05]), np.array([0.2, 0.3, 0.5])
    params = {"encoder": {"x": np.ones(2)}, "head": {"kernel": np.zeros((2, 3)), "bias": np.log(prior * likelihood)}}
    adjusted = adjust_head(params, plan_imbalance("posthoc-adjustment", LABELS, n_classes=3).posthoc)
    odds = np.exp(adjusted["head"]["bias"])
    np.testing.assert_allclose(odds / odds.sum(), likelihood, rtol=1e-5)
    np.testing.assert_allclose(params["head"]["bias"], np.log(prior * likelihood))  # what was given stays as it was
    assert adjusted["encoder"] is params["encoder"]


def test_a_choice_left_open_follows_the_recommendation_and_says_why():
    even, uneven = np.repeat([0, 1], [50, 45]), np.repeat([0, 1], [200, 10])
    assert plan_imbalance("auto", even, n_classes=2).strategy == "none"
    plan = plan_imbalance("auto", uneven, n_classes=2)
    assert (plan.strategy, plan.reason) == recommend_imbalance({"a": 200, "b": 10})
    assert plan.strategy != "none"
    assert "20 times the rows" in plan.reason
    assert plan_imbalance("focal", uneven, n_classes=2).reason == ""


def test_the_preview_by_hand():
    counts = {"good": 80, "fair": 15, "bad": 5}
    shown = {name: preview_imbalance(name, counts).set_index("class") for name in IMBALANCE}
    assert shown["none"]["shown"].tolist() == [80, 15, 5]
    assert shown["augment"]["shown"].tolist() == [80, 80, 80]
    assert shown["undersample"]["shown"].tolist() == [5, 5, 5]
    assert shown["class-weights"]["weight"].tolist() == pytest.approx([100 / 3 / n for n in (80, 15, 5)], rel=1e-5)
    assert shown["focal"]["weight"].tolist() == pytest.approx([0.2**2, 0.85**2, 0.95**2])
    for name in ("logit-adjustment", "posthoc-adjustment"):
        assert shown[name]["margin"].tolist() == pytest.approx([0.0, np.log(80 / 15), np.log(16)], rel=1e-5)
    assert (shown["oversample"][["weight", "margin"]] == [1.0, 0.0]).all(axis=None)


def test_an_augmented_epoch_shows_as_much_as_an_oversampled_one():
    plan = plan_imbalance("augment", LABELS, n_classes=3)
    assert plan.augments
    assert plan.rows_per_epoch == 240
