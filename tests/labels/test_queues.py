"""Query strategies: one contract that each of them keeps, and what each is for."""

import time
from dataclasses import replace

import numpy as np
import pytest

from sentiment.errors import UsageError
from sentiment.labels.queues import DEFAULT, STRATEGIES, UNLABELED, Pool, rank

CLASSES, HIDDEN = 3, 8
OF_ROWS = [name for name in (DEFAULT, *STRATEGIES) if name not in ("suspects", "listed")]
EVERY = [name for name in (DEFAULT, *STRATEGIES) if name != "suspects"]


def pool(n: int = 400, *, labeled: int = 40, seed: int = 0, hidden: int = HIDDEN) -> Pool:
    """Rows in three clouds, in groups of two, some of them with a label."""
    rng = np.random.default_rng(seed)
    kind = rng.integers(0, CLASSES, n)
    vectors = rng.normal(size=(n, hidden)).astype(np.float32)
    vectors[np.arange(n), kind] += 2
    logits = 2 * vectors[:, :CLASSES]
    probs = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    labels = np.full(n, UNLABELED)
    rows = rng.permutation(n)[:labeled]
    labels[rows] = kind[rows]
    groups = rng.permutation(n) // 2
    return Pool(vectors, probs.astype(np.float32), labels, groups, listed=rng.permutation(n))


@pytest.fixture(params=["with probabilities", "before the first label", "one class seen", "all but a few labeled"])
def state(request) -> Pool:
    made = pool()
    if request.param == "before the first label":
        return replace(made, probs=None, labels=np.full(400, UNLABELED))
    if request.param == "one class seen":
        probs = np.zeros_like(made.probs)
        probs[:, 1] = 1.0
        return replace(made, labels=np.where(made.labels == 1, 1, UNLABELED), probs=probs)
    if request.param == "all but a few labeled":
        return replace(pool(labeled=395), closed=np.arange(400) % 100 == 0)
    return made


@pytest.mark.parametrize("strategy", EVERY)
class TestContract:
    def test_no_labeled_row_no_row_twice_no_two_of_a_group(self, strategy, state):
        found = rank(strategy, state, n=30, seed=1)
        assert found.dtype == np.int64
        assert (state.labels[found] == UNLABELED).all()
        assert len(set(found)) == len(found)
        assert len(set(state.groups[found])) == len(found)
        assert len(found) <= 30

    def test_closed_rows_are_not_asked_for(self, strategy, state):
        closed = np.arange(400) % 3 == 0
        assert not closed[rank(strategy, replace(state, closed=closed), n=400)].any()

    def test_the_same_seed_gives_the_same_rows(self, strategy, state):
        np.testing.assert_array_equal(rank(strategy, state, n=30, seed=5), rank(strategy, state, n=30, seed=5))

    def test_more_than_there_are_gives_one_of_every_group(self, strategy, state):
        found = rank(strategy, state, n=10_000)
        open_rows = state.labels == UNLABELED if state.closed is None else (state.labels == UNLABELED) & ~state.closed
        assert set(state.groups[found]) == set(state.groups[open_rows])

    def test_rows_whose_duplicate_has_a_label_come_last(self, strategy, state):
        found = rank(strategy, state, n=10_000)
        taught = np.isin(state.groups[found], state.groups[state.labels != UNLABELED])
        assert (np.diff(taught.astype(int)) >= 0).all()

    def test_nothing_left_gives_nothing(self, strategy, state):
        assert len(rank(strategy, replace(state, labels=np.zeros(400, int)), n=5)) == 0

    def test_what_it_is_given_stays_as_it_is(self, strategy, state):
        before = [None if part is None else part.copy() for part in (state.vectors, state.probs, state.labels)]
        rank(strategy, state, n=20)
        for part, copy in zip((state.vectors, state.probs, state.labels), before, strict=True):
            assert part is None or (part == copy).all()


