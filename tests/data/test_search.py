"""Search: whole words, phrases and patterns; what is found is what is marked."""

import re
import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sentiment.data.search import as_texts, mark_matches, parse_query, search
from sentiment.errors import UsageError

TEXTS = ["Not good at all", "Good, really good!", "goodness me", "not. Good", "电池很好", None, "a refund :)", "don't"]


def found(source: str, *, regex: bool = False) -> list[int]:
    return np.flatnonzero(search(as_texts(TEXTS), parse_query(source, regex=regex))).tolist()


@pytest.mark.parametrize(
    ("source", "rows"),
    [
        ("good", [0, 1, 3]),
        ("GOOD*", [0, 1, 2, 3]),
        ("all good", [0]),
        ('"not good"', [0, 3]),
        ('"good not"', []),
        ("good -not", [1]),
        ('good -"not good"', [1]),
        ("电池", [4]),
        ("很", [4]),
        (":)", [6]),
        ("don't", [7]),
        ("don", [7]),
        ('"unclosed', []),
        ("  ", list(range(len(TEXTS)))),
        ("*", []),
        ("-good -me -a -don't -电池", [5]),
    ],
)
def test_words_phrases_and_exclusions(source: str, rows: list[int]) -> None:
    assert found(source) == rows


def test_a_pattern_is_matched_for_both_cases() -> None:
    assert found("^good", regex=True) == [1, 2]
    assert found(r"g.{2}d\b", regex=True) == [0, 1, 3]
    assert found("", regex=True) == list(range(len(TEXTS)))


@pytest.mark.parametrize("pattern", ["(", "a)(b", "(?=x)", r"(a)\1", "*", "(a{1000}){1000}", "[z-a]", "a" * 501])
def test_a_pattern_that_cannot_be_read_is_named(pattern: str) -> None:
    with pytest.raises(UsageError):
        parse_query(pattern, regex=True)


def test_a_pattern_made_to_hang_other_engines_takes_no_time() -> None:
    texts = as_texts(["a" * 20_000 + "!"] * 20)
    begun = time.perf_counter()
    assert not search(texts, parse_query(r"^(a+)+$", regex=True)).any()
    assert time.perf_counter() - begun < 2


def test_matches_are_marked_and_nothing_is_lost() -> None:
    parts = mark_matches(["The good good flight, Good!", "not  good \ufdd0x"], parse_query('good "not good" -bad'))
    assert parts[0] == [
        ("The ", False), ("good", True), (" ", False), ("good", True), (" flight, ", False),
        ("Good", True), ("!", False),
    ]  # fmt: skip
    assert parts[1] == [("not  good", True), (" x", False)]
    assert mark_matches(["电池好电池"], parse_query("电池"))[0] == [("电池", True), ("好", False), ("电池", True)]
    assert mark_matches(["abab"], parse_query("b|x*", regex=True))[0] == [
        ("a", False), ("b", True), ("a", False), ("b", True)
    ]  # fmt: skip
    assert mark_matches(["plain"], parse_query("")) == [[("plain", False)]]


@given(st.text(max_size=30), st.text(max_size=30))
def test_whatever_is_typed_finds_something_or_nothing_and_never_fails(source: str, text: str) -> None:
    text = text.encode("utf-8", "replace").decode()
    query = parse_query(source.encode("utf-8", "replace").decode())
    assert search(as_texts([text]), query).shape == (1,)
    kept = "".join(part for part, _ in mark_matches([text], query)[0])
    assert kept == re.sub("[\ufdd0\ufdd1]", "", text)


@given(st.lists(st.sampled_from(["good", "bad", "very", "."]), max_size=6))
def test_a_word_is_found_exactly_where_it_stands(words: list[str]) -> None:
    text = " ".join(words)
    assert search(as_texts([text]), parse_query("good"))[0] == ("good" in words)
    marked = [part for part, hit in mark_matches([text], parse_query("good"))[0] if hit]
    assert marked == ["good"] * words.count("good")


@pytest.mark.slow
def test_a_million_rows_are_searched_in_about_a_second() -> None:
    texts = as_texts([f"this is review number {i} and the battery is bad" for i in range(1_000_000)])
    begun = time.perf_counter()
    assert search(texts, parse_query("battery 77*")).sum() > 1_000
    assert search(texts, parse_query(r"number 9\d9 and", regex=True)).sum() == 10
    assert time.perf_counter() - begun < 6  # each alone well under one on a machine with nothing else to do
