"""Classes against other columns: groups of words and of numbers, counts by hand."""

from itertools import pairwise

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from sentiment.data.crosstab import cross_classes, effective_classes, group_values
from sentiment.data.filters import Filter, filter_rows


def test_words_are_groups_most_frequent_first_and_the_rest_is_one() -> None:
    values = pd.Series(["b", "a", "b", "c", None, " ", "d", "b"], dtype="str")
    groups = group_values(values, most=2)
    assert groups.names == ("b", "other values", "no value")
    assert groups.codes.tolist() == [0, 1, 0, 1, 2, 2, 1, 0]


def test_a_value_that_is_called_like_a_group_of_ours_stays_apart() -> None:
    values = pd.Series(["no value", None, "no value"], dtype="str")
    groups = group_values(values)
    assert groups.names == ("no value", "(no value)")
    assert groups.codes.tolist() == [0, 1, 0]


def test_few_numbers_are_groups_in_their_order() -> None:
    groups = group_values(pd.Series(["10", "2", "10", "", "3.50"], dtype="str"))
    assert groups.names == ("2", "3.5", "10", "no value")
    assert groups.codes.tolist() == [2, 0, 2, 3, 1]


@pytest.mark.parametrize(
    "values",
    [
        ["1234567", "1234568", "1234569"],
        ["20240101", "20240102"],
        ["0.12345678", "0.12345679"],
        ["007", "7", "08"],
        ["9007199254740992", "9007199254740993"],
    ],
)
def test_different_numbers_never_share_a_name(values: list[str]) -> None:
    column = pd.Series(values * 3, dtype="str")
    groups = group_values(column)
    assert sorted(groups.names) == sorted(values)
    assert [groups.names[code] for code in groups.codes] == column.tolist()
    frame = pd.DataFrame({"id": column})
    for value in values:
        wanted = [Filter("value", column="id", value=value)]
        found = filter_rows(frame, wanted, texts=lambda: pa.array([], pa.large_string()), groups=lambda _: groups)
        assert column[found].unique().tolist() == [value]


def test_whole_numbers_are_written_out_and_minus_nothing_is_a_number() -> None:
    assert group_values(pd.Series([1234567.0, 20.0, 0.5])).names == ("0.5", "20", "1234567")
    assert group_values(pd.Series(["-0.5", "0", "0.25"], dtype="str")).names == ("-0.5", "0", "0.25")


def test_many_numbers_are_ranges_that_hold_every_row_once() -> None:
    numbers = np.random.default_rng(0).permutation(600)
    groups = group_values(pd.Series(numbers))
    assert len(groups.names) == 6
    assert np.bincount(groups.codes).tolist() == [100] * 6
    assert groups.names[0] == "0 to 99"
    assert set(numbers[groups.codes == 5]) == set(range(500, 600))


def test_numbers_that_hardly_differ_still_have_names_of_their_own() -> None:
    groups = group_values(pd.Series(1e6 + np.arange(40) / 1e3))
    assert len(set(groups.names)) == len(groups.names)
    ends = [name.split(" to ") for name in group_values(pd.Series(np.arange(600) / 10_000)).names]
    assert all(before[-1] != after[0] for before, after in pairwise(ends))


@pytest.mark.parametrize("values", [[], [None, None], ["inf", "nan", "1"], ["7"] * 3])
def test_odd_columns_give_groups_for_every_row(values: list[str | None]) -> None:
    groups = group_values(pd.Series(values, dtype="str"))
    assert len(groups.codes) == len(values)
    assert all(0 <= code < len(groups.names) for code in groups.codes)


def test_counts_and_shares_by_hand() -> None:
    groups = group_values(pd.Series(["x", "x", "x", "y", "z"], dtype="str"))
    table = cross_classes(["a", "a", "b", "b", None], groups, classes=["a", "b"])
    assert table["group"].tolist() == ["x", "x", "y", "y"]  # z has no labeled row
    assert table["count"].tolist() == [2, 1, 0, 1]
    assert table["share"].tolist() == pytest.approx([2 / 3, 1 / 3, 0, 1])
    assert table["total"].tolist() == [3, 3, 1, 1]


def test_effective_classes() -> None:
    assert effective_classes([5, 5, 5]) == pytest.approx(3)
    assert effective_classes([7, 0]) == pytest.approx(1)
    assert effective_classes([]) == 0
    assert 1 < effective_classes([1, 99]) < 1.1
