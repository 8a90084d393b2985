"""How a network is fine-tuned: by its head alone with few labels, as a whole with many."""

import dataclasses
import itertools
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from sentiment.data import FileFormat, Table, build_dataset
from sentiment.errors import RunError, UsageError
from sentiment.models.classifier import EMBEDDING, flatten, unflatten
from sentiment.models.predictor import load_predictor
from sentiment.models.registry import find_base
from sentiment.models.store import load_model, save_model
from sentiment.models.tokenizer import build_tokenizer
from sentiment.training.config import FinetuneConfig
from sentiment.training.estimate import choose_strategy
from sentiment.training.finetune import finetune
from sentiment.training.held_out import split_labeled
from sentiment.training.imbalance import plan_imbalance
from sentiment.training.runs import create_run, describe_run, new_id
from sentiment.training.scores import macro_f1
from sentiment.training.transfer import Transfer

GOOD = ("works very well", "i love it", "great value", "a pleasure to use", "excellent sound")
BAD = ("broke at once", "a waste of money", "terrible support", "does not work", "i hate it")


def dataset(*, unlabeled=()):
    rows = [
        (f"{phrase} {thing} after {day} days", label)
        for label, phrases in (("up", GOOD), ("down", BAD))
        for phrase in phrases
        for thing in ("this phone", "the camera", "my player")
        for day in ("two", "five", "nine")
    ]
    rows += [(text, "") for text in unlabeled]
    frame = pd.DataFrame(rows, columns=["text", "label"]).astype("str")
    return build_dataset(Table(frame, FileFormat("csv"), "small", (), "", (), ()), text="text", label="label")


def fine_tuned(folder, data, **settings):
    config = FinetuneConfig(**{"base": "en-cnn-reviews", "seed": 1, "test_fraction": 0.3, **settings})
    made = create_run(folder, describe_run(data, config, run_id=new_id(), name="small", dataset_folder=None))
    finetune(made, data)
    return made


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    return fine_tuned(tmp_path_factory.mktemp("runs") / "run", dataset())


def test_few_labels_fit_a_head_and_leave_the_encoder_as_it_was(run):
    assert run.state.status == "finished"
    assert run.state.settings["strategy"] == "head"
    base, tuned = load_model(find_base("en-cnn-reviews").folder), load_model(run.folder / "model")
    for path, value in flatten(base.params["encoder"]).items():
        np.testing.assert_array_equal(value, flatten(tuned.params["encoder"])[path])


def test_the_saved_model_gives_the_probabilities_of_the_run(run):
    table = run.predictions()
    probs = load_predictor(run.folder)(table["text"].tolist())
    expected = table[[f"model:prob:{name}" for name in run.info.classes]].to_numpy()
    np.testing.assert_allclose(probs, expected, atol=1e-4)
    assert (table["model:prediction"] == table["label"]).mean() > 0.8


def test_its_history_holds_the_validation(run):
    history = run.history()
    assert history["kind"].tolist() == ["validation"]
    assert history["macro_f1"].iloc[0] == pytest.approx(run.state.best_macro_f1, abs=1e-4)


@pytest.mark.parametrize(
    ("settings", "n_train", "pretrained", "chosen"),
    [
        ({}, 60, True, "head"),
        ({}, 60, False, "full"),
        ({}, 50_000, True, "full"),
        ({"epochs": 3}, 60, True, "full"),
        ({"imbalance": "focal"}, 60, True, "full"),
        ({"imbalance": "class-weights"}, 60, True, "head"),
        ({"strategy": "head"}, 50_000, True, "head"),
        ({"strategy": "full"}, 60, True, "full"),
    ],
)
def test_the_number_of_labels_decides_unless_the_user_does(settings, n_train, pretrained, chosen):
    assert choose_strategy(FinetuneConfig(**settings), n_train=n_train, pretrained=pretrained)[0] == chosen


def moved(run):
    """How far each of the weights but the head's is from the base model's, at most."""
    base, tuned = (
        flatten(load_model(folder).params["encoder"])
        for folder in (find_base("en-cnn-reviews").folder, run.folder / "model")
    )
    return {path: float(np.abs(tuned[path] - base[path]).max()) for path in base}


