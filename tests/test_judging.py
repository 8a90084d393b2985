"""What a run is worth, runs of before included, and the decision rule that is kept with it."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from sentiment import judging
from sentiment.access import Person, Role, acting_as
from sentiment.data import build_dataset, read_table
from sentiment.errors import AccessError, RunError, UsageError
from sentiment.evaluation.thresholds import Rule
from sentiment.files import write_json
from sentiment.judging import judge_run, read_rule, save_rule
from sentiment.models.package import RULE
from sentiment.training.config import FinetuneConfig
from sentiment.training.runs import create_run, describe_run, new_id


@pytest.fixture
def run(tmp_path):
    """A run with held-out rows of two classes, one of which is a label that the model does not know."""
    content = "text,label\n" + "\n".join(f"text {i},{'good' if i % 2 else 'bad'}" for i in range(80))
    data = build_dataset(read_table(content.encode(), name="x.csv"), text="text", label="label")
    made = create_run(
        tmp_path / "run", describe_run(data, FinetuneConfig(), run_id=new_id(), name="run", dataset_folder=None)
    )
    rows = data.frame[["row", "text", "label", "group"]].assign(split="test")
    good = np.where(np.arange(80) % 8 < 6, np.arange(80) % 2, 0.4).astype(np.float32)
    rows = rows.assign(**{"model:prediction": np.where(good > 0.5, "good", "bad")})
    rows["model:prob:bad"], rows["model:prob:good"] = 1 - good, good
    rows.loc[0, "label"] = "odd"
    made.write_predictions(rows)
    return made


def test_a_run_of_before_is_judged_and_says_what_it_has_not(run):
    judgement = judge_run(run)
    assert judgement.temperature is None
    assert judgement.validation is None
    assert judgement.labels[:3].tolist() == [-1, 1, 0]
    assert judgement.groups is None
    np.testing.assert_allclose(judgement.probs().sum(axis=1), 1)
    assert "too few rows to tell" in judgement.verdict


def test_a_calibrated_run_has_its_temperature_and_its_validation_rows(run):
    (run.folder / "model").mkdir()
    write_json(run.folder / "model" / "config.json", {"temperature": 1.25})
    rows = run.predictions()[["row", "text", "label", "group", "model:prob:bad", "model:prob:good"]]
    run.write_validation(pd.concat([rows.iloc[:10], rows.iloc[10:12].assign(label=None)]))
    judgement = judge_run(run)
    assert judgement.temperature == 1.25
    assert len(judgement.validation) == 10


def test_a_rule_is_kept_with_the_run_and_taken_away(run):
    assert read_rule(run.folder) is None
    save_rule(run, Rule({"good": 0.3}, 0.6))
    assert read_rule(run.folder) == Rule({"good": 0.3}, 0.6)
    save_rule(run, Rule())
    assert not (run.folder / "thresholds.json").exists()


def test_a_rule_for_a_run_that_was_deleted_meanwhile_is_told(run, tmp_path):
    run.folder.rename(tmp_path / "gone")
    with pytest.raises(RunError, match="could not be saved"):
        save_rule(run, Rule({"good": 0.3}))


def test_only_an_owner_saves_a_rule(run):
    for role in (Role.VIEWER, Role.LABELER):
        with acting_as(Person(role, "a@b.example")), pytest.raises(AccessError, match="save thresholds"):
            save_rule(run, Rule({"good": 0.3}))
    assert read_rule(run.folder) is None


def test_a_rule_of_another_model_and_a_damaged_one_are_refused(run):
    with pytest.raises(UsageError, match="“nobody”"):
        save_rule(run, Rule({"nobody": 0.3}))
    for content in ("{", "[]", json.dumps({"thresholds": {"good": 7}})):
        (run.folder / "thresholds.json").write_text(content)
        with pytest.raises(RunError, match="thresholds of run"):
            read_rule(run.folder)


def test_the_rule_of_a_package_of_the_hub_is_followed(tmp_path, monkeypatch):
    (tmp_path / RULE).write_text('{"thresholds": {"bad": 0.3}, "undecided_below": 0.0}')
    monkeypatch.setattr(judging, "hub_folder", lambda name: {"hf:shop/ours@v1": tmp_path}[name])
    assert read_rule(Path("hf:shop/ours@v1")) == Rule({"bad": 0.3})
