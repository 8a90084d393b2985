"""Where fine-tuning starts: the base's words keep their vectors, and its head where the classes agree."""

import shutil

import numpy as np

from sentiment.models.baselines import softmax
from sentiment.models.classifier import EMBEDDING, flatten
from sentiment.models.predictor import load_predictor
from sentiment.models.registry import find_base
from sentiment.models.store import load_model
from sentiment.models.temperature import write_temperature
from sentiment.models.tokenizer import encode
from sentiment.training.encode_texts import load_encoding
from sentiment.training.matches import match_classes
from sentiment.training.start import Compact, load_start


def test_classes_are_matched_by_meaning_and_each_once():
    base = ("negative", "neutral", "positive")
    assert match_classes(["Positive ", "neg"], base) == {0: 2, 1: 0}
    assert match_classes(["pos", "positive"], base) == {0: 2}
    assert match_classes(["sports", "politics"], base) == {}


def test_the_encoder_is_the_base_models_and_the_head_is_fresh():
    model = load_model(find_base("en-cnn-news").folder)
    fresh = load_start("en-cnn-news", classes=["positive", "angry"], train_texts=[], seed=0)
    assert not fresh.params["head"]["kernel"].any()
    assert fresh.matches == {0: 2}
    np.testing.assert_array_equal(fresh.base_head["kernel"], model.params["head"]["kernel"])
    encoder = flatten(fresh.params["encoder"])
    for path, value in flatten(model.params["encoder"]).items():
        np.testing.assert_array_equal(value, encoder[path])


def test_the_base_models_verdict_is_what_it_says_of_a_text_its_temperature_included(tmp_path):
    """Also where it is a run's model: there is one kind of probability, the calibrated one."""
    shutil.copytree(find_base("en-cnn-news").folder, tmp_path / "model")
    write_temperature(tmp_path / "model", 2.5)
    texts = ["A good day for all of us.", "Nobody was paid, and nobody will be."]
    start = load_start(str(tmp_path), classes=["negative", "neutral", "positive"], train_texts=[], seed=0)
    encoding = load_encoding(str(tmp_path), texts)
    vectors = np.concatenate(list(encoding.blocks(texts)))
    for head in (start.base_head, encoding.head):
        said = softmax(vectors @ head["kernel"] + head["bias"])
        np.testing.assert_allclose(said, load_predictor(tmp_path)(texts), atol=1e-5)


def test_cutting_the_vocabulary_and_restoring_it_loses_nothing():
    start = load_start("en-cnn-news", classes=["a", "b"], train_texts=[], seed=0)
    table = encode(start.tokenizer, ["a good day", "not a bad one"], max_length=16)
    compact = Compact.over([table], start.params)
    cut = compact.cut(start.params)
    assert len(compact.used) < 12
    assert len(flatten(cut)[EMBEDDING]) == 2048
    mapped = table.mapped(compact.new_ids)
    np.testing.assert_array_equal(flatten(cut)[EMBEDDING][mapped.ids], flatten(start.params)[EMBEDDING][table.ids])
    flatten(cut)[EMBEDDING][mapped.ids[0]] += 1.0
    restored = flatten(compact.restore(cut))[EMBEDDING]
    changed = np.flatnonzero((restored != flatten(start.params)[EMBEDDING]).any(axis=1))
    assert changed.tolist() == [table.ids[0]]


def test_from_scratch_the_words_come_from_the_training_texts():
    start = load_start("scratch-cnn", classes=["a", "b"], train_texts=["wobbly widget"] * 5, seed=0)
    assert not start.pretrained
    assert start.tokenizer.encode("wobbly").tokens == ["wobbly"]


def test_from_scratch_there_is_a_network_of_either_kind_with_words_of_its_own():
    texts = ["the film was good", "the film was bad"] * 5
    cnn, rnn = (
        load_start(base, classes=("a", "b"), train_texts=texts, seed=0) for base in ("scratch-cnn", "scratch-rnn")
    )
    assert (cnn.encoder.architecture, rnn.encoder.architecture) == ("TextCNN", "TextRNN")
    assert (rnn.encoder.kind, rnn.encoder.bidirectional) == ("lstm", True)
    assert not rnn.pretrained
    assert rnn.tokenizer.token_to_id("film") is not None
