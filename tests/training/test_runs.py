"""Run folders and jobs: what is read is whole, and a process that is gone is noticed."""

import dataclasses
import os
import subprocess
import sys

import numpy as np
import psutil
import pytest

from sentiment.errors import RunError
from sentiment.files import write_json
from sentiment.models.learned import write_learned
from sentiment.training import jobs
from sentiment.training.config import FinetuneConfig
from sentiment.training.journal import Journal
from sentiment.training.runs import DatasetReference, Run, RunInfo, RunState, create_run, is_run_id, new_id, now


@pytest.fixture
def run(tmp_path):
    info = RunInfo(
        id=new_id(),
        name="a run",
        created=now(),
        config=FinetuneConfig(epochs=2),
        dataset=DatasetReference("0" * 12, "data", "f" * 64, None, "data.csv"),
        classes=("a", "b"),
        colours={"a": "#000000", "b": "#ffffff"},
        language="en",
        text_column="text",
        label_column="label",
        group_column=None,
    )
    return create_run(tmp_path / info.id, info)


def test_a_run_reads_back_as_it_was_made(run):
    again = Run(run.folder)
    assert again.info == run.info
    assert again.state.status == "queued"
    assert is_run_id(again.id)
    assert not is_run_id("../" + again.id)


def test_a_second_run_in_the_same_folder_is_refused(run):
    with pytest.raises(RunError, match="holds a run already"):
        create_run(run.folder, run.info)


@pytest.mark.parametrize("content", ["", "{", "[]", '{"id": 1}', '{"config": {"epochs": -4}}'])
def test_a_damaged_run_is_told(run, content):
    (run.folder / "run.json").write_text(content)
    with pytest.raises(RunError, match="damaged"):
        Run(run.folder)


def test_a_folder_that_is_no_run_is_told(tmp_path):
    with pytest.raises(RunError, match="not a run folder"):
        Run(tmp_path)


def test_history_drops_half_a_line_and_what_a_resume_replaces(run):
    for step in (10, 20, 30):
        run.log(step=step, epoch=step / 10, kind="train", loss=1.0 / step, macro_f1=None)
    run.log(kind="resumed", step=10, epoch=1)
    run.log(step=20, epoch=2, kind="validation", loss=0.5, macro_f1=0.7)
    with (run.folder / "history.jsonl").open("a") as file:
        file.write('{"step": 30, "ki')
    history = run.history()
    assert history["step"].tolist() == [10, 20]
    assert history["kind"].tolist() == ["train", "validation"]
    assert history["macro_f1"].iloc[1] == 0.7


@pytest.mark.parametrize(
    "content", ["", "[]", "null", '{"step": "many"}', '{"settings": []}', "[" * 100_000, '{"status']
)
def test_a_run_whose_state_cannot_be_read_is_interrupted_and_can_go_on(run, content, monkeypatch):
    (run.folder / "state.json").write_text(content)
    state = jobs.read_state(run.folder)
    assert state.status == "interrupted"
    assert "cannot be read" in state.message
    monkeypatch.setattr(jobs, "_take_standby", lambda folder: None)
    monkeypatch.setattr(jobs, "_spawn", lambda folder: "worker")
    monkeypatch.setattr(jobs, "note_worker", lambda folder, process: None)
    jobs.resume(run.folder)
    assert run.state.status == "queued"


def test_what_a_run_took_before_it_was_stopped_counts_as_well(run):
    run.write_state(RunState(status="stopped", elapsed=40.0))
    state = Journal(run, lambda state: None, lambda: False).tell(phase="Training")
    assert 40.0 <= state.elapsed < 50.0


def test_what_was_found_with_weights_goes_with_them(run):
    for name in ("predictions.parquet", "validation.parquet", "learning_curve.json", "thresholds.json"):
        (run.folder / name).write_text("{}")
    journal = Journal(run, lambda state: None, lambda: False)
    journal.forget_judgement()
    assert {path.name for path in run.folder.iterdir()} == {"run.json", "state.json"}
    assert len(journal.notes) == 1
    assert "thresholds" in journal.notes[0]
    journal.forget_judgement()
    assert len(journal.notes) == 1


def test_no_history_yet_is_an_empty_table(run):
    assert list(run.history().columns) == ["step", "epoch", "kind", "loss", "macro_f1"]
    assert run.history().empty
    assert run.predictions() is None


def test_a_run_whose_process_is_gone_is_interrupted(run):
    run.write_state(RunState(status="running", step=5, total_steps=10))
    write_json(run.folder / "process.json", {"pid": os.getpid(), "created": 1.0})  # its number, but another process
    state = jobs.read_state(run.folder)
    assert state.status == "interrupted"
    assert state.progress == 0.5
    assert "resume" in state.message


@pytest.mark.parametrize("status", ["stopped", "finished", "failed"])
def test_an_ended_run_needs_no_process(run, status):
    run.write_state(RunState(status=status))
    assert jobs.read_state(run.folder).status == status


def test_a_finished_run_is_not_started_again(run):
    run.write_state(RunState(status="finished"))
    with pytest.raises(RunError, match="has finished"):
        jobs.start(run.folder)


def test_stopping_before_the_first_step_ends_the_process_at_once(run):
    write_learned(run.folder / "model", np.arange(3, dtype=np.uint64))  # noted before there are weights
    process = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    write_json(run.folder / "process.json", {"pid": process.pid, "created": psutil.Process(process.pid).create_time()})
    run.write_state(RunState(status="starting"))
    jobs.stop(run.folder)
    assert not psutil.pid_exists(process.pid)
    process.wait()
    assert jobs.read_state(run.folder).status == "stopped"


def test_a_state_of_a_newer_version_is_read(run):
    write_json(run.folder / "state.json", {**dataclasses.asdict(RunState(step=3)), "mood": "good"})
    assert run.state.step == 3
