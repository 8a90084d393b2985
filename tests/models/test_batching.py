"""Batches: every row once, in a bucket that holds it."""

import numpy as np

from sentiment.models.batching import FINE_BUCKETS, batches, bucket_lengths, plan_batches
from sentiment.models.tokenizer import TokenTable

LENGTHS = np.random.default_rng(0).integers(0, 200, 333)
TABLE = TokenTable(
    np.arange(1, LENGTHS.sum() + 1, dtype=np.int32), np.concatenate([[0], np.cumsum(LENGTHS)]).astype(np.int64)
)


def test_a_bucket_holds_its_rows_and_none_is_longer_than_the_limit():
    buckets = bucket_lengths(LENGTHS, max_length=100)
    assert (buckets >= np.minimum(LENGTHS, 100)).all()
    assert buckets.max() == 100


def test_finer_buckets_hold_their_rows_with_less_padding():
    coarse = bucket_lengths(LENGTHS, max_length=200)
    fine = bucket_lengths(LENGTHS, max_length=200, buckets=FINE_BUCKETS)
    assert (fine >= LENGTHS).all()
    assert (fine <= coarse).all()
    assert fine.sum() < coarse.sum()


def test_every_row_comes_once_and_only_the_last_batch_is_short():
    plan = plan_batches(np.arange(333), LENGTHS, batch_size=32, max_length=128, rng=np.random.default_rng(1))
    assert sorted(np.concatenate([rows for _, rows in plan])) == list(range(333))
    assert sorted(len(rows) for _, rows in plan)[1:] == [32] * 10
    assert all((np.minimum(LENGTHS[rows], 128) <= length).all() for length, rows in plan)


def test_the_same_seed_gives_the_same_batches():
    def draw(seed: int) -> list[list[int]]:
        plan = plan_batches(np.arange(333), LENGTHS, batch_size=32, max_length=64, rng=np.random.default_rng(seed))
        return [rows.tolist() for _, rows in plan]

    assert draw(1) == draw(1)
    assert draw(1) != draw(2)


def test_batches_carry_the_ids_of_their_rows_and_padding_below():
    seen = 0
    for batch in batches(TABLE, batch_size=64, max_length=256):
        assert batch.ids.shape[0] == 64
        seen += len(batch.rows)
        for line, row in zip(batch.ids, batch.rows, strict=False):
            words = line[: LENGTHS[row]]
            assert words.tolist() == list(range(TABLE.starts[row] + 1, TABLE.starts[row + 1] + 1))
        assert not batch.ids[len(batch.rows) :].any()
    assert seen == 333
