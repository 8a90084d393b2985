"""Several models against one: the deltas, the best, and whether the rows can tell."""

import numpy as np
import pytest
from sklearn.metrics import f1_score, recall_score

from sentiment.evaluation import compare_many

CLASSES = ["bad", "good"]
LABELS = ["bad"] * 60 + ["good"] * 240


def model(missed: int, wrong: int = 5) -> list[str]:
    """Misses so many of the 60 bad rows, and calls so many good ones bad."""
    said = LABELS.copy()
    said[:missed] = ["good"] * missed
    said[60 : 60 + wrong] = ["bad"] * wrong
    return said


def test_values_and_deltas_by_another_implementation():
    said = {"base": model(40), "better": model(10)}
    table = compare_many(LABELS, said, classes=CLASSES, against="base").table.set_index(["name", "class", "metric"])
    for metric, score in (("f1-score", f1_score), ("recall", recall_score)):
        expected = {name: score(LABELS, rows, average=None, labels=CLASSES) for name, rows in said.items()}
        for place, label in enumerate([*CLASSES]):
            line = table.loc[("better", label, metric)]
            assert line["value"] == pytest.approx(expected["better"][place])
            assert line["delta"] == pytest.approx(expected["better"][place] - expected["base"][place])
            assert line["low"] <= line["delta"] <= line["high"]
        assert table.loc[("better", "macro avg", metric)]["value"] == pytest.approx(np.mean(expected["better"]))
    assert (table.loc["base"]["delta"] == 0).all()
    assert table.loc[("better", "bad", "recall")]["better"] == "yes"


def test_a_clear_winner_is_named_with_its_lead():
    comparison = compare_many(LABELS, {"base": model(40), "much": model(5)}, classes=CLASSES, against="base")
    assert (comparison.best, comparison.level) == ("much", ())
    assert comparison.sentence.startswith("“much” is best: macro-F1")
    assert "can't tell" not in comparison.sentence


def test_a_lead_that_may_be_chance_is_called_that():
    comparison = compare_many(LABELS, {"base": model(40), "little": model(38)}, classes=CLASSES, against="base")
    assert comparison.best == "little"
    assert comparison.level == ("base",)
    assert "300 held-out rows can't tell whether that is more than chance" in comparison.sentence


def test_those_that_cannot_be_told_from_the_best_are_named():
    said = {"base": model(40), "much": model(5), "as-much": model(6), "worst": model(60)}
    comparison = compare_many(LABELS, said, classes=CLASSES, against="base")
    assert comparison.level == ("as-much",)
    assert "can't tell it from “as-much”" in comparison.sentence


def test_nothing_may_be_best():
    comparison = compare_many(LABELS, {"base": model(10), "worse": model(50)}, classes=CLASSES, against="base")
    assert comparison.best == "base"
    assert comparison.sentence.startswith("None of them beats “base”")
    table = comparison.table
    assert (table[(table["name"] == "worse") & (table["class"] == "bad")]["better"] == "no").all()


def test_among_many_models_hardly_ever_is_one_surely_better_by_chance():
    rng, wrongly = np.random.default_rng(0), 0
    for seed in range(20):
        labels = rng.choice(["a", "b", "c"], 300).tolist()
        said = {
            f"{i}": [one if rng.random() < 0.8 else str(rng.choice(["a", "b", "c"])) for one in labels]
            for i in range(9)
        }
        found = compare_many(labels, said, classes=["a", "b", "c"], against="0", seed=seed)
        table = found.table
        claims = "is best" in found.sentence and "can't tell" not in found.sentence
        wrongly += claims or bool((table[table["metric"] == "f1-score"]["better"] != "undecided").any())
    assert wrongly <= 4  # 5 % of 20, and three standard errors above it
