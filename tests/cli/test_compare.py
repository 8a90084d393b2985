"""The command that compares runs, on run folders made by hand."""

import json
from pathlib import Path

import pandas as pd
import pytest

from sentiment.cli import main
from sentiment.data import import_file
from sentiment.training.config import FinetuneConfig
from sentiment.training.runs import create_run, describe_run, new_id


@pytest.fixture
def make(tmp_path):
    """Makes a finished run that misses so many of the 40 bad rows."""
    labels = ["bad"] * 40 + ["good"] * 120
    path = tmp_path / "rows.csv"
    pd.DataFrame({"text": [f"row {i}" for i in range(160)], "label": labels}).to_csv(path, index=False)
    dataset = import_file(path, text="text", label="label")

    def build(name: str, missed: int, *, first: int = 0) -> Path:
        folder = tmp_path / name
        info = describe_run(dataset, FinetuneConfig(), run_id=new_id(), name="same name", dataset_folder=None)
        run = create_run(folder, info)
        rows = dataset.frame[["row", "text", "label", "group"]].assign(split="test")
        rows["model:prediction"] = ["good"] * missed + labels[missed:]
        run.write_predictions(rows.iloc[first:].sample(frac=1, random_state=missed))
        return folder

    return build


def test_it_prints_and_writes_what_each_run_gains(make, tmp_path, capsys):
    base, better = make("base", 30), make("better", 2)
    out = tmp_path / "out.json"
    assert main(["compare", str(base), str(better), "--json", str(out)]) == 0
    said = capsys.readouterr().out
    assert "“better” is best" in said
    lines = [line.split() for line in said.splitlines()]
    assert ["base", "25.0", "100.0", "62.5"] in lines  # recall
    assert any(line[:3] == ["better", "95.0", "+70.0"] for line in lines)
    written = json.loads(out.read_text())
    assert (written["against"], written["best"], written["n_rows"]) == ("base", "better", 160)
    recall = [row for row in written["table"] if row["metric"] == "recall" and row["class"] == "bad"]
    assert [row["delta"] for row in recall] == pytest.approx([0.0, 0.7])


def test_runs_on_other_rows_are_refused(make, capsys):
    assert main(["compare", str(make("one", 3)), str(make("other", 3, first=8))]) == 2
    assert "other rows" in capsys.readouterr().err


@pytest.mark.parametrize("times", [1, 2])
def test_one_run_is_nothing_to_compare(make, capsys, times):
    run = str(make("one", 3))
    assert main(["compare", *[run] * times]) == 2
    assert capsys.readouterr().err.startswith("Error: ")
