"""Clicks that come together with a change or a second time, and ticks of rows that are no longer shown."""

from collections.abc import Callable
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from sentiment.data import DatasetInfo
from sentiment.evaluation.thresholds import Rule
from sentiment.judging import read_rule
from sentiment.training import jobs, text_map
from sentiment.training.config import FinetuneConfig
from sentiment.training.runs import Run, RunState
from sentiment.workspace import Workspace
from tests.pages.conftest import button, open_page, press_twice, tick, words

Add = Callable[..., DatasetInfo]
Judged = Callable[[DatasetInfo], Run]
ENGLISH = "the battery is terrible and the screen broke after two weeks of light use"


def evaluate(app: AppTest, run: Run, section: str, **address: str) -> AppTest:
    """Opens a part of the Evaluate page on a run."""
    for name, value in {"run": run.id, "show": section, **address}.items():
        app.query_params[name] = value
    open_page(app, "evaluate")
    assert not app.exception
    return app


def other_run(workspace: Workspace, run: Run, *, said: str) -> Run:
    """A finished run on the same rows that says one class of all."""
    found = workspace.create_run(run.info.dataset.id, FinetuneConfig(seed=5), name="seed five")
    rows = run.predictions()
    assert rows is not None
    found.write_predictions(rows.assign(**{"model:prediction": said}))
    found.write_state(RunState(status="finished"))
    return found


def disabled(app: AppTest, label: str) -> bool:
    return bool(button(app, label).disabled)  # type: ignore[attr-defined]


def test_ticked_mistakes_are_those_of_their_page_and_cell(app: AppTest, add: Add, judged: Judged) -> None:
    run = judged(add({"negative": 150, "positive": 150}))
    evaluate(app, run, "Mistakes")
    tick(app, [0, 2])
    assert not disabled(app, "The label is wrong (2 rows)")
    app.number_input(key=f"error-page:{run.id}").set_value(2).run()
    assert disabled(app, "The label is wrong")
    tick(app, [0])
    app.selectbox(key=f"true:{run.id}").set_value("positive").run()
    assert disabled(app, "The label is wrong")


def test_a_ticked_row_that_changed_is_not_explained_as_another(
    app: AppTest, add: Add, judged: Judged, workspace: Workspace
) -> None:
    run = judged(add({"negative": 50, "positive": 50}))
    other = other_run(workspace, run, said="negative")
    evaluate(app, run, "Compare", **{"with": other.id})
    tick(app, [0])
    assert not disabled(app, "Explain")
    app.selectbox(key=f"changed:{run.id}:{other.id}:label").set_value("positive").run()
    assert disabled(app, "Explain")


def test_a_ticked_run_is_not_exchanged_for_another_that_comes_in_its_place(
    app: AppTest, add: Add, judged: Judged, workspace: Workspace
) -> None:
    run = judged(add({"negative": 50, "positive": 50}))
    other_run(workspace, run, said="negative")
    evaluate(app, run, "Runs")
    tick(app, [0])
    assert not disabled(app, "Use this run")
    app.text_input(key="runs:words").set_value("five").run()
    assert disabled(app, "Use this run")
    tick(app, [0])
    workspace.create_run(run.info.dataset.id, FinetuneConfig(), name="five and newer")
    app.run()
    assert len(app.dataframe[-1].value) == 2
    assert disabled(app, "Use this run")


def test_a_run_starts_with_what_was_typed_right_before_the_click(
    app: AppTest, add: Add, started: list[Path], workspace: Workspace
) -> None:
    add({"negative": 40, "positive": 60})
    open_page(app, "finetune")
    app.number_input(key="set:epochs").set_value(3)
    app.number_input(key="set:seed").set_value(4)
    app.slider(key="set:test").set_value(30)
    button(app, "Fine-tune").click().run()  # type: ignore[attr-defined]
    assert not app.exception
    (run,) = workspace.runs()
    config = run.info.config
    assert (config.epochs, config.seed, config.test_fraction) == (3, 4, 0.3)
    assert started == [run.folder]


def test_what_was_typed_right_before_the_click_and_cannot_be_starts_nothing(
    app: AppTest, add: Add, started: list[Path]
) -> None:
    info = add({"negative": 40, "positive": 60})
    open_page(app, "finetune")
    app.button(key="choose:en-cnn-news").click().run()
    app.selectbox(key="set:strategy").set_value("head").run()
    app.number_input(key="set:epochs").set_value(3)
    button(app, "Fine-tune").click().run()  # type: ignore[attr-defined]
    assert not app.exception
    assert "fitted in one step" in app.error[0].value
    assert len(app.error) == 1
    assert not started
    assert app.session_state[f"base:{info.id}"] == "en-cnn-news"


@pytest.mark.parametrize(("label", "n"), [("Fine-tune", 1), ("Compare", 3)])
def test_a_double_click_starts_what_one_click_does(
    app: AppTest, add: Add, started: list[Path], label: str, n: int
) -> None:
    add({"bad": 20, "good": 60}, text=ENGLISH)
    open_page(app, "finetune")
    app.multiselect(key="compare:strategies").set_value(["augment", "focal"]).run()
    press_twice(app, label)
    assert not app.exception
    assert len(started) == n


def test_a_rule_is_saved_as_it_was_dragged_right_before_the_click(app: AppTest, add: Add, judged: Judged) -> None:
    run = judged(add({"negative": 50, "positive": 50}))
    evaluate(app, run, "Thresholds", **{"class": "negative", "t-positive": "20"})
    app.slider(key=f"threshold:{run.id}:negative").set_value(30)
    app.slider(key=f"undecided:{run.id}").set_value(40)
    app.button(key="save-rule").click().run()
    assert not app.exception
    assert read_rule(run.folder) == Rule({"negative": 0.3, "positive": 0.2}, 0.4)


