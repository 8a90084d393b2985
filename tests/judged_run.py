"""Finished runs with made-up predictions, of any size and with any texts, for whatever shows runs."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from sentiment.data import DatasetInfo, import_file
from sentiment.training.config import FinetuneConfig
from sentiment.training.runs import Run, RunState, create_run, describe_run, new_id


def judged_run(
    folder: Path,
    texts: Sequence[str],
    *,
    classes: Sequence[str] = ("negative", "neutral", "positive"),
    base: str = "en-cnn-reviews",
    seed: int = 0,
) -> Run:
    """A finished run whose model is right on about four of five rows, and its two baselines less often.

    Args:
        folder: where the run folder is made.
        texts: of the held-out rows, whose classes take turns.
        classes: names of the classes.
        base: the base model, as it was given.
        seed: of what it says.
    """
    labels = [classes[i % len(classes)] for i in range(len(texts))]
    run = create_run(
        folder,
        describe_run(
            _dataset_info(folder, classes),
            FinetuneConfig(base=base),
            run_id=new_id(),
            name="shop · net",
            dataset_folder=None,
        ),
    )
    rows = pd.DataFrame(
        {"row": range(len(texts)), "text": list(texts), "label": labels, "group": None, "split": "test"}
    )
    rng, codes = np.random.default_rng(seed), np.arange(len(texts)) % len(classes)
    for model, pull in (("model", 2.0), ("majority", 0.0), ("tfidf", 1.0)):
        logits = rng.normal(size=(len(texts), len(classes)))
        logits[np.arange(len(texts)), codes] += pull
        probs = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
        rows[f"{model}:prediction"] = [classes[code] for code in probs.argmax(axis=1)]
        for code, name in enumerate(classes):
            rows[f"{model}:prob:{name}"] = probs[:, code].astype(np.float32)
    run.write_predictions(rows)
    run.write_state(RunState(status="finished", settings={"n_train": 900, "n_validation": 100, "strategy": "head"}))
    return run


def make_too_sure(run: Run, *, by: float = 0.035, n: int = 600, seed: int = 10) -> None:
    """Gives a run held-out rows of its first two classes on which it is a little surer than it should be."""
    rows = run.predictions()
    assert rows is not None
    rng, (first, second) = np.random.default_rng(seed), run.info.classes[:2]
    confidence = rng.uniform(0.5, 0.98, n)
    hit = rng.random(n) < np.clip(confidence - by, 0, 1)
    rows = rows.iloc[np.arange(n) % len(rows)].reset_index(drop=True)
    rows = rows.assign(row=range(n), label=np.where(hit, first, second))
    rows["model:prediction"] = first
    for name in run.info.classes:
        rows[f"model:prob:{name}"] = {first: confidence, second: 1 - confidence}.get(name, 0.0)
    run.write_predictions(rows)


def _dataset_info(folder: Path, classes: Sequence[str]) -> DatasetInfo:
    """A small dataset of these classes."""
    path = folder.parent / f"{folder.name}-shop.csv"
    path.parent.mkdir(parents=True, exist_ok=True)
    table = pd.DataFrame({"text": [f"text {i}" for i in range(len(classes))], "label": list(classes)})
    table.to_csv(path, index=False)
    return import_file(path, text="text", label="label").info
