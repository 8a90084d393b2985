"""Pretraining with a teacher: its texts, its vectors, and the loss of labels and vectors together."""

import jax
import numpy as np
import pytest

from sentiment.errors import ModelError
from sentiment.models.classifier import apply_fn, fresh_params
from sentiment.models.encoders import EncoderConfig
from sentiment.models.store import ModelFolder
from sentiment.models.tokenizer import TokenTable, build_tokenizer, encode
from sentiment.training import teacher as teachers
from sentiment.training.distill import DistillSettings, Taught, distill
from sentiment.training.english import drop_words
from sentiment.training.feed import Examples
from sentiment.training.teacher import WIDTH, Teacher
from sentiment.training.unlabeled import exchange_words, split_sentences
from tests.training.random_texts import random_texts

CONFIG = EncoderConfig(vocab_size=30, embed=8, widths=(1, 2), filters=8)


def test_the_student_learns_the_labels_and_the_teachers_vectors():
    tokens, labels = random_texts(256, seed=0, n_ids=30)
    seen, seen_labels = random_texts(256, seed=1, n_ids=30)
    vectors = np.eye(4, dtype=np.float16)[seen_labels]
    sentiments = np.eye(2, dtype=np.float32)[seen_labels]
    settings = DistillSettings(epochs=12, labeled_epochs=12, batch_size=32, learning_rate=2e-2, average=0.9)
    losses = []
    apply = apply_fn(CONFIG, 2 + 4)
    params = distill(
        apply,
        fresh_params(CONFIG, 2 + 4, seed=0),
        labeled=Examples(tokens, labels),
        taught=Taught(seen, vectors, sentiments),
        settings=settings,
        on_progress=lambda progress: losses.append(progress.loss),
    )
    said = np.asarray(apply(params, tokens.padded(np.arange(256), 16)))
    assert (said[:, :2].argmax(axis=1) == labels).mean() > 0.9
    towards = said[:, 2:] / np.linalg.norm(said[:, 2:], axis=1, keepdims=True)
    assert (towards[np.arange(256), labels] > 0.8).mean() > 0.9
    assert losses


def test_a_text_without_a_token_teaches_nothing_and_harms_nothing():
    seen, labels = random_texts(32, seed=1, n_ids=30)
    empty = TokenTable(seen.ids[: seen.starts[-2]], np.append(seen.starts[:-1], seen.starts[-2]))
    taught = Taught(empty, np.eye(4, dtype=np.float16)[labels], np.eye(2, dtype=np.float32)[labels])
    settings = DistillSettings(epochs=2, batch_size=32)
    params = distill(
        apply_fn(CONFIG, 2 + 4), fresh_params(CONFIG, 2 + 4, seed=0), labeled=None, taught=taught, settings=settings
    )
    assert all(np.isfinite(weights).all() for weights in jax.tree.leaves(params))


def test_sentences_are_found_once_and_without_tags():
    review = "A fine film, well acted.<br />See it with friends! A fine film, well acted. Short."
    assert split_sentences([review]) == ["A fine film, well acted.", "See it with friends!"]


def test_exchanged_words_come_from_the_vocabulary_and_function_words_stay():
    words = [f"the{i}" for i in range(150)] + [f"word{i}" for i in range(300)]
    sentence = "the1 the2 word7 word8 word9 the3"
    changed = exchange_words([sentence] * 40, words, seed=0)
    assert changed == exchange_words([sentence] * 40, words, seed=0)
    assert len(set(changed)) > 20
    for line in changed:
        parts = line.split()
        assert [parts[0], parts[1], parts[5]] == ["the1", "the2", "the3"]
        assert all(part.lstrip("@#") in words for part in parts)


def test_vectors_are_computed_once(tmp_path, monkeypatch):
    asked = []

    def encode(found: list[str]) -> np.ndarray:
        asked.extend(found)
        return np.ones((len(found), WIDTH), np.float16)

    monkeypatch.setattr(teachers.importlib.util, "find_spec", lambda name: object())
    monkeypatch.setattr(teachers, "_load", lambda: encode)
    first = Teacher(tmp_path)(["a", "b"])
    again = Teacher(tmp_path)(["a", "b"])
    assert asked == ["a", "b"]
    np.testing.assert_array_equal(first, again)
    Teacher(tmp_path)(["a", "c"])
    assert asked == ["a", "b", "a", "c"]


def test_without_the_teacher_it_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setattr(teachers.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(ModelError, match="requirements-build"):
        Teacher(tmp_path)


def test_dropping_words_changes_only_the_texts_that_hold_them():
    tokens = ["good", "bad", "film", "rare", "ω", "r", "##a", "##e", "##r"]
    config = EncoderConfig(vocab_size=len(tokens) + 2, embed=8, widths=(1, 2), filters=8)
    model = ModelFolder(fresh_params(config, 2, seed=0), config, ("a", "b"), build_tokenizer(tokens), 16)
    smaller = drop_words(model, tokens, ["rare", "ω"])
    assert smaller.tokenizer.encode("rare ω").tokens == ["r", "##a", "##r", "##e", "ω"]
    assert smaller.encoder.vocab_size == len(tokens) + 1
    before, after = (logits(found, ["good film", "bad", "rare film"]) for found in (model, smaller))
    np.testing.assert_allclose(before[:2], after[:2], atol=1e-6)
    assert np.abs(before[2] - after[2]).max() > 1e-4


def logits(model: ModelFolder, texts: list[str]) -> np.ndarray:
    table = encode(model.tokenizer, texts, max_length=model.max_length)
    return np.asarray(apply_fn(model.encoder, 2)(model.params, table.padded(np.arange(len(texts)), 8)))
