"""Explanations of a whole text, edits that flip it, similar rows, and the model as a whole."""

from pathlib import Path

import numpy as np
import pytest

from sentiment import data
from sentiment.errors import RunError, UsageError
from sentiment.evaluation.explanation_faithfulness import deletion_area, deletion_curve
from sentiment.explaining import MAX_CHARS, explain_text, flip_text
from sentiment.explaining_model import before_tuning, filters_of, held_out_texts, word_influence
from sentiment.explaining_rows import index_of, make_index, similar_rows
from sentiment.serving.operations import run_operation
from sentiment.training.config import FinetuneConfig
from sentiment.training.runs import Run, create_run, describe_run, new_id
from tests import planted

MODELS = {"cnn": lambda: planted.network("cnn"), "tfidf": lambda: planted.linear("tfidf-words")}
MODELS["chars"] = lambda: planted.linear("tfidf-chars")
MODELS["black box"] = lambda: lambda texts: planted.linear("tfidf-words")(texts)
METHODS = {"cnn": "integrated gradients", "tfidf": "exact", "chars": "exact", "black box": "occlusion"}


@pytest.mark.parametrize("kind", MODELS)
def test_the_planted_word_is_named_and_speaks_for_its_class(kind):
    text = "The phone came with ZORGLE, and two cables!"
    found = explain_text(MODELS[kind](), text, classes=planted.CLASSES)
    assert found.prediction == found.target == "positive"
    assert found.method == METHODS[kind]
    best = max(found.words, key=lambda word: word.score)
    assert (best.text, best.start, best.end) == ("ZORGLE", 20, 26)
    assert best.score > 0.5
    assert [word.text for word in found.words] == [text[word.start : word.end] for word in found.words]
    other = explain_text(MODELS[kind](), text, classes=planted.CLASSES, target="negative")
    assert min(other.words, key=lambda word: word.score).text == "ZORGLE"


@pytest.mark.parametrize("kind", ["cnn", "tfidf"])
def test_the_words_and_the_blank_add_up_to_the_probability(kind):
    found = explain_text(MODELS[kind](), "i use this zorgle at work")
    odds = found.blank + sum(word.score for word in found.words)
    assert 1 / (1 + np.exp(-odds)) == pytest.approx(found.probs["positive"], abs=0.01)


def test_for_machines_it_has_the_keys_that_scripts_rely_on():
    found = explain_text(MODELS["cnn"](), "a zorgle").to_dict()
    assert list(found) == ["prediction", "probs", "words"]
    assert list(found["probs"]) == list(planted.CLASSES)
    assert sum(found["probs"].values()) == pytest.approx(1.0, abs=1e-5)
    assert [list(word) for word in found["words"]] == [["text", "start", "end", "score"]] * 2


def test_pieces_of_a_word_become_one_word_again():
    words = explain_text(MODELS["cnn"](), "a zorglex box").words
    assert [word.text for word in words] == ["a", "zorglex", "box"]
    assert words[1].score > 0.3


def test_what_cannot_be_explained_is_refused():
    with pytest.raises(UsageError, match="20\u202f001 characters"):
        explain_text(MODELS["cnn"](), "x" * (MAX_CHARS + 1))
    with pytest.raises(UsageError, match="no class 'mixed'"):
        explain_text(MODELS["cnn"](), "x", target="mixed")
    with pytest.raises(UsageError, match="not a text"):
        run_operation("explain", MODELS["cnn"](), {"text": 7})


@pytest.mark.parametrize("kind", ["cnn", "tfidf"])
def test_deleting_the_words_that_are_named_costs_more_than_deleting_others(kind):
    model, gains = MODELS[kind](), []
    texts, labels = planted.texts_and_labels(30, seed=9)
    for text, label in zip(texts, labels.tolist(), strict=True):
        found = explain_text(model, text, target=planted.CLASSES[label])
        spans = [(word.start, word.end) for word in found.words]
        scores = np.array([word.score for word in found.words])
        shuffled = np.random.default_rng(0).permutation(scores)
        areas = [deletion_area(deletion_curve(model, text, spans, s, target=label)) for s in (scores, shuffled)]
        gains.append(areas[0] - areas[1])
    assert np.mean(gains) > 0.1


def test_an_edit_flips_a_network():
    model = MODELS["cnn"]()
    flip = flip_text(model, "the phone came with zorgle")
    assert (flip.said, flip.says) == (1, 0)
    assert len(flip.edits) == 1
    assert flip.edits[0].word == "zorgle"
    assert model([flip.text])[0].argmax() == 0


