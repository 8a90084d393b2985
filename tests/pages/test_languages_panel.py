"""The languages of a dataset's rows on the pages: told, corrected, taken back, compared and filtered by."""

from pathlib import Path

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from sentiment import data
from sentiment.data import DatasetInfo
from sentiment.workspace import Workspace
from tests.pages.conftest import open_page, press_twice, words
from tests.pages.test_data_page import drop
from ui import cache_explore, panels_label, text
from ui.panels_filters import columns_of
from ui.widgets import let_texts_run

ENGLISH = "The screen is great but the battery died after two weeks, number"
GERMAN = "Das Essen war leider kalt und der Service sehr langsam, Nummer"
HEBREW = "קניתי iPhone 13 Pro ב-999 דולר, מכשיר נהדר"


@pytest.fixture
def mixed(workspace: Workspace, tmp_path: Path) -> DatasetInfo:
    texts = [f"{GERMAN if i % 4 == 0 else ENGLISH} {i}" for i in range(40)]
    path = tmp_path / "mixed.csv"
    pd.DataFrame({"text": texts, "label": ["pos", "neg"] * 20}).to_csv(path, index=False)
    return workspace.add_dataset(data.import_file(path, text="text", label="label"))[0]


def choose(app: AppTest, label: str, shown: str) -> None:
    next(box for box in app.selectbox if box.label == label).select(shown).run()


def test_languages_are_counted_corrected_and_taken_back(app: AppTest, workspace: Workspace, mixed: DatasetInfo) -> None:
    open_page(app, "data")
    assert "2 languages" in words(app)
    table = next(found.value for found in app.dataframe if "Examples" in found.value)
    assert table[["Language", "Rows"]].to_numpy().tolist() == [["English", 30], ["German", 10]]
    assert GERMAN in table["Examples"].iloc[1]
    assert app.button(key="correct-language").disabled
    choose(app, "Which rows", "de")
    choose(app, "are really in", "nl")
    app.button(key="correct-language").click().run()
    assert not app.exception
    assert workspace.dataset_info(mixed.id).language_counts == {"en": 30, "nl": 10}
    assert "rows found as German → Dutch" in words(app)
    table = next(found.value for found in app.dataframe if "Examples" in found.value)
    assert table["Language"].tolist() == ["English", "Dutch"]
    app.button(key="undo-language:1").click().run()
    assert workspace.dataset_info(mixed.id).language_counts == {"en": 30, "de": 10}
    assert "Corrected last" not in words(app)


def test_undo_takes_back_the_correction_that_the_page_names(
    app: AppTest, workspace: Workspace, mixed: DatasetInfo
) -> None:
    workspace.languages.change(mixed.id, "nl", found="de")
    workspace.languages.change(mixed.id, "fr", found="en")
    open_page(app, "data")
    undo = app.button(key="undo-language:2")
    workspace.languages.change(mixed.id, "es", rows=[0])  # somebody else, meanwhile
    undo.click().run()
    assert not app.exception
    assert "nothing else was taken back" in app.toast[0].value
    assert [change.language for change in workspace.languages.read(mixed.id).changes] == ["nl", "fr", "es"]


def test_a_double_click_on_undo_takes_back_one_correction(
    app: AppTest, workspace: Workspace, mixed: DatasetInfo
) -> None:
    workspace.languages.change(mixed.id, "nl", found="de")
    workspace.languages.change(mixed.id, "fr", found="en")
    open_page(app, "data")
    press_twice(app, "Undo")
    assert not app.exception
    assert [change.language for change in workspace.languages.read(mixed.id).changes] == ["nl"]


def test_ticked_rows_stay_the_ones_that_were_ticked(app: AppTest, workspace: Workspace, tmp_path: Path) -> None:
    path = tmp_path / "many.csv"
    pd.DataFrame({"text": [f"{ENGLISH} {i}" for i in range(130)], "label": ["pos", "neg"] * 65}).to_csv(path)
    info, _ = workspace.add_dataset(data.import_file(path, text="text", label="label"))
    open_page(app, "data")
    tick(app, 0, 1)
    assert app.button(key="correct-rows").label == "Correct 2 rows"
    app.number_input(key=f"language-page:{info.id}:en").set_value(2).run()
    assert app.button(key="correct-rows").label == "Choose rows first"
    tick(app, 0)
    assert app.button(key="correct-rows").label == "Correct 1 row"
    workspace.labels.mark(info.id, [100], "exclude", who="Ann")  # the other rows of the page move up
    app.run()
    assert app.button(key="correct-rows").label == "Choose rows first"


