"""Conditions on rows: what is alike widens, what differs narrows."""

import pandas as pd

from sentiment.data.crosstab import group_values
from sentiment.data.filters import Filter, filter_rows
from sentiment.data.search import as_texts

FRAME = pd.DataFrame(
    {
        "row": [0, 2, 3, 5, 6],
        "text": ["good", "bad", "good and bad", "fine", "Good"],
        "label": pd.array(["pos", "neg", "neg", None, "pos"], dtype="str"),
        "length": [1, 1, 3, 1, 1],
        "file:shop": ["a", "b", "a", "c", "b"],
    }
)


def kept(*filters: Filter) -> list[int]:
    found = filter_rows(
        FRAME, filters, texts=lambda: as_texts(FRAME["text"]), groups=lambda name: group_values(FRAME[name])
    )
    return FRAME["row"].iloc[found].tolist()


def test_no_condition_keeps_every_row() -> None:
    assert kept() == [0, 2, 3, 5, 6]


def test_several_classes_mean_any_of_them() -> None:
    assert kept(Filter("class", value="pos"), Filter("class", value=None)) == [0, 5, 6]


def test_different_things_must_all_be_met() -> None:
    assert kept(Filter("class", value="neg"), Filter("value", column="file:shop", value="a")) == [3]
    assert kept(Filter("search", value="good"), Filter("length", low=1, high=2)) == [0, 6]
    assert kept(Filter("search", value="good"), Filter("search", value="bad")) == [3]
    assert kept(Filter("search", value="^g", regex=True), Filter("rows", rows=(6, 2, 99))) == [6]


def test_a_value_that_is_not_there_keeps_nothing() -> None:
    assert kept(Filter("value", column="file:shop", value="zzz")) == []
