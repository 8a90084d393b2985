"""Curves and areas are scikit-learn's, their errors DeLong's, and ties, groups and missing classes are no trouble."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score, precision_recall_curve, roc_auc_score, roc_curve

from sentiment.evaluation.curves import MOST_POINTS, area_under_roc, average_precision, trace_curves


@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(np.linspace(0, 1, 7).tolist()), st.booleans()), min_size=2, max_size=60))
def test_areas_are_those_of_scikit_learn_ties_included(pairs):
    scores, truth = np.array([p[0] for p in pairs]), np.array([p[1] for p in pairs])
    area, precision = area_under_roc(scores, truth), average_precision(scores, truth)
    assert area.known == (0 < truth.sum() < len(truth))
    assert precision.known == bool(truth.any())
    if area.known:
        assert area.value == pytest.approx(roc_auc_score(truth, scores))
        assert 0 <= area.low <= area.value <= area.high <= 1
    if precision.known:
        assert precision.value == pytest.approx(average_precision_score(truth, scores))
        assert 0 <= precision.low <= precision.value + 1e-12
        assert precision.value - 1e-12 <= precision.high <= 1


def draw(n, *, seed=0, gap=1.2):
    rng = np.random.default_rng(seed)
    truth = rng.random(n) < 0.3
    return rng.normal(gap * truth, 1), truth


def test_curves_are_those_of_scikit_learn():
    scores, truth = draw(200)
    ours = trace_curves(scores, truth)
    false_alarms, recall, _ = roc_curve(truth, scores, drop_intermediate=False)
    np.testing.assert_allclose(ours.false_alarms, false_alarms[1:])
    np.testing.assert_allclose(ours.recall, recall[1:])
    precision, found, thresholds = precision_recall_curve(truth, scores)
    np.testing.assert_allclose(ours.thresholds[::-1], thresholds)
    np.testing.assert_allclose(ours.precision[::-1], precision[:-1])
    np.testing.assert_allclose(ours.recall[::-1], found[:-1])
    assert (ours.n, ours.n_others) == (truth.sum(), (~truth).sum())


def test_the_error_of_the_area_is_delongs():
    """By DeLong's own formula: the variances of the placements of either kind, each over its number."""
    scores, truth = draw(150)
    placed = (scores[truth][:, None] > scores[~truth]) + 0.5 * (scores[truth][:, None] == scores[~truth])
    m, n = placed.shape
    error = np.sqrt(placed.mean(axis=1).var(ddof=1) / m + placed.mean(axis=0).var(ddof=1) / n)
    area = area_under_roc(scores, truth)
    logit = np.log([area.low / (1 - area.low), area.high / (1 - area.high)])
    half = np.diff(logit)[0] / 2 * area.value * (1 - area.value)
    assert half == pytest.approx(2.02 * error, rel=0.02)


def test_the_error_of_average_precision_is_that_of_the_bootstrap():
    scores, truth = draw(800)
    rng = np.random.default_rng(1)
    drawn = [average_precision(scores[kept], truth[kept]).value for kept in rng.integers(0, 800, (600, 800))]
    ours = average_precision(scores, truth)
    assert ours.high - ours.low == pytest.approx(3.92 * np.std(drawn), rel=0.12)


def test_likeness_within_groups_widens_the_intervals():
    scores, truth = draw(100)
    groups = np.repeat(np.arange(100), 4)
    for measure in (area_under_roc, average_precision):
        one = measure(scores, truth)
        rows, grouped = (measure(np.repeat(scores, 4), np.repeat(truth, 4), groups=g) for g in (None, groups))
        assert grouped.value == pytest.approx(rows.value)
        assert grouped.high - grouped.low > 1.7 * (rows.high - rows.low)
        assert grouped.high - grouped.low == pytest.approx(one.high - one.low, rel=0.1)


def test_a_perfect_model_still_has_an_interval():
    scores, truth = np.r_[np.ones(30), np.zeros(70)], np.r_[np.ones(30, bool), np.zeros(70, bool)]
    for measured in (area_under_roc(scores, truth), average_precision(scores, truth)):
        assert measured.value == pytest.approx(1.0)
        assert 0.85 < measured.low < 0.95
        assert measured.high == 1.0


def test_a_class_that_does_not_occur_has_no_area():
    ours = trace_curves(np.linspace(0, 1, 50), np.zeros(50, bool))
    assert not ours.area.known
    assert not ours.average_precision.known
    assert np.isnan(ours.recall).all()
    assert not trace_curves(np.zeros(0), np.zeros(0, bool)).area.known


def test_a_long_curve_is_thinned_and_keeps_its_ends():
    scores, truth = draw(50_000)
    ours = trace_curves(scores, truth)
    assert len(ours.thresholds) <= MOST_POINTS
    assert ours.thresholds[0] == scores.max()
    assert ours.recall[-1] == ours.false_alarms[-1] == 1


def test_what_does_not_fit_is_refused():
    with pytest.raises(ValueError, match="shape"):
        trace_curves([0.1, 0.2], [True])
    with pytest.raises(ValueError, match="not a number"):
        trace_curves([0.1, np.nan], [True, False])
