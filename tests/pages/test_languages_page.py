"""The Languages page: empty, one language, ready, running, failed and done; who may start, and what a click does."""

import shutil
import subprocess
from collections.abc import Callable

import pytest
from streamlit.testing.v1 import AppTest

from sentiment.access import HOST, Person, Role, acting_as, identify_by
from sentiment.data import DatasetInfo
from sentiment.models.registry import SHIPPED, own_bases_folder
from sentiment.training import transfer_gap_jobs
from sentiment.training.processes import note_worker
from sentiment.training.runs import RunState
from sentiment.training.transfer_gap_folder import GapFolder, GapInfo, gap_folder, key_of, key_of_rows
from sentiment.training.transfer_gap_scores import SCRATCH_CNN, TFIDF, TRANSFER
from sentiment.transfer_gap import labeled_rows
from sentiment.workspace import Workspace
from tests.pages.conftest import button, open_page, words
from tests.training.several_languages import bilingual_dataset

BASE = "multi-cnn-reviews"


@pytest.fixture
def info(workspace: Workspace) -> DatasetInfo:
    """A dataset with labels in two languages, and rows of the second without a label."""
    return workspace.add_dataset(bilingual_dataset(n_first=150, n_second=120, unlabeled=30))[0]


@pytest.fixture
def gap(workspace: Workspace, info: DatasetInfo) -> GapFolder:
    """A measurement that was described, and not begun."""
    made = gap_folder(workspace.dataset_folder(info.id), BASE)
    rows = labeled_rows(workspace.dataset(info.id))
    key = key_of(rows, classes=info.classes, model=SHIPPED / BASE, n_draws=2)
    made.create(GapInfo(BASE, "English CNN", info.classes, 2, key, key_of_rows(rows)), rows)
    return made


def cell(kind: str, n_own: int, value: float) -> dict[str, object]:
    figure = [value, value - 0.03, value + 0.03]
    chosen = {"chosen": "as they are", "chosen_on": "own", "n_chosen_on": 40}
    return {"kind": kind, "n_own": n_own, "macro_f1": figure, "accuracy": figure, "n_draws": 2, **chosen}


def language(code: str, *, unknown: float = 0.0, gain: float = 0.06) -> dict[str, object]:
    return {
        "language": code,
        "n_labels": 400,
        "n_test": 160,
        "n_validation": 40,
        "n_pool": 200,
        "n_source": 300,
        "unknown": unknown,
        "cells": [
            cell(TRANSFER, 0, 0.6),
            cell(TRANSFER, 200, 0.6 + gain),
            cell(TFIDF, 200, 0.55),
            cell(SCRATCH_CNN, 200, 0.52),
        ],
        "gains": [{"from": 0, "to": 200, "macro_f1": [gain, gain - 0.02, gain + 0.02]}],
        "scratch": [{"n_own": 0, "labels": 150}, {"n_own": 200, "labels": 640}],
    }


def finish(gap: GapFolder) -> None:
    gap.write_result({"languages": [language("zh", unknown=0.5), language("en", gain=0.01)], "refused": {}})
    gap.write_state(RunState(status="finished"))


def test_without_a_dataset_it_offers_samples(app: AppTest) -> None:
    open_page(app, "languages")
    assert not app.exception
    assert "labels in two languages or more" in words(app)
    assert any(found.label == "Use this sample" for found in app.button)


def test_with_one_language_it_says_what_it_is_for_and_offers_a_real_sample(app: AppTest, workspace: Workspace) -> None:
    workspace.add_dataset(bilingual_dataset(n_first=140, n_second=0))
    open_page(app, "languages")
    assert not app.exception
    assert "All labels are in English" in words(app)
    button(app, "Use the sample “Reviews in two languages”").click()
    app.run()
    assert not app.exception
    assert {metric.label for metric in app.metric} == {"Chinese", "English"}


def test_a_second_language_with_few_labels_is_told_how_many_it_takes(app: AppTest, workspace: Workspace) -> None:
    workspace.add_dataset(bilingual_dataset(n_first=140, n_second=30))
    open_page(app, "languages")
    assert "Only one language has enough labels" in words(app)
    assert "It takes 100 of a language" in words(app)


def test_without_any_label_nothing_can_be_measured(app: AppTest, workspace: Workspace) -> None:
    workspace.add_dataset(bilingual_dataset(n_first=0, n_second=0, unlabeled=30))
    open_page(app, "languages")
    assert not app.exception
    assert not any(found.label == "Measure the gap" for found in app.button)


