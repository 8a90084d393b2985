"""What a run is worth on its held-out rows: the rows, the reports of its models, and the sentence to repeat.

Light: nothing here loads a deep-learning library. Thresholds are chosen on the validation rows, never on the rows that
a run is judged on.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sentiment import evaluation
from sentiment.access import Role, require
from sentiment.errors import RunError, SentimentError
from sentiment.evaluation.means import group_numbers
from sentiment.evaluation.thresholds import Rule
from sentiment.files import read_json, write_json
from sentiment.models.hub import hub_folder, is_hub_name
from sentiment.models.package import RULE, is_package, open_package
from sentiment.models.temperature import temperature_of
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
        classes: the model's classes, in the order of the columns of probabilities.
        temperature: what the model's logits are divided by; None for a run that was not calibrated.
        validation: the labeled validation rows with the model's probabilities; None where the run kept none.
    """

    rows: pd.DataFrame
    reports: dict[str, dict[str, Any]]
    comparisons: dict[str, pd.DataFrame]
    verdict: str
    split: str
    classes: tuple[str, ...] = ()
    temperature: float | None = None
    validation: pd.DataFrame | None = None

    @property
    def groups(self) -> NDArray[np.int64] | None:
        """Which of the held-out rows belong together; None where every row is alone."""
        return groups_of(self.rows)

    @property
    def labels(self) -> NDArray[np.int64]:
        """int64[n]: the class of each held-out row, −1 for one that the model does not know."""
        return codes_of(self.rows, self.classes)

    def probs(self, model: str = "model") -> NDArray[np.float64]:
        """float64[n, n_classes]: a model's probabilities of the held-out rows."""
        return probs_of(self.rows, self.classes, model=model)


def groups_of(rows: pd.DataFrame) -> NDArray[np.int64] | None:
    """The group of each row as a number, int64[n]; one without a group is alone. None where every row is."""
    return group_numbers(rows["group"].tolist(), len(rows))


def codes_of(rows: pd.DataFrame, classes: Sequence[str]) -> NDArray[np.int64]:
    """int64[n]: the position of each row's label in `classes`, −1 where it is none of them."""
    return pd.Index(list(classes), dtype="str").get_indexer(pd.Index(rows["label"].astype("str"))).astype(np.int64)


def probs_of(rows: pd.DataFrame, classes: Sequence[str], *, model: str = "model") -> NDArray[np.float64]:
    """float64[n, n_classes]: a model's probabilities, as they stand in a table of predictions."""
    return rows[[f"{model}:prob:{name}" for name in classes]].to_numpy(np.float64)


def read_rule(run_folder: Path) -> Rule | None:
    """The decision rule that was saved with a run, or that stands in a package; None where there is none.

    Args:
        run_folder: of the run, or of its model; a package, also one of the Hub by its name.

    Raises:
        RunError: if it cannot be read.
        ModelError: if there is no such package.
    """
    path = _beside_model(Path(run_folder)) / RULE
    try:
        return Rule.from_dict(read_json(path)) if path.exists() else None
    except (OSError, ValueError, RecursionError, SentimentError) as error:
        raise RunError(
            f"The thresholds of run {Path(run_folder).name} cannot be read", todo="Save them again on the Evaluate page"
        ) from error


def _beside_model(named: Path) -> Path:
    """The folder in which what belongs to a model is."""
    if is_package(named):
        return open_package(named)
    if is_hub_name(named):
        return hub_folder(str(named))
    of_run = named.name == "model" and (named / "config.json").exists() and (named.parent / "run.json").exists()
    return named.parent if of_run else named


def save_rule(run: Run, rule: Rule | None) -> None:
    """Keeps a decision rule with a run, in the place of the one before; None takes it away.

    Raises:
        AccessError: for anybody but an owner.
        UsageError: if the rule names a class that the run's model does not know.
        RunError: if it cannot be written.
    """
    require(Role.OWNER, doing="save thresholds")
    path = run.folder / RULE
    if rule is None or rule.plain:
        path.unlink(missing_ok=True)
        return
    rule.decide(np.zeros((0, len(run.info.classes))), run.info.classes)
    try:
        write_json(path, rule.to_dict())
    except OSError as error:
        raise RunError(
            f"The thresholds of run {run.info.name} could not be saved ({error.strerror})",
            expected="A run that has not been deleted, and room on the disk",
        ) from error


def judge_run(run: Run) -> Judgement | None:
    """What a run is worth, or None while there are no predictions."""
    rows = run.predictions()
    if rows is None:
        return None
    rows = rows[rows["label"].notna()].reset_index(drop=True)
    classes, labels = list(run.info.classes), rows["label"].tolist()
    grouped = groups_of(rows)
    groups = None if grouped is None else grouped.tolist()
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
    validation = run.validation()
    return Judgement(
        rows,
        reports,
        comparisons,
        verdict,
        str(rows["split"].iloc[0]) if len(rows) else "test",
        tuple(classes),
        _temperature(run),
        None if validation is None else validation[validation["label"].notna()].reset_index(drop=True),
    )


def _temperature(run: Run) -> float | None:
    """The temperature of a run's model; None where it was not calibrated, or there is no model any more."""
    try:
        config = read_json(run.folder / "model" / "config.json")
    except (OSError, ValueError):
        return None
    return temperature_of(config) if "temperature" in config else None
