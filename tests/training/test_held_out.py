"""Rows that the model to start from has learned from are never judged on, wherever it is from."""

import shutil

import numpy as np
import pandas as pd
import pytest

from sentiment.comparing import count_trained_on
from sentiment.data import import_file
from sentiment.errors import DataError, ModelError, RunError
from sentiment.importing_package import import_base
from sentiment.models.learned import TRAINED_ON, read_learned, write_learned_of
from sentiment.models.registry import SHIPPED, list_bases
from sentiment.packaging import pack_run
from sentiment.training.config import FinetuneConfig
from sentiment.training.finetune import finetune
from sentiment.training.held_out import count_known, hash_texts, kept_split, learned_before, split_labeled
from sentiment.training.runs import create_run, describe_run, new_id

WORDS = {"good": "fine great lovely nice", "bad": "awful broken poor late"}


@pytest.fixture
def rows():
    rng = np.random.default_rng(0)
    labels = rng.permutation(["good", "bad"] * 150)
    texts = [
        f"{i} it is {rng.choice(WORDS[label].split())} number {rng.integers(9_999)}" for i, label in enumerate(labels)
    ]
    return pd.DataFrame({"text": texts, "label": labels})


@pytest.fixture
def imported(tmp_path):
    def build(frame):
        path = tmp_path / f"rows{len(frame)}.csv"
        frame.to_csv(path, index=False)
        return import_file(path, text="text", label="label")

    return build


@pytest.fixture
def tuned(tmp_path):
    def build(dataset, **settings):
        config = FinetuneConfig(**{"base": "scratch-cnn", "epochs": 1, **settings})
        info = describe_run(dataset, config, run_id=new_id(), name="run", dataset_folder=None)
        run = create_run(tmp_path / info.id, info)
        finetune(run, dataset)
        return run

    return build


def known_rows(labeled, run):
    return np.isin(hash_texts(labeled.frame["text"]), learned_before(str(run)))


def test_a_run_that_starts_from_another_is_judged_on_what_neither_has_learned_from(rows, imported, tuned):
    first = tuned(imported(rows[:160]))
    dataset = imported(rows)
    labeled = split_labeled(dataset, FinetuneConfig(base=str(first.folder), seed=5))
    known = known_rows(labeled, first.folder)
    assert known.sum() == labeled.n_learned_before == 128
    assert not known[labeled.split.test].any()
    assert not known[labeled.split.validation].any()
    assert (len(labeled.split.test), len(labeled.split.validation)) == (60, 30)  # the shares are as ever
    counts = [np.bincount(labeled.labels[part]) for part in (labeled.split.test, labeled.split.validation)]
    assert all(np.ptp(part) <= 2 for part in counts)
    second = tuned(dataset, base=str(first.folder), strategy="head", epochs=None)
    assert second.state.settings["n_learned_before"] == 128
    assert count_trained_on(second.folder, pd.Series(rows["text"][:160])) >= 128  # what its base knew counts as well
    third = split_labeled(imported(rows), FinetuneConfig(base=str(second.folder), seed=6))
    assert not known_rows(third, first.folder)[np.concatenate([third.split.test, third.split.validation])].any()


def test_a_package_and_a_base_model_made_of_it_say_it_too(rows, imported, tuned, tmp_path, monkeypatch):
    monkeypatch.setenv("SENTIMENT_WORKSPACE", str(tmp_path / "workspace"))
    first = tuned(imported(rows[:160]))
    pack_run(first, tmp_path / "shared.zip")
    brought = import_base(str(tmp_path / "shared.zip"), name="brought")
    expected = learned_before(str(first.folder))
    assert len(expected) == 128
    for base in (str(tmp_path / "shared.zip"), str(brought)):
        np.testing.assert_array_equal(learned_before(base), expected)
        labeled = split_labeled(imported(rows), FinetuneConfig(base=base))
        assert not known_rows(labeled, first.folder)[labeled.held_out].any()


def test_a_run_from_before_models_said_it_is_known_by_its_split(rows, imported, tuned):
    first = tuned(imported(rows[:160]))
    expected = learned_before(str(first.folder))
    (first.folder / "model" / TRAINED_ON).unlink()
    np.testing.assert_array_equal(np.unique(learned_before(str(first.folder))), expected)
    (first.folder / "model" / TRAINED_ON).write_bytes(b"seven b")
    with pytest.raises(ModelError, match="damaged"):
        read_learned(first.folder / "model")


