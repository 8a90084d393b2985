"""What a rule decides, what it costs, and the threshold that costs least."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import precision_score, recall_score

from sentiment.errors import UsageError
from sentiment.evaluation.thresholds import (
    UNDECIDED,
    Rule,
    cheapest_threshold,
    judge_rule,
    risk_coverage,
    sweep_threshold,
)

CLASSES = ("a", "b", "c")


def draw(n=400, seed=0):
    rng = np.random.default_rng(seed)
    probs = rng.dirichlet([1, 0.6, 1], n)
    return probs, (probs.cumsum(axis=1) > rng.random((n, 1))).argmax(axis=1)


def decide_by_hand(row, rule):
    """The rule as its description says it, for one row."""
    own = {name: p / rule.thresholds[name] for name, p in zip(CLASSES, row, strict=True) if name in rule.thresholds}
    reached = {name: ratio for name, ratio in own.items() if row[CLASSES.index(name)] >= rule.thresholds[name]}
    if reached:
        return CLASSES.index(max(reached, key=lambda name: own[name]))
    rest = [name for name in CLASSES if name not in own]
    if not rest:
        return UNDECIDED
    best = max(rest, key=lambda name: row[CLASSES.index(name)])
    return UNDECIDED if row[CLASSES.index(best)] < rule.undecided_below else CLASSES.index(best)


limits = st.dictionaries(st.sampled_from(CLASSES), st.floats(0.05, 1.0), max_size=3)


@settings(max_examples=100, deadline=None)
@given(limits, st.floats(0, 1), st.integers(0, 100))
def test_every_row_is_decided_as_the_rule_says(thresholds, band, seed):
    probs, _ = draw(30, seed)
    rule = Rule(thresholds, band)
    assert rule.decide(probs, CLASSES).tolist() == [decide_by_hand(row, rule) for row in probs]


def test_without_thresholds_the_most_likely_class_is_said():
    probs, _ = draw()
    assert Rule().plain
    assert (Rule().decide(probs, CLASSES) == probs.argmax(axis=1)).all()
    assert Rule().describe(CLASSES) == ["Every row gets the class that is most likely."]


def test_of_two_classes_one_threshold_decides_both():
    probs = np.array([[0.31, 0.69], [0.29, 0.71]])
    assert Rule({"a": 0.3}).decide(probs, ("a", "b")).tolist() == [0, 1]
    assert Rule({"a": 0.3}).describe(("a", "b")) == [
        "A row is “a” where that is at least 30\u202f% likely.",
        "Every other row is the remaining class.",
    ]


@pytest.mark.parametrize(
    ("value", "said"), [(0.305, "30.5"), (0.29, "29"), (0.9999, "99.99"), (0.0001, "0.01"), (1, "100")]
)
def test_a_threshold_is_told_with_all_of_its_digits(value, said):
    assert f"at least {said}\u202f% likely" in Rule({"a": value}).describe(CLASSES)[0]


def test_the_rule_is_described_in_whole():
    said = " ".join(Rule({"a": 0.3, "b": 0.4}, 0.5).describe(CLASSES))
    assert "“a” where that is at least 30\u202f% likely" in said
    assert "the one furthest above its threshold" in said
    assert "less than 50\u202f% likely: then it stays undecided" in said
    assert "no class reaches its threshold" in Rule(dict.fromkeys(CLASSES, 0.9)).describe(CLASSES)[-1]


@settings(max_examples=50, deadline=None)
@given(limits, st.sampled_from(CLASSES), st.integers(0, 100))
def test_a_sweep_counts_what_each_threshold_would_decide(thresholds, name, seed):
    probs, labels = draw(60, seed)
    rule, place = Rule(thresholds), CLASSES.index(name)
    sweep = sweep_threshold(probs, labels, name=name, classes=CLASSES, rule=rule)
    for i in (3, 30, 77):
        said = rule.with_threshold(name, float(sweep.thresholds[i])).decide(probs, CLASSES)
        ties = len(thresholds) > 1  # two classes exactly as far above theirs: nobody's to tell
        assert abs(sweep.found[i] - ((said == place) & (labels == place)).sum()) <= ties
        assert abs(sweep.false_alarms[i] - ((said == place) & (labels != place)).sum()) <= ties
        assert sweep.missed[i] == (labels == place).sum() - sweep.found[i]


def test_the_cheapest_threshold_is_that_of_calibrated_probabilities():
    probs, labels = draw(60_000)
    for alarm, miss in ((1, 1), (1, 4), (5, 1)):
        sweep = sweep_threshold(probs, labels, name="b", classes=CLASSES, rule=Rule())
        best = cheapest_threshold(sweep, false_alarm=alarm, miss=miss)
        assert best == pytest.approx(alarm / (alarm + miss), abs=0.06)
        costs = sweep.cost(false_alarm=alarm, miss=miss)
        assert costs[sweep.thresholds == best][0] == costs.min()


def test_among_equally_cheap_thresholds_the_one_of_theory_is_taken():
    sweep = sweep_threshold([[0.9, 0.1], [0.1, 0.9]], [0, 1], name="a", classes=("a", "b"), rule=Rule())
    assert cheapest_threshold(sweep, false_alarm=1, miss=1) == 0.5
    assert cheapest_threshold(sweep, false_alarm=3, miss=1) == 0.75
    for costs in ((0, 0), (-1, 2)):
        with pytest.raises(UsageError, match="A false alarm costs"):
            cheapest_threshold(sweep, false_alarm=costs[0], miss=costs[1])


def test_no_threshold_is_proposed_where_none_costs_less_than_any():
    probs = [[0.4, 0.3, 0.3]] * 30 + [[0.45, 0.5, 0.05]] * 30 + [[0.1, 0.1, 0.8]] * 40
    labels = [0] * 30 + [1] * 30 + [2] * 40
    sweep = sweep_threshold(probs, labels, name="a", classes=("a", "b", "c"), rule=Rule())
    assert sweep.cost(false_alarm=1, miss=1).min() == pytest.approx(0.3)
    assert sweep.without == (0, 0)
    assert cheapest_threshold(sweep, false_alarm=1, miss=1) is None
    assert cheapest_threshold(sweep, false_alarm=0, miss=1) is not None  # a low one costs as little


def test_the_figures_of_a_rule_are_those_of_scikit_learn():
    probs, labels = draw()
    rule = Rule({"b": 0.3}, 0.5)
    said = rule.decide(probs, CLASSES)
    ours = judge_rule(probs, labels, classes=CLASSES, rule=rule, costs=("b", 1.0, 3.0))
    precision = precision_score(labels, said, labels=[0, 1, 2], average=None)
    recall = recall_score(labels, said, labels=[0, 1, 2], average=None)
    assert [ours.precision[name].value for name in CLASSES] == pytest.approx(precision.tolist())
    assert [ours.recall[name].value for name in CLASSES] == pytest.approx(recall.tolist())
    assert ours.coverage.value == pytest.approx((said != UNDECIDED).mean())
    assert ours.accuracy.value == pytest.approx((said == labels)[said != UNDECIDED].mean())
    alarms, misses = ours.false_alarms["b"], ours.missed["b"]
    assert ours.cost.value == pytest.approx((alarms + 3 * misses) / 400)
    assert 0 < ours.cost.low < ours.cost.value < ours.cost.high


def test_a_rule_that_decides_nothing_has_no_accuracy():
    probs, labels = draw(50)
    ours = judge_rule(probs, labels, classes=CLASSES, rule=Rule(undecided_below=1.0))
    assert ours.coverage.value == 0
    assert not ours.accuracy.known
    assert not ours.precision["a"].known


def test_the_surest_rows_are_the_most_accurate_of_calibrated_ones():
    probs, labels = draw(5_000)
    right = probs.argmax(axis=1) == labels
    curve = risk_coverage(probs.max(axis=1), right, fewest=20)
    assert curve.coverage[-1] == 1
    assert curve.accuracy[-1] == pytest.approx(right.mean())
    assert (np.diff(curve.coverage) > 0).all()
    assert curve.coverage[0] * 5_000 >= 20
    assert curve.accuracy[0] > curve.accuracy[-1]
    assert (curve.low <= curve.accuracy).all()
    assert (curve.accuracy <= curve.high).all()


@pytest.mark.parametrize(
    ("thresholds", "band"), [({"a": 0}, 0), ({"a": 1.1}, 0), ({"a": True}, 0), ({"a": "x"}, 0), ({}, 2), ({}, -0.1)]
)
def test_a_rule_that_cannot_be_is_refused_in_words(thresholds, band):
    with pytest.raises(UsageError):
        Rule(thresholds, band)


def test_a_class_that_the_model_does_not_know_is_refused():
    with pytest.raises(UsageError, match="“zzz”, which the model does not know"):
        Rule({"zzz": 0.3}).decide(np.zeros((0, 3)), CLASSES)


def test_a_rule_survives_json():
    rule = Rule({"a": 0.25}, 0.5)
    assert Rule.from_dict(rule.to_dict()) == rule
    for values in (None, [], {"thresholds": []}, {"thresholds": {"a": "0.5"}}, {"undecided_below": None}):
        with pytest.raises(UsageError):
            Rule.from_dict(values)