@pytest.mark.parametrize("strategy", OF_ROWS)
def test_a_hundred_thousand_rows_take_less_than_a_second(strategy):
    big = _big()
    rank(strategy, replace(big, labels=big.labels[:], probs=big.probs), n=20)  # loads what is loaded once
    seconds = []
    for seed in range(2):
        began = time.process_time()
        rank(strategy, big, n=20, seed=seed)
        seconds.append(time.process_time() - began)
    assert min(seconds) < 2.0  # measured at a third; other work shares the machine


_BIG: list[Pool] = []


def _big() -> Pool:
    if not _BIG:
        _BIG.append(pool(100_000, labeled=500, hidden=300))
    return _BIG[0]


def test_an_unknown_queue_is_named_with_those_there_are():
    with pytest.raises(UsageError, match="uncertain-diverse"):
        rank("clever", pool(), n=3)


def test_margin_and_entropy_ask_for_what_is_least_certain():
    made = pool(labeled=0)
    top = np.sort(made.probs, axis=1)
    margins = top[:, -1] - top[:, -2]
    assert margins[rank("margin", made, n=10)].max() < np.quantile(margins, 0.15)
    entropies = -(made.probs * np.log(made.probs)).sum(axis=1)
    assert entropies[rank("entropy", made, n=10)].min() > np.quantile(entropies, 0.85)


def test_uncertain_and_diverse_does_not_show_near_identical_rows_one_after_the_other():
    rng = np.random.default_rng(0)
    vectors = rng.normal(size=(300, HIDDEN)).astype(np.float32)
    vectors[:60] = vectors[0] + 0.01 * rng.normal(size=(60, HIDDEN))  # one text in sixty versions
    probs = np.full((300, 2), [0.4, 0.6], np.float32)
    probs[:60] = 0.5  # and the most uncertain of all
    made = Pool(vectors, probs, np.full(300, UNLABELED), np.arange(300))
    assert (rank("entropy", made, n=10) < 60).all()
    assert (rank("uncertain-diverse", made, n=10) < 60).sum() <= 2


def test_a_retired_class_is_not_looked_for_however_rare():
    made = pool()
    labels = np.where(made.labels == 2, UNLABELED, made.labels)  # none of the class 2
    sought = made.probs[rank("rare-first", replace(made, labels=labels), n=20)].mean(axis=0)
    assert sought.argmax() == 2
    left = made.probs[rank("rare-first", replace(made, labels=labels, n_offered=2), n=20)].mean(axis=0)
    assert left.argmax() != 2


def test_rare_first_finds_the_rare_class():
    rng = np.random.default_rng(0)
    rare = rng.random(2000) < 0.03
    probs = np.where(rare, rng.beta(2, 4, 2000), rng.beta(1, 30, 2000)).astype(np.float32)
    made = Pool(rng.normal(size=(2000, 4)).astype(np.float32), np.stack([1 - probs, probs], axis=1),
                np.full(2000, UNLABELED), np.arange(2000))  # fmt: skip
    assert rare[rank("rare-first", made, n=20)].mean() > 0.5
    assert rare[rank(DEFAULT, made, n=20)].mean() > 3 * rare.mean()


def test_diverse_has_every_kind_at_the_start():
    rng = np.random.default_rng(0)
    kind = np.repeat(np.arange(6), [500, 200, 100, 50, 25, 25])
    vectors = (20 * np.eye(6)[kind] + rng.normal(size=(900, 6))).astype(np.float32)
    made = Pool(vectors, None, np.full(900, UNLABELED), np.arange(900))
    assert set(kind[rank("diverse", made, n=12)]) == set(range(6))
    assert set(kind[rank(DEFAULT, made, n=12)]) == set(range(6))


def test_a_list_is_followed_and_suspects_are_rows_with_a_label():
    made = replace(pool(), groups=np.arange(400))
    order = np.array([7, 3, 399, 12, 3])
    open_rows = [row for row in (7, 3, 399, 12) if made.labels[row] == UNLABELED]
    assert rank("listed", replace(made, listed=order), n=9).tolist() == open_rows
    labeled = np.flatnonzero(made.labels != UNLABELED)[::-1]
    assert rank("suspects", replace(made, listed=labeled), n=5).tolist() == labeled[:5].tolist()
    assert len(rank("listed", replace(made, listed=None), n=5)) == 0
