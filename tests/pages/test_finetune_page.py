"""Fine-tune: what is chosen, what would stop a run, and what becomes of one."""

from collections.abc import Callable
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from sentiment.data import DatasetInfo
from sentiment.training import jobs
from sentiment.training.config import FinetuneConfig
from sentiment.training.runs import Run, RunState
from sentiment.workspace import Workspace
from tests.pages.conftest import button, open_page, words

Add = Callable[..., DatasetInfo]


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """The run folders that a worker was asked for; none is started."""
    folders: list[Path] = []
    monkeypatch.setattr(jobs, "start", folders.append)
    monkeypatch.setattr(jobs, "resume", folders.append)
    return folders


def starts(app: AppTest) -> bool:
    return any(found.label == "Fine-tune" for found in app.button)


@pytest.mark.parametrize(
    ("counts", "said"),
    [
        ({"": 9}, "No row has a label"),
        ({"good": 9}, "Every labeled row is"),
        ({"good": 30, "bad": 2}, "bad"),
        ({f"id {n}": 1 for n in range(300)}, "300"),
    ],
    ids=["no-label", "one-class", "two-rows", "hundreds-of-classes"],
)
def test_what_would_stop_a_run_is_said_before_it_starts(
    app: AppTest, add: Add, started: list[Path], counts: dict[str, int], said: str
) -> None:
    add(counts)
    open_page(app, "finetune")
    assert not app.exception
    assert said in app.error[0].value
    assert not starts(app)


def test_one_click_starts_a_run_with_the_settings(
    app: AppTest, add: Add, started: list[Path], workspace: Workspace
) -> None:
    info = add({"negative": 40, "positive": 60})
    open_page(app, "finetune")
    app.number_input(key="set:epochs").set_value(3).run()
    app.selectbox(key="set:imbalance").set_value("class-weights").run()
    button(app, "Fine-tune").click().run()  # type: ignore[attr-defined]
    (run,) = workspace.runs()
    assert started == [run.folder]
    assert run.info.dataset.id == info.id
    assert (run.info.config.epochs, run.info.config.imbalance) == (3, "class-weights")
    assert app.sidebar.selectbox(key="sidebar:run").value == run.id


def test_what_is_tuned_can_be_chosen_where_something_was_pretrained(
    app: AppTest, add: Add, started: list[Path], workspace: Workspace
) -> None:
    add({"negative": 40, "positive": 60, "": 7})
    open_page(app, "finetune")
    app.button(key="choose:en-cnn-news").click().run()
    app.selectbox(key="set:strategy").set_value("gradual").run()
    app.toggle(key="set:self-training").set_value(True).run()
    assert "the words last" in words(app)
    button(app, "Fine-tune").click().run()  # type: ignore[attr-defined]
    (run,) = workspace.runs()
    assert (run.info.config.strategy, run.info.config.self_training) == ("gradual", True)
    assert run.info.name.endswith("everything, from the top down, self-training")
    app.button(key="choose:scratch-cnn").click().run()
    assert not app.exception
    assert "set:strategy" not in {box.key for box in app.selectbox}


def test_settings_that_do_not_go_together_are_told_instead_of_started(
    app: AppTest, add: Add, started: list[Path]
) -> None:
    add({"negative": 40, "positive": 60})
    open_page(app, "finetune")
    app.button(key="choose:en-cnn-news").click().run()
    app.selectbox(key="set:strategy").set_value("head").run()
    assert starts(app)
    app.number_input(key="set:epochs").set_value(3).run()
    assert "fitted in one step" in app.error[0].value
    assert not starts(app)


def test_where_no_base_model_reads_the_language_a_simple_one_is_recommended_and_scratch_stays_to_be_chosen(
    app: AppTest, add: Add
) -> None:
    info = add({"負": 20, "正": 20}, text="このホテルはとても良かったのでまた泊まりたいと思います")
    open_page(app, "finetune")
    assert not app.exception
    assert "No base model reads Japanese" in words(app)
    assert app.session_state[f"base:{info.id}"] == "tfidf-chars"
    app.button(key="choose:scratch-cnn").click().run()
    assert app.session_state[f"base:{info.id}"] == "scratch-cnn"


def test_for_chinese_texts_the_chinese_base_model_is_recommended(app: AppTest, add: Add) -> None:
    info = add({"负面": 20, "正面": 20}, text="这家酒店的服务态度非常好房间也很干净")
    open_page(app, "finetune")
    assert not app.exception
    assert "reads Chinese" in words(app)
    assert app.session_state[f"base:{info.id}"] == "zh-cnn-reviews"


def show(app: AppTest, workspace: Workspace, info: DatasetInfo, state: RunState) -> Run:
    run = workspace.create_run(info.id, FinetuneConfig())
    run.write_state(state)
    open_page(app, "finetune")
    assert not app.exception
    return run


def test_an_interrupted_run_can_be_resumed(app: AppTest, add: Add, started: list[Path], workspace: Workspace) -> None:
    state = RunState(status="interrupted", message="The training process is gone.")
    run = show(app, workspace, add({"bad": 20, "good": 20}), state)
    assert "The training process is gone" in words(app)
    app.button(key=f"resume:{run.id}").click().run()
    assert started == [run.folder]


def test_a_failed_run_says_why_literally(app: AppTest, add: Add, workspace: Workspace) -> None:
    error = {"given": "The checkpoint <b> is damaged", "expected": "A whole one", "todo": "Start again"}
    show(app, workspace, add({"bad": 20, "good": 20}), RunState(status="failed", error=error))
    assert r"\<b\>" in app.error[0].value
    assert "Start again" in app.error[0].value


def test_a_run_at_work_shows_its_phase_and_can_be_stopped(
    app: AppTest, add: Add, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    stopped: list[Path] = []
    monkeypatch.setattr(jobs, "read_state", lambda folder: Run(folder).state)
    monkeypatch.setattr(jobs, "stop", stopped.append)
    state = RunState(status="running", phase="Training", step=25, total_steps=100, seconds_left=75, device="CPU")
    run = show(app, workspace, add({"bad": 20, "good": 20}), state)
    assert "1 min 15 s left" in app.get("progress")[0].proto.text
    assert app.get("progress")[0].proto.value == 25
    app.button(key=f"stop:{run.id}").click().run()
    assert stopped == [run.folder]


def test_a_finished_run_leads_to_its_report(app: AppTest, add: Add, judged: Callable[[DatasetInfo], Run]) -> None:
    judged(add({"bad": 20, "good": 20}))
    open_page(app, "finetune")
    next(found for found in app.button if found.label == "Judge it").click().run()
    assert app.title[0].value == "Evaluate"


def test_a_simple_model_has_no_curve_but_a_sentence(app: AppTest, add: Add, workspace: Workspace) -> None:
    run = workspace.create_run(add({"bad": 20, "good": 20}).id, FinetuneConfig(base="tfidf-words"))
    run.write_state(RunState(status="finished", step=1, total_steps=1, message="Fitted on 32 rows."))
    open_page(app, "finetune")
    assert not app.exception
    assert "there is no curve to watch" in words(app)
    assert "Fitted on 32 rows" in words(app)
