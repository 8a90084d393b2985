"""Text vectors of a dataset: made once, kept, and read again only where they fit."""

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from sentiment.data import import_file, save_dataset
from sentiment.models.predictor import load_predictor
from sentiment.training.quick import UNLABELED, QuickHead
from sentiment.training.text_vectors import read_progress, read_vectors, text_vectors, vectors_folder

ROOT = Path(__file__).resolve().parents[2]
TEXTS = ["A lovely little thing", "", "It broke after a day", "It is a phone", "I love it", "Bad, bad, bad battery"]
BASE = "en-cnn-reviews"


@pytest.fixture
def dataset(tmp_path):
    lines = ["text,label"] + [f'"{text}",{"good" if i % 2 else "bad"}' for i, text in enumerate(TEXTS)]
    (tmp_path / "some.csv").write_text("\n".join(lines) + "\n")
    return import_file(tmp_path / "some.csv", text="text", label="label")


def test_vectors_with_the_base_models_own_head_say_what_the_base_model_says(dataset):
    vectors = text_vectors(dataset, BASE)
    predict = load_predictor(BASE)
    assert vectors.rows.tolist() == [0, 2, 3, 4, 5]  # row 1 has no text
    said = QuickHead(vectors, predict.classes).update(np.full(5, UNLABELED))
    np.testing.assert_allclose(said, predict(dataset.frame["text"].tolist()), atol=1e-4)


def test_kept_vectors_are_read_again_and_others_are_not(dataset, tmp_path, monkeypatch):
    made = text_vectors(dataset, BASE, folder=tmp_path)
    assert read_progress(tmp_path, BASE) == (5, 5)
    monkeypatch.setattr("sentiment.training.encode_texts.load_encoding", None)  # from here on nothing can be made
    again = text_vectors(dataset, BASE, folder=tmp_path)
    np.testing.assert_array_equal(again.vectors, made.vectors)
    assert again.classes == made.classes
    assert isinstance(again.vectors, np.memmap)
    some = replace(dataset, frame=dataset.frame.iloc[[1, 4]])
    np.testing.assert_array_equal(text_vectors(some, BASE, folder=tmp_path).vectors, made.vectors[[1, 4]])
    assert read_vectors(tmp_path, BASE, base_hash="of other weights") is None
    assert read_vectors(tmp_path, "en-rnn-reviews") is None


@pytest.mark.parametrize("damage", ["done.json", "vectors.npy", "rows.npy", "head.npy"])
def test_half_of_them_are_none(damage, dataset, tmp_path):
    text_vectors(dataset, BASE, folder=tmp_path)
    path = vectors_folder(tmp_path, BASE) / damage
    path.write_bytes(path.read_bytes()[:20])
    assert read_vectors(tmp_path, BASE) is None


def test_a_base_without_a_network_gets_vectors_of_characters(dataset, tmp_path):
    vectors = text_vectors(dataset, "tfidf-chars", folder=tmp_path)
    assert vectors.head is None
    assert len(vectors.vectors) == 5
    assert np.isfinite(vectors.vectors).all()
    np.testing.assert_array_equal(text_vectors(dataset, "tfidf-chars").vectors, vectors.vectors)


@pytest.mark.slow
def test_a_process_of_its_own_makes_them_for_a_workspace(dataset, tmp_path):
    save_dataset(dataset, tmp_path / "datasets" / dataset.id)
    command = [sys.executable, "-m", "sentiment.training.text_vectors", str(tmp_path), dataset.id, BASE]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True, timeout=120)
    read = read_vectors(tmp_path / "datasets" / dataset.id, BASE)
    np.testing.assert_allclose(read.vectors, text_vectors(dataset, BASE).vectors, atol=1e-5)
