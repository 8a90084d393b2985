"""The command line, word for word: what scripts rely on, and how a mistake is answered."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from sentiment.cli import main
from sentiment.evaluation.thresholds import Rule
from sentiment.judging import read_rule, save_rule
from sentiment.training.runs import Run

ROOT = Path(__file__).resolve().parents[2]
REVIEWS = ROOT / "sample_data" / "product-reviews"


@pytest.fixture(scope="session")
def reviews(tmp_path_factory) -> Path:
    """Some 500 rows of the product reviews, whole reviews, as a CSV."""
    source = next(REVIEWS.glob("*.csv"))
    frame = pd.read_csv(source, keep_default_na=False)
    path = tmp_path_factory.mktemp("data") / "reviews.csv"
    frame[frame["review"] <= frame["review"].iloc[500]].to_csv(path, index=False)
    return path


@pytest.fixture(scope="session")
def run_folder(reviews, tmp_path_factory) -> Path:
    """A short fine-tuning of the shipped base."""
    folder = tmp_path_factory.mktemp("runs") / "run"
    arguments = ["finetune", str(reviews), "--text", "text", "--label", "label", "--base", "en-cnn-reviews"]
    assert main([*arguments, "--out", str(folder), "--group", "review", "--epochs", "2", "--seed", "1"]) == 0
    return folder


@pytest.mark.slow
def test_a_run_with_another_seed_and_length_finds_the_programs_of_the_first(reviews, tmp_path):
    cache = tmp_path / "cache"

    def programs(name: str, *extra: str) -> set[str]:
        command = [sys.executable, "-m", "sentiment", "finetune", str(reviews), "--text", "text", "--label", "label"]
        command += ["--base", "en-cnn-reviews", "--out", str(tmp_path / name), *extra]
        environment = {**os.environ, "SENTIMENT_CACHE": str(cache)}
        subprocess.run(command, cwd=ROOT, check=True, capture_output=True, env=environment)
        return {path.name for path in (cache / "programs").glob("*-cache") if "step" in path.name}

    first = programs("first", "--epochs", "1", "--seed", "1")
    assert first
    assert programs("second", "--epochs", "3", "--seed", "2", "--imbalance", "class-weights") == first


def test_bases_as_a_table_and_for_machines(capsys):
    assert main(["bases"]) == 0
    assert "en-cnn-reviews" in capsys.readouterr().out
    assert main(["bases", "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)
    assert {"en-cnn-news", "en-cnn-reviews", "scratch-cnn"} <= {row["name"] for row in rows}
    assert all(row["held_out"]["macro_f1"] > 0 for row in rows if row["kind"] == "pretrained")
    assert {row["name"] for row in rows if row["kind"] == "baseline"} >= {"majority", "tfidf-words", "word-vectors"}


@pytest.mark.parametrize("base", ["tfidf-words", "naive-bayes"])
def test_a_simple_baseline_is_fitted_judged_and_used_as_a_base_model_is(base, reviews, tmp_path, capsys):
    folder, data = tmp_path / "run", [str(reviews), "--text", "text", "--label", "label"]
    assert main(["finetune", *data, "--base", base, "--out", str(folder), "--group", "review"]) == 0
    assert "Held out (test)" in capsys.readouterr().out
    assert main(["evaluate", str(folder), *data, "--json", str(tmp_path / "report.json")]) == 0
    assert json.loads((tmp_path / "report.json").read_text())["accuracy"] > 0.7  # on rows that it has seen
    assert main(["predict", str(folder), *data[:3], "--out", str(tmp_path / "out.csv")]) == 0
    assert {"prediction", "prob_negative"} <= set(pd.read_csv(tmp_path / "out.csv").columns)


def test_a_run_folder_holds_a_model_a_history_and_held_out_predictions(run_folder):
    table = pd.read_parquet(run_folder / "predictions.parquet")
    assert set(table["split"]) == {"test"}
    for model in ("model", "majority", "tfidf"):
        probs = table[[f"{model}:prob:{name}" for name in ("negative", "neutral", "positive")]]
        assert probs.sum(axis=1).between(0.999, 1.001).all()
    assert table["majority:prediction"].nunique() == 1
    assert json.loads((run_folder / "state.json").read_text())["status"] == "finished"
    lines = [json.loads(line) for line in (run_folder / "history.jsonl").read_text().splitlines()]
    assert [line["epoch"] for line in lines if line["kind"] == "validation"] == [1.0, 2.0]


def test_no_review_is_on_two_sides(run_folder, reviews):
    import numpy as np

    frame = pd.read_csv(reviews)
    with np.load(run_folder / "split.npz") as split:
        sides = [set(frame["review"].iloc[split[name]]) for name in ("train", "validation", "test")]
    assert not sides[0] & sides[1] | sides[0] & sides[2] | sides[1] & sides[2]
    assert all(sides)


def test_evaluate_writes_the_keys_of_scikit_learn_and_says_what_was_trained_on(run_folder, reviews, tmp_path, capsys):
    out = tmp_path / "report.json"
    data = [str(reviews), "--text", "text", "--label", "label"]
    assert main(["evaluate", str(run_folder), *data, "--json", str(out)]) == 0
    report = json.loads(out.read_text())
    assert {"negative", "neutral", "positive", "accuracy", "macro avg", "weighted avg"} <= report.keys()
    assert set(report["negative"]) == {"precision", "recall", "f1-score", "support"}
    assert report["n_trained_on"] > 200
    assert "were used in training" in capsys.readouterr().err


def test_a_base_model_is_taken_where_a_run_is_and_what_it_knows_is_not_called_nothing(reviews, tmp_path, capsys):
    out = tmp_path / "report.json"
    data = [str(reviews), "--text", "text", "--label", "label"]
    assert main(["evaluate", "en-cnn-reviews", *data, "--json", str(out)]) == 0
    assert json.loads(out.read_text())["n_trained_on"] == 1  # a sentence that films have, too
    assert "1 of these" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("option", "value", "had"),
    [("--epochs", "7", "2"), ("--imbalance", "oversample", "auto"), ("--base", "tfidf-words", "en-cnn-reviews")],
)
def test_a_run_is_not_resumed_with_other_settings_than_it_began_with(run_folder, reviews, capsys, option, value, had):
    arguments = ["finetune", str(reviews), "--text", "text", "--label", "label", "--base", "en-cnn-reviews"]
    arguments += ["--out", str(run_folder), "--group", "review", "--epochs", "2", "--seed", "1", "--resume"]
    assert main(arguments) == 0  # the same ones
    assert "has finished already" in capsys.readouterr().out
    assert main([*arguments, option, value]) == 2
    assert f"{option} is {value}, but the run in {run_folder} began with {had}" in capsys.readouterr().err


def test_the_rule_of_a_run_is_that_of_its_model_folder(run_folder):
    rule = Rule({"negative": 0.3})
    save_rule(Run(run_folder), rule)
    try:
        assert read_rule(run_folder) == read_rule(run_folder / "model") == rule
    finally:
        save_rule(Run(run_folder), None)


@pytest.mark.parametrize("extension", ["csv", "jsonl", "parquet", "xlsx", "tsv"])
def test_predict_keeps_every_row_and_column_in_order(run_folder, tmp_path, extension):
    source = tmp_path / "in.csv"
    source.write_text("id,text,note\n007,great product,=1+1\n008,,NA\n009,awful,x\n", encoding="utf-8")
    out = tmp_path / f"out.{extension}"
    assert main(["predict", str(run_folder), str(source), "--text", "text", "--out", str(out)]) == 0
    read = {
        "csv": lambda: pd.read_csv(out, dtype=str, keep_default_na=False),
        "tsv": lambda: pd.read_csv(out, dtype=str, keep_default_na=False, sep="\t"),
        "jsonl": lambda: pd.read_json(out, lines=True, dtype=False),
        "parquet": lambda: pd.read_parquet(out),
        "xlsx": lambda: pd.read_excel(out, dtype=str, keep_default_na=False, engine="calamine"),
    }
    table = read[extension]()
    added = ["prediction", "prob_negative", "prob_neutral", "prob_positive"]
    assert list(table.columns) == ["id", "text", "note", *added]
    assert table["id"].tolist() == ["007", "008", "009"]
    assert table["note"].tolist()[1] == "NA"
    assert [bool(value) for value in table["prediction"].fillna("")] == [True, False, True]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["finetune", "DATA", "--text", "text", "--label", "label"], "--out"),
        (["finetune", "nowhere.csv", "--text", "text", "--label", "label", "--out", "OUT"], "nowhere.csv"),
        (["finetune", "DATA", "--text", "texxt", "--label", "label", "--out", "OUT"], "texxt"),
        (["finetune", "DATA", "--text", "text", "--label", "label", "--out", "OUT", "--base", "gpt"], "gpt"),
        (["finetune", "DATA", "--text", "text", "--label", "label", "--out", "OUT", "--imbalance", "x"], "oversample"),
        (["finetune", "DATA", "--text", "text", "--label", "label", "--out", "OUT", "--batch-size", "0"], "batch_size"),
        (["finetune", "DATA", "--text", "text", "--label", "label", "--out", "OUT", "--max-length", "1"], "max_length"),
        (
            ["finetune", "DATA", "--text", "text", "--label", "label", "--out", "OUT", "--learning-rate", "9"],
            "learning_rate",
        ),
        (
            ["finetune", "DATA", "--text", "text", "--label", "label", "--out", "OUT", "--validation-fraction", "0.9"],
            "validation_fraction",
        ),
        (
            ["finetune", "DATA", "--text", "text", "--label", "label", "--out", "OUT"]
            + ["--base", "tfidf-words", "--imbalance", "focal"],
            "does not go with tfidf-words",
        ),
        (
            ["finetune", "DATA", "--text", "text", "--label", "label", "--out", "OUT"]
            + ["--base", "scratch-cnn", "--strategy", "gradual"],
            "does not go with scratch-cnn",
        ),
        (["finetune", "DATA", "--text", "text", "--label", "label", "--out", "OUT", "--strategy", "x"], "anchored"),
        (["finetune", "DATA", "--text", "text", "--label", "label", "--out", "OUT", "--resume"], "no run"),
        (["finetune", "DATA", "--text", "text", "--label", "id", "--out", "OUT"], "rows"),
        (["evaluate", "nothing", "DATA", "--text", "text", "--label", "label"], "neither a run folder"),
        (["predict", "scratch-cnn", "DATA", "--text", "text", "--out", "o.csv"], "scratch-cnn"),
        (["predict", "en-cnn-news", "DATA", "--text", "nope", "--out", "o.csv"], "nope"),
        (["predict", "en-cnn-news", "DATA", "--text", "text", "--out", "o.doc"], "doc"),
        (["pretrain", "en-cnn-poems", "--out", "OUT"], "en-cnn-news"),
        (["explode"], "explode"),
    ],
)
def test_a_mistake_is_one_line_and_status_2(arguments, words, reviews, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    given = [{"DATA": str(reviews), "OUT": str(tmp_path / "out")}.get(word, word) for word in arguments]
    assert main(given) == 2
    captured = capsys.readouterr()
    lines = [line for line in captured.err.splitlines() if line.startswith("Error")]
    assert len(lines) == 1
    assert words in lines[0]
    assert "Traceback" not in captured.err + captured.out


def test_an_existing_run_is_not_overwritten_and_a_finished_one_needs_no_resume(run_folder, reviews, capsys):
    arguments = ["finetune", str(reviews), "--text", "text", "--label", "label", "--out", str(run_folder)]
    before = (run_folder / "state.json").read_bytes()
    assert main([*arguments, "--group", "review"]) == 2
    assert main([*arguments, "--group", "review", "--resume"]) == 0
    assert "finished already" in capsys.readouterr().out
    assert (run_folder / "state.json").read_bytes() == before


def test_resuming_on_other_data_is_refused_with_the_reason(run_folder, reviews, tmp_path, capsys):
    import shutil

    copy = tmp_path / "run"
    shutil.copytree(run_folder, copy)
    state = json.loads((copy / "state.json").read_text())
    (copy / "state.json").write_text(json.dumps({**state, "status": "stopped"}))
    other = tmp_path / "other.csv"
    other.write_text(reviews.read_text(encoding="utf-8").replace("good", "bad"), encoding="utf-8")
    arguments = ["finetune", str(other), "--text", "text", "--label", "label", "--out", str(copy), "--resume"]
    assert main([*arguments, "--group", "review"]) == 2
    assert "data has changed" in capsys.readouterr().err


def test_without_test_rows_every_row_is_used_and_the_validation_rows_are_told(reviews, tmp_path, capsys):
    folder = tmp_path / "run"
    arguments = ["finetune", str(reviews), "--text", "text", "--label", "label", "--base", "en-cnn-news"]
    assert main([*arguments, "--out", str(folder), "--epochs", "1", "--test-fraction", "0"]) == 0
    assert "Held out (validation)" in capsys.readouterr().out


def test_the_module_answers_as_a_command():
    command = [sys.executable, "-m", "sentiment", "bases", "--json"]
    answer = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert json.loads(answer.stdout)
    wrong = subprocess.run([*command[:3], "nonsense"], cwd=ROOT, capture_output=True, text=True)
    assert wrong.returncode == 2
    assert len(wrong.stderr.strip().splitlines()) == 1


def test_resuming_asks_nothing_of_the_settings_that_are_not_repeated(tmp_path):
    source, run = tmp_path / "few.csv", tmp_path / "run"
    pd.DataFrame({"text": [f"word{n} of some kind" for n in range(5)], "label": list("aabbb")}).to_csv(
        source, index=False
    )
    command = [
        "finetune",
        str(source),
        "--text",
        "text",
        "--label",
        "label",
        "--out",
        str(run),
        "--base",
        "tfidf-words",
    ]
    assert main([*command, "--test-fraction", "0"]) == 0
    state = json.loads((run / "state.json").read_text())
    (run / "state.json").write_text(json.dumps({**state, "status": "stopped"}))
    assert main([*command, "--resume"]) == 0
    assert json.loads((run / "state.json").read_text())["status"] == "finished"