def test_every_strategy_does_what_it_says(tmp_path):
    runs = {
        name: fine_tuned(tmp_path / name, dataset(), strategy=name, epochs=6)
        for name in ("full", "gradual", "anchored")
    }
    far = {name: moved(run) for name, run in runs.items()}
    for path in far["full"]:
        assert 0.0 < far["anchored"][path] < far["full"][path]
        assert 0.0 < far["gradual"][path] < far["full"][path]
    assert [run.state.settings["strategy"] for run in runs.values()] == list(runs)


def test_rows_without_a_label_count_when_asked_to(tmp_path, run):
    unlabeled = [f"{phrase} {thing} at all" for phrase in (*GOOD, *BAD) for thing in ("headphones", "keyboard")]
    data = dataset(unlabeled=[*unlabeled, *unlabeled])
    plain = fine_tuned(tmp_path / "plain", data)
    taught = fine_tuned(tmp_path / "taught", data, self_training=True)
    assert (plain.state.settings["n_unlabeled"], taught.state.settings["n_unlabeled"]) == (0, len(unlabeled))
    heads = [load_model(made.folder / "model").params["head"]["kernel"] for made in (run, plain, taught)]
    np.testing.assert_allclose(heads[0], heads[1], atol=1e-6)
    assert np.abs(heads[1] - heads[2]).max() > 1e-4


def test_what_is_tied_to_a_held_out_row_is_not_learned_from_without_its_label_either():
    twins = [f"{text.upper()} indeed" for text in dataset().frame["text"]]
    data = dataset(unlabeled=[*twins, "something else", "Something else!"])
    labeled = split_labeled(data, FinetuneConfig(seed=1, self_training=True))
    held_out = labeled.texts(np.concatenate([labeled.split.test, labeled.split.validation]))
    assert [text for text in labeled.unlabeled if text not in twins] == ["something else"]
    assert len(labeled.unlabeled) > 1
    assert not {f"{text.upper()} indeed" for text in held_out} & set(labeled.unlabeled)
    assert split_labeled(data, FinetuneConfig(seed=1)).unlabeled == ()


def test_guessed_rows_keep_the_margin_of_a_rare_class(tmp_path):
    """A guess is made as the rows are seen; a margin in it would be taken off twice."""
    rng = np.random.default_rng(0)
    transfer = object.__new__(Transfer)
    transfer.start = SimpleNamespace(base_head=None, matches={})
    transfer.journal = SimpleNamespace(should_stop=lambda: False)
    labels, hidden = (rng.random(300) < 0.08).astype(int), (rng.random(3300) < 0.08).astype(int)
    seen = lambda truth: (rng.normal(0, 1, (len(truth), 8)) + 1.2 * truth[:, None]).astype(np.float32)  # noqa: E731
    vectors, unlabeled = seen(labels), seen(hidden)
    english = lambda positions: np.full(len(positions), "en", object)  # noqa: E731
    transfer.labeled = SimpleNamespace(classes=("common", "rare"), labels=labels, languages=english)
    transfer.config = FinetuneConfig()
    transfer.plan = plan_imbalance("logit-adjustment", labels, n_classes=2)
    heads = [transfer.fit_head(vectors, np.arange(300), unlabeled=more) for more in (None, unlabeled)]
    rare = [((unlabeled @ head["kernel"] + head["bias"]).argmax(axis=1)).mean() for head in heads]
    assert rare[1] < rare[0] + 0.02


def test_without_test_rows_the_validation_rows_are_judged_before_they_are_learned_from(tmp_path):
    run = fine_tuned(tmp_path / "run", dataset(), test_fraction=0.0)
    table = run.predictions()
    assert set(table["split"]) == {"validation"}
    guess = table["model:prediction"].map({"down": 0, "up": 1}).to_numpy()
    truth = table["label"].map({"down": 0, "up": 1}).to_numpy()
    assert macro_f1(truth, guess) == pytest.approx(run.state.best_macro_f1)
    probs = load_predictor(run.folder)(table["text"].tolist())
    assert np.abs(probs - table[["model:prob:down", "model:prob:up"]].to_numpy()).max() > 1e-4


@pytest.mark.parametrize("base", ["scratch-cnn", "tfidf-words"])
@pytest.mark.parametrize("settings", [{"strategy": "gradual"}, {"self_training": True}])
def test_where_nothing_was_pretrained_there_is_nothing_to_keep(tmp_path, base, settings):
    data = dataset()
    with pytest.raises(UsageError, match="does not go with"):
        describe_run(data, FinetuneConfig(base=base, **settings), run_id=new_id(), name="x", dataset_folder=None)


