"""The Label page, run without a browser: labels given by its buttons are in the store."""

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
    return app.button(key=key).click().run()


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
