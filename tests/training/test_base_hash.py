"""A base model that takes the name of one that was removed is another one: nothing of the first is shown as its own."""

import os
import shutil

import numpy as np
import pytest

from sentiment.data import import_file, save_dataset
from sentiment.errors import ModelError
from sentiment.models.registry import SHIPPED, own_bases_folder
from sentiment.training import text_map
from sentiment.training.base_hash import hash_of_base
from sentiment.training.text_reader import TextReader
from sentiment.training.text_vectors import read_progress, text_vectors

NAME = "shop"


@pytest.fixture
def folder(tmp_path):
    """The folder of a dataset of eight rows."""
    rows = "".join(f"the {'lovely' if i % 2 else 'awful'} thing {i},{'good' if i % 2 else 'bad'}\n" for i in range(8))
    (tmp_path / "few.csv").write_text(f"text,label\n{rows}")
    save_dataset(import_file(tmp_path / "few.csv", text="text", label="label"), tmp_path / "datasets" / "few")
    return tmp_path / "datasets" / "few"


@pytest.fixture
def dataset(folder):
    return import_file(folder.parents[1] / "few.csv", text="text", label="label")


def take_name(base):
    """A copy of a shipped base model under the one name."""
    shutil.rmtree(own_bases_folder() / NAME, ignore_errors=True)
    shutil.copytree(SHIPPED / base, own_bases_folder() / NAME)


def test_the_hash_is_of_the_content_and_follows_it_at_once():
    take_name("en-cnn-news")
    first = hash_of_base(NAME)
    assert first == hash_of_base(NAME) == hash_of_base("en-cnn-news") != hash_of_base("en-cnn-reviews")
    assert hash_of_base("tfidf-chars") == hash_of_base("tfidf-words")
    path = own_bases_folder() / NAME / "config.json"
    before = path.stat()
    path.write_bytes(path.read_bytes().replace(b"e", b"E", 1))
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns + 1))
    assert hash_of_base(NAME) != first
    take_name("en-cnn-news")
    assert hash_of_base(NAME) == first
    shutil.rmtree(own_bases_folder() / NAME)
    with pytest.raises(ModelError):
        hash_of_base(NAME)


def test_the_queue_reads_the_texts_anew_with_the_base_that_took_the_name(folder, dataset):
    take_name("en-cnn-news")
    reader = TextReader(folder, NAME, dataset.frame["row"].to_numpy(np.int64))
    first = text_vectors(dataset, NAME, folder=folder)
    np.testing.assert_array_equal(reader.vectors().vectors, first.vectors)
    assert reader.progress() is None
    take_name("en-cnn-reviews")
    assert reader.vectors() is None
    assert reader.progress() is not None
    second = text_vectors(dataset, NAME, folder=folder)
    assert second.vectors.shape != first.vectors.shape or not np.array_equal(second.vectors, first.vectors)
    np.testing.assert_array_equal(reader.vectors().vectors, second.vectors)
    shutil.rmtree(own_bases_folder() / NAME)
    np.testing.assert_array_equal(reader.vectors().vectors, second.vectors)  # a queue that is in use goes on


def test_the_map_of_a_base_that_was_replaced_is_outdated_until_it_is_made_again(folder, dataset):
    take_name("en-cnn-news")
    text_map.make_map(folder, NAME)
    assert text_map.read_state(folder, NAME).status == "ready"
    assert text_map.read_map(folder, NAME).base_hash == hash_of_base(NAME)
    take_name("en-cnn-reviews")
    assert text_map.read_state(folder, NAME).status == "outdated"
    assert text_map.read_map(folder, NAME) is None
    made = text_map.make_map(folder, NAME)
    assert read_progress(folder, NAME) == (8, 8)
    assert text_map.read_state(folder, NAME).status == "ready"
    np.testing.assert_array_equal(text_map.read_map(folder, NAME).places, made.places)
