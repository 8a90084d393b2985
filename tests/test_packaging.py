"""A run handed on: the same model bit for bit, a card that says what it is, and a base for the next one."""

import dataclasses
import json
import re
import shutil
import zipfile

import numpy as np
import pandas as pd
import pytest

import sentiment
from sentiment.cli import main
from sentiment.errors import ModelError
from sentiment.evaluation.calibration import measure_calibration
from sentiment.evaluation.thresholds import Rule
from sentiment.judging import judge_run, read_rule, save_rule
from sentiment.model_card import model_card, plain
from sentiment.models.baselines import Rows, fit_baseline
from sentiment.models.classifier import flatten, fresh_params, unflatten
from sentiment.models.encoder_config import EncoderConfig
from sentiment.models.folders import describe_origin
from sentiment.models.linear_store import save_linear
from sentiment.models.registry import list_bases
from sentiment.models.store import ModelFolder, save_model
from sentiment.models.tokenizer import build_tokenizer
from sentiment.packaging import pack_run, package_of
from sentiment.training.config import FinetuneConfig
from sentiment.training.runs import DatasetReference, RunInfo, RunState, create_run

CLASSES = ("negative", "neutral", "positive")
TEXTS = ["good film", "not good", "", "the bad bad film", "?"]
EXTRA = {"temperature": 1.3, "origin": {"base": "A base", "trained_on": "news", "licences": {"news": "MIT"}}}
KINDS = ["cnn", "lstm", "gru", "rnn", "tfidf-words", "naive-bayes", "word-vectors", "majority"]


@pytest.fixture(autouse=True)
def _cache(tmp_path, monkeypatch):
    monkeypatch.setenv("SENTIMENT_CACHE", str(tmp_path / "cache"))


def save_network(folder, kind):
    words = ["good", "bad", "not", "film", "the"]
    encoder = EncoderConfig(vocab_size=len(words) + 2, embed=6, kind=kind, units=5, filters=4)
    rng = np.random.default_rng(1)
    params = {
        name: rng.normal(0, 1, a.shape).astype("float32")
        for name, a in flatten(fresh_params(encoder, 3, seed=0)).items()
    }
    save_model(folder, ModelFolder(unflatten(params), encoder, CLASSES, build_tokenizer(words), 32, EXTRA))


def save_simple(folder, name):
    rows = Rows([*TEXTS[:2], "a bad film", "so so", "so so film", "very good"], np.array([2, 0, 0, 1, 1, 2]))
    model = fit_baseline(name, rows, classes=CLASSES)
    save_linear(folder, dataclasses.replace(model, extra=EXTRA))


@pytest.fixture
def make_run(tmp_path):
    """A finished run with a model of a kind, made without training."""

    def build(kind="cnn", *, name="shop", predictions=True):
        dataset = DatasetReference("a" * 12, name, "f" * 64, None, "shop.csv")
        info = RunInfo(
            id="20260101-000000-abcdef",
            name=name,
            created="2026-01-01T00:00:00+00:00",
            config=FinetuneConfig(base=kind if "-" in kind or kind == "majority" else "en-cnn-reviews"),
            dataset=dataset,
            classes=CLASSES,
            colours={},
            language="en",
            text_column="text",
            label_column="label",
            group_column=None,
        )
        run = create_run(tmp_path / f"run-{kind}", info)
        (save_network if kind in ("cnn", "lstm", "gru", "rnn") else save_simple)(run.folder / "model", kind)
        run.write_state(RunState(status="finished", settings={"n_train": 700, "n_validation": 100}, message="Done."))
        if predictions:
            rng = np.random.default_rng(0)
            probs = rng.dirichlet(np.ones(3), 200)
            table = pd.DataFrame({"row": range(200), "text": "t", "label": rng.choice(CLASSES, 200), "group": None})
            table["split"], table["model:prediction"] = "test", np.array(CLASSES)[probs.argmax(axis=1)]
            for place, label in enumerate(CLASSES):
                table[f"model:prob:{label}"] = probs[:, place]
            run.write_predictions(table)
        return run

    return build


@pytest.mark.parametrize("kind", KINDS)
def test_a_packaged_model_gives_bit_identical_probabilities(make_run, tmp_path, kind):
    run = make_run(kind)
    pack_run(run, tmp_path / "shop.zip")
    before = sentiment.load(run.folder)(TEXTS)
    shutil.rmtree(run.folder)
    model = sentiment.load(tmp_path / "shop.zip")
    assert model.classes == CLASSES
    assert model.temperature == EXTRA["temperature"]
    np.testing.assert_array_equal(model(TEXTS), before)


