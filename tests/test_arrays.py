"""What numpy does slowly, done otherwise with the same outcome."""

import numpy as np
import pytest

from sentiment.arrays import distinct


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
