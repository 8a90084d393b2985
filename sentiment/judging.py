"""What a run is worth on its held-out rows: the rows, the reports of its models, and the sentence to repeat."""

from dataclasses import dataclass
from typing import Any

import pandas as pd

from sentiment import evaluation
from sentiment.training.runs import MODELS, Run


@dataclass(frozen=True)
class Judgement:
    """What a run is worth on its held-out rows.

    Attributes:
        rows: the labeled held-out rows with every model's predictions.
        reports: the report of each model that is ready: "model", "majority", "tfidf".
        comparisons: the model against each baseline.
        verdict: the sentence to repeat.
        split: "test" or "validation".
    """

    rows: pd.DataFrame
    reports: dict[str, dict[str, Any]]
    comparisons: dict[str, pd.DataFrame]
    verdict: str
    split: str


def judge_run(run: Run) -> Judgement | None:
    """What a run is worth, or None while there are no predictions."""
    rows = run.predictions()
    if rows is None:
        return None
    rows = rows[rows["label"].notna()].reset_index(drop=True)
    classes, labels = list(run.info.classes), rows["label"].tolist()
    groups = rows["group"].tolist() if len(rows) and rows["group"].notna().all() else None
    ready = [model for model in MODELS if f"{model}:prediction" in rows]
    reports = {
        model: evaluation.evaluate(
            labels,
            rows[[f"{model}:prob:{name}" for name in classes]].to_numpy(dtype=float),
            classes=classes,
            groups=groups,
        )
        for model in ready
    }
    said = {model: rows[f"{model}:prediction"].tolist() for model in ready}
    comparisons = {
        model: evaluation.compare(labels, said["model"], said[model], classes=classes, groups=groups)
        for model in ready
        if model != "model" and "model" in ready
    }
    verdict = evaluation.verdict(reports["model"], comparisons, n=len(rows)) if "model" in reports else ""
    return Judgement(rows, reports, comparisons, verdict, str(rows["split"].iloc[0]) if len(rows) else "test")
