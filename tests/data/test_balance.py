"""Balance: counts, ratio, words and lengths, by hand."""

import math

import numpy as np
import pandas as pd
import pytest

from sentiment import data

LABELS = ["negative"] * 2 + ["positive"] * 6 + [None, ""]


def test_classes_are_counted_in_the_order_asked_for() -> None:
    counts = data.count_classes(LABELS, classes=["positive", "neutral", "negative"])
    assert counts["class"].tolist() == ["positive", "neutral", "negative"]
    assert counts["count"].tolist() == [6, 0, 2]
    assert counts["share"].tolist() == [0.75, 0.0, 0.25]
    assert data.imbalance_ratio(counts) == 3
    assert data.imbalance_ratio(counts["count"]) == 3
    assert math.isnan(data.imbalance_ratio([5, 0]))


@pytest.mark.parametrize(
    ("counts", "words"),
    [
        ([100, 110], "balanced"),
        ([100, 240], "2.4 times rarer.*mild"),
        ([100, 950], "9.5 times rarer.*clear imbalance.*90\u202f% of the rows"),
        ([100, 5_000], "50 times rarer.*strong"),
        ([10, 0], "at least two classes"),
        ([0, 0], "nothing to train on"),
        ([12, 400], "12 rows.*too few"),
    ],
)
def test_the_balance_is_put_into_words(counts: list[int], words: str) -> None:
    labels = ["a"] * counts[0] + ["b"] * counts[1]
    described = data.describe_balance(data.count_classes(labels, classes=["a", "b"]))
    assert pd.Series([described]).str.contains(words).all(), described


def test_lengths_are_counted_in_words_or_characters() -> None:
    texts = ["one two  three", "", "  padded ", "很 好", None, "a\nb\u3000c", "   "]
    assert data.measure_lengths(texts).tolist() == [3, 0, 1, 2, 0, 3, 0]
    assert data.measure_lengths(texts, unit="characters").tolist() == [11, 0, 6, 2, 0, 3, 0]


@pytest.mark.parametrize("measured", [False, True])
def test_lengths_per_class(measured: bool) -> None:
    texts = pd.Series([" ".join(["w"] * n) for n in [1, 2, 3, 4, 5, 10, 99]])
    labels = ["a"] * 5 + ["b"] + [None]
    given = data.measure_lengths(texts) if measured else texts
    table = data.length_table(given, labels, classes=["b", "a", "none"])
    assert table["n"].tolist() == [1, 5, 0]
    assert table.loc[1, ["q1", "median", "q3"]].tolist() == [2, 3, 4]
    assert np.isnan(table.loc[2, "median"])
    histogram = data.length_histogram(given, labels, classes=["a", "b"], bins=5)
    assert histogram.groupby("class")["count"].sum().to_dict() == {"a": 5, "b": 1}
    assert np.allclose(histogram.groupby("class")["share"].sum(), 1)
    of_a = histogram[histogram["class"] == "a"]
    assert (of_a["start"].to_numpy()[1:] == of_a["stop"].to_numpy()[:-1]).all()
    for _, row in of_a.iterrows():
        assert row["count"] == sum(row["start"] <= n < row["stop"] for n in [1, 2, 3, 4, 5])


def test_no_labeled_row_makes_an_empty_histogram() -> None:
    assert data.length_histogram(["a"], [None], classes=["a"]).empty
    assert data.length_histogram([], [], classes=[]).empty