def test_the_same_run_gives_the_same_bytes(make_run):
    run = make_run()
    assert package_of(run) == package_of(run)


def test_a_package_holds_the_model_and_its_card_and_nothing_of_the_run(make_run, tmp_path):
    run = make_run()
    pack_run(run, tmp_path / "shop.zip")
    with zipfile.ZipFile(tmp_path / "shop.zip") as archive:
        assert set(archive.namelist()) == {"README.md", "config.json", "tokenizer.json", "weights.safetensors"}
        assert archive.read("README.md").decode() == model_card(run)


def test_a_package_does_not_say_in_which_folder_its_base_was(make_run, tmp_path):
    """Its name is of use to others, the folders of who made it are not."""
    run = make_run()
    info = dataclasses.replace(run.info, config=dataclasses.replace(run.info.config, base="/home/ann/secret/first-run"))
    made = create_run(tmp_path / "second", info)
    shutil.copytree(run.folder / "model", made.folder / "model")
    config = json.loads((made.folder / "model" / "config.json").read_text())
    config |= {"run": {"id": info.id, "base": info.config.base}}
    (made.folder / "model" / "config.json").write_text(json.dumps(config))
    pack_run(made, tmp_path / "shop.zip")
    with zipfile.ZipFile(tmp_path / "shop.zip") as archive:
        told = archive.read("README.md").decode() + archive.read("config.json").decode()
    assert "secret" not in told
    assert "`first-run`" in told
    assert json.loads(zipfile.ZipFile(tmp_path / "shop.zip").read("config.json"))["run"]["base"] == "first-run"


def test_a_run_without_a_model_cannot_be_packed(make_run):
    run = make_run()
    shutil.rmtree(run.folder / "model")
    with pytest.raises(ModelError, match="no weights yet"):
        package_of(run)


def test_the_card_says_what_it_is_how_good_and_what_it_owes(make_run):
    card = model_card(make_run())
    assert card.startswith("# shop\n")
    for part in ("How to use it", "What it learned from", "Held out", "Calibration", "Limits", "Licence"):
        assert f"## {part}\n" in card
    assert "700 rows to learn from, 100 to choose by" in card
    assert re.search(r"\| negative \| [\d.]+ \(\d+ to \d+\) \|.*\| \d+ \|", card)
    assert "divided by 1.3" in card
    assert "started from A base" in card
    assert "- news: MIT" in card


def test_a_card_shows_no_figure_of_too_few_rows(make_run):
    run = make_run()
    rows = run.predictions()
    rows["label"] = rows["label"].mask(rows["label"] == "neutral", "positive")
    said_neutral = int((rows["model:prediction"] == "neutral").sum())
    assert said_neutral >= 20
    run.write_predictions(rows)
    line = next(line for line in model_card(run).splitlines() if line.startswith("| neutral | 0.0"))
    assert line == "| neutral | 0.0 (0 to 6) | no rows | no rows | 0 |"
    rows["model:prediction"] = rows["model:prediction"].mask(rows["model:prediction"] == "negative", "positive")
    for place, probs in (("negative", 0.0), ("positive", 1.0)):
        rows.loc[rows["model:prediction"] == "positive", f"model:prob:{place}"] = probs
    run.write_predictions(rows)
    line = next(line for line in model_card(run).splitlines() if re.match(r"\| negative \| .*to", line))
    assert re.match(r"\| negative \| no rows \| 0\.0 \(0 to \d+\) \|", line)


def test_the_card_says_the_rule_that_is_saved(make_run):
    run = make_run()
    assert "How it decides" not in model_card(run)
    save_rule(run, Rule({"negative": 0.3}, undecided_below=0.4))
    card = model_card(run)
    assert "## How it decides\n" in card
    assert "- A row is “negative” where that is at least 30\u202f% likely." in card
    assert "less than 40\u202f% likely: then it stays undecided" in card


