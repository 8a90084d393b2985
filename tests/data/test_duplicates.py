"""Duplicates: the same text is found however it is written, near ones are, and different ones never are."""

import random
import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sentiment import data
from sentiment.data.duplicates import NEAR_JACCARD, _shingles

LONG = (
    "The battery of this phone lasts two days and the screen is bright enough to read in the sun, I would buy it again."
)


def same(left: str, right: str, *, near: bool = False) -> bool:
    a, b = data.group_duplicates([left, right], near=near)
    return bool(a == b)


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("Great phone!", "great   PHONE"),
        ("缺点:没有", "缺点：没有。"),
        ("ＧＯＯＤ", "good"),
        ("a\u200bb", "ab"),
        ("(good)", "good…"),
        ("", "   "),
    ],
)
def test_case_space_and_punctuation_are_set_aside(left: str, right: str) -> None:
    assert same(left, right)


@pytest.mark.parametrize(
    ("left", "right"), [("???", "!!!"), ("good 😀", "good 😡"), ("good", "bad"), ("10", "1"), (":)", ":(")]
)
def test_different_texts_stay_different(left: str, right: str) -> None:
    assert not same(left, right)
    assert not same(left, right, near=True)


@pytest.mark.parametrize(
    ("left", "right"),
    [
        (LONG, "RT @someone: " + LONG),
        (LONG, LONG.replace("two days", "three days")),
        (LONG + " http://t.co/abc", LONG + " http://t.co/xyz"),
        (
            "这个手机的电池可以用两天，屏幕在太阳下也看得很清楚，下次还会再买的",
            "这个手机的电池可以用三天，屏幕在太阳下也看得很清楚，下次还会再买的",
        ),
    ],
)
def test_near_duplicates_are_joined(left: str, right: str) -> None:
    assert same(left, right, near=True)
    assert not same(left, right)


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("good product", "bad product"),
        ("I do like it", "I do not like it"),
        (
            LONG,
            "The battery of this car lasts two years and the wheel is bright enough to sell, I won't buy it again.",
        ),
    ],
)
def test_texts_that_only_resemble_are_not_joined(left: str, right: str) -> None:
    assert not same(left, right, near=True)


@given(st.lists(st.sampled_from(["a", "b", "A ", "c!", "", "d e f"]), max_size=12))
def test_groups_are_numbered_by_first_appearance(texts: list[str]) -> None:
    groups = data.group_duplicates(texts)
    assert groups.dtype == np.int64
    keys = data.normalise_texts(texts).to_pylist()
    seen = list(dict.fromkeys(keys))
    assert groups.tolist() == [seen.index(key) for key in keys]


def _mutated(n: int, seed: int) -> list[str]:
    rng = random.Random(seed)
    words = [f"w{i}" for i in range(300)]
    texts = []
    for _ in range(n):
        if texts and rng.random() < 0.4:
            text = rng.choice(texts).split()
            for _ in range(rng.choice([1, 1, 2, 5])):
                text[rng.randrange(len(text))] = rng.choice(words)
        else:
            text = rng.choices(words, k=rng.randint(3, 30))
        texts.append(" ".join(text))
    return texts


def test_every_join_is_real_and_nearly_every_real_pair_is_joined() -> None:
    texts = _mutated(600, seed=3)
    groups = data.group_duplicates(texts)
    sets = [set(_shingles(text)) for text in texts]
    near = {
        (i, j)
        for i in range(len(texts))
        for j in range(i)
        if min(len(sets[i]), len(sets[j])) >= 5 and len(sets[i] & sets[j]) / len(sets[i] | sets[j]) >= NEAR_JACCARD
    }
    found = sum(groups[i] == groups[j] for i, j in near)
    assert len(near) > 50
    assert found >= 0.97 * len(near)
    linked = {i for pair in near for i in pair}
    exact = data.group_duplicates(texts, near=False)
    for group in np.unique(groups):
        members = np.flatnonzero(groups == group)
        if len(set(exact[members])) > 1:
            assert set(members) <= linked | {m for m in members if (exact == exact[m]).sum() > 1}


def test_thirty_thousand_rows_take_seconds() -> None:
    texts = [f"{text} number {i % 7}" for i, text in enumerate(_mutated(30_000, seed=4))]
    begin = time.perf_counter()
    data.group_duplicates(texts)
    assert time.perf_counter() - begin < 10


def test_a_thousand_rows_of_one_template_do_not_explode() -> None:
    texts = [f"{LONG} Bought on day {i} of the year." for i in range(5_000)]
    begin = time.perf_counter()
    groups = data.group_duplicates(texts)
    assert time.perf_counter() - begin < 10
    assert len(np.unique(groups)) == 1
