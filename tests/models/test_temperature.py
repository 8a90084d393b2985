"""A model's temperature: read with care, written whole, and the same for networks and linear models."""

import json

import numpy as np
import pytest

from sentiment.errors import ModelError
from sentiment.evaluation.calibration import apply_temperature
from sentiment.models.baselines import Rows, fit_baseline
from sentiment.models.classifier import fresh_params
from sentiment.models.encoder_config import EncoderConfig
from sentiment.models.linear_store import save_linear
from sentiment.models.predictor import load_predictor
from sentiment.models.store import ModelFolder, save_model
from sentiment.models.temperature import temperature_of, write_temperature
from sentiment.models.tokenizer import build_tokenizer

TEXTS = ["good film", "bad film", "a film", "good good"]


def network(folder):
    encoder = EncoderConfig(vocab_size=7, embed=4, widths=(1, 2), filters=3)
    words = ["good", "bad", "film", "a", "b"]
    save_model(
        folder, ModelFolder(fresh_params(encoder, 3, seed=1), encoder, ("x", "y", "z"), build_tokenizer(words), 16)
    )


def linear(folder):
    rows = Rows(TEXTS * 5, np.array([0, 1, 1, 0] * 5))
    save_linear(folder, fit_baseline("tfidf-words", rows, classes=("x", "y")))


@pytest.mark.parametrize("make", [network, linear])
def test_logits_are_divided_by_the_temperature(make, tmp_path):
    make(tmp_path)
    before = load_predictor(tmp_path)
    plain = before(TEXTS)
    write_temperature(tmp_path, 2.5)
    after = load_predictor(tmp_path)
    assert (before.temperature, after.temperature) == (1.0, 2.5)
    np.testing.assert_allclose(after(TEXTS), apply_temperature(plain, 2.5), atol=1e-6)
    assert (after(TEXTS).argmax(axis=1) == plain.argmax(axis=1)).all()
    assert np.abs(after(TEXTS) - plain).max() > 1e-3


@pytest.mark.parametrize("value", [0, -1, "2", None, True, 1e9, float("nan"), [1.0]])
def test_a_temperature_that_is_none_is_refused(value):
    with pytest.raises(ModelError, match="temperature"):
        temperature_of({"temperature": value})


@pytest.mark.parametrize("make", [network, linear])
def test_a_damaged_temperature_is_refused_when_the_model_is_loaded(make, tmp_path):
    make(tmp_path)
    config = json.loads((tmp_path / "config.json").read_text())
    (tmp_path / "config.json").write_text(json.dumps({**config, "temperature": 0}))
    with pytest.raises(ModelError, match="temperature"):
        load_predictor(tmp_path)


def test_a_model_without_one_has_the_temperature_1():
    assert temperature_of({}) == 1.0
