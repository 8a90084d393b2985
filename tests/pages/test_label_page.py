"""The Label page, run without a browser: labels given by its buttons are in the store."""

import re

import pytest
from streamlit.testing.v1 import AppTest

from sentiment.labeling import Labeling
from sentiment.workspace import Workspace
from tests.pages.conftest import HOSTILE, open_page, words


@pytest.fixture(autouse=True)
def _no_model(monkeypatch: pytest.MonkeyPatch) -> None:
    """No base model reads the texts: rows come at random."""
    monkeypatch.setattr(Labeling, "update_soon", lambda self: None)


def click(app: AppTest, key: str) -> AppTest:
    """Clicks the button of this key, or the one for the row on the card whose key begins so."""
    return next(found for found in app.button if re.fullmatch(rf"{key}(:\d+)?", found.key or "")).click().run()


def test_without_a_dataset_it_says_what_to_do(app):
    assert "no dataset to label" in words(open_page(app, "label"))


def test_a_click_labels_the_row_and_brings_the_next(app, add, workspace: Workspace):
    info = add({"good": 5, "bad": 5, "": 10})
    open_page(app, "label")
    click(app, "class:0")
    click(app, "class:1")
    table = workspace.labels.current(info.id)
    assert sorted(table["label"]) == ["bad", "good"]
    assert table["row"].nunique() == 2
    assert table["row"].min() >= 10


def test_undo_takes_back_skip_passes_and_flag_stays(app, add, workspace: Workspace):
    info = add({"good": 5, "bad": 5, "": 10})
    open_page(app, "label")
    click(app, "class:0")
    click(app, "act:undo")
    click(app, "act:flag")
    click(app, "act:skip")
    table = workspace.labels.current(info.id).set_index("row")
    assert table["label"].isna().all()
    assert table["flagged"].tolist() == [True]
    assert table["skipped"].tolist() == [True]


def test_back_shows_the_row_before_and_a_new_label_replaces_the_old(app, add, workspace: Workspace):
    info = add({"good": 5, "bad": 5, "": 10})
    open_page(app, "label")
    click(app, "class:0")
    click(app, "act:back")
    click(app, "class:1")
    table = workspace.labels.current(info.id)
    assert table["label"].tolist() == [workspace.labels.classes(info.id)[1].name]


def list_rows(app: AppTest, info_id: str, query: str) -> None:
    """Searches, and makes what is found the queue."""
    app.segmented_control(key=f"label-more:{info_id}").set_value("Several at once").run()
    app.text_input(key=f"bulk:{info_id}").set_value(query).run()
    click(app, "bulk-queue")


def test_rows_that_have_a_label_from_here_are_shown_again_and_the_queue_moves_on(app, add, workspace: Workspace):
    info = add({"good": 5, "bad": 5, "": 10})
    open_page(app, "label")
    for _ in range(10):
        click(app, "class:0")
    list_rows(app, info.id, "review")
    shown = []
    while "at its end" not in words(app):
        shown.append(next(str(found.value) for found in app.caption if str(found.value).startswith("Row ")))
        click(app, "class:1" if len(shown) % 2 else "act:skip")
    assert shown == [f"Row {row}" for row in range(1, 21)]
    assert "all the rows that you chose" in words(app)
    given = workspace.labels.opinions(info.id)
    assert set(given[given["label"] == workspace.labels.classes(info.id)[1].name]["row"]) == set(range(0, 20, 2))


def test_the_queue_of_suspects_says_that_it_checks_labels_of_the_file(app, add):
    info = add({"": 4})
    open_page(app, "label")
    click(app, "usual")
    for _ in range(4):
        click(app, "class:0")
    app.selectbox(key=f"queue:{info.id}").set_value("suspects").run()
    assert "all labels were given here" in words(app)


def test_hostile_texts_and_classes_are_shown_as_they_are(app, add):
    add(dict.fromkeys(HOSTILE, 3) | {"": 3}, text="**bold** :red[x] $$a$$")
    open_page(app, "label")
    assert not app.exception
    assert "\\*\\*bold\\*\\*" in words(app)


def test_a_class_can_be_added_where_there_is_none(app, add, workspace: Workspace):
    info = add({"": 6})
    open_page(app, "label")
    assert "no class yet" in words(app)
    app.segmented_control(key=f"label-more:{info.id}").set_value("Classes").run()
    app.text_input(key=f"class-new:{info.id}").set_value("splendid")
    next(found for found in app.button if found.label == "Add").click().run()
    assert [found.name for found in workspace.labels.classes(info.id)] == ["splendid"]
    click(app, "class:0")
    assert workspace.labels.current(info.id)["label"].tolist() == ["splendid"]


def test_a_dataset_without_labels_starts_with_the_usual_classes_by_a_click(app, add, workspace: Workspace):
    info = add({"": 6})
    open_page(app, "label")
    click(app, "usual")
    assert [found.name for found in workspace.labels.classes(info.id)] == ["negative", "neutral", "positive"]
    click(app, "class:2")
    assert workspace.dataset_info(info.id).class_counts["positive"] == 1
