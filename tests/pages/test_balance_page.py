"""Balance: the numbers on top, and the rows behind a class."""

from collections.abc import Callable

from streamlit.testing.v1 import AppTest

from sentiment.data import DatasetInfo
from tests.pages.conftest import HOSTILE, open_page, words
from ui.text import literal, visible

Add = Callable[..., DatasetInfo]


def test_ratio_and_rows_of_a_class(app: AppTest, add: Add) -> None:
    info = add({"negative": 30, "neutral": 10, "positive": 130})
    open_page(app, "balance")
    assert not app.exception
    assert [found.value for found in app.metric] == ["13 : 1", "170", "0", "neutral"]
    app.segmented_control(key=f"class:{info.id}").set_value("neutral").run()
    table = app.dataframe[0].value
    assert table["Label"].unique().tolist() == ["neutral"]
    assert table["Row"].tolist() == list(range(31, 41))


def test_many_rows_come_in_pages(app: AppTest, add: Add) -> None:
    info = add({"negative": 30, "positive": 250})
    open_page(app, "balance")
    app.segmented_control(key=f"class:{info.id}").set_value("positive").run()
    assert len(app.dataframe[0].value) == 100
    app.number_input(key=f"page:{info.id}").set_value(3).run()
    assert app.dataframe[0].value["Row"].tolist() == list(range(231, 281))
    app.segmented_control(key=f"class:{info.id}").set_value("negative").run()
    assert not app.exception
    assert len(app.dataframe[0].value) == 30


def test_hostile_labels_are_literal_and_invisible_signs_are_seen(app: AppTest, add: Add) -> None:
    info = add(dict.fromkeys(HOSTILE, 8))
    open_page(app, "balance")
    assert not app.exception
    control = app.segmented_control(key=f"class:{info.id}")
    assert {literal(label, limit=60) for label in HOSTILE} == set(control.options)
    assert app.dataframe[0].value["Label"][0] in {visible(label) for label in HOSTILE}
    assert r"⟨U\+200B⟩" in "".join(control.options)


def test_a_dataset_without_labels_says_what_to_do(app: AppTest, add: Add) -> None:
    add({"": 12})
    open_page(app, "balance")
    assert "has no labels" in words(app)
    assert len(app.dataframe[0].value) == 12
