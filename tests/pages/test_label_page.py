"""The Label page, run without a browser: labels given by its buttons are in the store."""

import re
from dataclasses import replace

import pytest
from streamlit.testing.v1 import AppTest

from sentiment.labeling import Labeling
from sentiment.labels.classes import LabelClass
from sentiment.workspace import Workspace
from tests.pages.conftest import HOSTILE, open_page, tick, words
from ui.panels_label import KEYS, Seat, act_on, shortcuts


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


def test_the_curve_is_drawn_while_the_base_model_still_reads(app, add, monkeypatch: pytest.MonkeyPatch):
    add({"good": 5, "bad": 5, "": 10})
    monkeypatch.setattr(Labeling, "reading", lambda self: (5, 20))
    open_page(app, "label")
    assert "The curve begins" in app.get("plotly_chart")[0].proto.spec
    assert "The base model reads the texts" in app.get("progress")[-1].proto.text


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


def more(app: AppTest, info_id: str, name: str) -> None:
    """Opens one of the panels below the card."""
    app.segmented_control(key=f"label-more:{info_id}").set_value(name).run()


def submit(app: AppTest, title: str) -> AppTest:
    return next(found for found in app.button if found.label == title).click().run()


def test_a_digit_stays_with_its_class_when_another_one_goes():
    classes = [LabelClass(n, name) for n, name in enumerate("abc")]
    assert shortcuts(classes, {}) == {"a": "1", "b": "2", "c": "3", **KEYS}
    gone = [classes[0], replace(classes[1], retired=True), classes[2]]
    assert shortcuts(gone, {}) == {"a": "1", "c": "3", **KEYS}
    many = [LabelClass(n, f"c{n}", retired=n == 4) for n in range(10)]
    assert shortcuts(many, {})["c9"] == "5"  # all others are dealt
    assert shortcuts(classes, {"c": "1"}) == {"a": "2", "b": "3", "c": "1", **KEYS}


def test_a_class_that_was_renamed_meanwhile_is_still_the_one_that_was_chosen(app, add, workspace: Workspace):
    info = add({"good": 5, "bad": 5, "odd": 5, "": 5})
    open_page(app, "label")
    more(app, info.id, "Classes")
    ids = {found.name: found.id for found in workspace.labels.classes(info.id)}
    app.selectbox(key=f"retire:{info.id}").set_value(ids["odd"])
    workspace.labels.rename_class(info.id, "odd", "strange", who="bob")
    submit(app, "Retire")
    assert [found.name for found in workspace.labels.all_classes(info.id) if found.retired] == ["strange"]


def test_a_class_that_was_taken_away_meanwhile_is_no_other_one(app, add, workspace: Workspace):
    info = add({"good": 5, "bad": 5, "odd": 5, "": 5})
    open_page(app, "label")
    more(app, info.id, "Classes")
    ids = {found.name: found.id for found in workspace.labels.classes(info.id)}
    app.selectbox(key=f"rename-old:{info.id}").set_value(ids["odd"])
    next(found for found in app.text_input if found.label == "Its new name").set_value("new")
    workspace.labels.retire_class(info.id, "odd", who="bob")
    submit(app, "Rename")
    assert "No class is chosen" in str([found.value for found in app.error])
    assert {found.name for found in workspace.labels.all_classes(info.id)} == {"good", "bad", "odd"}


def test_a_click_on_a_class_that_is_gone_settles_a_row_as_no_other(app, add, workspace: Workspace):
    info = add({"good": 5, "bad": 5, "odd": 5, "": 5})
    for who, name in (("ann", "bad"), ("bob", "good")):
        workspace.labels.label(info.id, [16], name, who=who)
    open_page(app, "label")
    more(app, info.id, "People")
    first = workspace.labels.classes(info.id)[0]
    button = next(found for found in app.button if found.key == f"settle:16:{first.id}")
    workspace.labels.retire_class(info.id, first.name, who="bob")
    button.click().run()
    assert not app.exception
    assert "settle" not in set(workspace.labels.history(info.id)["kind"])