def test_a_card_minds_groups_where_one_row_has_none(make_run):
    run = make_run()
    rows = run.predictions()
    rows["group"] = pd.Series([None, *(str(i // 10) for i in range(1, len(rows)))], dtype="str")
    run.write_predictions(rows)
    judged = judge_run(run)
    found = measure_calibration(judged.probs(), judged.labels, groups=judged.groups)
    alone = measure_calibration(judged.probs(), judged.labels)
    assert round(found.interval[1], 3) != round(alone.interval[1], 3)
    low, high = found.interval
    assert f"{100 * low:.1f} to {100 * high:.1f} once chance is taken off" in model_card(run)


def test_a_card_without_held_out_rows_boasts_of_nothing(make_run):
    card = model_card(make_run(predictions=False))
    assert "nobody knows how good it is" in card
    assert "F1" not in card


def test_a_name_from_a_file_stays_literal_in_a_card(make_run):
    name = "<img src=http://evil.example/x> [a](b) **bold** `code` | cell :smile: $$x$$"
    card = model_card(make_run(name=name))
    assert "<img" not in card
    assert "[a](b)" not in card
    assert plain(name) in card
    assert plain("a | b") == r"a \| b"
    assert "\n" not in plain("a\n# b")
    assert plain("at least 30\u202f% or\u202f\u202f\u202fmore") == "at least 30\u202f% or more"
    assert len(plain("\u202f".join("ab" * 100_000))) <= 2_000


def test_an_unpacked_package_stands_among_the_base_models(make_run, tmp_path, monkeypatch):
    pack_run(make_run(), tmp_path / "shop.zip")
    with zipfile.ZipFile(tmp_path / "shop.zip") as archive:
        archive.extractall(tmp_path / "bases" / "shop")
    monkeypatch.setenv("SENTIMENT_BASES", str(tmp_path / "bases"))
    base = list_bases()[0]
    assert (base.name, base.kind, base.classes, base.n_training_rows) == ("shop", "pretrained", CLASSES, 800)
    assert base.held_out["n_rows"] == 200


def test_what_a_model_owes_travels_from_base_to_base(make_run, tmp_path):
    shipped = describe_origin("en-cnn-reviews")
    assert shipped["licences"]["the weights of English CNN, reviews"] == "Apache-2.0"
    assert any("IMDb" in source for source in shipped["licences"])
    assert describe_origin("scratch-cnn") == describe_origin("tfidf-words") == {}
    pack_run(make_run(), tmp_path / "shop.zip")
    next_one = describe_origin(str(tmp_path / "shop.zip"))
    assert next_one["base"] == "shop"
    assert next_one["licences"] == {"news": "MIT", "shop": "not stated"}


@pytest.mark.slow
def test_a_package_is_taken_wherever_a_run_or_a_base_is(tmp_path, capsys):
    rng = np.random.default_rng(0)
    labels = rng.choice(["negative", "positive"], 160)
    texts = [
        f"{'really wonderful' if label == 'positive' else 'broken junk'} number {n}" for n, label in enumerate(labels)
    ]
    pd.DataFrame({"text": texts, "label": labels}).to_csv(tmp_path / "rows.csv", index=False)
    data = [str(tmp_path / "rows.csv"), "--text", "text", "--label", "label"]
    assert main(["finetune", *data, "--out", str(tmp_path / "first")]) == 0
    package = str(tmp_path / "first.zip")
    assert main(["export", str(tmp_path / "first"), "--out", package, "--onnx", str(tmp_path / "first.onnx")]) == 0
    assert (tmp_path / "first.onnx").stat().st_size > 1000
    assert (tmp_path / "tokenizer.json").is_file()
    assert main(["evaluate", package, *data, "--json", str(tmp_path / "report.json")]) == 0
    assert json.loads((tmp_path / "report.json").read_text())["accuracy"] > 0.9
    for model, out in ((package, "zip.csv"), (str(tmp_path / "first"), "run.csv")):
        assert main(["predict", model, *data[:3], "--out", str(tmp_path / out)]) == 0
    assert (tmp_path / "zip.csv").read_bytes() == (tmp_path / "run.csv").read_bytes()
    assert main(["finetune", *data, "--base", package, "--out", str(tmp_path / "second")]) == 0
    config = json.loads((tmp_path / "second" / "model" / "config.json").read_text())
    assert any("IMDb" in source for source in config["origin"]["licences"])
    capsys.readouterr()


def test_thresholds_that_were_saved_with_a_run_go_along(make_run, tmp_path):
    run = make_run("cnn")
    pack_run(run, tmp_path / "plain.zip")
    save_rule(run, Rule({"negative": 0.3}, undecided_below=0.4))
    pack_run(run, tmp_path / "ruled.zip")
    assert read_rule(tmp_path / "plain.zip") is None
    assert read_rule(tmp_path / "ruled.zip") == Rule({"negative": 0.3}, undecided_below=0.4)
