"""Folders of simple models: what goes out comes back, and what does not fit is told, never run."""

import json
import pickle

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from sentiment.errors import ModelError
from sentiment.files import read_json, write_json
from sentiment.models import linear_store
from sentiment.models.baselines import LinearModel, Rows, fit_baseline
from sentiment.models.linear_store import load_linear, save_linear
from sentiment.models.predictor import load_predictor
from sentiment.models.registry import BASELINES
from sentiment.models.store import load_model

TEXTS = ["good film", "bad film", "好吃，很好", "不好吃!", "lone \ud800 surrogate", "zero\u200bwidth\tand  spaces"] * 2
UNSEEN = [*TEXTS, "", "good 好", "unknown"]


def fitted(name: str) -> LinearModel:
    labels = np.arange(len(TEXTS)) % 2
    return fit_baseline(name, Rows(TEXTS, labels), classes=("schlecht", "好"))


@pytest.fixture
def folder(tmp_path):
    save_linear(tmp_path / "m", fitted("tfidf-words"))
    return tmp_path / "m"


@pytest.mark.parametrize("name", BASELINES)
def test_a_model_comes_back_with_equal_probabilities(name, tmp_path):
    model = fitted(name)
    save_linear(tmp_path / "m", model)
    again = load_predictor(tmp_path / "m")
    np.testing.assert_array_equal(again(UNSEEN), model(UNSEEN))
    assert again.classes == ("schlecht", "好")
    assert again.name == name


def test_what_else_the_config_says_is_kept(tmp_path):
    model = fitted("majority")
    save_linear(tmp_path / "m", LinearModel(**{**vars(model), "extra": {"run": {"id": "x"}}}))
    assert load_linear(tmp_path / "m").extra["run"] == {"id": "x"}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda t: t.pop("bias"), "bias: expected .*found nothing"),
        (lambda t: t.update(bias=np.zeros(3, np.float32)), r"expected \(2,\), found \(3,\)"),
        (lambda t: t.update(kernel=t["kernel"][1:]), "kernel: expected"),
        (lambda t: t.update(weights=np.full_like(t["weights"], np.inf)), "not finite, in weights"),
        (lambda t: t.update(bias=np.zeros(2, np.int64)), "type I64"),
    ],
)
def test_weights_that_do_not_fit_name_both_sides(folder, change, words):
    tensors = load_file(folder / "weights.safetensors")
    change(tensors)
    save_file(tensors, folder / "weights.safetensors")
    with pytest.raises(ModelError, match=words):
        load_linear(folder)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"[",
        b"{}",
        b"[1, 2]",
        b'["one word too many in this"]',
        b"\xff\xfe",
        b"[" * 10_000,
    ],
)
def test_a_damaged_vocabulary_is_told(folder, content):
    (folder / "vocabulary.json").write_bytes(content)
    with pytest.raises(ModelError, match="(vocabulary|weights) of m"):
        load_linear(folder)


def test_a_vocabulary_with_a_term_twice_or_exchanged_is_told(folder):
    terms = read_json(folder / "vocabulary.json")
    write_json(folder / "vocabulary.json", [terms[1], *terms[1:]])
    with pytest.raises(ModelError, match="vocabulary of m is damaged"):
        load_linear(folder)


def test_a_vocabulary_over_the_limit_is_not_read(folder, monkeypatch):
    monkeypatch.setattr(linear_store, "_MAX_VOCABULARY", 10)
    with pytest.raises(ModelError, match="over the limit"):
        load_linear(folder)


@pytest.mark.parametrize(
    "change",
    [
        {"baseline": "majority"},
        {"baseline": ["tfidf-words"]},
        {"features": {"unit": "word", "low": 1, "high": 99, "scaled": True}},
        {"features": {"unit": "byte", "low": 1, "high": 2, "scaled": True}},
        {"features": {"unit": "word", "low": "1", "high": 2, "scaled": True}},
        {"features": None},
        {"classes": []},
        {"classes": 3},
        {"format": 99},
        {"architecture": "Perceptron"},
        {"architecture": ["TF-IDF"]},
    ],
    ids=json.dumps,
)
def test_a_damaged_config_is_told(folder, change):
    write_json(folder / "config.json", {**read_json(folder / "config.json"), **change})
    with pytest.raises(ModelError):
        load_predictor(folder)


def test_a_missing_file_is_told(folder):
    (folder / "weights.safetensors").unlink()
    with pytest.raises(ModelError, match="weights of m cannot be read"):
        load_linear(folder)


def test_a_pickle_is_refused_and_not_run(folder):
    class Trap:
        def __reduce__(self):
            return open, (str(folder / "ran"), "w")

    for name in ("weights.safetensors", "vocabulary.json"):
        (folder / name).write_bytes(pickle.dumps(Trap()))
        with pytest.raises(ModelError, match="cannot be read"):
            load_linear(folder)
    assert not (folder / "ran").exists()


def test_a_simple_model_is_no_network(folder):
    with pytest.raises(ModelError, match="kind"):
        load_model(folder)
