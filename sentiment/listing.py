"""All runs as a table: what each is, how far it is, and how good it is on its held-out rows."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pandas as pd

from sentiment import evaluation
from sentiment.judging import groups_of
from sentiment.training import jobs
from sentiment.training.runs import Run

COLUMNS = (
    "id", "name", "dataset", "base", "created", "status", "seconds", "labels", "held_out",
    "macro_f1", "macro_f1_low", "macro_f1_high", "accuracy", "accuracy_low", "accuracy_high",
    "strategy", "imbalance", "epochs", "seed", "test_fraction",
)  # fmt: skip


def list_runs(runs: Iterable[Run]) -> pd.DataFrame:
    """A row for each run, in their order, with the columns of `COLUMNS` (see `describe_run`)."""
    return pd.DataFrame([describe_run(run) for run in runs], columns=list(COLUMNS))


def describe_run(run: Run) -> dict[str, Any]:
    """A run as a line of the table.

    Returns:
        id, name, dataset and base (names), created (ISO 8601), status, seconds (it took), labels (rows that it learned
        from), held_out (rows that judge it), macro_f1 and accuracy in [0, 1] with the ends of their 95 % intervals,
        strategy, imbalance, epochs, seed and test_fraction as they were chosen. What is not known yet is None.
    """
    info, state = run.info, jobs.read_state(run.folder)
    chosen = state.settings
    n_labels = [chosen[name] for name in ("n_train", "n_validation") if chosen.get(name) is not None]
    return {
        "id": run.id,
        "name": info.name,
        "dataset": info.dataset.name,
        "base": Path(info.config.base).name,
        "created": info.created,
        "status": state.status,
        "seconds": state.elapsed,
        "labels": sum(n_labels) if n_labels else None,
        **_figures(run),
        "strategy": chosen.get("strategy", info.config.strategy),
        "imbalance": chosen.get("imbalance", info.config.imbalance),
        "epochs": chosen.get("epochs", info.config.epochs),
        "seed": info.config.seed,
        "test_fraction": info.config.test_fraction,
    }


def _figures(run: Run) -> dict[str, Any]:
    """How good it is on its held-out rows; None for each figure as long as nobody can tell."""
    names = ("macro_f1", "macro_f1_low", "macro_f1_high", "accuracy", "accuracy_low", "accuracy_high")
    table = run.predictions()
    rows = None if table is None or "model:prediction" not in table else table[table["label"].notna()]
    if rows is None or rows.empty:
        return {"held_out": None, **dict.fromkeys(names)}
    groups = groups_of(rows)
    report = evaluation.evaluate(
        rows["label"].tolist(),
        predictions=rows["model:prediction"].tolist(),
        classes=run.info.classes,
        groups=None if groups is None else groups.tolist(),
    )
    spans = report["intervals"]
    values = (
        report["macro avg"]["f1-score"],
        *spans["macro avg"]["f1-score"],
        report["accuracy"],
        *spans["accuracy"],
    )
    return {"held_out": len(rows), **dict(zip(names, (float(value) for value in values), strict=True))}
