"""Model folders: what goes out comes back, and what does not fit is told, never run."""

import json
import pickle
import re
import struct

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from sentiment.errors import ModelError
from sentiment.models.classifier import fresh_params
from sentiment.models.encoders import EncoderConfig
from sentiment.models.predictor import Predictor, load_predictor, model_folder
from sentiment.models.registry import find_base
from sentiment.models.store import ModelFolder, load_model, save_model
from sentiment.models.tokenizer import build_tokenizer

WORDS = ["good", "bad", "not", "film", "the", "##a", "##b"]
TEXTS = ["good film", "not good", "", "the bad bad film", "?"]


@pytest.fixture
def folder(tmp_path):
    encoder = EncoderConfig(vocab_size=len(WORDS) + 2, embed=6, filters=4)
    params = fresh_params(encoder, 2, seed=0)
    save_model(tmp_path / "m", ModelFolder(params, encoder, ("bad", "good"), build_tokenizer(WORDS), 32, {"card": 1}))
    return tmp_path / "m"


def test_a_model_comes_back_with_equal_probabilities(folder):
    before = load_model(folder)
    save_model(folder.parent / "again", before)
    one, other = Predictor(before)(TEXTS), load_predictor(folder.parent / "again")(TEXTS)
    np.testing.assert_array_equal(one, other)
    np.testing.assert_allclose(one.sum(axis=1), 1.0, rtol=1e-6)
    assert before.classes == ("bad", "good")
    assert before.extra["card"] == 1


@pytest.mark.parametrize("kind", ["lstm", "gru", "rnn"])
def test_a_recurrent_model_comes_back_and_says_what_it_is(tmp_path, kind):
    encoder = EncoderConfig(vocab_size=len(WORDS) + 2, embed=6, kind=kind, units=5, pooling=("last",))
    params = fresh_params(encoder, 2, seed=0)
    save_model(tmp_path, ModelFolder(params, encoder, ("bad", "good"), build_tokenizer(WORDS), 32))
    config = json.loads((tmp_path / "config.json").read_text())
    assert config["architecture"] == "TextRNN"
    assert "filters" not in config["encoder"]
    again = load_model(tmp_path)
    assert again.encoder == encoder
    np.testing.assert_array_equal(Predictor(again)(TEXTS), load_predictor(tmp_path)(TEXTS))


def change_encoder(folder, **values):
    config = json.loads((folder / "config.json").read_text())
    config["encoder"].update(values)
    (folder / "config.json").write_text(json.dumps(config))


def test_a_config_without_kind_and_pooling_is_a_cnn_with_maximum_and_mean(folder):
    config = json.loads((folder / "config.json").read_text())
    assert config["encoder"].pop("kind") == "cnn"
    assert config["encoder"].pop("pooling") == ["max", "mean"]
    before = load_predictor(folder)(TEXTS)
    (folder / "config.json").write_text(json.dumps(config))
    np.testing.assert_array_equal(load_predictor(folder)(TEXTS), before)


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"kind": "lstm"}, "a TextCNN with the encoder of a TextRNN"),
        ({"kind": "transformer"}, "kind 'transformer'; there are cnn, lstm"),
        ({"pooling": ["max", "median"]}, "there are max, mean, last"),
        ({"pooling": ["max"]}, r"head/kernel: expected \(16, 2\), found \(32, 2\)"),
        ({"units": 10**6}, "larger than any of ours"),
        ({"widths": [1] * 10**4}, "larger than any of ours"),
        ({"filters": "many"}, "does not describe a model"),
    ],
)
def test_an_encoder_that_does_not_fit_is_told(folder, values, words):
    change_encoder(folder, **values)
    with pytest.raises(ModelError) as told:
        load_model(folder)
    assert re.search(words, f"{told.value} {told.value.expected}")


def test_predictions_do_not_depend_on_the_company(folder):
    predict = load_predictor(folder)
    together = predict(TEXTS * 100)[: len(TEXTS)]
    alone = np.concatenate([predict([text]) for text in TEXTS])
    np.testing.assert_allclose(together, alone, atol=1e-6)
    assert predict([]).shape == (0, 2)


def damage(folder, change):
    tensors = load_file(folder / "weights.safetensors")
    change(tensors)
    save_file(tensors, folder / "weights.safetensors")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda t: t.pop("head/bias"), "head/bias: expected .*found nothing"),
        (lambda t: t.update({"head/bias": np.zeros(3, np.float32)}), r"expected \(2,\), found \(3,\)"),
        (lambda t: t.update(extra=np.zeros(1, np.float32)), "extra: expected nothing"),
        (lambda t: t.update({"head/bias": np.array([np.nan, 0], np.float32)}), "not finite, in head/bias"),
        (lambda t: t.update({"head/bias": np.zeros(2, np.int64)}), "type I64"),
    ],
)
def test_weights_that_do_not_fit_name_both_sides(folder, change, words):
    damage(folder, change)
    with pytest.raises(ModelError, match=words):
        load_model(folder)


def test_a_pickle_is_refused_and_not_run(folder):
    class Trap:
        def __reduce__(self):
            return open, (str(folder / "ran"), "w")

    (folder / "weights.safetensors").write_bytes(pickle.dumps(Trap()))
    with pytest.raises(ModelError, match="cannot be read"):
        load_model(folder)
    assert not (folder / "ran").exists()


@pytest.mark.parametrize("header", [b"", struct.pack("<Q", 2**60), struct.pack("<Q", 4) + b"[[[["])
def test_a_hostile_header_is_refused_before_anything_is_made(folder, header):
    (folder / "weights.safetensors").write_bytes(header)
    with pytest.raises(ModelError, match="cannot be read"):
        load_model(folder)


def test_a_shape_bomb_is_refused(folder):
    header = json.dumps({"head/bias": {"dtype": "F32", "shape": [10**12], "data_offsets": [0, 8]}}).encode()
    (folder / "weights.safetensors").write_bytes(struct.pack("<Q", len(header)) + header + bytes(8))
    with pytest.raises(ModelError, match="shape"):
        load_model(folder)


@pytest.mark.parametrize(
    "config", ["", "{", "[]", '{"format": 99}', "[" * 10_000, '{"format": 1, "architecture": "TextCNN"}']
)
def test_a_damaged_config_is_told(folder, config):
    (folder / "config.json").write_text(config)
    with pytest.raises(ModelError):
        load_model(folder)


def test_a_tokenizer_of_another_model_is_refused(folder):
    build_tokenizer([*WORDS, "more"]).save(str(folder / "tokenizer.json"))
    with pytest.raises(ModelError, match="10 tokens, its weights 9"):
        load_model(folder)


def test_a_name_that_is_no_model_says_what_would_be(tmp_path):
    with pytest.raises(ModelError, match="neither a run folder nor a base model"):
        model_folder(tmp_path / "nothing")
    with pytest.raises(ModelError, match="scratch-cnn"):
        find_base("nothing")


def test_a_shipped_base_judges_plain_sentences():
    predict = load_predictor("en-cnn-reviews")
    probs = predict(["a wonderful, moving and brilliant film", "a boring, terrible waste of time and money"])
    assert [predict.classes[i] for i in probs.argmax(axis=1)] == ["positive", "negative"]