def test_a_click_starts_the_measurement(app: AppTest, info: DatasetInfo, monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[GapFolder] = []

    def start(gap: GapFolder, create: Callable[[], object]) -> None:
        create()
        started.append(gap)

    monkeypatch.setattr(transfer_gap_jobs, "start", start)
    open_page(app, "languages")
    assert "Part of the labels of each language is held out" in words(app)
    button(app, "Measure the gap").click()
    app.run()
    assert not app.exception
    (gap,) = started
    assert gap.info is not None
    assert gap.info.base == BASE
    assert len(gap.rows()) == info.n_labeled


def test_while_it_lives_it_shows_what_it_does_and_can_be_stopped(app: AppTest, gap: GapFolder) -> None:
    sleeping = subprocess.Popen(["sleep", "60"], start_new_session=True)
    note_worker(gap.folder, sleeping)
    gap.write_state(RunState(status="running", phase="Chinese: TF-IDF from nothing", step=3, total_steps=10))
    open_page(app, "languages")
    assert not app.exception
    assert "Chinese: TF-IDF from nothing" in app.get("progress")[0].proto.text.replace("\\", "")
    button(app, "Stop").click()
    app.run()
    assert sleeping.wait(10) is not None  # who ended it has reaped it
    assert "What was measured is kept" in words(app)
    assert any(found.label == "Go on" for found in app.button)


def test_a_failure_is_said_and_can_be_tried_again(app: AppTest, gap: GapFolder) -> None:
    error = {"given": "The base model is damaged", "expected": "", "todo": "Restore its folder"}
    gap.write_state(RunState(status="failed", error=error))
    open_page(app, "languages")
    assert "The base model is damaged" in app.error[0].value
    assert any(found.label == "Try again" for found in app.button)


def test_what_came_of_it_is_a_verdict_a_table_and_the_next_step(
    app: AppTest, gap: GapFolder, workspace: Workspace, info: DatasetInfo
) -> None:
    finish(gap)
    open_page(app, "languages")
    assert not app.exception
    said = words(app).replace("\\", "")
    assert "200 Chinese labels bring 6 points (+4 to +8). From nothing you would need about 640" in said
    assert "unknown to “Multilingual CNN, reviews”" in said
    assert "changed since" not in said
    (table,) = app.dataframe
    assert table.value["Setting"].tolist()[0] == "as they are, chosen on 40 Chinese rows"
    button(app, "Label 30 rows in Chinese").click()
    app.run()
    assert not app.exception
    assert app.title[0].value == "Label"


def test_labels_given_since_are_told(app: AppTest, gap: GapFolder, workspace: Workspace, info: DatasetInfo) -> None:
    finish(gap)
    workspace.labels.note(info.id, 0, "a note changes no label", who="ann")
    open_page(app, "languages")
    assert "Labels have changed" not in words(app)
    workspace.labels.label(info.id, [0], "negative", who="ann")
    app.run()
    assert "Labels have changed since this was measured" in words(app)
    assert any(found.label == "Measure again" for found in app.button)


def test_a_base_model_that_took_the_name_since_is_told(app: AppTest, workspace: Workspace, info: DatasetInfo) -> None:
    folder = own_bases_folder() / "shop"
    shutil.copytree(SHIPPED / "en-cnn-news", folder)
    gap, rows = gap_folder(workspace.dataset_folder(info.id), "shop"), labeled_rows(workspace.dataset(info.id))
    key = key_of(rows, classes=info.classes, model=folder, n_draws=2)
    gap.create(GapInfo("shop", "Shop", info.classes, 2, key, key_of_rows(rows)), rows)
    finish(gap)
    open_page(app, "languages")
    assert app.selectbox(key=f"gap:base:{info.id}").value == "shop"
    assert "changed since" not in words(app)
    shutil.rmtree(folder)
    shutil.copytree(SHIPPED / "en-cnn-reviews", folder)
    app.run()
    assert not app.exception
    assert "The base model has changed since this was measured" in words(app)
    assert any(found.label == "Measure again" for found in app.button)
    workspace.labels.label(info.id, [0], "negative", who="ann")
    app.run()
    assert "Labels and the base model have changed since this was measured" in words(app)


@pytest.mark.parametrize("role", [Role.VIEWER, Role.LABELER])
def test_who_owns_nothing_sees_and_starts_nothing(app: AppTest, gap: GapFolder, role: Role) -> None:
    identify_by(lambda: Person(role, "a@example.org"))
    try:
        open_page(app, "languages")
        assert not app.exception
        assert not any(found.label in ("Measure the gap", "Go on") for found in app.button)
        with acting_as(HOST):
            finish(gap)
        app.run()
        assert "200 Chinese labels bring" in words(app)
        assert any(found.label.startswith("Label ") for found in app.button) == (role is Role.LABELER)
    finally:
        from ui.people import person

        identify_by(person)


def test_fine_tuning_shows_how_much_each_label_counts(app: AppTest, workspace: Workspace) -> None:
    workspace.add_dataset(bilingual_dataset(n_first=400, n_second=100))
    open_page(app, "finetune")
    assert not app.exception
    choice = app.selectbox(key="set:languages")
    assert choice.value == "balanced"
    (preview,) = [found.value for found in app.dataframe if "Each counts as" in found.value]
    assert preview["Each counts as"].round(2).tolist() == [0.83, 1.67]
    choice.set_value("as-they-are").run()
    (preview,) = [found.value for found in app.dataframe if "Each counts as" in found.value]
    assert preview["Each counts as"].tolist() == [1.0, 1.0]


def test_fine_tuning_in_one_language_has_nothing_to_choose(app: AppTest, workspace: Workspace) -> None:
    workspace.add_dataset(bilingual_dataset(n_first=120, n_second=0))
    open_page(app, "finetune")
    assert not any(found.key == "set:languages" for found in app.selectbox)