def test_what_the_model_process_answers_are_plain_values():
    model = MODELS["cnn"]()
    said = run_operation("explain", model, {"text": "a zorgle"})
    assert [word[:2] for word in said["words"]] == [[0, 1], [2, 8]]
    assert said["calibrated"] is True
    flip = run_operation("flip", model, {"text": "a zorgle"})
    assert flip["said"] == "positive"
    with pytest.raises(RunError):
        run_operation("similar", model, {"text": "a", "run": "/nowhere"})


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """A run on planted rows, of which the first 100 were learned from, without weights of its own."""
    texts, labels = planted.texts_and_labels(130, seed=3)
    lines = ["text,label", *(f"{text},{planted.CLASSES[code]}" for text, code in zip(texts, labels, strict=True))]
    (tmp_path / "rows.csv").write_text("\n".join(lines) + "\nno label here,\n")
    dataset = data.import_file(tmp_path / "rows.csv", text="text", label="label")
    data.save_dataset(dataset, tmp_path / "dataset")
    info = describe_run(dataset, FinetuneConfig(), run_id=new_id(), name="run", dataset_folder="../dataset")
    found = create_run(tmp_path / "run", info)
    (found.folder / "model").mkdir()
    (found.folder / "model" / "config.json").write_text("{}")
    np.savez(found.folder / "split.npz", train=np.arange(100), validation=np.arange(0), test=np.arange(100, 130))
    held_out = dataset.frame.iloc[100:130][["row", "text", "label", "group"]].assign(split="test")
    found.write_predictions(held_out)
    return found


@pytest.mark.parametrize("kind", ["cnn", "tfidf"])
def test_the_rows_most_like_a_text_are_training_rows_in_the_order_of_their_cosines(run, kind):
    model = MODELS[kind]()
    index = index_of(model, run)
    text = data.load_dataset(run.folder / "../dataset").frame["text"].iloc[7]
    found, n_left = similar_rows(model, run, text, n=5)
    assert found[0].row == 7
    assert found[0].similarity == pytest.approx(1.0, abs=2e-3)
    assert all(row.trained and row.row < 100 for row in found)
    assert [row.similarity for row in found] == sorted((row.similarity for row in found), reverse=True)
    assert (n_left, len(index.rows)) == (0, 131)
    assert similar_rows(model, run, text, n=5, but=7)[0][0].row != 7
    (unlabeled,), _ = similar_rows(model, run, text, n=5, among=[130])
    assert (unlabeled.row, unlabeled.label, unlabeled.trained) == (130, None, False)
    assert index_of(model, run) is index


def test_cosines_are_those_of_the_vectors_themselves(run):
    model = MODELS["cnn"]()
    index = make_index(model, run)
    texts = data.load_dataset(run.folder / "../dataset").frame.set_index("row")["text"][index.rows].tolist()
    vectors = index.vectorize(texts) - index.mean
    query = index.vectorize(["the zorgle box"])[0] - index.mean
    expected = vectors @ query / np.linalg.norm(vectors, axis=1) / np.linalg.norm(query)
    found = index.find("the zorgle box", n=len(texts), among=np.ones(len(texts), bool))
    by_row = dict(zip(index.rows.tolist(), expected.tolist(), strict=True))
    np.testing.assert_allclose([row.similarity for row in found], [by_row[row.row] for row in found], atol=2e-3)


def test_rows_beyond_the_memory_are_left_and_counted(run):
    model = MODELS["cnn"]()
    index = make_index(model, run, most_bytes=2 * model.model.encoder.hidden * 110)
    assert (len(index.rows), index.n_left) == (110, 21)
    assert index.trained.sum() == 100  # those that it learned from come first


def test_without_its_dataset_a_run_says_so(run):
    (run.folder / "../dataset").rename(run.folder / "../gone")
    with pytest.raises(RunError, match="not here"):
        make_index(MODELS["tfidf"](), run)


@pytest.mark.parametrize("kind", ["cnn", "tfidf"])
def test_the_planted_words_decide_over_many_texts(run, kind):
    words = word_influence(MODELS[kind](), held_out_texts(run))
    best = words.groupby("class").first()
    assert best.loc["positive", "word"] == "zorgle"
    assert best.loc["negative", "word"] == "blefty"
    assert (best["low"] > 0.3).all()
    assert (words["n"] >= 3).all()
    texts = " ".join(held_out_texts(run)).split()
    assert best.loc["positive", "n"] == texts.count("zorgle")


def test_filters_are_fired_by_the_planted_words(run):
    filters = filters_of(MODELS["cnn"](), held_out_texts(run))
    assert "zorgle" in filters["positive"][0].grams[0][0]
    assert "blefty" in filters["negative"][0].grams[0][0]
    assert all(one.pull > 0 for some in filters.values() for one in some)
    assert filters_of(planted.network("lstm"), ["a"]) is None
    assert filters_of(MODELS["tfidf"](), ["a"]) is None


@pytest.mark.slow
def test_what_changed_is_told_against_the_base_model(run):
    model, texts = MODELS["cnn"](), held_out_texts(run)
    before = before_tuning(run, model, texts, word_influence(model, texts))
    assert before.classes == {"negative": "negative", "positive": "positive"}
    assert before.agreement is None  # the base model has a third class
    first = before.movers.iloc[0]
    assert first["word"] in ("zorgle", "blefty")
    assert first["change"] == pytest.approx(first["after"] - first["before"])


def test_a_run_that_began_with_nothing_has_no_before(run, tmp_path):
    config = FinetuneConfig(base="scratch-cnn")
    dataset = data.load_dataset(tmp_path / "dataset")
    info = describe_run(dataset, config, run_id=new_id(), name="run", dataset_folder="../dataset")
    other = create_run(tmp_path / "other", info)
    model = MODELS["cnn"]()
    assert before_tuning(other, model, ["a"], word_influence(model, ["a"])) is None
    with pytest.raises(RunError, match="no held-out rows"):
        held_out_texts(other)
