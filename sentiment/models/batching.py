"""Rows of different length → batches of few fixed shapes, so that few programs are compiled."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sentiment.models.tokenizer import TokenTable

BUCKETS = (16, 32, 48, 64, 96, 128, 192, 256, 384, 512, 768, 1024)
# Prediction is cheaper to compile than training, and reads many more short texts: less padding pays there.
FINE_BUCKETS = (8, 12, 16, 20, 24, 32, 40, *BUCKETS[2:])


@dataclass(frozen=True)
class Batch:
    """Padded rows of about the same length.

    Attributes:
        ids: int32[batch, length], padded on the right with 0.
        rows: int64[n], which texts the first n lines are; the lines after them are filling.
    """

    ids: NDArray[np.int32]
    rows: NDArray[np.int64]


def bucket_lengths(
    lengths: NDArray[np.int64], *, max_length: int, buckets: Sequence[int] = BUCKETS
) -> NDArray[np.int64]:
    """The bucket of each length: the smallest of the padded lengths that holds it, `max_length` at most."""
    padded = np.array([*(bucket for bucket in buckets if bucket < max_length), max_length])
    return padded[np.searchsorted(padded, np.minimum(lengths, max_length))]


def plan_batches(
    rows: NDArray[np.int64],
    lengths: NDArray[np.int64],
    *,
    batch_size: int,
    max_length: int,
    rng: np.random.Generator | None = None,
    buckets: Sequence[int] = BUCKETS,
) -> list[tuple[int, NDArray[np.int64]]]:
    """Which rows go into which batch, as (padded length, rows) pairs; rows of a batch share a bucket.

    With `rng`, rows are drawn in random order within their bucket and the batches are shuffled. What is left over
    in a bucket joins the next longer one, so that only the last batch can be smaller than `batch_size`.
    """
    rows = rows if rng is None else rng.permutation(rows)
    padded = bucket_lengths(lengths[rows], max_length=max_length, buckets=buckets)
    plan: list[tuple[int, NDArray[np.int64]]] = []
    left = rows[:0]
    for bucket in np.unique(padded):
        waiting = np.concatenate([left, rows[padded == bucket]])
        full = len(waiting) - len(waiting) % batch_size
        plan += [(int(bucket), waiting[start : start + batch_size]) for start in range(0, full, batch_size)]
        left = waiting[full:]
    if len(left):
        plan.append((int(padded.max()), left))
    if rng is not None:
        rng.shuffle(plan)
    return plan


def batches(table: TokenTable, *, batch_size: int, max_length: int) -> Iterator[Batch]:
    """All texts of a table in padded batches, shortest first."""
    rows = np.arange(len(table.starts) - 1)
    plan = plan_batches(rows, table.lengths, batch_size=batch_size, max_length=max_length, buckets=FINE_BUCKETS)
    for length, members in plan:
        yield Batch(fill(table.padded(members, length), batch_size), members)


def fill(ids: NDArray[np.int32], batch_size: int) -> NDArray[np.int32]:
    """Ids int32[batch_size, length]: the given lines and, below them, lines of padding."""
    return np.pad(ids, ((0, batch_size - len(ids)), (0, 0)))
