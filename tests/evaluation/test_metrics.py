"""The report's numbers are scikit-learn's, and what can't be told is said."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import classification_report

from sentiment.errors import DataError, ModelError
from sentiment.evaluation import evaluate, report_table

NAMES = ["negative", "neutral", "positive", "spam & eggs"]
METRICS = ("precision", "recall", "f1-score", "support")


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(NAMES), st.sampled_from(NAMES)), min_size=1, max_size=60))
def test_numbers_are_those_of_scikit_learn(pairs):
    labels, predictions = [p[0] for p in pairs], [p[1] for p in pairs]
    ours = evaluate(labels, predictions=predictions, classes=NAMES, n_resamples=5)
    theirs = classification_report(labels, predictions, output_dict=True, zero_division=0)
    for key, expected in theirs.items():
        assert ours[key] == pytest.approx(expected, abs=1e-12), key
    for name in set(NAMES) - set(theirs):
        assert ours[name] == {"precision": 0, "recall": 0, "f1-score": 0, "support": 0}


def test_hand_computed_case():
    report = evaluate(["a", "a", "a", "b"], predictions=["a", "a", "b", "b"], classes=["a", "b"])
    assert report["a"] == {
        "precision": 1.0,
        "recall": pytest.approx(2 / 3),
        "f1-score": pytest.approx(0.8),
        "support": 3,
    }
    assert report["b"]["precision"] == 0.5
    assert report["accuracy"] == 0.75
    assert report["confusion_matrix"] == [[2, 1], [0, 1]]
    assert report["n_examples"] == 4


def test_probs_give_the_class_of_the_largest_column():
    probs = [[0.2, 0.5, 0.3], [0.1, 0.2, 0.7]]
    report = evaluate(["neutral", "negative"], probs, classes=["negative", "neutral", "positive"])
    assert report["confusion_matrix"] == [[0, 0, 1], [0, 1, 0], [0, 0, 0]]


def test_report_is_json():
    report = evaluate(["a", "b"] * 20, predictions=["a"] * 40, classes=["a", "b", "never seen"])
    assert json.loads(json.dumps(report, allow_nan=False)) == report


@pytest.mark.parametrize("groups", [None, [i // 3 for i in range(90)]])
def test_every_interval_holds_its_number(groups):
    rng = np.random.default_rng(3)
    labels = rng.choice(["a", "b", "c"], 90, p=[0.1, 0.3, 0.6]).tolist()
    predictions = np.where(rng.random(90) < 0.7, labels, "c").tolist()
    report = evaluate(labels, predictions=predictions, classes=["a", "b", "c"], groups=groups)
    for name in ("a", "b", "c", "macro avg", "weighted avg"):
        for metric in ("precision", "recall", "f1-score"):
            low, high = report["intervals"][name][metric]
            assert 0 <= low <= report[name][metric] <= high <= 1
            assert low < high
    low, high = report["intervals"]["accuracy"]
    assert low < report["accuracy"] < high
    assert report["intervals"]["weighted avg"]["recall"] == report["intervals"]["accuracy"]


def test_the_same_seed_gives_the_same_intervals():
    labels, predictions = ["a", "b", "b"] * 30, ["a", "b", "a"] * 30
    one, two = (evaluate(labels, predictions=predictions, classes=["a", "b"], seed=7) for _ in range(2))
    assert one == two


def test_a_label_the_model_does_not_know_counts_as_a_mistake_and_is_said():
    report = evaluate(["a", "b", "mixed", "mixed"], predictions=["a", "b", "a", "b"], classes=["a", "b"])
    assert report["accuracy"] == 0.5
    assert report["classes"] == ["a", "b", "mixed"]
    assert report["mixed"]["recall"] == 0
    assert any(
        "“mixed”" in said and "does not know" in said and "2 held-out rows" in said for said in report["warnings"]
    )


def test_a_class_without_rows_is_said_and_stays_out_of_the_mean():
    report = evaluate(["a"] * 20 + ["b"] * 20, predictions=["a"] * 20 + ["b"] * 20, classes=["a", "b", "c"])
    assert report["macro avg"]["f1-score"] == 1.0
    assert report["warnings"] == ["No held-out row is “c”: how well the model finds it cannot be told."]
    assert report["intervals"]["c"]["recall"] == [0.0, 1.0]


def test_a_class_never_predicted_and_a_class_with_few_rows_are_said():
    report = evaluate(["a"] * 30 + ["b"] * 3, predictions=["a"] * 33, classes=["a", "b"])
    assert "The model never says “b”." in report["warnings"]
    assert "Only 3 held-out rows have the label “b”: too few for its figures to mean much." in report["warnings"]
    assert not any("“a”" in said for said in report["warnings"])


def test_classes_with_the_name_of_a_key_are_kept_apart():
    labels = ["accuracy", "intervals"] * 10
    report = evaluate(labels, predictions=["accuracy"] * 20, classes=["accuracy", "intervals"])
    assert report["accuracy"] == 0.5
    assert report["per_class"][0]["class"] == "accuracy"
    assert report["per_class"][0]["recall"] == 1.0
    assert report_table(report)["recall"].tolist() == [1.0, 0.0, 0.5, 0.5, 0.5]


def test_rows_without_a_group_are_alone():
    labels, predictions = ["a", "b"] * 50, (["a", "b"] * 35) + ["b", "a"] * 15
    alone = evaluate(labels, predictions=predictions, classes=["a", "b"])
    missing = evaluate(labels, predictions=predictions, classes=["a", "b"], groups=[None] * 100)
    assert alone["intervals"] == missing["intervals"]


def test_likeness_within_groups_widens_the_intervals():
    labels = ["a", "b"] * 100
    predictions = [label if (i // 10) % 4 else {"a": "b", "b": "a"}[label] for i, label in enumerate(labels)]
    rows = evaluate(labels, predictions=predictions, classes=["a", "b"])["intervals"]["accuracy"]
    groups = [i // 10 for i in range(200)]  # a whole group is right or wrong
    grouped = evaluate(labels, predictions=predictions, classes=["a", "b"], groups=groups)["intervals"]["accuracy"]
    assert grouped[1] - grouped[0] > 2 * (rows[1] - rows[0])


def test_no_row_and_a_missing_label_are_refused_in_words():
    with pytest.raises(DataError, match="no held-out row"):
        evaluate([], predictions=[], classes=["a"])
    with pytest.raises(DataError, match="1 of 2 rows have no label"):
        evaluate(["a", None], predictions=["a", "a"], classes=["a"])


def test_probabilities_that_are_not_numbers_are_refused():
    with pytest.raises(ModelError, match="1 of 2 rows"):
        evaluate(["a", "b"], [[0.5, 0.5], [float("nan"), 0.5]], classes=["a", "b"])
    with pytest.raises(ValueError, match="one column for each of 2 classes"):
        evaluate(["a", "b"], [[1.0], [1.0]], classes=["a", "b"])
    with pytest.raises(ValueError, match="2 labels, but 1 predictions"):
        evaluate(["a", "b"], predictions=["a"], classes=["a", "b"])


def test_table_has_a_line_for_each_class_and_average():
    report = evaluate(["a", "a", "b"] * 10, predictions=["a", "b", "b"] * 10, classes=["a", "b"])
    table = report_table(report)
    assert table["class"].tolist() == ["a", "b", "macro avg", "weighted avg", "accuracy"]
    assert list(table.columns[1:4]) == ["precision", "precision_low", "precision_high"]
    assert table.loc[0, ["recall", "f1", "support"]].tolist() == [0.5, pytest.approx(2 / 3), 20]
    assert table.loc[0, ["f1_low", "f1_high"]].tolist() == report["intervals"]["a"]["f1-score"]
    assert table.loc[4, "recall"] == report["accuracy"]
    assert np.isnan(table.loc[4, "precision"])
