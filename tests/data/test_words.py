"""Words that set classes apart: against a count by hand, planted words, and what must not count."""

import time

import numpy as np
import pandas as pd
import pytest

from sentiment.data.words import distinctive_words, log_odds_z, pick_distinct


def top(table: pd.DataFrame, name: str, n: int = 1) -> list[str]:
    return table[table["class"] == name]["term"].head(n).tolist()


def test_the_score_is_the_one_of_the_paper() -> None:
    counts, others = np.array([30, 70]), np.array([10, 190])
    log_odds, z = log_odds_z(counts, others, prior_words=10.0)
    prior = 10 * 40 / 300
    expected = np.log((30 + prior) / (110 - 30 - prior)) - np.log((10 + prior) / (210 - 10 - prior))
    assert log_odds[0] == pytest.approx(expected)
    assert z[0] == pytest.approx(expected / np.sqrt(1 / (30 + prior) + 1 / (10 + prior)))
    assert z[1] < 0


def test_a_word_seen_once_is_no_evidence_however_one_sided() -> None:
    log_odds, z = log_odds_z(np.array([1, 50, 500]), np.array([0, 10, 500]))
    assert log_odds[0] > log_odds[1]
    assert z[0] < 1 < z[1]


def test_planted_words_and_pairs_are_found() -> None:
    rng = np.random.default_rng(0)
    filler = [" ".join(rng.choice(["the", "a", "item", "shop", "box", "day"], 6)) for _ in range(400)]
    texts = [f"{text} {i} " + ("broke apart. Sad!" if i % 2 else "works fine") for i, text in enumerate(filler)]
    labels = ["bad" if i % 2 else "good" for i in range(400)]
    table = distinctive_words(texts, labels, classes=["bad", "good"])
    assert set(top(table, "bad", 4)) == {"broke", "apart", "broke apart", "sad"}
    assert set(top(table, "good", 3)) == {"works", "fine", "works fine"}
    assert "apart sad" not in table["term"].tolist()  # no pair across a full stop
    broke = table[(table["class"] == "bad") & (table["term"] == "broke")].iloc[0]
    assert (broke["rows"], broke["rows_else"], broke["share"], broke["share_else"]) == (200, 0, 1.0, 0.0)
    assert broke["z"] == -table[(table["class"] == "good") & (table["term"] == "broke")].iloc[0]["z"]
    picked = pick_distinct(table[table["class"] == "bad"], most=9, least_z=5)["term"]
    assert set(picked) in ({"broke apart", "sad"}, {"broke", "apart", "sad"})  # the pair, or its words


def test_one_text_a_hundred_times_counts_once() -> None:
    texts = ["shouting spam"] * 100 + [f"fine thing {i}" for i in range(30)] + [f"poor thing {i}" for i in range(30)]
    labels = ["good"] * 130 + ["bad"] * 30
    table = distinctive_words(texts, labels, classes=["good", "bad"])
    assert "spam" not in table["term"].tolist()
    assert top(table, "good") == ["fine"] or top(table, "good") == ["fine thing"]


def test_a_word_that_a_text_repeats_counts_once_for_it() -> None:
    texts = [f"meh meh meh meh {i}" for i in range(10)] + [f"meh ok {i}" for i in range(10)]
    table = distinctive_words(texts, ["a"] * 10 + ["b"] * 10, classes=["a", "b"])
    assert table[(table["class"] == "a") & (table["term"] == "meh")].iloc[0]["rows"] == 10


def test_chinese_is_divided_into_words() -> None:
    texts = [f"这个手机的电池太差了，{i}" for i in range(20)] + [f"这个手机的屏幕很好，{i}" for i in range(20)]
    table = distinctive_words(texts, ["差"] * 20 + ["好"] * 20, classes=["差", "好"])
    terms = set(table["term"])
    assert {"手机", "电池", "屏幕"} <= terms
    assert "电" not in terms
    assert not [term for term in terms if " " in term]
    assert "电池" in top(table, "差", 8)


@pytest.mark.parametrize("labels", [["a"] * 4, [None] * 4, ["x"] * 4])
def test_with_one_class_there_is_nothing_to_compare(labels: list[str | None]) -> None:
    assert distinctive_words(["b c"] * 4, labels, classes=["a", "b"]).empty


def test_texts_of_signs_and_links_alone_give_no_word() -> None:
    texts = ["!!!", "https://a.example/b", "", None, "'", "| | |"] * 6
    assert distinctive_words(texts, ["a", "b"] * 18, classes=["a", "b"]).empty


@pytest.mark.slow
def test_a_hundred_thousand_short_rows_take_seconds() -> None:
    rng = np.random.default_rng(0)
    words = np.array([f"w{i}" for i in range(20_000)])
    texts = [" ".join(row) for row in words[(rng.pareto(1, (100_000, 15)) * 20).astype(int) % 20_000]]
    begun = time.perf_counter()
    distinctive_words(texts, rng.choice(["a", "b"], 100_000), classes=["a", "b"])
    assert time.perf_counter() - begun < 20  # about 2 where nothing else runs
