"""A file scored in the background: it waits for its turn, tells how far it is, stops, and fails in words."""

import threading
import time

import pandas as pd
import pytest

from sentiment import scoring_jobs
from sentiment.access import MODE
from sentiment.errors import AccessError, DataError, ModelError
from sentiment.scoring_jobs import ScoringJob, UploadedFile

ROWS = b"id,text\n" + b"".join(b"%d,good thing\n" % n for n in range(20_000))


def answer(operation, model, *, texts):
    return {"classes": ["bad", "good"], "probs": [[0.25, 0.75]] * len(texts)}


def wait(job, *, until=lambda state: not state.active):
    end = time.monotonic() + 20
    while not until(job.state):
        assert time.monotonic() < end, job.state
        time.sleep(0.01)
    return job.state


def test_an_uploaded_file_is_scored_and_its_folder_goes_with_it():
    upload = UploadedFile("../../r\u202eeviews.csv", ROWS)
    assert upload.name == "reviews.csv"
    assert list(upload.head.columns) == ["id", "text"]
    job = ScoringJob(upload, "a-run", text="text", ending=".parquet", ask=answer)
    job.start()
    state = wait(job)
    assert (state.phase, state.scored.n_rows, state.scored.counts) == ("finished", 20_000, {"bad": 0, "good": 20_000})
    table = pd.read_parquet(job.out)
    assert table["id"].tolist()[-1] == "19999"
    assert set(table["prob_good"]) == {0.75}
    folder = upload.folder
    del upload, job
    assert not folder.exists()


def test_it_tells_how_far_it_is_and_stops_when_asked():
    asked, go_on = threading.Event(), threading.Event()

    def slow(operation, model, *, texts):
        if len(texts) and asked.is_set():
            go_on.wait(10)
        asked.set()
        return answer(operation, model, texts=texts)

    job = ScoringJob(UploadedFile("rows.csv", ROWS), "a-run", text="text", ending=".csv", ask=slow)
    job.start()
    wait(job, until=lambda state: asked.is_set())
    assert job.state.active
    job.stop()
    go_on.set()
    assert wait(job).phase == "stopped"
    assert [path.name for path in job.upload.folder.iterdir()] == ["upload"]


def test_only_a_few_are_scored_at_a_time_and_one_that_waits_can_be_stopped(monkeypatch):
    monkeypatch.setattr(scoring_jobs, "_turns", threading.BoundedSemaphore(1))
    go_on = threading.Event()

    def slow(operation, model, *, texts):
        go_on.wait(10)
        return answer(operation, model, texts=texts)

    first, second, third = (
        ScoringJob(UploadedFile("rows.csv", ROWS), "a-run", text="text", ending=".csv", ask=slow) for _ in range(3)
    )
    first.start()
    wait(first, until=lambda state: state.phase == "reading")
    second.start()
    third.start()
    time.sleep(0.05)
    assert (second.state.phase, third.state.phase) == ("waiting", "waiting")
    second.stop()
    assert wait(second).phase == "stopped"
    go_on.set()
    assert wait(first).phase == wait(third).phase == "finished"


@pytest.mark.parametrize("error", [ModelError("The model process has ended"), RuntimeError("secret")])
def test_a_failure_is_told_and_the_next_file_gets_its_turn(error, monkeypatch):
    monkeypatch.setattr(scoring_jobs, "_turns", threading.BoundedSemaphore(1))

    def fails(operation, model, *, texts):
        raise error

    upload = UploadedFile("rows.csv", ROWS)
    for _ in range(2):
        job = ScoringJob(upload, "a-run", text="text", ending=".csv", ask=fails)
        job.start()
        state = wait(job)
        assert state.phase == "failed"
        assert "secret" not in str(state.error)


def test_what_is_no_table_is_told_at_once():
    with pytest.raises(DataError, match="PNG"):
        UploadedFile("reviews.csv", b"\x89PNG\r\n\x1a\n" + bytes(100))


def test_a_demo_scores_no_files(monkeypatch):
    monkeypatch.setenv(MODE, "demo")
    with pytest.raises(AccessError):
        UploadedFile("reviews.csv", ROWS)


def test_a_job_that_nobody_holds_any_more_ends():
    asked, go_on, later = threading.Event(), threading.Event(), []

    def slow(operation, model, *, texts):
        if texts:
            later.append(len(texts))
            asked.set()
            go_on.wait(10)
        return answer(operation, model, texts=texts)

    upload = UploadedFile("rows.csv", b"text\n" + b"fine\n" * 5_000)
    folder = upload.folder
    job = ScoringJob(upload, "a-run", text="text", ending=".csv", ask=slow)
    job.start()
    assert asked.wait(10)
    del upload, job
    go_on.set()
    until = time.monotonic() + 10
    while folder.exists() and time.monotonic() < until:
        time.sleep(0.02)
    assert not folder.exists()
    assert len(later) == 1
