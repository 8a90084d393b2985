"""What more labels would bring, foreseen from models whose errors follow a known curve."""

import numpy as np
import pytest
from sklearn.metrics import f1_score

from sentiment.evaluation.growth import OF_ONE_CLASS, HeldOut, Trial, grow
from sentiment.evaluation.growth_words import describe_class, describe_learning, rank_classes


def _trials(truth, error_at, *, sizes=(100, 200, 400, 800), draws=4, seed=0):
    """Models of two classes that err on about as many rows as the curve says at each size."""
    rng = np.random.default_rng(seed)
    trials = []
    for size in sizes:
        for _ in range(draws if size < sizes[-1] else 1):
            wrong = rng.random(len(truth)) < error_at(size)
            trials.append(Trial(size, np.where(wrong, 1 - truth, truth)))
    return trials


def _halves(n=4_000):
    return np.arange(n) % 2


def test_the_score_of_a_trial_is_scikit_learns():
    rng = np.random.default_rng(0)
    truth, said = rng.integers(0, 3, 200), rng.integers(0, 3, 200)
    rows = HeldOut(truth, n_classes=3)
    expected = f1_score(truth, said, average=None)
    assert rows.f1(said)[0].tolist() == pytest.approx(expected.tolist(), abs=1e-6)
    drawn = rows.f1(said)[1:]
    assert drawn.mean(axis=0).tolist() == pytest.approx(expected.tolist(), abs=0.02)
    assert (drawn.std(axis=0) > 0.02).all()


@pytest.mark.parametrize("power", [0.05, 0.08, 0.1])
def test_a_power_law_is_followed(power):
    def error(n):
        return 0.4 * (n / 100) ** -power

    truth = _halves()
    growth = grow(_trials(truth, error), HeldOut(truth, n_classes=2), target=None, n_now=800)
    assert growth.sizes == (100, 200, 400, 800, 1600, 3200)
    assert growth.n_measured == 4
    for factor in (2, 4):
        value, low, high = growth.gains[factor]
        true = error(800) - error(800 * factor)
        assert low <= value <= high
        assert low <= true <= high
        assert value == pytest.approx(true, abs=0.02 + 0.35 * true)
    assert growth.values[4][0] == pytest.approx(growth.values[3][0] + growth.gains[2][0], abs=0.001)


def test_a_flat_curve_promises_little():
    truth = _halves()
    growth = grow(_trials(truth, lambda n: 0.2), HeldOut(truth, n_classes=2), target=None, n_now=800)
    assert growth.gains[2][0] < 0.01
    assert growth.gains[4][1] == pytest.approx(0, abs=0.003)


def test_labels_of_one_class_alone_may_do_harm():
    truth = _halves()
    trials = _trials(truth, lambda n: 0.2 * (n / 100) ** 0.15)
    growth = grow(trials, HeldOut(truth, n_classes=2), target=1, n_now=800, factors=(2,), usual=OF_ONE_CLASS)
    assert growth.gains[2][0] < 0
    assert list(growth.gains) == [2]


def test_few_rows_leave_the_interval_wide():
    def width(n):
        truth = _halves(n)
        trials = _trials(truth, lambda size: 0.4 * (size / 100) ** -0.2)
        growth = grow(trials, HeldOut(truth, n_classes=2), target=None, n_now=800)
        return growth.values[3][2] - growth.values[3][1]

    assert width(100) > 2 * width(4_000)


def test_rows_of_one_document_that_err_together_count_as_few():
    groups = np.arange(800) // 20
    truth = _halves(800)
    trials = []
    for size, part in ((100, 0.4), (200, 0.3), (400, 0.25), (800, 0.2)):
        wrong = np.random.default_rng(size).random(40)[groups] < part
        trials.append(Trial(size, np.where(wrong, 1 - truth, truth)))
    alone, together = (
        grow(trials, HeldOut(truth, n_classes=2, groups=each), target=None, n_now=800).values[0]
        for each in (None, groups.tolist())
    )
    assert together[2] - together[1] > 2 * (alone[2] - alone[1])


def test_more_labels_than_were_measured_start_where_there_are_now():
    truth = _halves()
    trials = _trials(truth, lambda n: 0.4 * (n / 100) ** -0.2)
    near, far = (grow(trials, HeldOut(truth, n_classes=2), target=None, n_now=n) for n in (800, 8_000))
    assert far.sizes[-2:] == (16_000, 32_000)
    assert far.gains[2][0] < near.gains[2][0]
    assert far.values[4][0] > near.values[4][0]


def test_two_sizes_are_no_curve():
    truth = _halves(100)
    with pytest.raises(ValueError, match="needs three"):
        grow(_trials(truth, lambda n: 0.2, sizes=(10, 20)), HeldOut(truth, n_classes=2), target=None, n_now=20)


def _curve(*gain):
    return {"sizes": [1, 2, 4, 8], "values": [[0.5, 0.4, 0.6]] * 4, "n_measured": 3, "gains": {2: gain}}


def test_the_sentence_names_the_class_whose_labels_pay_most_each():
    part = {"support": 50, "own": _curve(0.03, 0.01, 0.05)}
    rare = {**part, "class": "neutral", "n_labels": 100, "mean": _curve(0.02, 0.015, 0.03)}
    often = {**part, "class": "positive", "n_labels": 1_000, "mean": _curve(0.04, 0.03, 0.05)}
    none = {"class": "odd", "n_labels": 3, "support": 1, "skipped": "too few"}
    values = {"n_labels": 1_103, "overall": _curve(0.02, 0.0, 0.04), "classes": [often, none, rare]}
    assert [one["class"] for one in rank_classes(values)] == ["neutral", "positive"]
    said = describe_learning(values)
    assert said.startswith("Twice as many labels as the 1\u202f103 there are would bring about +2.0 points (0 to 4)")
    assert said.endswith("is neutral: 100 more of its labels alone would bring +3.0 points (1 to 5) of its F1.")
    assert describe_class(rare) == "Twice as many neutral labels (100 more): +3.0 points (1 to 5) of its F1"
    level = {**often, "n_labels": 150}
    assert describe_learning({**values, "classes": [level, rare]}).endswith("though another class may be as good.")
    assert "would bring little" in describe_learning({**values, "overall": _curve(0.004, 0.0, 0.01), "classes": []})
    assert describe_learning({"skipped": "Nothing to see."}).endswith("was not measured. Nothing to see.")
    unsure = describe_learning({**values, "overall": _curve(0.05, -0.03, 0.09), "classes": []})
    assert unsure.endswith("would bring about +5.0 points (−3 to 9) of macro-F1, or nothing.")
