"""The ONNX graph says what the model says, whatever its encoder and its pooling, the batch and the padding."""

import itertools
import json

import numpy as np
import onnx
import onnxruntime
import pytest

from sentiment.errors import ModelError
from sentiment.models.baselines import Rows, fit_baseline
from sentiment.models.classifier import flatten, fresh_params, unflatten
from sentiment.models.encoder_config import EncoderConfig
from sentiment.models.features import MAX_TOKENS
from sentiment.models.onnx_export import OPSET, to_onnx
from sentiment.models.predictor import Predictor, load_predictor
from sentiment.models.store import ModelFolder
from sentiment.models.tokenizer import build_tokenizer, encode

WORDS = ["good", "bad", "not", "film", "the", "##a", "##b"]
TEXTS = ["good film", "not good", "", "the bad bad film", "?", "the " * 40]
POOLINGS = [("max", "mean"), ("max",), ("mean", "last", "max")]


def predictor(kind, pooling, *, bidirectional=True, temperature=1.7):
    encoder = EncoderConfig(
        vocab_size=9, embed=6, kind=kind, units=5, filters=4, pooling=pooling, bidirectional=bidirectional
    )
    rng = np.random.default_rng(1)
    fresh = flatten(fresh_params(encoder, 3, seed=0))
    params = unflatten(
        {name: np.asarray(a) + rng.normal(0, 0.5, a.shape).astype("float32") for name, a in fresh.items()}
    )
    extra = {"temperature": temperature}
    return Predictor(ModelFolder(params, encoder, ("bad", "so so", "good"), build_tokenizer(WORDS), 32, extra))


def ask(session, table, *, length):
    return session.run(None, {"ids": table.padded(np.arange(len(table.starts) - 1), length)})[0]


def agree(model, tokenizer, texts, *, max_length):
    session = onnxruntime.InferenceSession(to_onnx(model), providers=["CPUExecutionProvider"])
    table, expected = encode(tokenizer, texts, max_length=max_length), model(texts)
    longest = int(table.lengths.max())
    for length in (longest, longest + 17):
        np.testing.assert_allclose(ask(session, table, length=length), expected, atol=1e-5)
    for row in range(len(texts)):
        alone = encode(tokenizer, texts[row : row + 1], max_length=max_length)
        length = max(1, int(alone.lengths[0]))
        np.testing.assert_allclose(ask(session, alone, length=length), expected[row : row + 1], atol=1e-5)


@pytest.mark.parametrize(("kind", "pooling"), list(itertools.product(["cnn", "lstm", "gru", "rnn"], POOLINGS)))
def test_every_encoder_says_the_same_under_onnxruntime(kind, pooling):
    model = predictor(kind, pooling)
    assert np.ptp(model(TEXTS)) > 0.2  # else anything would agree
    agree(model, model.model.tokenizer, TEXTS, max_length=32)


@pytest.mark.parametrize("kind", ["lstm", "gru", "rnn"])
def test_a_recurrence_in_one_direction_says_the_same(kind):
    model = predictor(kind, ("last", "max"), bidirectional=False)
    agree(model, model.model.tokenizer, TEXTS, max_length=32)


@pytest.mark.parametrize("base", ["en-cnn-reviews", "en-rnn-reviews"])
def test_the_shipped_bases_say_the_same(base):
    model = load_predictor(base)
    texts = ["A wonderful little camera.", "It broke after a day.", "完全不行 😡", "so slow " * 200]
    agree(model, model.model.tokenizer, texts, max_length=model.model.max_length)


def test_averaged_word_vectors_say_the_same():
    texts = ["a good film", "really good", "a bad film", "so bad", "", "???", "no word of it is known: xqzt"]
    model = fit_baseline("word-vectors", Rows(texts[:4], np.array([1, 1, 0, 0])), classes=["bad", "good"])
    agree(model, model.features.tokenizer, texts, max_length=MAX_TOKENS)


def test_a_model_that_counts_words_is_refused_in_words():
    model = fit_baseline("tfidf-words", Rows(["good film", "bad film"] * 2, np.array([1, 0] * 2)), classes=["b", "g"])
    with pytest.raises(ModelError, match="counts words or characters"):
        to_onnx(model)


def test_the_file_is_valid_and_says_what_it_needs():
    model = predictor("gru", ("max", "mean"))
    content = to_onnx(model)
    loaded = onnx.load_from_string(content)
    onnx.checker.check_model(loaded, full_check=True)
    assert [(each.domain, each.version) for each in loaded.opset_import] == [("", OPSET)]
    assert {each.key: each.value for each in loaded.metadata_props} == {
        "classes": json.dumps(["bad", "so so", "good"]),
        "max_length": "32",
    }
    assert to_onnx(model) == content
    assert to_onnx(predictor("gru", ("max", "mean"), temperature=1.0)) != content
