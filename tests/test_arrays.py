"""What is done otherwise than numpy does it has the same outcome; blocks of rows come back in their order."""

import threading
import time

import numpy as np
import pytest

from sentiment.arrays import distinct, on_cores, usable_cores


@pytest.mark.parametrize(
    "values",
    [
        np.array([3, 1, 3, -2, 1]),
        np.array([], np.int64),
        np.array([2**63, 1, 2**63], np.uint64),
        np.random.default_rng(0).integers(0, 10**12, 5_000) // 10**9,
    ],
    ids=["few", "none", "unsigned", "many"],
)
def test_distinct_values_are_those_of_numpy_in_its_order_and_type(values: np.ndarray) -> None:
    found = distinct(values)
    np.testing.assert_array_equal(found, np.unique(values))
    assert found.dtype == values.dtype


def test_blocks_come_back_in_their_order_from_no_more_threads_than_there_are_cores():
    seen: set[str] = set()

    def work(block: int) -> int:
        seen.add(threading.current_thread().name)
        time.sleep(0.002 * (3 - block % 3))  # the later of three ends first
        return block * block

    assert on_cores(work, range(30)) == [block * block for block in range(30)]
    assert 1 <= len(seen) <= usable_cores()
    assert on_cores(work, []) == []


def test_an_error_in_a_block_is_told():
    with pytest.raises(ZeroDivisionError):
        on_cores(lambda block: 1 // block, [1, 0, 2])
