"""Several devices and several processes train what one device trains, up to rounding."""

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from sentiment.errors import UsageError
from sentiment.training.parallel import ONE_DEVICE, current_placement, join, own_folder, placed
from tests.training.short_run import train

ROOT = Path(__file__).resolve().parents[2]
VARIABLES = ("JAX_COORDINATOR_ADDRESS", "JAX_NUM_PROCESSES", "JAX_PROCESS_ID")


def start(folder: Path, *arguments: str, devices: int) -> "subprocess.Popen[str]":
    """The short run in a process of its own that sees so many devices."""
    environment = {name: value for name, value in os.environ.items() if name not in VARIABLES}
    environment |= {"JAX_NUM_CPU_DEVICES": str(devices), "JAX_PLATFORMS": "cpu", "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "tests.training.short_run", str(folder), *arguments]
    pipe = subprocess.PIPE
    return subprocess.Popen(command, cwd=ROOT, env=environment, stdout=pipe, stderr=pipe, text=True)


def answer(process: "subprocess.Popen[str]") -> dict:
    out, errors = process.communicate(timeout=240)
    assert process.returncode == 0, errors[-2000:]
    return json.loads(out.splitlines()[-1])


def check(found: dict, expected: dict) -> None:
    np.testing.assert_allclose(found["train"], expected["train"], rtol=2e-4)
    np.testing.assert_allclose(found["validation"], expected["validation"], rtol=2e-4)
    assert found["weights"].keys() == expected["weights"].keys()
    for path, value in expected["weights"].items():
        assert found["weights"][path] == pytest.approx(value, rel=1e-3, abs=1e-3), path


@pytest.fixture(scope="module")
def on_one_device(tmp_path_factory) -> dict:
    result = train(ONE_DEVICE, tmp_path_factory.mktemp("one"), stops=False)
    assert len(result["train"]) == 21
    return result


def test_four_devices_give_the_losses_and_weights_of_one(tmp_path, on_one_device):
    found = answer(start(tmp_path, devices=4))
    assert found["devices"] == 4
    check(found, on_one_device)


@pytest.mark.slow
def test_two_processes_of_two_devices_give_the_losses_and_weights_of_one(tmp_path, on_one_device):
    """The first stops half-way and resumes from its checkpoint; the other has no folder in common with it."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        coordinator = f"127.0.0.1:{free.getsockname()[1]}"
    processes = [start(tmp_path / str(number), coordinator, "2", str(number), devices=2) for number in (0, 1)]
    for process in processes:
        found = answer(process)
        assert found["devices"] == 4
        check(found, on_one_device)
    assert list((tmp_path / "0").glob("*.safetensors"))
    assert not (tmp_path / "1").exists()


def test_a_batch_is_rounded_up_to_the_devices():
    class Four:
        size = 4

    assert [ONE_DEVICE.rows(n) for n in (1, 10)] == [1, 10]
    assert [type(ONE_DEVICE)(Four()).rows(n) for n in (1, 4, 10)] == [4, 4, 12]


def test_a_trainer_trains_where_it_is_placed():
    other = type(ONE_DEVICE)(object())
    with placed(other):
        assert current_placement() is other
    assert current_placement() is ONE_DEVICE


def test_one_process_alone_owns_its_folder_and_decides(tmp_path):
    with own_folder(ONE_DEVICE, tmp_path / "run") as folder:
        assert folder == tmp_path / "run"
    assert ONE_DEVICE.share(b"text") == b"text"
    assert ONE_DEVICE.agree(True)
    assert not ONE_DEVICE.agree(False)
    assert ONE_DEVICE.same(b"anything")


@pytest.mark.parametrize(
    ("given", "environment", "words"),
    [
        ({"coordinator": "host:1"}, {}, "missing"),
        ({"n_processes": 2, "process": 0}, {}, "missing"),
        ({}, {"JAX_PROCESS_ID": "0"}, "missing"),
        ({"coordinator": "host:1", "n_processes": 2, "process": 2}, {}, "0 to 1"),
        ({"coordinator": "host", "n_processes": 2, "process": 0}, {}, "host:port"),
        ({"coordinator": "host:1"}, {"JAX_NUM_PROCESSES": "two", "JAX_PROCESS_ID": "0"}, "JAX_NUM_PROCESSES"),
    ],
)
def test_what_is_missing_or_wrong_is_said_before_anything_is_joined(given, environment, words, monkeypatch):
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(UsageError, match=words):
        join(**given)
