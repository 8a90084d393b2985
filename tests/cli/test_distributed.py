"""`finetune --distributed`: its options, and two real processes on this machine."""

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from sentiment.cli import main
from sentiment.cli.commands import cli

ROOT = Path(__file__).resolve().parents[2]
DOCUMENT = (ROOT / "docs" / "distributed.md").read_text(encoding="utf-8")
OPTIONS = ("--distributed", "--coordinator", "--processes", "--process")


def test_the_options_are_there_and_documented():
    there = {option for parameter in cli.commands["finetune"].params for option in parameter.opts}
    for option in OPTIONS:
        assert option in there
        assert f"`{option}" in DOCUMENT
    for variable in ("JAX_COORDINATOR_ADDRESS", "JAX_NUM_PROCESSES", "JAX_PROCESS_ID"):
        assert variable in DOCUMENT


def test_options_of_a_distributed_run_without_the_flag_are_a_mistake(tmp_path, capsys):
    data = tmp_path / "data.csv"
    data.write_text("text,label\na,b\n", encoding="utf-8")
    arguments = ["finetune", str(data), "--text", "text", "--label", "label", "--out", str(tmp_path / "run")]
    assert main([*arguments, "--processes", "2"]) == 2
    assert "--distributed" in capsys.readouterr().err


@pytest.fixture(scope="module")
def reviews(tmp_path_factory) -> Path:
    """The first words of three hundred sentences of the product reviews: one short length, so few programs."""
    source = next((ROOT / "sample_data" / "product-reviews").glob("*.csv"))
    path = tmp_path_factory.mktemp("data") / "reviews.csv"
    frame = pd.read_csv(source, keep_default_na=False).head(300)
    frame.assign(text=frame["text"].str.slice(0, 40)).to_csv(path, index=False)
    return path


@pytest.mark.slow
def test_two_processes_leave_one_run_with_the_losses_of_one_process(reviews, tmp_path):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        coordinator = f"127.0.0.1:{free.getsockname()[1]}"
    environment = {**os.environ, "JAX_NUM_CPU_DEVICES": "1", "SENTIMENT_CACHE": str(tmp_path / "cache")}

    def start(name: str, *extra: str) -> "subprocess.Popen[str]":
        command = [sys.executable, "-m", "sentiment", "finetune", str(reviews), "--text", "text", "--label", "label"]
        command += ["--base", "en-cnn-news", "--epochs", "2", "--out", str(tmp_path / name), *extra]
        pipe = subprocess.PIPE
        return subprocess.Popen(command, cwd=ROOT, env=environment, stdout=pipe, stderr=pipe, text=True)

    together = ("--distributed", "--coordinator", coordinator, "--processes", "2", "--process")
    # The second process names another seed; the run is the first one's.
    processes = [start("two", *together, "0"), start("two", *together, "1", "--seed", "9")]
    outputs = [process.communicate(timeout=280) for process in processes]
    assert [process.returncode for process in processes] == [0, 0], outputs
    assert "macro avg" in outputs[0][0]
    assert "macro avg" not in outputs[1][0]
    assert (tmp_path / "two" / "model" / "weights.safetensors").exists()
    again = [start("two", *together, "0"), start("two", *together, "1")]
    errors = [process.communicate(timeout=280)[1] for process in again]
    assert [process.returncode for process in again] == [2, 2]
    assert "There is a run" in errors[0]
    assert "Process 0 could not open the run" in errors[1]
    alone = start("one")
    alone.communicate(timeout=280)

    def losses(name: str) -> list[float]:
        lines = (tmp_path / name / "history.jsonl").read_text(encoding="utf-8").splitlines()
        return [line["loss"] for line in map(json.loads, lines) if line["kind"] == "validation"]

    assert losses("two") == pytest.approx(losses("one"), rel=1e-3)
    assert len(losses("two")) == 2
