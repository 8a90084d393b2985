"""Real jobs in processes of their own: start, stop, kill, resume, queue."""

import dataclasses
import time
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import psutil
import pytest

from sentiment.data import build_dataset, read_table
from sentiment.errors import RunError
from sentiment.files import read_json
from sentiment.training import jobs
from sentiment.training.config import FinetuneConfig
from sentiment.training.runs import Run, RunState
from sentiment.workspace import Workspace

pytestmark = pytest.mark.slow
REVIEWS = Path(__file__).resolve().parents[2] / "sample_data" / "product-reviews"
LONG = FinetuneConfig(base="en-cnn-news", epochs=400, patience=1000)


def wait_for(run: Run, condition: Callable[[RunState], bool], *, seconds: float = 120) -> RunState:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        state = jobs.read_state(run.folder)
        if condition(state):
            return state
        time.sleep(0.1)
    raise AssertionError(f"still {state}\n{(run.folder / 'log.txt').read_text()}")


@pytest.fixture
def workspace(tmp_path):
    return Workspace(tmp_path / "workspace")


@pytest.fixture
def dataset_id(workspace):
    path = next(REVIEWS.glob("*.csv"))
    table = read_table(path, name=path.name)
    dataset = build_dataset(
        dataclasses.replace(table, frame=table.frame.head(600)), text="text", label="label", group="review"
    )
    return workspace.add_dataset(dataset)[0].id


@pytest.fixture
def start(workspace, dataset_id):
    runs = []

    def start_run(config: FinetuneConfig) -> Run:
        run = workspace.create_run(dataset_id, config)
        runs.append(run)
        jobs.start(run.folder)
        return run

    yield start_run
    for run in runs:
        jobs.stop(run.folder)
        wait_for(run, lambda state: not state.active)
        worker = (run.folder / "process.json").exists() and read_json(run.folder / "process.json")["pid"]
        if worker and psutil.pid_exists(worker):
            psutil.Process(worker).wait(timeout=60)


def test_a_job_runs_to_its_end_and_leaves_everything(start):
    run = start(FinetuneConfig(base="en-cnn-news", epochs=2))
    state = wait_for(run, lambda state: not state.active)
    assert state.status == "finished", state
    assert state.progress == 1.0
    table = run.predictions()
    assert {"model:prediction", "majority:prediction", "tfidf:prediction"} <= set(table.columns)
    assert len(run.history()) >= 2
    assert run.has_model


def test_a_worker_that_stands_by_takes_the_next_run(start):
    jobs.prepare()
    (standby,) = jobs._standby
    jobs.prepare()
    assert jobs._standby == [standby]  # one is enough
    run = start(FinetuneConfig(base="en-cnn-news", epochs=2))
    assert read_json(run.folder / "process.json")["pid"] == standby.pid
    assert wait_for(run, lambda state: not state.active).status == "finished"
    assert not jobs._standby


def test_without_a_run_a_worker_that_stands_by_ends_with_its_server():
    jobs.prepare()
    (standby,) = jobs._standby
    standby.stdin.close()
    assert standby.wait(timeout=60) == 0
    jobs.prepare()  # one that has ended is replaced
    (other,) = jobs._standby
    assert other.pid != standby.pid
    other.kill()
    other.wait()


def test_a_run_starts_although_the_worker_that_stood_by_is_gone(start):
    jobs.prepare()
    (standby,) = jobs._standby
    standby.kill()
    standby.wait()
    run = start(FinetuneConfig(base="en-cnn-news", epochs=2))
    assert wait_for(run, lambda state: not state.active).status == "finished"


def test_a_stop_keeps_the_best_weights_and_a_resume_goes_on_from_there(start):
    run = start(LONG)
    wait_for(run, lambda state: state.step > 30)
    jobs.stop(run.folder)
    asked = time.monotonic()
    state = wait_for(run, lambda state: state.status == "stopped", seconds=30)
    assert time.monotonic() - asked < 20  # two seconds on a free machine; these are busy
    assert "kept" in state.message
    assert run.has_model
    assert isinstance(run.predictions(), pd.DataFrame)
    jobs.resume(run.folder)
    further = wait_for(run, lambda now: now.status == "running" and now.step > state.step)
    assert further.total_steps == state.total_steps
    assert run.history()["step"].is_monotonic_increasing


def test_a_killed_job_is_interrupted_and_resumes(start):
    run = start(LONG)
    wait_for(run, lambda state: state.step > 10)
    psutil.Process(read_json(run.folder / "process.json")["pid"]).kill()
    state = wait_for(run, lambda state: state.status == "interrupted", seconds=10)
    assert "resume" in state.message
    jobs.resume(run.folder)
    wait_for(run, lambda state: state.status == "running")
    with pytest.raises(RunError, match="being trained already"):
        jobs.start(run.folder)


def test_a_second_job_waits_its_turn_and_can_be_cancelled(start):
    first, second = start(LONG), None
    wait_for(first, lambda state: state.status == "running")
    second = start(LONG)
    state = wait_for(second, lambda state: "earlier" in state.phase)
    assert state.status == "queued"
    jobs.stop(second.folder)
    assert jobs.read_state(second.folder).status == "stopped"
    assert jobs.read_state(first.folder).status == "running"


def test_a_job_that_cannot_train_says_why(start, workspace):
    table = read_table(b"text,label\ngood one,a\nbad one,a\nodd one,a\n", name="one.csv")
    info, _ = workspace.add_dataset(build_dataset(table, text="text", label="label"))
    run = workspace.create_run(info.id, FinetuneConfig(base="en-cnn-news"))
    jobs.start(run.folder)
    state = wait_for(run, lambda state: not state.active)
    assert state.status == "failed"
    assert state.error is not None
    assert state.error["given"]
    assert state.error["todo"]
    psutil.wait_procs([], timeout=0)


def test_data_that_changed_since_is_refused(start, workspace, dataset_id):
    run = workspace.create_run(dataset_id, FinetuneConfig(base="en-cnn-news"))
    path = workspace.dataset_folder(dataset_id) / "dataset.json"
    path.write_text(path.read_text().replace(run.info.dataset.fingerprint, "0" * 64))
    jobs.start(run.folder)
    state = wait_for(run, lambda state: not state.active)
    assert state.status == "failed"
    assert "changed" in state.error["given"]
