"""A model is called better only where the rows can tell."""

import numpy as np
import pytest
from sklearn.metrics import f1_score

from sentiment.errors import DataError
from sentiment.evaluation import compare

CLASSES = ["negative", "neutral", "positive"]


def _noisy(labels, right, rng):
    return [label if rng.random() < right else str(rng.choice(CLASSES)) for label in labels]


@pytest.mark.parametrize("groups", [None, [i // 4 for i in range(600)]])
def test_scores_are_f1_and_a_clear_winner_is_named(groups):
    rng = np.random.default_rng(0)
    labels = rng.choice(CLASSES, 600).tolist()
    good, bad = _noisy(labels, 0.85, rng), _noisy(labels, 0.5, rng)
    table = compare(labels, good, bad, classes=CLASSES, groups=groups)
    expected = f1_score(labels, good, average=None, labels=CLASSES)
    assert table["class"].tolist() == [*CLASSES, "macro avg"]
    assert table["a"].tolist() == pytest.approx([*expected, expected.mean()])
    assert table["delta"].tolist() == pytest.approx((table["a"] - table["b"]).tolist())
    assert table["better"].tolist() == ["a"] * 4
    assert (compare(labels, bad, good, classes=CLASSES, groups=groups)["better"] == "b").all()
    assert ((table["low"] < table["delta"]) & (table["delta"] < table["high"])).all()


def test_equal_models_are_undecided():
    labels = CLASSES * 20
    table = compare(labels, labels, labels, classes=CLASSES)
    assert (table["better"] == "undecided").all()
    assert (table[["delta", "low", "high"]] == 0).all(axis=None)


def test_a_clean_sweep_of_five_rows_decides_nothing():
    labels = ["negative"] * 50 + ["neutral"] * 5
    table = compare(labels, labels, ["negative"] * 55, classes=["negative", "neutral"])
    assert table["low"].iloc[1] == 0  # what a resample without any of them shows
    assert table["better"].tolist() == ["undecided"] * 3
    labels = ["negative"] * 50 + ["neutral"] * 12
    assert compare(labels, labels, ["negative"] * 62, classes=["negative", "neutral"])["better"].iloc[1] == "a"


def test_rows_of_few_groups_are_few_differences():
    labels = ["negative"] * 60 + ["neutral"] * 20
    table = compare(
        labels, labels, ["negative"] * 80, classes=["negative", "neutral"], groups=[i // 10 for i in range(80)]
    )
    assert table["better"].iloc[1] == "undecided"


def test_pairing_makes_small_steady_differences_visible():
    """The models agree on most rows: unpaired intervals would overlap by far."""
    labels = ["negative", "positive"] * 100
    wrong = [
        {"negative": "positive", "positive": "negative"}[label] if i % 5 < 2 else label
        for i, label in enumerate(labels)
    ]
    better = [label if i < 60 else says for i, (label, says) in enumerate(zip(labels, wrong, strict=True))]
    table = compare(labels, better, wrong, classes=["negative", "positive"])
    assert table["better"].tolist() == ["a", "a", "a"]


@pytest.mark.parametrize("groups", [None, [i // 5 for i in range(150)]])
def test_like_models_are_seldom_told_apart(groups):
    rng, decided = np.random.default_rng(2), 0
    for draw in range(200):
        labels = rng.choice(["negative", "positive"], 150).tolist()
        flip = {"negative": "positive", "positive": "negative"}
        a, b = ([label if rng.random() < 0.8 else flip[label] for label in labels] for _ in range(2))
        table = compare(labels, a, b, classes=["negative", "positive"], groups=groups, seed=draw, n_resamples=300)
        decided += table["better"].iloc[-1] != "undecided"
    assert decided <= 20  # 10 expected at 95 %; 20 are three standard errors more


def test_lengths_and_missing_predictions_are_checked():
    with pytest.raises(ValueError, match="2 labels, but 2 and 1 predictions"):
        compare(["a", "b"], ["a", "b"], ["a"], classes=["a", "b"])
    with pytest.raises(DataError, match="no label"):
        compare(["a", "b"], ["a", None], ["a", "b"], classes=["a", "b"])


def test_a_class_that_nobody_has_does_not_count_in_the_mean_of_one_model_alone():
    labels = ["neg", "pos"] * 100
    good = labels.copy()
    good[0], good[1] = "neutral", "neg"
    weak = [("pos" if label == "neg" else "neg") if i % 4 == 0 else label for i, label in enumerate(labels)]
    table = compare(labels, good, weak, classes=["neg", "neutral", "pos"]).set_index("class")
    assert table.loc["macro avg", "a"] > 0.98
    assert table.loc["macro avg", "better"] == "a"
