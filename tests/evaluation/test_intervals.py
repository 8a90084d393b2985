"""The intervals hold the truth about as often as they say, also with few rows and near 0 and 1."""

from statistics import NormalDist

import numpy as np
import pytest

from benchmarks.intervals import KINDS, SIZES, simulate
from sentiment.evaluation import intervals


def test_wilson_is_the_published_formula():
    z, p, n = NormalDist().inv_cdf(0.975), 0.3, 20
    middle, half = p + z**2 / (2 * n), z * (p * (1 - p) / n + z**2 / (4 * n**2)) ** 0.5
    low, high = intervals.wilson(np.array([p]), np.array([n]))
    assert low[0] == pytest.approx((middle - half) / (1 + z**2 / n))
    assert high[0] == pytest.approx((middle + half) / (1 + z**2 / n))


def test_wilson_at_the_edges():
    low, high = intervals.wilson(np.array([0.0, 1.0, np.nan]), np.array([10.0, 10.0, 0.0]))
    assert low.tolist() == [0.0, pytest.approx(0.7225, abs=1e-4), 0.0]
    assert high.tolist() == [pytest.approx(0.2775, abs=1e-4), 1.0, 1.0]


def test_sums_over_units_are_those_of_the_rows():
    truth, predicted = np.array([0, 0, 1, 1, 2]), np.array([0, 1, 1, 1, 0])
    for groups in (None, np.array([5, 5, 5, 9, 9])):
        units = intervals.tally(truth, predicted, groups=groups, n_classes=3)
        assert units.total.tolist() == [[1, 2, 0], [2, 2, 1], [2, 3, 0]]
    assert units.counts.sum() == 2


def test_resamples_keep_the_number_of_units_and_are_centred_on_the_data():
    units = intervals.tally(np.repeat([0, 1], [70, 30]), np.zeros(100, dtype=int), groups=None, n_classes=2)
    drawn = intervals.resample(units.sums, units.counts, n_resamples=4000, seed=1)
    assert (drawn[:, intervals.TRUE].sum(axis=1) == 100).all()
    assert drawn[:, intervals.TRUE, 0].mean() == pytest.approx(70, abs=0.4)
    assert drawn[:, intervals.TRUE, 0].std() == pytest.approx((100 * 0.7 * 0.3) ** 0.5, rel=0.06)


def _draw(prior, confusion, *, n, size, rng):
    """Labels, predictions and groups; in groups, rows share what they are about and how hard they are."""
    if size == 1:
        truth = rng.choice(len(prior), n, p=prior)
        predicted = (confusion[truth].cumsum(axis=1) > rng.random((n, 1))).argmax(axis=1)
        return truth, predicted, None
    groups = np.repeat(np.arange(n // size), size)
    about = rng.dirichlet(prior * 2.5, n // size)[groups]
    truth = (about.cumsum(axis=1) > rng.random((len(groups), 1))).argmax(axis=1)
    hard = 2 * rng.beta(2, 2, n // size)[groups]
    wrong = rng.random(len(groups)) < hard * (1 - np.diag(confusion)[truth])
    mistakes = confusion - np.diag(np.diag(confusion))
    mistakes = mistakes / mistakes.sum(axis=1, keepdims=True)
    other = (mistakes[truth].cumsum(axis=1) > rng.random((len(groups), 1))).argmax(axis=1)
    return truth, np.where(wrong, other, truth), groups


CASES = {
    "few rows": ([0.4, 0.2, 0.4], [[0.85, 0.05, 0.1], [0.25, 0.5, 0.25], [0.1, 0.05, 0.85]], 50, 1),
    "nearly all right": ([0.4, 0.2, 0.4], [[0.98, 0.01, 0.01], [0.01, 0.98, 0.01], [0.01, 0.01, 0.98]], 100, 1),
    "a class hardly found": ([0.6, 0.2, 0.2], [[0.9, 0.02, 0.08], [0.7, 0.1, 0.2], [0.2, 0.02, 0.78]], 60, 1),
    "groups of five": ([0.34, 0.2, 0.46], [[0.85, 0.05, 0.1], [0.25, 0.5, 0.25], [0.1, 0.05, 0.85]], 250, 5),
}


@pytest.mark.parametrize("case", CASES)
def test_coverage(case):
    """Over 400 draws: each class's 92 % or more (three standard errors below 95), the averages' 88 % or more."""
    prior, confusion, n, size = CASES[case]
    prior, confusion, rng = np.array(prior), np.array(confusion), np.random.default_rng(20)
    joint = prior[:, None] * confusion
    truth = intervals.score(np.stack([np.diag(joint), joint.sum(axis=1), joint.sum(axis=0)]))
    classes_hit, macro_hit, weighted_hit = [], [], []
    for draw in range(400):
        labels, predicted, groups = _draw(prior, confusion, n=n, size=size, rng=rng)
        units = intervals.tally(labels, predicted, groups=groups, n_classes=3)
        low, high = np.moveaxis(intervals.class_intervals(units), 1, 0)
        classes_hit.append((low <= truth.per_class) & (truth.per_class <= high))
        averages = intervals.average_intervals(units, n_resamples=200, seed=draw)
        for name, mean, hits in (("macro avg", truth.macro, macro_hit), ("weighted avg", truth.weighted, weighted_hit)):
            hits.append((averages[name][:, 0] <= mean) & (mean <= averages[name][:, 1]))
    assert np.mean(classes_hit, axis=0).min() >= 0.92
    assert np.mean(classes_hit) <= 0.985  # not wide for safety's sake either
    assert np.mean(macro_hit, axis=0).min() >= 0.88
    assert np.mean(weighted_hit, axis=0).min() >= 0.88


@pytest.mark.slow
def test_every_kind_of_interval_holds_the_truth():
    """A smaller run of the benchmark: over all bands of support, 93 to 97 % within three standard errors."""
    draws = 60  # of each size
    found = simulate(draws=draws, seed=5, n_worlds=6, population=60_000)
    for kind in KINDS:
        for way in SIZES:
            hits = [hit for (k, w, _), part in found.items() if (k, w) == (kind, way) for hit in part]
            slack = 3 * (0.95 * 0.05 / min(len(hits), 450)) ** 0.5  # classes of one draw are no draws of their own
            assert len(hits) >= draws, kind  # calibration error is told from 200 rows on: of the largest size alone
            assert 0.93 - slack <= np.mean(hits) <= 0.97 + slack, f"{kind}, {way}: {np.mean(hits):.3f}"
