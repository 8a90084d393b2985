"""The command that compares runs, on run folders made by hand."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from sentiment.cli import main
from sentiment.data import import_file
from sentiment.models.baselines import Rows, fit_baseline
from sentiment.models.learned import write_learned
from sentiment.models.linear_store import save_linear
from sentiment.training.config import FinetuneConfig
from sentiment.training.held_out import hash_texts
from sentiment.training.runs import Run, create_run, describe_run, new_id


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


def test_runs_with_other_splits_are_compared_on_what_both_held_out(make, capsys):
    assert main(["compare", str(make("one", 12)), str(make("other", 3, first=8))]) == 0
    assert "on the 152 rows that all of them held out" in capsys.readouterr().out


def test_runs_without_a_row_in_common_are_refused(make, capsys):
    last = Run(make("other", 3, first=100))
    rows = last.predictions()
    last.write_predictions(rows.assign(row=rows["row"] + 1_000))
    assert main(["compare", str(make("one", 3)), str(last.folder)]) == 2
    assert "No row was held out by all" in capsys.readouterr().err


@pytest.fixture
def models(tmp_path):
    """Two model folders: one has learned that "fine" is good, the other says good of everything."""
    texts, labels = ["fine thing", "awful thing"] * 20, np.array([1, 0] * 20)
    folders = []
    for name, codes in (("learned", labels), ("blind", np.ones(40, int))):
        model = fit_baseline("naive-bayes", Rows(texts, codes), classes=("bad", "good"))
        save_linear(tmp_path / name, model)
        folders.append(str(tmp_path / name))
    data = tmp_path / "data.csv"
    pd.DataFrame({"words": [f"{text} {i}" for i, text in enumerate(texts)], "what": ["good", "bad"] * 20}).to_csv(data)
    return folders, str(data)


def test_two_models_are_compared_on_the_rows_of_a_file(models, tmp_path, capsys):
    (learned, blind), data = models
    out = tmp_path / "out.json"
    assert main(["compare", blind, learned, data, "--text", "words", "--label", "what", "--json", str(out)]) == 0
    told = capsys.readouterr().out
    assert "“learned” is better than “blind” on every class." in told
    assert "20 rows changed with “learned”: 20 wrong → right, 0 right → wrong." in told
    written = json.loads(out.read_text())
    assert (written["a"], written["b"], written["n_rows"], written["data"]) == ("blind", "learned", 40, "data.csv")
    assert written["mcnemar"]["only_b"] == 20
    assert written["mcnemar"]["exact"] == pytest.approx(2 * 0.5**20)
    assert written["n_changed"]["all"] == 20
    recall = next(row for row in written["table"] if (row["class"], row["metric"]) == ("bad", "recall"))
    assert (recall["a"], recall["b"], recall["better"], recall["support"]) == (0.0, 1.0, "b", 20)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--text", "words"], "Only one of --text and --label"),
        (["--text", "words", "--label", "nothing"], "nothing"),
        (["more", "--text", "words", "--label", "what"], "4 arguments"),
    ],
)
def test_a_wrong_call_is_one_line(models, capsys, arguments, said):
    folders, data = models
    assert main(["compare", *folders, data, *arguments]) == 2
    error = capsys.readouterr().err
    assert said in error
    assert error.count("\n") == 1


def test_texts_that_were_learned_from_are_told(models, capsys):
    (learned, blind), data = models
    texts = pd.read_csv(data)["words"]
    write_learned(Path(learned), hash_texts(texts[:7]))
    assert main(["compare", blind, learned, data, "--text", "words", "--label", "what"]) == 0
    assert "7 of these 40 texts were used in training “learned”" in capsys.readouterr().err


@pytest.mark.parametrize("times", [1, 2])
def test_one_run_is_nothing_to_compare(make, capsys, times):
    run = str(make("one", 3))
    assert main(["compare", *[run] * times]) == 2
    assert capsys.readouterr().err.startswith("Error: ")
