"""The learning curve of a finished run: measured once, kept in its folder, and skipped for stated reasons."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from sentiment.access import Person, Role, acting_as
from sentiment.data import import_file
from sentiment.errors import AccessError
from sentiment.training.config import FinetuneConfig
from sentiment.training.finetune import finetune
from sentiment.training.learning_curve import measure_learning, read_learning
from sentiment.training.runs import create_run, describe_run, new_id

WORDS = {"good": "fine great lovely nice", "bad": "awful broken poor late", "so": "average okay usual plain"}


def _finished(
    tmp_path: Path,
    counts: dict[str, int],
    *,
    documents: bool = False,
    alone: float = 0.0,
    per_document: int = 5,
    base: str = "naive-bayes",
    **settings,
):
    """A finished run on rows that are hard to tell apart from few labels, and its dataset."""
    rng = np.random.default_rng(0)
    labels = rng.permutation([label for label, n in counts.items() for _ in range(n)])
    common = [f"word{i}" for i in range(200)]
    texts = [
        " ".join([*rng.choice(common, 9), str(rng.choice(WORDS[label].split())) if rng.random() < 0.7 else ""])
        for label in labels
    ]
    frame = pd.DataFrame(
        {"text": texts, "label": labels, "document": [f"d{i // per_document}" for i in range(len(labels))]}
    )
    frame.loc[rng.random(len(frame)) < alone, "document"] = None
    path = tmp_path / "rows.csv"
    frame.to_csv(path, index=False)
    dataset = import_file(path, text="text", label="label", group="document" if documents else None)
    config = FinetuneConfig(base=base, **settings)
    run = create_run(tmp_path / "run", describe_run(dataset, config, run_id=new_id(), name="run", dataset_folder=None))
    finetune(run, dataset)
    return run, dataset


@pytest.mark.parametrize(("documents", "alone"), [(False, 0.0), (True, 0.0), (True, 0.6)])
def test_a_curve_tells_of_all_labels_and_of_each_class(tmp_path, documents, alone):
    run, dataset = _finished(tmp_path, {"good": 300, "bad": 240, "so": 120}, documents=documents, alone=alone)
    measure_learning(run, dataset)
    values = read_learning(run)
    assert values is not None
    n = values["n_labels"]
    assert 480 <= n <= 560
    assert values["overall"]["sizes"] == pytest.approx([n / 8, n / 4, n / 2, n, 2 * n, 4 * n], rel=0.04)
    first, *_, last = (value for value, *_ in values["overall"]["values"][:4])
    assert last > first + 0.05
    assert values["overall"]["gains"][4][0] >= values["overall"]["gains"][2][0] > 0
    assert {part["class"]: round(part["n_labels"] / n, 1) for part in values["classes"]} == {
        "bad": 0.4, "good": 0.5, "so": 0.2
    }  # fmt: skip
    for part in values["classes"]:
        value, low, high = part["own"]["gains"][2]
        assert low <= value <= high
    again = json.loads((run.folder / "learning_curve.json").read_text())
    measure_learning(run, dataset)
    assert json.loads((run.folder / "learning_curve.json").read_text()) == again


def test_a_class_with_few_labels_is_left_out_with_the_reason(tmp_path):
    run, dataset = _finished(tmp_path, {"good": 300, "bad": 240, "so": 12})
    parts = {part["class"]: part for part in measure_learning(run, dataset)["classes"]}
    assert "too few" in parts["so"]["skipped"]
    assert "own" in parts["bad"]


def test_too_few_labels_or_held_out_rows_are_said(tmp_path):
    run, dataset = _finished(tmp_path, {"good": 50, "bad": 50})
    assert "labels are too few" in measure_learning(run, dataset)["skipped"]
    (tmp_path / "more").mkdir()
    run, dataset = _finished(tmp_path / "more", {"good": 120, "bad": 120}, test_fraction=0.1)
    assert "held-out rows are too few" in measure_learning(run, dataset)["skipped"]
    assert read_learning(run) == {"skipped": measure_learning(run, dataset)["skipped"]}


def test_labels_in_very_few_documents_have_no_curve(tmp_path):
    run, dataset = _finished(tmp_path, {"good": 300, "bad": 240}, documents=True, per_document=135)
    assert "too few documents" in measure_learning(run, dataset)["skipped"]


def test_a_run_from_before_or_with_a_damaged_file_has_none(tmp_path):
    run, dataset = _finished(tmp_path, {"good": 100, "bad": 100})
    assert read_learning(run) is None
    for content in ("", "[]", "{}", '{"overall": {"gains": {"x": 1}}, "classes": []}'):
        (run.folder / "learning_curve.json").write_text(content)
        assert read_learning(run) is None
    (run.folder / "learning_curve.json").unlink()
    with acting_as(Person(Role.VIEWER)), pytest.raises(AccessError):
        measure_learning(run, dataset)
    assert not (run.folder / "learning_curve.json").exists()


def test_a_run_whose_start_has_learned_the_labels_shows_no_curve(tmp_path):
    first, dataset = _finished(tmp_path, {"good": 150, "bad": 150}, base="en-cnn-news", strategy="head")
    config = FinetuneConfig(base=str(first.folder), strategy="head")
    info = describe_run(dataset, config, run_id=new_id(), name="second", dataset_folder=None)
    second = create_run(tmp_path / "second", info)
    finetune(second, dataset)
    assert "has learned from some of these labels" in measure_learning(second, dataset)["skipped"]
    assert "skipped" not in measure_learning(first, dataset)


@pytest.mark.slow
def test_heads_on_the_frozen_encoder_tell_it_for_a_base_model(tmp_path):
    run, dataset = _finished(tmp_path, {"good": 200, "bad": 160}, base="en-cnn-reviews", strategy="head")
    values = measure_learning(run, dataset)
    assert values["base"] == "en-cnn-reviews"
    assert values["overall"]["values"][3][0] > 0.75
    assert [part["class"] for part in values["classes"]] == ["bad", "good"]
