"""Which row to label next: query strategies, all under one contract.

A strategy is a function of arrays: what is known of the rows goes in, rows come out, the most useful first. It never
gives a row that has a label, a row twice, or two rows of one duplicate group; the same arguments give the same rows.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from sentiment.errors import UsageError
from sentiment.labels.diversity import most_telling, representatives

UNLABELED = -1
DEFAULT = "default"
Rows = NDArray[np.int64]


@dataclass(frozen=True)
class Pool:
    """What is known of all rows of a dataset.

    Attributes:
        vectors: float32[n_rows, hidden], of the texts; may be memory-mapped.
        probs: float32[n_rows, n_classes], what the model says of each row; None before it can say anything.
        labels: int64[n_rows], the class of each row, `UNLABELED` for none.
        groups: int64[n_rows], one number for each text and its duplicates.
        closed: bool[n_rows], rows not to be asked for (skipped, excluded, held out, at another labeler); None for none.
        listed: int64[k], rows in the order in which "listed" and "suspects" ask for them (a search result, a lasso,
            the labels that held-out predictions contradict); None for none.
        n_offered: classes, the first ones, that rows can be given; the others are retired, and what has them is
            labeled. None or 0 where none is retired.
    """

    vectors: NDArray[np.float32]
    probs: NDArray[np.float32] | None
    labels: Rows
    groups: Rows
    closed: NDArray[np.bool_] | None = None
    listed: Rows | None = None
    n_offered: int | None = None


def rank(strategy: str, pool: Pool, *, n: int, seed: int = 0) -> Rows:
    """The n rows to ask for next, int64[m], the most useful first; fewer where there are no more.

    Rows whose duplicate has a label come last, as asking for them teaches nothing new.

    Args:
        strategy: one of `STRATEGIES`, or `DEFAULT`.
        pool: the rows.
        n: how many.
        seed: draws what is left to chance.

    Raises:
        UsageError: for a strategy that is not known.
    """
    name = _CHOSEN if strategy == DEFAULT else strategy
    if name not in _ORDERS:
        expected = f"One of {', '.join((DEFAULT, *STRATEGIES))}"
        raise UsageError(f"The queue {strategy!r} is not known", expected=expected)
    # The products are small, and more threads would wait for each other, up to ten times as long as they work.
    with threadpool_limits(1, user_api="blas"):
        return _rank(name, pool, n, np.random.default_rng(seed))


def _rank(name: str, pool: Pool, n: int, rng: np.random.Generator) -> Rows:
    if name == "suspects":
        return _first_of_groups(_ORDERS[name](pool, _asked(pool, labeled=True), n, rng), pool.groups)[:n]
    fresh, again = _open_rows(pool)
    found = _first_of_groups(_ORDERS[name](pool, fresh, n, rng), pool.groups)[:n]
    if len(found) < n and len(again):
        rest = again[~np.isin(pool.groups[again], pool.groups[found])]
        more = _first_of_groups(_ORDERS[name](pool, rest, n, rng), pool.groups) if len(rest) else rest
        found = np.concatenate([found, more])[:n]
    return found


def _asked(pool: Pool, *, labeled: bool) -> Rows:
    """The rows with a label, or those without, that may be asked for."""
    wanted = (pool.labels != UNLABELED) == labeled
    return np.flatnonzero(wanted if pool.closed is None else wanted & ~pool.closed)


def _open_rows(pool: Pool) -> tuple[Rows, Rows]:
    """Rows that may be asked for: those of groups without any label, and those whose duplicate has one."""
    rows = _asked(pool, labeled=False)
    known = np.zeros(int(pool.groups.max(initial=-1)) + 1, bool)
    known[pool.groups[pool.labels != UNLABELED]] = True
    taught = known[pool.groups[rows]]
    return rows[~taught], rows[taught]


def _first_of_groups(rows: Rows, groups: Rows) -> Rows:
    """The first of the rows of each group, in the order given."""
    return rows[np.sort(np.unique(groups[rows], return_index=True)[1])]


Order = Callable[[Pool, Rows, int, np.random.Generator], Rows]


def _at_random(pool: Pool, rows: Rows, n: int, rng: np.random.Generator) -> Rows:
    return rng.permutation(rows)


def _from_middles(pool: Pool, rows: Rows, n: int, rng: np.random.Generator) -> Rows:
    """The middle of each of n clusters, then the others at random: for the start, when no model can say anything."""
    candidates = _first_of_groups(rng.permutation(rows), pool.groups)
    return _then(representatives(pool.vectors, candidates, n=n, rng=rng), rng.permutation(rows))


def _by_margin(pool: Pool, rows: Rows, n: int, rng: np.random.Generator) -> Rows:
    if pool.probs is None:
        return _from_middles(pool, rows, n, rng)
    top = np.sort(pool.probs[rows], axis=1)
    runner_up = top[:, -2] if top.shape[1] > 1 else np.zeros(len(rows))
    return _highest(rows, runner_up - top[:, -1], rng)


def _by_entropy(pool: Pool, rows: Rows, n: int, rng: np.random.Generator) -> Rows:
    if pool.probs is None:
        return _from_middles(pool, rows, n, rng)
    probs = pool.probs[rows]
    return _highest(rows, -(probs * np.log(probs + 1e-9)).sum(axis=1), rng)


def _uncertain_and_apart(pool: Pool, rows: Rows, n: int, rng: np.random.Generator) -> Rows:
    if pool.probs is None:
        return _from_middles(pool, rows, n, rng)
    doubt = (pool.probs[rows] * (1.0 - pool.probs[rows])).sum(axis=1)
    doubtful = _highest(rows, doubt, rng)
    short = _first_of_groups(doubtful[: 2 * _SHORTLIST], pool.groups)[: max(_SHORTLIST, n)]
    labeled = np.flatnonzero(pool.labels != UNLABELED)
    told = most_telling(pool.vectors, pool.probs, rows=short, labeled=labeled, n=min(n, _MOST_TELLING), rng=rng)
    return _then(told, doubtful)


def _rare_first(pool: Pool, rows: Rows, n: int, rng: np.random.Generator) -> Rows:
    """The likeliest of the class with the fewest labels; before there are labels, with the least probability."""
    if pool.probs is None:
        return _from_middles(pool, rows, n, rng)
    counts = _counts(pool)
    rarest = counts if counts.sum() else pool.probs.mean(axis=0)[: pool.n_offered or None]
    return _likeliest_of(int(rarest.argmin()), pool, rows, n, rng)


def _likeliest_of(label: int, pool: Pool, rows: Rows, n: int, rng: np.random.Generator) -> Rows:
    probs = np.empty((len(rows), 1)) if pool.probs is None else pool.probs[rows]
    return _highest(rows, probs[:, label], rng)


def _scarce_class(pool: Pool) -> int | None:
    """The class with the fewest labels, if it has less than its part of them; None if all have, or there are few.

    The labels are asked and not the probabilities: those of a model on texts that are new to it can be far off in how
    frequent a class is.
    """
    counts = _counts(pool)
    if counts.sum() < _ENOUGH_TO_COUNT or counts.min() >= _SCARCE * counts.mean():
        return None
    return int(counts.argmin())


def _counts(pool: Pool) -> Rows:
    """Labels of each class that is offered, int64[n_classes]."""
    n_classes = 0 if pool.probs is None else pool.probs.shape[1]
    return np.bincount(pool.labels[pool.labels != UNLABELED], minlength=n_classes)[: pool.n_offered or None]


def _listed(pool: Pool, rows: Rows, n: int, rng: np.random.Generator) -> Rows:
    listed = np.empty(0, np.int64) if pool.listed is None else pool.listed
    return listed[np.isin(listed, rows)]


def _in_turns(pool: Pool, rows: Rows, n: int, rng: np.random.Generator) -> Rows:
    """The default: the most doubtful row, the most telling one, and where a class is rare, the likeliest of it."""
    if pool.probs is None:
        return _from_middles(pool, rows, n, rng)
    orders = [_by_entropy, _uncertain_and_apart]
    scarce = _scarce_class(pool)
    if scarce is not None:
        orders = [lambda *given: _likeliest_of(scarce, *given), _uncertain_and_apart]
    return _take_turns([order(pool, rows, n, rng) for order in orders], n)


def _take_turns(orders: list[Rows], n: int) -> Rows:
    """One of each in turn; a row that another order had before is passed over."""
    mixed = np.stack([order[: len(orders[0])] for order in orders], axis=1).ravel()
    return mixed[np.sort(np.unique(mixed, return_index=True)[1])]


def _highest(rows: Rows, scores: NDArray[np.floating], rng: np.random.Generator) -> Rows:
    """The rows by falling score, ties at random."""
    return rows[np.lexsort((rng.random(len(rows)), -scores))]


def _then(first: Rows, rest: Rows) -> Rows:
    return np.concatenate([first, rest[~np.isin(rest, first)]])


_SHORTLIST = 400  # doubtful rows among which those that tell most are sought
_MOST_TELLING = 100  # more are not worth the time: by then the model has been taught again
_SCARCE = 0.5  # a class has too few labels below this share of an equal part
_ENOUGH_TO_COUNT = 20  # labels: with fewer, that a class has none says little
_ORDERS: dict[str, Order] = {
    "random": _at_random,
    "margin": _by_margin,
    "entropy": _by_entropy,
    "uncertain-diverse": _uncertain_and_apart,
    "rare-first": _rare_first,
    "diverse": _from_middles,
    "suspects": _listed,
    "listed": _listed,
    "in-turns": _in_turns,
}
_CHOSEN = "in-turns"
STRATEGIES: dict[str, str] = {
    "in-turns": "In turn the least certain row and the one that tells most about the others; where a class is rare, "
    "the likeliest of it",
    "uncertain-diverse": "Uncertain rows that are unlike each other and tell most about the others",
    "margin": "Rows whose two likeliest classes are nearly level",
    "entropy": "Rows whose class is least certain among all",
    "rare-first": "Rows that are likeliest of the rarest class",
    "diverse": "Rows that stand for the whole, one of each kind: a start without any label",
    "random": "Rows at random",
    "suspects": "Labels that predictions contradict, the most suspect first",
    "listed": "A search result or a selection, in its order",
}