@pytest.mark.parametrize(("n_known", "n_apart"), [(90, 90), (2, 0)])
def test_what_a_base_model_that_ships_has_learned_from_is_held_out_only_by_chance(
    rows, imported, monkeypatch, tmp_path, n_known, n_apart
):
    """One that learned from a third of the rows; and one that knows a few short sentences, as any would."""
    alone = split_labeled(imported(rows), FinetuneConfig(base="tfidf-words"))
    shutil.copytree(SHIPPED / "en-cnn-news", tmp_path / "en-cnn-news")
    write_learned_of("news", hash_texts(rows["text"][:n_known]), beside=tmp_path)
    monkeypatch.setenv("SENTIMENT_BASES", str(tmp_path))
    labeled = split_labeled(imported(rows), FinetuneConfig(base="en-cnn-news"))
    assert labeled.n_learned_before == count_known("en-cnn-news", rows["text"]) == n_apart
    if n_apart:
        assert not np.isin(labeled.held_out, np.arange(n_known)).any()
    else:
        np.testing.assert_array_equal(labeled.split.test, alone.split.test)


def test_every_base_model_that_ships_says_what_it_has_learned_from():
    for base in list_bases():
        if base.kind == "pretrained" and not base.own:
            learned = learned_before(base.name)
            assert learned is not None
            assert len(learned) >= 0.95 * base.n_training_rows  # what differs in white space alone is one text
    assert set(learned_before("word-vectors")) == set(learned_before("en-cnn-reviews"))  # whose vectors these are


def test_with_nothing_new_to_judge_on_it_says_so(rows, imported, tuned):
    first = tuned(imported(rows[:160]), test_fraction=0.0)
    with pytest.raises(DataError, match="learned from nearly every row that is “bad”, “good”"):
        split_labeled(imported(rows[:160]), FinetuneConfig(base=str(first.folder)))


def test_the_same_rows_again_leave_what_the_first_run_held_out(rows, imported, tuned):
    first = tuned(imported(rows))
    labeled = split_labeled(imported(rows), FinetuneConfig(base=str(first.folder), seed=9))
    held = np.concatenate([labeled.split.test, labeled.split.validation])
    assert set(held) <= set(kept_split(first, imported(rows)).test)
    assert (len(labeled.split.test), len(labeled.split.validation)) == (40, 20)  # all 60 that there are, by the shares


def test_a_run_that_goes_on_keeps_the_split_that_it_began_with(rows, imported, tuned):
    dataset = imported(rows)
    first = tuned(dataset, base="naive-bayes", epochs=None)
    split = kept_split(first, dataset)
    np.testing.assert_array_equal(split_labeled(dataset, FinetuneConfig(seed=8), kept=split).split.test, split.test)
    for content in ((first.folder / "run.json").read_bytes(), b""):
        (first.folder / "split.npz").write_bytes(content)
        with pytest.raises(RunError, match="split of this run cannot be read"):
            kept_split(first, dataset)
        (first.folder / "model" / TRAINED_ON).unlink(missing_ok=True)
        with pytest.raises(ModelError, match="has learned from cannot be read"):
            learned_before(str(first.folder))


def test_a_run_from_before_rows_were_kept_apart_says_how_many_it_is_judged_on(rows, imported, tuned):
    first = tuned(imported(rows[:160]))
    dataset, config = imported(rows), FinetuneConfig(base=str(first.folder), seed=5)
    old = split_labeled(dataset, FinetuneConfig(seed=5)).split
    labeled = split_labeled(dataset, config, kept=old)
    known = known_rows(labeled, first.folder)
    assert labeled.n_held_out_learned == known[old.test].sum() > 10
    assert labeled.n_learned_before == known[old.train].sum()
    assert split_labeled(dataset, config).n_held_out_learned == 0


def test_runs_of_before_know_what_their_base_had_learned_from(rows, imported, tuned):
    first = tuned(imported(rows[:160]))
    second = tuned(imported(rows), base=str(first.folder), strategy="head", epochs=None)
    for run in (first, second):
        (run.folder / "model" / TRAINED_ON).unlink()
    expected = np.union1d(learned_before(str(first.folder)), hash_texts(rows["text"].iloc[:0]))
    for base in (second.folder, second.folder / "model"):
        assert np.isin(expected, learned_before(str(base))).all()
    shutil.rmtree(first.folder)
    assert learned_before(str(second.folder)) is not None
