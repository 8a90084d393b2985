"""The sections of the Balance page: filters, words, search, findings and their remedies, the map."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from sentiment import data
from sentiment.data import DatasetInfo
from sentiment.training import text_map
from sentiment.training.base_hash import hash_of_base
from sentiment.training.runs import Run
from sentiment.training.text_reader import TextReader
from sentiment.training.text_vectors import vectors_folder
from sentiment.workspace import Workspace
from tests.pages.conftest import HOSTILE, button, open_page, press_twice, words


@pytest.fixture
def shop(workspace: Workspace, tmp_path: Path) -> DatasetInfo:
    """90 rows of two classes in two shops; one text comes three times, once with another label."""
    bad = [f"the zipper broke after day {i}" + " and so on" * (i % 3) for i in range(29)]
    good = [f"lovely colour, fits well {i}" for i in range(58)]
    frame = pd.DataFrame({"text": [*bad, *good, *["Same old thing!"] * 3], "label": ["bad"] * 29 + ["good"] * 61})
    frame.loc[89, "label"] = "bad"
    frame["shop"] = np.where(np.arange(90) % 3 == 0, "north", "south")
    path = tmp_path / "shop.csv"
    frame.to_csv(path, index=False)
    return workspace.add_dataset(data.import_file(path, text="text", label="label"))[0]


def open_section(app: AppTest, name: str) -> AppTest:
    open_page(app, "balance")
    return app.segmented_control(key="section").set_value(name).run()


def press(app: AppTest, label: str) -> AppTest:
    return button(app, label).click().run()


def shown_rows(app: AppTest) -> list[int]:
    return app.dataframe[0].value["Row"].tolist()


def add_filter(app: AppTest, info: DatasetInfo, **values: object) -> AppTest:
    for name, value in values.items():
        key = f"choose:{info.id}:{name}"
        widgets = [*app.multiselect, *app.selectbox, *app.slider, *app.text_input]
        next(widget for widget in widgets if widget.key == key).set_value(value).run()
    return app.button(key=f"choose:{info.id}:add").click().run()


def test_classes_are_shown_by_a_column_of_the_file(app: AppTest, shop: DatasetInfo) -> None:
    open_page(app, "balance")
    app.segmented_control(key=f"by:{shop.id}").set_value("file:shop").run()
    assert not app.exception
    assert "north" in app.get("plotly_chart")[0].proto.spec
    assert "Click a part of a bar" in words(app)


def test_filters_combine_and_each_can_be_taken_away(app: AppTest, shop: DatasetInfo) -> None:
    open_page(app, "balance")
    add_filter(app, shop, column="file:shop")
    add_filter(app, shop, column="file:shop", value=["north"])
    assert app.metric[1].value == "30"
    add_filter(app, shop, search="zipper")
    assert not app.exception
    assert "10 of 90 rows" in words(app)
    app.segmented_control(key=f"class:{shop.id}").set_value("bad").run()
    assert shown_rows(app) == list(range(1, 30, 3))
    app.segmented_control(key=f"class:{shop.id}").set_value("good").run()
    assert "No row." in words(app)
    press(app, "shop: north")
    assert "29 of 90 rows" in words(app)
    press(app, "“zipper”")
    assert "of 90 rows" not in words(app)


def test_a_strong_imbalance_leads_to_fine_tuning_with_the_remedy_chosen(
    app: AppTest, add: Callable[..., DatasetInfo]
) -> None:
    add({"negative": 30, "positive": 600})
    open_page(app, "balance")
    assert "measured at 1 to 20" in words(app)
    press(app, "Fine-tune with logit adjustment")
    assert not app.exception
    assert app.title[0].value == "Fine-tune"
    assert app.selectbox(key="set:imbalance").value == "logit-adjustment"


def test_the_rows_of_a_word_have_it_marked(app: AppTest, shop: DatasetInfo) -> None:
    open_section(app, "Words")
    assert not app.exception
    app.selectbox(key=f"word:{shop.id}").set_value("zipper").run()
    assert "“zipper” is in 29 rows: 29 bad" in words(app)
    assert "the :violet-background[zipper] broke after day 3" in words(app)


def test_search_finds_counts_and_filters(app: AppTest, shop: DatasetInfo) -> None:
    open_section(app, "Search")
    app.text_input(key=f"search:{shop.id}").input('"so on" broke').run()
    assert "**19 rows**" in words(app)
    press(app, "Filter to these")
    assert "19 of 90 rows" in words(app)


def test_found_rows_are_labeled_at_once_and_that_is_undone(
    app: AppTest, shop: DatasetInfo, workspace: Workspace
) -> None:
    open_section(app, "Search")
    app.text_input(key=f"search:{shop.id}").input("lovely").run()
    press(app, "bad")
    assert not app.exception
    assert workspace.dataset_info(shop.id).class_counts == {"bad": 88, "good": 2}
    assert set(workspace.labels.history(shop.id)["how"]) == {"bulk"}
    press(app, "Undo")
    assert workspace.dataset_info(shop.id).class_counts == {"bad": 30, "good": 60}


def test_a_double_click_labels_once_so_that_one_undo_takes_it_back(
    app: AppTest, shop: DatasetInfo, workspace: Workspace
) -> None:
    open_section(app, "Search")
    app.text_input(key=f"search:{shop.id}").input("lovely").run()
    press_twice(app, "bad")
    assert not app.exception
    assert len(workspace.labels.history(shop.id)) == 58
    press(app, "Undo")
    assert workspace.dataset_info(shop.id).class_counts == {"bad": 30, "good": 60}
    press(app, "bad")  # what was taken back can be done again
    assert workspace.dataset_info(shop.id).class_counts == {"bad": 88, "good": 2}


def test_a_double_click_on_undo_takes_back_one_step(app: AppTest, shop: DatasetInfo, workspace: Workspace) -> None:
    workspace.labels.label(shop.id, [0, 1], "good", who="me")
    open_section(app, "Search")
    app.text_input(key=f"search:{shop.id}").input("lovely").run()
    press(app, "bad")
    press_twice(app, "Undo")
    assert not app.exception
    assert workspace.dataset_info(shop.id).class_counts == {"bad": 28, "good": 62}


def test_undo_leaves_alone_what_was_labeled_after_the_step_that_it_names(
    app: AppTest, shop: DatasetInfo, workspace: Workspace
) -> None:
    open_section(app, "Search")
    app.text_input(key=f"search:{shop.id}").input("lovely").run()
    press(app, "bad")
    workspace.labels.label(shop.id, [0], "good", who="me")  # in another window
    press(app, "Undo")
    assert workspace.dataset_info(shop.id).class_counts == {"bad": 87, "good": 3}
    assert "nothing else was taken back" in app.toast[0].value
    assert "rows changed" not in words(app)


def test_undo_takes_back_the_step_of_whoever_did_it(app: AppTest, shop: DatasetInfo, workspace: Workspace) -> None:
    workspace.labels.label(shop.id, [0], "good", who="Ann")
    open_section(app, "Search")
    app.text_input(key=f"search:{shop.id}").input("lovely").run()
    press(app, "bad")
    app.session_state["studio"].person = "Ann"  # as on the Label page
    press(app, "Undo")
    assert workspace.dataset_info(shop.id).class_counts == {"bad": 29, "good": 61}


@pytest.mark.parametrize("label", ["Keep one of each, leave out the rest", "bad", "Undo"])
def test_a_step_that_is_refused_is_told_on_the_page(
    app: AppTest, shop: DatasetInfo, workspace: Workspace, monkeypatch: pytest.MonkeyPatch, label: str
) -> None:
    workspace.labels.note(shop.id, 5, "seen", who="me")  # a demo makes no database
    open_section(app, "Findings")
    if label != "Keep one of each, leave out the rest":
        app.segmented_control(key=f"finding:{shop.id}").set_value("conflicts").run()
    if label == "Undo":
        press(app, "Give each text the label that most rows have")
    pressed = button(app, label)
    monkeypatch.setenv("SENTIMENT_MODE", "demo")  # from now on nobody may
    pressed.click().run()
    assert not app.exception
    assert "demo" in app.error[0].value


def test_found_rows_become_the_queue(app: AppTest, shop: DatasetInfo, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(TextReader, "read", lambda self: None)  # no process that makes vectors
    open_section(app, "Search")
    app.text_input(key=f"search:{shop.id}").input("lovely 7").run()
    press(app, "Label one by one")
    assert not app.exception
    assert app.title[0].value == "Label"
    assert "A search result or a selection" in words(app)


def test_a_pattern_that_cannot_be_read_is_explained_and_the_page_lives_on(app: AppTest, shop: DatasetInfo) -> None:
    open_section(app, "Search")
    app.toggle(key=f"search-regex:{shop.id}").set_value(True).run()
    app.text_input(key=f"search:{shop.id}").input("(day").run()
    assert not app.exception
    assert "cannot be read" in app.error[0].value
    app.text_input(key=f"search:{shop.id}").input(r"day \d$").run()
    assert "**4 rows**" in words(app)


def test_duplicates_are_left_out_by_a_click_and_brought_back_by_another(
    app: AppTest, shop: DatasetInfo, workspace: Workspace
) -> None:
    open_section(app, "Findings")
    assert app.metric[0].value == "2"
    assert shown_rows(app) == [88, 89, 90]
    press(app, "Keep one of each, leave out the rest")
    assert not app.exception
    assert workspace.dataset_info(shop.id).n_rows == 88
    assert "No text comes twice." in words(app)
    press(app, "Undo")
    assert workspace.dataset_info(shop.id).n_rows == 90
    assert app.metric[0].value == "2"


def test_a_double_click_applies_a_remedy_once_so_that_one_undo_takes_it_back(
    app: AppTest, shop: DatasetInfo, workspace: Workspace
) -> None:
    open_section(app, "Findings")
    press_twice(app, "Keep one of each, leave out the rest")
    assert not app.exception
    assert len(workspace.labels.history(shop.id)) == 2
    press(app, "Undo")
    assert workspace.dataset_info(shop.id).n_rows == 90


def test_conflicting_labels_are_settled_by_the_majority(app: AppTest, shop: DatasetInfo, workspace: Workspace) -> None:
    open_section(app, "Findings")
    app.segmented_control(key=f"finding:{shop.id}").set_value("conflicts").run()
    assert shown_rows(app) == [88, 89, 90]
    press(app, "Give each text the label that most rows have")
    assert not app.exception
    assert workspace.dataset_info(shop.id).class_counts == {"bad": 29, "good": 61}
    assert "No text has two labels." in words(app)


def test_rows_on_both_sides_of_a_split_are_found(
    app: AppTest, shop: DatasetInfo, judged: Callable[[DatasetInfo], Run]
) -> None:
    run = judged(shop)
    rows = np.arange(90)
    np.savez(run.folder / "split.npz", train=rows[:88], validation=rows[88:89], test=rows[89:])
    open_section(app, "Findings")
    app.segmented_control(key=f"finding:{shop.id}").set_value("crossing").run()
    table = app.dataframe[0].value
    assert table["Row"].tolist() == [88, 89, 90]
    assert table["Side"].tolist() == ["training", "training", "held out"]


def test_the_map_is_made_on_demand_and_then_drawn(
    app: AppTest, shop: DatasetInfo, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[tuple[str, str]] = []
    monkeypatch.setattr(text_map, "start", lambda root, dataset, base: asked.append((dataset, base)))
    open_section(app, "Map")
    assert not app.get("plotly_chart")
    press(app, "Make the map")
    assert asked[0][0] == shop.id
    base = asked[0][1]
    place = vectors_folder(workspace.dataset_folder(shop.id), base)
    place.mkdir(parents=True, exist_ok=True)
    places = np.zeros((90, 2), np.float32)
    np.savez(place / "map.npz", rows=np.arange(90), places=places, hash=np.array("of another base model"))
    app.run()
    assert not app.get("plotly_chart")
    assert "has changed since the map was made" in words(app)
    np.savez(place / "map.npz", rows=np.arange(90), places=places, hash=np.array(hash_of_base(base)))
    app.run()
    assert not app.exception
    assert "90 rows" in app.get("plotly_chart")[0].proto.spec.replace("\\u202f", "")
    before = app.get("plotly_chart")[0].proto.spec
    np.savez(place / "map.npz", rows=np.arange(90), places=places + 1, hash=np.array(hash_of_base(base)))
    app.run()
    assert app.get("plotly_chart")[0].proto.spec != before
    app.selectbox(key=f"colour:{shop.id}").set_value("file:shop").run()
    assert not app.exception
    assert "south" in app.get("plotly_chart")[0].proto.spec


@pytest.mark.parametrize("section", ["Balance", "Words", "Map", "Search", "Findings"])
def test_hostile_classes_break_no_section(app: AppTest, add: Callable[..., DatasetInfo], section: str) -> None:
    add(dict.fromkeys(HOSTILE, 8))
    open_section(app, section)
    assert not app.exception
    assert not app.error


@pytest.mark.parametrize("section", ["Balance", "Map", "Search", "Findings"])
def test_a_dataset_without_labels_can_be_explored(app: AppTest, add: Callable[..., DatasetInfo], section: str) -> None:
    add({"": 12})
    open_section(app, section)
    assert not app.exception
    assert not app.error