def tick(app: AppTest, *places: int) -> None:
    """Ticks rows of the table of single rows; the browser keeps them for as long as the table has the same key."""
    key = next(found.proto.id for found in app.dataframe if "language-table" in found.proto.id).split("-", 2)[-1]
    app.session_state[key] = {"selection": {"rows": list(places), "columns": [], "cells": []}}
    app.run()


@pytest.mark.parametrize("key", ["correct-language", "undo-language:1"])
def test_what_is_refused_is_told_on_the_page(
    app: AppTest, workspace: Workspace, mixed: DatasetInfo, monkeypatch: pytest.MonkeyPatch, key: str
) -> None:
    workspace.languages.change(mixed.id, "nl", found="de")
    open_page(app, "data")
    choose(app, "are really in", "nl")
    monkeypatch.setenv("SENTIMENT_MODE", "demo")  # from now on nobody may
    app.button(key=key).click().run()
    assert not app.exception
    assert "correct languages" in app.error[0].value


def test_all_rows_can_be_said_to_be_in_one_language(app: AppTest, workspace: Workspace, mixed: DatasetInfo) -> None:
    open_page(app, "data")
    choose(app, "Which rows", "")
    choose(app, "are really in", "de")
    app.button(key="correct-language").click().run()
    assert workspace.dataset_info(mixed.id).language == "de"
    assert "All rows are in German" in words(app)


def test_in_a_demo_languages_are_shown_and_not_corrected(
    app: AppTest, mixed: DatasetInfo, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SENTIMENT_MODE", "demo")
    open_page(app, "data")
    assert "2 languages" in words(app)
    closed = ("correct-language", "correct-rows", "undo-language")
    assert not [found for found in app.button if str(found.key).startswith(closed)]


def test_a_column_of_languages_is_proposed_and_taken(app: AppTest, workspace: Workspace) -> None:
    lines = "\n".join(f"{ENGLISH} {i},{('good', 'bad')[i % 2]},{('en-US', 'Dutch')[i % 2]}" for i in range(20))
    content = f"text,label,lang\n{lines.replace('great but', 'great - but').replace(', number', ' number')}"
    drop(app, "a.csv", content.encode())
    box = next(box for box in app.selectbox if box.label == "Language of each row")
    assert box.value == "lang"
    app.button(key="import").click().run()
    (info,) = workspace.datasets()
    assert (info.language_column, info.language_counts) == ("lang", {"en": 10, "nl": 10})


def test_language_is_a_column_to_compare_and_filter_by(app: AppTest, workspace: Workspace, mixed: DatasetInfo) -> None:
    open_page(app, "balance")
    app.segmented_control(key=f"by:{mixed.id}").set_value("language").run()
    assert not app.exception
    groups = cache_explore.groups(mixed.id, "language")
    assert groups.names == ("English", "German")
    assert columns_of(mixed)["language"] == "Language"
    workspace.languages.change(mixed.id, "nl", found="de")
    assert cache_explore.groups(mixed.id, "language").names == ("English", "Dutch")


def test_what_runs_from_right_to_left_leaves_the_sentence_around_it_alone() -> None:
    assert text.literal(HEBREW).startswith("\u2068")
    assert text.literal(HEBREW).endswith("\u2069")
    assert text.literal("plain 中文 ελ") == "plain 中文 ελ"
    assert "\u2068" not in text.paragraph(HEBREW)
    hostile = f"{HEBREW}\u202e\u2066 evil \u2069"
    shown = text.literal(hostile)
    assert shown.count("\u2068") == shown.count("\u2069") == 1
    assert "U\\+202E" in shown
    assert "U\\+2066" in shown
    assert "U\\+2069" in shown


def test_texts_of_users_run_by_their_own_first_letter(monkeypatch: pytest.MonkeyPatch) -> None:
    written: list[str] = []
    monkeypatch.setattr("ui.widgets.st.html", written.append)
    let_texts_run()
    (style,) = written
    assert "unicode-bidi: plaintext" in style
    assert ".st-key-label-text" in style
    assert panels_label.text.paragraph(HEBREW)[0] == HEBREW[0]  # an isolate would hide it from the rule