def test_rows_that_were_labeled_at_once_are_no_longer_ticked(app, add, workspace: Workspace):
    info = add({"good": 5, "bad": 5, "": 10})
    open_page(app, "label")
    more(app, info.id, "Several at once")
    app.text_input(key=f"bulk:{info.id}").set_value("review").run()
    app.selectbox(key=f"bulk-class:{info.id}").set_value(workspace.labels.classes(info.id)[0].id).run()
    tick(app, [0, 1])
    submit(app, "Label 2 rows")
    assert len(workspace.labels.history(info.id)) == 2
    assert next(found for found in app.button if found.key == "bulk-label").disabled


def test_a_note_is_kept_on_the_row_that_it_was_typed_for(app, add, workspace: Workspace):
    info = add({"good": 5, "bad": 5, "": 10})
    open_page(app, "label")
    more(app, info.id, "Notes")
    row = int(next(found.label for found in app.text_input if "A note on" in found.label).split()[-1]) - 1
    typed = app.text_input(key=f"note-text:{info.id}:{row}").set_value("odd words")
    app.session_state["studio"].kept[f"seat:{info.id}"].step(-1)
    app.session_state["studio"].kept[f"seat:{info.id}"].show(19 if row != 19 else 18)  # another row is on the card
    typed.run()
    assert workspace.labels.notes(info.id)[["row", "text"]].to_numpy().tolist() == [[row, "odd words"]]
    assert app.session_state["studio"].kept[f"seat:{info.id}"].noted == (19 if row != 19 else 18)


def test_guidelines_that_somebody_else_changed_are_not_overwritten_unseen(app, add, workspace: Workspace):
    info = add({"good": 5, "": 5})
    open_page(app, "label")
    box = f"guidelines:{info.id}"
    workspace.labels.set_guidelines(info.id, "by bob", who="bob")
    app.run()
    assert app.text_area(key=box).value == "by bob"  # nobody had typed here
    workspace.labels.set_guidelines(info.id, "by bob, again", who="bob")
    app.text_area(key=box).set_value("by me")
    app.button(key=f"save:{box}").click().run()
    assert "changed the guidelines meanwhile" in str([found.value for found in app.warning])
    assert workspace.labels.guidelines(info.id) == "by bob, again"
    app.button(key=f"save:{box}").click().run()
    assert workspace.labels.guidelines(info.id) == "by me"


def test_a_second_key_for_a_row_that_is_gone_flags_no_other(app, add, workspace: Workspace):
    info = add({"good": 5, "bad": 5, "": 10})
    open_page(app, "label")
    flag = next(found for found in app.button if (found.key or "").startswith("act:flag:"))
    click(app, "class:0")
    flag.click().run()
    assert not app.exception
    assert set(workspace.labels.history(info.id)["kind"]) == {"label"}


def test_a_class_that_was_taken_away_meanwhile_is_merged_into_none(app, add, workspace: Workspace):
    info = add({"good": 5, "bad": 5, "odd": 5, "": 5})
    open_page(app, "label")
    more(app, info.id, "Classes")
    ids = {found.name: found.id for found in workspace.labels.classes(info.id)}
    app.multiselect(key=f"merge-parts:{info.id}").set_value([ids["odd"]])
    app.selectbox(key=f"merge-into:{info.id}").set_value(ids["good"])
    workspace.labels.retire_class(info.id, "odd", who="bob")
    submit(app, "Merge")
    assert not app.exception
    assert all(found.merged_into is None for found in workspace.labels.all_classes(info.id))


def test_one_press_on_the_buttons_of_two_rows_acts_once():
    place, acts = Seat(), []
    place.show(3)
    drawn_before = place.turn
    place.show(4)
    drawn_now = place.turn
    for turn in (drawn_now, drawn_before, drawn_now):  # in any order; the act brings another row
        act_on(place, turn, lambda: (acts.append(place.row), place.show(3)))
    assert acts == [4]
