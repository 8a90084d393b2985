"""The model process: asked from here, it answers like the model itself, and outlives neither its owner nor a fault."""

import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import psutil
import pytest

from sentiment.errors import ModelError, UsageError
from sentiment.models.predictor import load_predictor
from sentiment.serving.client import ModelProcess
from sentiment.serving.holder import ModelHolder

BASE = "en-cnn-reviews"


@pytest.fixture(scope="module")
def process():
    found = ModelProcess()
    yield found
    found.stop()


def test_it_says_what_the_model_itself_says(process):
    texts = ["A wonderful little camera.", "It broke after a day.", "", "完全不行 😡"]
    answer = process.ask("predict", BASE, texts=texts)
    expected = load_predictor(BASE)
    assert answer["classes"] == list(expected.classes)
    np.testing.assert_array_equal(np.asarray(answer["probs"], np.float32), expected(texts))


def test_many_may_ask_at_once(process):
    texts = [f"Number {n} is good" for n in range(16)]
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda text: process.ask("predict", BASE, texts=[text])["probs"][0], texts))
    np.testing.assert_allclose(answers, process.ask("predict", BASE, texts=texts)["probs"], atol=1e-6)


def test_an_error_keeps_its_kind_and_words(process):
    with pytest.raises(UsageError, match="not a list of strings"):
        process.ask("predict", BASE, texts="one")
    with pytest.raises(UsageError, match="no operation 'fly'"):
        process.ask("fly", BASE)
    with pytest.raises(ModelError, match="neither a run folder nor a base model"):
        process.ask("predict", "no-such-base", texts=["x"])


def test_who_asks_after_it_was_killed_gets_the_answer_of_the_next(process):
    before = process.ask("predict", BASE, texts=["fine"])
    os.kill(process.pid, signal.SIGKILL)
    assert process.ask("predict", BASE, texts=["fine"]) == before


def test_all_who_wait_when_it_is_killed_get_the_answer_of_the_next(process):
    text = "A film that nobody will ever forget, nor want to. " * 20
    before = process.ask("flip", BASE, text=text)
    with ThreadPoolExecutor(8) as pool:
        answers = [pool.submit(process.ask, "flip", BASE, text=text) for _ in range(8)]
        time.sleep(0.1)
        assert not any(answer.done() for answer in answers)
        os.kill(process.pid, signal.SIGKILL)
        assert [answer.result() for answer in answers] == [before] * 8


def test_it_ends_with_the_process_that_started_it():
    code = (
        "import os, time\nfrom sentiment.serving import client\n"
        f"client.ask('predict', '{BASE}', texts=['x'])\nprint(client.pid(), flush=True)\ntime.sleep(60)"
    )
    owner = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    pid = int(owner.stdout.readline())
    owner.kill()
    owner.wait()
    owner.stdout.close()
    until = time.monotonic() + 10
    while psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE:
        assert time.monotonic() < until
        time.sleep(0.05)


def test_a_model_whose_files_changed_is_loaded_again(tmp_path):
    folder = tmp_path / "model"
    folder.mkdir()
    (folder / "config.json").write_text("{}")
    loaded = []
    holder = ModelHolder(most=2, load=lambda path: loaded.append(path) or len(loaded))
    assert holder.get(str(folder)) == holder.get(str(folder)) == 1
    (folder / "new.json").write_text("{ }")
    (folder / "new.json").replace(folder / "config.json")
    assert holder.get(str(folder)) == 2


def test_no_more_models_are_held_than_allowed(tmp_path):
    for name in "abc":
        (tmp_path / name).mkdir()
        (tmp_path / name / "config.json").write_text("{}")
    loaded = []
    holder = ModelHolder(most=2, load=lambda path: loaded.append(path.name))
    for name in "abacab":
        holder.get(str(tmp_path / name))
    assert loaded == ["a", "b", "c", "b"]
