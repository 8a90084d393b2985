"""Splits: fair, whole, the size asked for, and the same for the same seed."""

import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sentiment import data
from sentiment.errors import DataError, UsageError


def parts(split: data.Split) -> list[np.ndarray]:
    return [split.train, split.validation, split.test]


@given(
    st.lists(st.tuples(st.sampled_from(["a", "b", "c", ""]), st.integers(0, 30)), min_size=1, max_size=120),
    st.integers(0, 5),
    st.sampled_from([(0.2, 0.1), (0.0, 0.2), (0.3, 0.0), (0.5, 0.3)]),
)
def test_a_split_never_separates_a_group_and_holds_every_class(
    rows: list[tuple[str, int]], seed: int, fractions: tuple[float, float]
) -> None:
    labels, groups = [label for label, _ in rows], np.array([group for _, group in rows])
    try:
        split = data.split_rows(
            labels, groups=groups, test_fraction=fractions[0], validation_fraction=fractions[1], seed=seed
        )
    except DataError:
        n_parts = 1 + sum(fraction > 0 for fraction in fractions)
        of = {name: {g for label, g in rows if label == name} for name in {label for label, _ in rows} - {""}}
        entangled = any(len({label for label, g in rows if g == group and label}) > 1 for group in set(groups.tolist()))
        assert len(of) < 2 or min(map(len, of.values())) < n_parts or entangled
        return
    together = np.concatenate(parts(split))
    assert sorted(together.tolist()) == [i for i, label in enumerate(labels) if label]
    sides = [set(groups[part].tolist()) for part in parts(split)]
    assert sum(map(len, sides)) == len(set.union(*sides))
    for part, fraction in zip(parts(split), (1, fractions[1], fractions[0]), strict=True):
        assert {labels[i] for i in part} == (set(labels) - {""} if fraction else set())


@pytest.mark.parametrize("grouped", [False, True])
def test_sizes_and_shares_are_those_asked_for(grouped: bool) -> None:
    rng = np.random.default_rng(0)
    groups = np.repeat(np.arange(800), rng.integers(1, 15, 800)) if grouped else None
    n = len(groups) if groups is not None else 5_000
    labels = rng.choice(["negative", "neutral", "positive"], n, p=[0.6, 0.1, 0.3])
    split = data.split_rows(labels, groups=groups, test_fraction=0.2, validation_fraction=0.1, seed=1)
    assert abs(len(split.test) / n - 0.2) < 0.005
    assert abs(len(split.validation) / n - 0.1) < 0.005
    for name in np.unique(labels):
        for part in parts(split):
            assert abs((labels[part] == name).mean() - (labels == name).mean()) < (0.02 if grouped else 0.002)


def test_long_documents_are_not_all_on_one_side() -> None:
    sizes = np.array([40] * 10 + [2] * 500)
    groups = np.repeat(np.arange(len(sizes)), sizes)
    labels = np.array(["a", "b"])[groups % 2]
    long_in_test = [
        (sizes[np.unique(groups[data.split_rows(labels, groups=groups, seed=s).test])] == 40).sum() for s in range(8)
    ]
    assert 1 <= np.mean(long_in_test) <= 3, "about a fifth of the ten long ones"


def test_the_seed_decides() -> None:
    labels = ["a", "b"] * 200
    first, again, other = (data.split_rows(labels, seed=seed) for seed in (1, 1, 2))
    assert all((a == b).all() for a, b in zip(parts(first), parts(again), strict=True))
    assert not (first.test == other.test).all()
    assert (np.diff(first.train) > 0).all()


def test_one_giant_group_goes_to_training() -> None:
    groups = [0] * 600 + list(range(1, 401))
    split = data.split_rows(["a", "b"] * 500, groups=groups)
    assert set(range(600)) <= set(split.train.tolist())
    assert 150 < len(split.test) < 250


def test_rare_classes_reach_every_part() -> None:
    labels = ["common"] * 1_000 + ["rare"] * 3
    for seed in range(5):
        split = data.split_rows(labels, seed=seed)
        assert [sum(labels[i] == "rare" for i in part) for part in parts(split)] == [1, 1, 1]


def test_near_duplicates_and_documents_stay_on_one_side() -> None:
    texts = [f"text number {i} is unlike the others" for i in range(60)]
    texts[1], texts[30] = "Copy me!", "copy ME"
    documents = [None] * 60
    documents[30] = documents[59] = "d"
    groups = data.combine_groups(data.group_duplicates(texts, near=False), documents)
    assert groups[1] == groups[30] == groups[59]
    assert len(np.unique(groups)) == 58
    for seed in range(10):
        split = data.split_rows(["a", "b"] * 30, groups=groups, seed=seed)
        assert sum(1 in part for part in parts(split)) == 1
        assert sum(bool({1, 30, 59} & set(part.tolist())) for part in parts(split)) == 1


def test_groupings_are_united() -> None:
    united = data.combine_groups([0, 0, 1, 1, 2], ["x", "y", "y", "z", ""], [None, None, None, None, "q"])
    assert united.tolist() == [0, 0, 0, 0, 1]
    assert data.combine_groups(["", "", None]).tolist() == [0, 1, 2]
    with pytest.raises(ValueError, match="cannot be combined"):
        data.combine_groups([1, 2], [1])


@pytest.mark.parametrize(("test", "validation"), [(-0.1, 0.1), (1.0, 0), (0.6, 0.35), (0.2, float("nan"))])
def test_impossible_fractions_are_refused(test: float, validation: float) -> None:
    with pytest.raises(UsageError):
        data.split_rows(["a", "b"] * 20, test_fraction=test, validation_fraction=validation)


def test_a_hundred_thousand_grouped_rows_take_seconds() -> None:
    rng = np.random.default_rng(0)
    labels, groups = rng.choice(["a", "b", "c"], 100_000), rng.integers(0, 40_000, 100_000)
    begin = time.perf_counter()
    data.split_rows(labels, groups=groups)
    assert time.perf_counter() - begin < 10


@pytest.mark.parametrize(("n_unseen", "expected"), [(1_000, (100, 200)), (150, (50, 100)), (20, (6, 14))])
def test_few_rows_that_a_model_has_not_seen_are_shared_by_the_parts_that_are_held_out(n_unseen, expected):
    labels = ["a", "b"] * 500
    learned = np.arange(1_000) >= n_unseen
    split = data.split_rows(labels, learned=learned, seed=3)
    assert (len(split.validation), len(split.test)) == expected
    assert not learned[np.concatenate([split.validation, split.test])].any()
    assert len(split.train) == 1_000 - sum(expected)


def test_the_rows_of_a_document_that_a_model_has_seen_a_part_of_are_seen():
    groups = np.repeat(np.arange(40), 5)
    labels = ["a", "b"] * 100
    learned = np.arange(200) % 5 == 0
    learned[100:] = False  # a row of each of the first twenty documents
    split = data.split_rows(labels, groups=groups, learned=learned)
    assert (groups[np.concatenate([split.validation, split.test])] >= 20).all()
    with pytest.raises(DataError, match="learned from nearly every row.*different documents.*other documents"):
        data.split_rows(labels, groups=groups, learned=groups < 39)
