"""A simple baseline as a run: one step, the same files as a network's, and no baseline fitted twice."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from sentiment.data import Dataset, build_dataset, read_table
from sentiment.errors import UsageError
from sentiment.evaluation.calibration import apply_temperature, fit_temperature
from sentiment.models.baselines import Rows, fit_baseline
from sentiment.models.predictor import load_predictor
from sentiment.models.registry import BASELINES
from sentiment.training.allowed import check_settings, imbalance_for
from sentiment.training.config import AUTO, IMBALANCE, FinetuneConfig
from sentiment.training.estimate import estimate_seconds
from sentiment.training.finetune import finetune
from sentiment.training.held_out import split_labeled
from sentiment.training.runs import Run, create_run, describe_run, new_id

ENGLISH = {"positive": "the film was good and I liked it", "negative": "the film was bad and I hated it"}
CHINESE = {"positive": "这家酒店的房间很干净服务也很好", "negative": "这家酒店的房间很脏服务态度也很差"}


def dataset(said: dict[str, str] = ENGLISH, *, n: int = 120, rare: int = 120) -> Dataset:
    """So many rows of the two classes, told apart by their words."""
    rng = np.random.default_rng(0)
    fillers = ["chair", "table", "window", "garden", "river", "cloud", "mountain"]
    lines = []
    for label, rows in (("negative", n), ("positive", rare)):
        lines += [f'"{said[label]} {" ".join(rng.choice(fillers, 5))} {i}",{label}' for i in range(rows)]
    content = "text,label\n" + "\n".join(lines) + "\n"
    return build_dataset(read_table(content.encode(), name="shop.csv"), text="text", label="label")


def train(folder: Path, data: Dataset, **settings) -> tuple[Run, list]:
    config = FinetuneConfig(**settings)
    info = describe_run(data, config, run_id=new_id(), name="run", dataset_folder=None)
    run, states = create_run(folder, info), []
    finetune(run, data, on_state=states.append)
    return run, states


def models_in(run: Run) -> list[str]:
    return [name.split(":")[0] for name in run.predictions().columns if name.endswith(":prediction")]


@pytest.mark.parametrize("base", BASELINES)
def test_a_run_leaves_what_a_network_leaves_and_its_model_predicts_the_same(base, tmp_path):
    run, states = train(tmp_path / "run", dataset(), base=base)
    assert run.state.status == "finished"
    assert (run.state.step, run.state.total_steps, run.state.progress) == (1, 1, 1.0)
    assert [state.step for state in states] == sorted(state.step for state in states)
    assert run.history().empty
    assert run.has_model
    table = run.predictions()
    assert set(table["split"]) == {"test"}
    probs = table[[f"model:prob:{name}" for name in run.info.classes]].to_numpy()
    np.testing.assert_allclose(load_predictor(run.folder)(table["text"].tolist()), probs, atol=1e-6)
    if base != "majority":
        assert (table["model:prediction"] == table["label"]).mean() > 0.9
        assert run.state.best_macro_f1 > 0.9


@pytest.mark.parametrize(
    ("base", "said", "columns"),
    [
        ("tfidf-words", ENGLISH, ["model", "majority"]),
        ("tfidf-chars", ENGLISH, ["model", "majority", "tfidf"]),
        ("tfidf-chars", CHINESE, ["model", "majority"]),
        ("tfidf-words", CHINESE, ["model", "majority", "tfidf"]),
        ("majority", ENGLISH, ["model", "tfidf"]),
    ],
)
def test_no_baseline_is_compared_with_itself(base, said, columns, tmp_path):
    data = dataset(said)
    assert data.language == ("zh" if said is CHINESE else "en")
    assert models_in(train(tmp_path / "run", data, base=base)[0]) == columns


def test_without_test_rows_the_judged_model_has_not_seen_the_validation_rows_and_the_kept_one_has(tmp_path):
    data = dataset()
    run, _ = train(tmp_path / "run", data, base="tfidf-words", test_fraction=0.0)
    labeled = split_labeled(data, run.info.config)
    train_rows, validation = labeled.split.train, labeled.split.validation
    texts = labeled.texts(validation)

    temperature = load_predictor(run.folder).temperature

    def learned_from(positions) -> np.ndarray:
        rows = Rows(labeled.texts(positions), labeled.labels[positions])
        return apply_temperature(fit_baseline("tfidf-words", rows, classes=labeled.classes)(texts), temperature)

    judged = run.predictions()[[f"model:prob:{name}" for name in labeled.classes]].to_numpy()
    np.testing.assert_allclose(judged, learned_from(train_rows), atol=1e-6)
    kept = load_predictor(run.folder)(texts)
    np.testing.assert_allclose(kept, learned_from(np.concatenate([train_rows, validation])), atol=1e-6)
    assert not np.allclose(kept, judged, atol=1e-3)


@pytest.mark.parametrize("test_fraction", [0.2, 0.0])
def test_the_baseline_beside_a_run_is_given_what_the_run_is(test_fraction, tmp_path):
    """Words compared with characters: the column "tfidf" is what a run with that base would say."""
    data = dataset({"positive": "it was what it was", "negative": "it was as it is"}, n=250, rare=50)
    settings = {"imbalance": "class-weights", "test_fraction": test_fraction, "validation_fraction": 0.3}
    beside, _ = train(tmp_path / "one", data, base="tfidf-chars", **settings)
    alone, _ = train(tmp_path / "other", data, base="tfidf-words", **settings)
    model = load_predictor(alone.folder)
    for name in data.classes:
        column = alone.predictions()[f"model:prob:{name}"]
        before = apply_temperature(np.stack([column, 1 - column], axis=1), 1 / model.temperature)[:, 0]
        np.testing.assert_allclose(beside.predictions()[f"tfidf:prob:{name}"], before, atol=1e-4)


def test_settings_of_a_network_are_refused_by_a_simple_model(tmp_path):
    for name, value in (("epochs", 5), ("learning_rate", 0.1), ("batch_size", 8), ("max_length", 16)):
        with pytest.raises(UsageError, match=name.replace("_", " ")):
            check_settings(FinetuneConfig(base="tfidf-words", **{name: value}))


def rare_recall(run: Run) -> float:
    table = run.predictions()
    rare = table[table["label"] == "positive"]
    return float((rare["model:prediction"] == "positive").mean())


def rare_share(run: Run) -> float:
    """The mean probability of the rare class before the temperature, which pulls such a model towards even odds."""
    probs = run.predictions()[["model:prob:negative", "model:prob:positive"]]
    return float(apply_temperature(probs, 1 / load_predictor(run.folder).temperature)[:, 1].mean())


@pytest.mark.parametrize("strategy", [name for name in imbalance_for("tfidf-words") if name != "none"])
def test_every_strategy_that_goes_with_a_regression_lifts_the_rare_class(strategy, tmp_path):
    noisy = {"positive": "the film was what it was", "negative": "the film was what it was"}
    data = dataset(noisy, n=200, rare=25)
    plain, _ = train(tmp_path / "plain", data, base="tfidf-words", imbalance="none", test_fraction=0.4)
    lifted, _ = train(tmp_path / "lifted", data, base="tfidf-words", imbalance=strategy, test_fraction=0.4)
    assert rare_share(lifted) > 1.5 * rare_share(plain)
    assert rare_recall(lifted) >= rare_recall(plain)


def test_strategies_that_make_no_sense_are_refused_naming_those_that_do(tmp_path):
    for base, strategy in (("tfidf-words", "focal"), ("naive-bayes", "logit-adjustment"), ("majority", "oversample")):
        with pytest.raises(UsageError, match="does not go with") as refused:
            train(tmp_path / base, dataset(), base=base, imbalance=strategy)
        assert "none" in refused.value.expected
        assert strategy not in refused.value.expected
        assert not (tmp_path / base).exists()
    assert imbalance_for("en-cnn-reviews") == imbalance_for("runs/some-folder") == tuple(IMBALANCE)


@pytest.mark.parametrize("base", ["naive-bayes", "majority"])
def test_an_open_choice_never_falls_on_a_strategy_that_makes_no_sense(base, tmp_path):
    run, _ = train(tmp_path / "run", dataset(n=300, rare=30), base=base, imbalance=AUTO)
    assert run.state.settings["imbalance"] in imbalance_for(base)


def test_the_same_seed_gives_the_same_run(tmp_path):
    settings = {"base": "tfidf-words", "imbalance": "undersample"}
    one, other = (train(tmp_path / name, dataset(rare=40), **settings)[0] for name in ("one", "other"))
    pd.testing.assert_frame_equal(one.predictions(), other.predictions())


def test_a_simple_run_loads_no_deep_learning_library():
    code = "import sys, sentiment.training.finetune; print('jax' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_a_simple_run_is_announced_as_the_short_one_that_it_is():
    simple, network = (
        estimate_seconds(5_000, mean_tokens=30, config=FinetuneConfig(base=base))
        for base in ("tfidf-words", "scratch-cnn")
    )
    assert simple[0] < simple[1] < network[0]


@pytest.mark.parametrize("base", ["tfidf-words", "majority"])
def test_a_run_keeps_its_validation_rows_calibrated_as_its_model_is(base, tmp_path):
    noisy = {"positive": "the film was what it was", "negative": "the film was what it was"}
    run, _ = train(tmp_path / "run", dataset(noisy, n=300, rare=200), base=base, validation_fraction=0.3)
    temperature = load_predictor(run.folder).temperature
    assert temperature > 1.2 or base == "majority"  # it learned noise by heart, and is far too sure of it
    table = run.validation()
    assert list(table.columns) == ["row", "text", "label", "group", "model:prob:negative", "model:prob:positive"]
    assert set(table["row"]) == set(np.load(run.folder / "split.npz")["validation"])
    probs = table[["model:prob:negative", "model:prob:positive"]].to_numpy()
    labels = table["label"].map({"negative": 0, "positive": 1}).to_numpy()
    before = apply_temperature(probs, 1 / temperature)
    assert fit_temperature(before, labels) == pytest.approx(temperature, rel=1e-3)
    of_truth = np.arange(len(labels)), labels
    assert np.log(probs[of_truth]).mean() >= np.log(before[of_truth]).mean()
