"""Two models on the same rows: the figures, what is said of them, and how far both can be trusted."""

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import accuracy_score, precision_recall_fscore_support

from sentiment.evaluation.changed import BROKEN, FIXED, OTHERWISE, changed_rows, count_changes, filter_changes
from sentiment.evaluation.comparison import compare
from sentiment.evaluation.pair import ACCURACY, compare_pair, line_of

CLASSES = ["negative", "neutral", "positive"]


def _said(labels, wrong_every, *, classes=CLASSES):
    """Predictions that miss every so many-th row of each class."""
    seen = dict.fromkeys(classes, 0)
    said = []
    for label in labels:
        seen[label] += 1
        every = wrong_every[label]
        missed = every and seen[label] % every == 0
        said.append(classes[(classes.index(label) + 1) % len(classes)] if missed else label)
    return said


def test_the_figures_are_scikit_learns():
    rng = np.random.default_rng(1)
    labels, a, b = (rng.choice(CLASSES, 300).tolist() for _ in range(3))
    table = compare_pair(labels, a, b, classes=CLASSES).table
    for side, said in (("a", a), ("b", b)):
        expected = precision_recall_fscore_support(labels, said, labels=CLASSES, zero_division=0)
        for metric, values in zip(("precision", "recall", "f1-score"), expected[:3], strict=True):
            mine = table[(table["metric"] == metric) & table["class"].isin(CLASSES)]
            assert mine[side].tolist() == pytest.approx(values.tolist())
        assert line_of(table, ACCURACY, "recall")[side] == pytest.approx(accuracy_score(labels, said))
    assert table["delta"].tolist() == pytest.approx((table["b"] - table["a"]).tolist())
    assert table[table["metric"] == "recall"]["support"].tolist() == [*expected[3], 300, 300]


def test_the_sentence_says_where_it_is_better_and_where_the_rows_cant_tell():
    labels = ["negative"] * 300 + ["neutral"] * 60 + ["positive"] * 300
    a = _said(labels, {"negative": 3, "neutral": 5, "positive": 6})
    b = _said(labels, {"negative": 20, "neutral": 5, "positive": 6})
    said = compare_pair(labels, a, b, classes=CLASSES, names=("old", "new")).sentence
    assert said.startswith("“new” is better than “old” on negative and neutral; on positive 300 rows can't tell.")
    assert "Of 105 rows that only one of them gets right, “new” has 95 (McNemar, p < 0.001)." in said


def test_worse_is_said_as_worse_and_level_as_level():
    labels = ["negative", "positive"] * 200
    bad = _said(labels, {"negative": 2, "positive": 2}, classes=["negative", "positive"])
    worse = compare_pair(labels, labels, bad, classes=["negative", "positive"], names=("old", "new"))
    assert worse.sentence.startswith("“new” is worse than “old” on every class.")
    assert "lower" in worse.sentence
    level = compare_pair(labels, labels, labels, classes=["negative", "positive"])
    assert level.sentence.startswith("400 rows can't tell “B” from “A” on any class.")
    assert "right on the same rows" in level.sentence


def test_among_many_classes_luck_is_not_called_better():
    """Twenty classes of two models that are equally good: by single intervals one of them would stand out often."""
    rng, classes = np.random.default_rng(0), [f"c{i:02d}" for i in range(20)]
    alone = together = 0
    for seed in range(40):
        labels = rng.choice(classes, 1_000)
        a, b = (np.where(rng.random(1_000) < 0.7, labels, rng.choice(classes, 1_000)) for _ in range(2))
        table = compare(labels.tolist(), a.tolist(), b.tolist(), classes=classes, seed=seed, n_resamples=500)[:-1]
        alone += bool(((table["low"] > 0) | (table["high"] < 0)).any())
        together += bool((table["better"] != "undecided").any())
    assert alone >= 15
    assert together <= 6


def test_changed_rows_tell_what_was_mended_and_what_was_broken():
    rows = pd.DataFrame(
        {
            "row": range(5),
            "text": ["Good one", "b", "c", "d", "e"],
            "label": ["x", "x", "x", "y", "y"],
            "a": ["x", "y", "y", "y", "y"],
            "b": ["x", "x", "z", "x", "z"],
            "b_prob": [0.9, 0.6, 0.5, 0.7, 0.8],
        }
    )
    changed = changed_rows(rows)
    assert changed["change"].tolist() == [BROKEN, BROKEN, FIXED, OTHERWISE]
    assert changed["row"].tolist() == [4, 3, 1, 2]  # the surest first
    assert count_changes(changed) == {BROKEN: 2, FIXED: 1, OTHERWISE: 1}
    assert filter_changes(changed, kinds=[FIXED, OTHERWISE], label="x", words="C")["row"].tolist() == [2]
    assert filter_changes(changed, words="(")["row"].tolist() == []


def _world(rng, n, size, sd):
    """Labels, what two models say that are often wrong on the same rows, and groups."""
    truth, groups = rng.choice(3, n, p=[0.15, 0.3, 0.55]), np.repeat(np.arange(n // size), size)
    shared = np.sqrt(0.5) * rng.normal(size=n) + sd * rng.normal(size=n // size)[groups]
    said = []
    for skill in ([0.1, 0.4, 1.2], [0.4, 0.5, 1.2]):
        right = (shared + np.sqrt(0.5) * rng.normal(size=n)) / np.sqrt(1 + sd**2) < np.array(skill)[truth]
        said.append(np.where(right, truth, (truth + rng.integers(1, 3, n)) % 3))
    return truth, *said, groups


@pytest.mark.slow
@pytest.mark.parametrize(("n", "size", "sd"), [(300, 1, 0.0), (600, 4, 1.0)])
def test_the_intervals_hold_the_true_difference(n, size, sd):
    """Around 95 % of the time; the committed table of the benchmark has more draws and more cases."""
    rng = np.random.default_rng(2)
    truth, a, b, _ = _world(rng, 400_000, size, sd)
    scores = [
        np.array([2 * ((said == c) & (truth == c)).sum() / ((said == c).sum() + (truth == c).sum()) for c in range(3)])
        for said in (a, b)
    ]
    deltas = np.append(scores[0] - scores[1], np.mean(scores[0] - scores[1]))
    held = np.zeros(4)
    for seed in range(400):
        drawn = _world(rng, n, size, sd)
        labels, first, second = ([CLASSES[code] for code in codes] for codes in drawn[:3])
        table = compare(
            labels, first, second, classes=CLASSES, groups=drawn[3].tolist() if sd else None, seed=seed, n_resamples=800
        )
        held += (table["low"] <= deltas) & (deltas <= table["high"])
    assert (held / 400 > 0.915).all(), held / 400  # 0.93, less what 400 draws leave open
    assert (held / 400 < 0.985).all(), held / 400