def test_a_double_click_flags_rows_once_and_one_click_takes_it_back(
    app: AppTest, add: Add, judged: Judged, workspace: Workspace
) -> None:
    info = add({"negative": 50, "positive": 50})
    evaluate(app, judged(info), "Mistakes")
    tick(app, [0, 2])
    press_twice(app, "The label is wrong (2 rows)")
    assert not app.exception
    assert sorted(workspace.labels.history(info.id)["kind"]) == ["flag", "flag", "note", "note"]
    button(app, "Undo").click().run()  # type: ignore[attr-defined]
    assert (workspace.labels.history(info.id)["kind"] == "undo").sum() == 4
    button(app, "The label is wrong (2 rows)").click().run()  # type: ignore[attr-defined]
    assert (workspace.labels.history(info.id)["kind"] == "flag").sum() == 4  # a new deed


def test_runs_are_not_started_on_another_dataset_than_the_one_that_was_shown(
    app: AppTest, add: Add, started: list[Path], workspace: Workspace
) -> None:
    add({"bad": 20, "good": 60}, name="another", text=ENGLISH)
    info = add({"bad": 30, "good": 60}, text=ENGLISH)
    app.query_params["dataset"] = info.id
    open_page(app, "finetune")
    workspace.delete_dataset(info.id)
    button(app, "Compare").click().run()  # type: ignore[attr-defined]
    assert not app.exception
    assert not started


def test_the_map_of_another_dataset_than_the_one_that_was_shown_is_not_made(
    app: AppTest, add: Add, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    monkeypatch.setattr(text_map, "start", lambda root, dataset, base: asked.append(dataset))
    add({"bad": 20, "good": 60}, name="another", text=ENGLISH)
    info = add({"bad": 30, "good": 60}, text=ENGLISH)
    app.query_params["dataset"] = info.id
    open_page(app, "balance")
    app.segmented_control(key="section").set_value("Map").run()
    workspace.delete_dataset(info.id)
    button(app, "Make the map").click().run()  # type: ignore[attr-defined]
    assert not app.exception
    assert not asked


def test_runs_of_deleted_datasets_are_not_listed_and_those_of_several_not_compared(
    app: AppTest, add: Add, judged: Judged, workspace: Workspace
) -> None:
    run = judged(add({"negative": 50, "positive": 50}))
    elsewhere = judged(add({"bad": 50, "good": 50}, name="elsewhere"))
    judged(gone := add({"no": 50, "yes": 50}, name="gone"))
    workspace.delete_dataset(gone.id)
    evaluate(app, run, "Runs", runs="All datasets")
    assert set(app.dataframe[-1].value["Dataset"]) == {"shop", "elsewhere"}
    tick(app, [0, 1])
    assert disabled(app, "Compare these 2")
    assert "different datasets" in words(app)
    other_run(workspace, elsewhere, said="bad")
    app.text_input(key="runs:words").set_value("elsewhere").run()
    tick(app, [0, 1])
    assert not disabled(app, "Compare these 2")
    assert "different datasets" not in words(app)


def test_ticked_runs_that_cannot_be_compared_are_named(
    app: AppTest, add: Add, judged: Judged, workspace: Workspace
) -> None:
    run = judged(add({"bad": 50, "good": 50}))
    unjudged = other_run(workspace, run, said="bad")
    (unjudged.folder / "predictions.parquet").unlink()
    evaluate(app, run, "Runs")
    tick(app, [0, 1])
    assert disabled(app, "Compare these 2")
    assert f"{unjudged.info.name} cannot be compared" in words(app)


def test_more_runs_than_are_compared_at_once_are_not_left_out_in_silence(
    app: AppTest, add: Add, judged: Judged, workspace: Workspace
) -> None:
    run = judged(add({"bad": 50, "good": 50}))
    for _ in range(9):
        other_run(workspace, run, said="bad")
    evaluate(app, run, "Runs")
    tick(app, [*range(10)])
    assert disabled(app, "Compare these 10")
    assert "At most 9 runs" in words(app)
    tick(app, [*range(9)])
    assert not disabled(app, "Compare these 9")


def test_a_double_click_takes_one_filter_away(app: AppTest, add: Add) -> None:
    info = add({"bad": 20, "good": 40})
    open_page(app, "balance")
    app.multiselect(key=f"choose:{info.id}:class").set_value(["bad"])
    app.text_input(key=f"choose:{info.id}:search").set_value("review")
    app.button(key=f"choose:{info.id}:add").click().run()
    press_twice(app, "bad")
    assert not app.exception
    assert "60 of 60 rows" in words(app)
    assert "“review”" in {found.label for found in app.button}


def test_the_table_says_when_a_worker_is_gone(
    app: AppTest, add: Add, judged: Judged, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = judged(add({"negative": 50, "positive": 50}))
    workspace.create_run(run.info.dataset.id, FinetuneConfig(seed=1)).write_state(RunState(status="running"))
    monkeypatch.setattr(jobs, "worker_of", lambda folder: object())
    evaluate(app, run, "Runs")
    assert set(app.dataframe[-1].value["Status"]) == {"finished", "running"}
    monkeypatch.setattr(jobs, "worker_of", lambda folder: None)
    monkeypatch.setattr(jobs, "just_started", lambda folder: False)
    app.run()
    assert set(app.dataframe[-1].value["Status"]) == {"finished", "interrupted"}
