"""Strategies against imbalance: what they weigh and what they draw."""

import numpy as np
import pytest

from sentiment.errors import UsageError
from sentiment.training.config import IMBALANCE
from sentiment.training.imbalance import draw_epoch, plan_imbalance

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