@pytest.mark.parametrize("settings", [{"imbalance": "focal"}, {"imbalance": "augment"}, {"epochs": 3}])
def test_what_the_loop_alone_knows_does_not_go_with_the_head(settings):
    with pytest.raises(UsageError, match="not go with the strategy 'head'"):
        describe_run(
            dataset(), FinetuneConfig(strategy="head", **settings), run_id=new_id(), name="x", dataset_folder=None
        )


def test_a_head_is_fitted_to_as_many_rows_as_it_can_use(tmp_path, monkeypatch):
    monkeypatch.setattr("sentiment.training.transfer.MOST_FOR_HEAD", 20)
    made = fine_tuned(tmp_path / "run", dataset(), strategy="head")
    assert "20 of the" in made.state.message
    assert made.predictions()["model:prediction"].eq(made.predictions()["label"]).mean() > 0.7


def test_who_stops_a_fit_of_the_head_keeps_what_it_has_come_to(tmp_path):
    data = dataset()
    config = FinetuneConfig(base="en-cnn-reviews", test_fraction=0.3)
    info = describe_run(data, config, run_id=new_id(), name="stopped", dataset_folder=None)
    made = create_run(tmp_path / "run", info)
    state = finetune(made, data, should_stop=lambda: True)
    assert state.status == "stopped"
    assert "Stopped while the head was fitted" in state.message
    assert load_predictor(made.folder)(["i love it"]).shape == (1, 2)


def test_who_stops_the_second_fit_of_the_head_keeps_the_first(tmp_path):
    data, asked = dataset(), itertools.count()
    config = FinetuneConfig(base="en-cnn-news", strategy="head")

    def started(name):
        info = describe_run(data, config, run_id=new_id(), name=name, dataset_folder=None)
        return create_run(tmp_path / name, info)

    def judged_validation(run):
        kept = run.validation()
        columns = [f"model:prob:{name}" for name in run.info.classes]
        return kept[columns].to_numpy(), load_predictor(run.folder)(kept["text"].tolist())

    whole = started("whole")
    finetune(whole, data, should_stop=lambda: next(asked) < 0)
    n_asked = next(asked)
    stopped = started("stopped")
    state = finetune(stopped, data, should_stop=lambda counted=itertools.count(): next(counted) >= n_asked - 3)
    assert state.status == "stopped"
    np.testing.assert_allclose(*judged_validation(stopped), atol=1e-5)  # it has not learned from these rows
    assert not np.allclose(*judged_validation(whole), atol=1e-3)


def put_base(folder, order, *, scale=1.0):
    """A base model in `folder`: en-cnn-news with its words in another order, or some of them, or other vectors."""
    model = load_model(find_base("en-cnn-news").folder)
    ids = model.tokenizer.get_vocab()
    words = order(sorted(ids, key=ids.__getitem__)[2:])
    table = scale * flatten(model.params)[EMBEDDING][[0, 1, *(ids[word] for word in words)]]
    model = dataclasses.replace(
        model,
        params=unflatten({**flatten(model.params), EMBEDDING: table}),
        encoder=dataclasses.replace(model.encoder, vocab_size=len(table)),
        tokenizer=build_tokenizer(words),
    )
    save_model(folder, model)


def test_a_run_goes_on_with_its_words_where_its_base_has_others_by_now(tmp_path):
    """A checkpoint holds vectors by the ids that the words had; the shapes alone would not tell."""
    base, data, settings = tmp_path / "base", dataset(), {"strategy": "full", "epochs": 4}
    put_base(base, list)
    whole = fine_tuned(tmp_path / "whole", data, base=str(base), **settings)
    config = FinetuneConfig(base=str(base), seed=1, test_fraction=0.3, **settings)
    info = describe_run(data, config, run_id=new_id(), name="small", dataset_folder=None)
    stopped = create_run(tmp_path / "stopped", info)
    asked = itertools.count()
    state = finetune(stopped, data, should_stop=lambda: "training" in stopped.state.phase.lower() and next(asked) > 6)
    assert state.status == "stopped"
    put_base(base, lambda words: words[::-1])
    assert finetune(stopped, data).status == "finished"
    pd.testing.assert_frame_equal(stopped.predictions(), whole.predictions())
    put_base(base, lambda words: words[::2])
    with pytest.raises(RunError, match="base model has changed since this run began, and its words"):
        finetune(stopped, data)
    put_base(base, list, scale=0.5)
    with pytest.raises(RunError, match="base model has changed since this run began, and its weights"):
        finetune(stopped, data)
