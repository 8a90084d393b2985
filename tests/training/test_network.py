"""How a network is fine-tuned: by its head alone with few labels, as a whole with many."""

import numpy as np
import pandas as pd
import pytest

from sentiment.data import FileFormat, Table, build_dataset
from sentiment.models.classifier import flatten
from sentiment.models.predictor import load_predictor
from sentiment.models.registry import find_base
from sentiment.models.store import load_model
from sentiment.training.config import FinetuneConfig
from sentiment.training.estimate import choose_strategy
from sentiment.training.finetune import finetune
from sentiment.training.runs import create_run, describe_run, new_id

GOOD = ("works very well", "i love it", "great value", "a pleasure to use", "excellent sound")
BAD = ("broke at once", "a waste of money", "terrible support", "does not work", "i hate it")


def dataset():
    rows = [
        (f"{phrase} {thing} after {day} days", label)
        for label, phrases in (("up", GOOD), ("down", BAD))
        for phrase in phrases
        for thing in ("this phone", "the camera", "my player")
        for day in ("two", "five", "nine")
    ]
    frame = pd.DataFrame(rows, columns=["text", "label"]).astype("str")
    return build_dataset(Table(frame, FileFormat("csv"), "small", (), "", (), ()), text="text", label="label")


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    data = dataset()
    config = FinetuneConfig(base="en-cnn-reviews", seed=1, test_fraction=0.3)
    info = describe_run(data, config, run_id=new_id(), name="small", dataset_folder=None)
    made = create_run(tmp_path_factory.mktemp("runs") / "run", info)
    finetune(made, data)
    return made


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
