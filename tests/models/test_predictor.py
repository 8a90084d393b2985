"""Prediction from raw text: chunks, threads and batches change neither the order nor the values."""

import numpy as np
import pytest

from sentiment.models import predictor
from sentiment.models.classifier import fresh_params
from sentiment.models.encoders import EncoderConfig
from sentiment.models.predictor import Predictor
from sentiment.models.store import ModelFolder
from sentiment.models.tokenizer import build_tokenizer

WORDS = ["good", "bad", "film", "not", "one"]


@pytest.fixture
def predict() -> Predictor:
    encoder = EncoderConfig(vocab_size=len(WORDS) + 2, embed=6, filters=4)
    return Predictor(
        ModelFolder(fresh_params(encoder, 3, seed=0), encoder, ("a", "b", "c"), build_tokenizer(WORDS), 32)
    )


@pytest.fixture
def texts() -> list[str]:
    rng = np.random.default_rng(0)
    return [" ".join(rng.choice(WORDS, n)) for n in rng.integers(0, 60, 300)]


def test_chunks_come_back_in_order(predict, texts, monkeypatch):
    whole = predict(texts)
    monkeypatch.setattr(predictor, "_CHUNK", 37)
    np.testing.assert_allclose(predict(texts), whole, atol=1e-6)
    assert len(np.unique(whole[:, 0])) > 100  # else any order would do


@pytest.mark.parametrize("n", [0, 1, 8, 9])
def test_few_texts_get_what_they_get_among_many(predict, texts, n):
    np.testing.assert_allclose(predict(texts[:n]), predict(texts)[:n], atol=1e-6)


def test_an_error_in_the_reading_thread_is_raised(predict, texts, monkeypatch):
    monkeypatch.setattr(predictor, "_CHUNK", 100)
    with pytest.raises((TypeError, AttributeError)):
        predict([*texts, None])
