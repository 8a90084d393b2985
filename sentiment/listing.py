"""All runs as a table: what each is, how far it is, and how good it is on its held-out rows."""

from collections.abc import Iterable, Sequence
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
        "base": info.config.base_name,
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


def name_runs(runs: Sequence[Run]) -> dict[str, str]:
    """What to call runs beside each other, by their ids: no two alike, and no longer than it takes.

    A run's name without that of the dataset, if all are on one; where names are alike, with the settings in which those
    runs differ, or else the time.
    """
    one_dataset = len({run.info.dataset.id for run in runs}) == 1
    short = {run.id: _without_dataset(run) if one_dataset else run.info.name for run in runs}
    for name in set(short.values()):
        alike = [run for run in runs if short[run.id] == name]
        if len(alike) > 1:
            short |= {run.id: f"{name}, {told}" for run, told in zip(alike, _differences(alike), strict=True)}
    return short


def _without_dataset(run: Run) -> str:
    for joint in (" · ", ", "):
        name = run.info.name.removeprefix(f"{run.info.dataset.name}{joint}")
        if name and name != run.info.name:
            return name
    return run.info.name


def _differences(runs: Sequence[Run]) -> list[str]:
    """For each of some runs of one name what tells it from the others."""
    settings = [{**run.info.config.to_dict(), "labels": run.info.dataset.fingerprint[:6]} for run in runs]
    names = [name for name in settings[0] if len({str(each.get(name)) for each in settings}) > 1]
    said = [
        ", ".join(f"{name.replace('_', ' ')} {'auto' if each.get(name) is None else each[name]}" for name in names)
        for each in settings
    ]
    if len(set(said)) == len(said):
        return said
    times = [run.info.created.removesuffix("+00:00").replace("T", " ") for run in runs]
    return times if len(set(times)) == len(times) else [run.id for run in runs]


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
