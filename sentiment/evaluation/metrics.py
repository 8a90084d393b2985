"""The per-class report of a set of held-out rows: scikit-learn's numbers, each with an interval."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from sentiment.arrays import distinct
from sentiment.errors import DataError, ModelError
from sentiment.evaluation import intervals

METRICS = ("precision", "recall", "f1-score")
TOO_FEW = 20  # rows behind a figure below which it is a guess, and is not shown as one
RESERVED = frozenset(
    ("accuracy", "macro avg", "weighted avg", "classes", "n_examples", "confusion_matrix", "intervals")
    + ("confidence_level", "warnings", "per_class")
)


def rows_behind(line: Mapping[str, Any], metric: str) -> int:
    """How many rows a figure stands on: below `TOO_FEW` it is not shown.

    Args:
        line: of a report: a class of "per_class", or an average.
        metric: "precision", whose rows are those said to be of the class; recall and F1 stand on the class's own.
    """
    return int(line["said"] if metric == "precision" and "said" in line else line["support"])


def evaluate(
    labels: Sequence[str],
    probs: ArrayLike | None = None,
    *,
    classes: Sequence[str],
    predictions: Sequence[str] | None = None,
    groups: Sequence[Any] | None = None,
    seed: int = 0,
    n_resamples: int = 2000,
) -> dict[str, Any]:
    """The report of a model on held-out rows, ready for JSON.

    Args:
        labels: the true class of each row. A label that is no class of the model counts as a mistake and is a class
            of the report, after the others.
        probs: float[n, n_classes], one column for each of `classes`, in their order; the largest is the prediction.
        classes: the model's classes.
        predictions: the predicted class of each row, instead of `probs`.
        groups: which rows belong together (sentences of one review); intervals then allow for their likeness.
        seed: of the resampling.
        n_resamples: how often the rows (or groups) are drawn again for the intervals of the averages.

    Returns:
        The keys and numbers of scikit-learn's `classification_report(output_dict=True, zero_division=0)`, and
        "classes", "n_examples", "confusion_matrix" (rows true, columns predicted), "confidence_level", "warnings"
        (sentences), "intervals" ({class: {metric: [low, high]}}, also for the averages; "accuracy": [low, high]),
        and "per_class": a list with each class's "class", metrics, "support", "said" (rows predicted as the class)
        and "intervals", which holds a class whose name is also the name of a key (a class called "accuracy").

    Raises:
        DataError: if there is no row, or a row without a label.
        ModelError: if probabilities are not numbers.
        ValueError: if the lengths or shapes do not fit, or not exactly one of probs and predictions is given.
    """
    if (probs is None) == (predictions is None):
        raise ValueError("give either probs or predictions")
    known = [str(name) for name in classes]
    truth = check_labels(labels)
    says = _most_likely(probs, known) if predictions is None else check_labels(predictions)
    if len(says) != len(truth):
        raise ValueError(f"{len(truth)} labels, but {len(says)} predictions")
    names = known + sorted((set(truth) | set(says)) - set(known))
    true_codes, predicted_codes = encode(truth, names), encode(says, names)
    units = intervals.tally(true_codes, predicted_codes, groups=encode_groups(groups, len(truth)), n_classes=len(names))
    matrix = np.bincount(true_codes * len(names) + predicted_codes, minlength=len(names) ** 2)
    return _report(names, units, matrix.reshape(len(names), -1), known=set(known), seed=seed, n_resamples=n_resamples)


def check_labels(labels: Sequence[str]) -> list[str]:
    """The labels as strings.

    Raises:
        DataError: if there are none, or one is missing.
    """
    series = pd.Series(list(labels), dtype=object)
    if series.empty:
        raise DataError("There is no held-out row to judge the model on", todo="Hold out a part of the labeled rows")
    missing = int(series.isna().sum())
    if missing:
        raise DataError(f"{missing} of {len(series)} rows have no label", expected="Only labeled rows can be judged")
    return series.astype(str).tolist()


def encode(labels: Sequence[str], classes: Sequence[str]) -> NDArray[np.int64]:
    """int64[n]: the position of each label in `classes`."""
    place = {name: position for position, name in enumerate(classes)}
    return np.fromiter((place[label] for label in labels), dtype=np.int64, count=len(labels))


def encode_groups(groups: Sequence[Any] | NDArray[Any] | None, n: int) -> NDArray[np.int64] | None:
    """int64[n] group numbers; a row whose group is missing is a group of its own. None if every row is alone."""
    if groups is None:
        return None
    codes, _ = pd.factorize(pd.Series(list(groups), dtype=object))
    if len(codes) != n:
        raise ValueError(f"{n} rows, but {len(codes)} groups")
    alone = codes < 0
    codes = codes.astype(np.int64)
    codes[alone] = n + np.arange(int(alone.sum()))
    return None if len(distinct(codes)) == n else codes


def _most_likely(probs: ArrayLike | None, classes: list[str]) -> list[str]:
    table = np.asarray(probs, dtype=float)
    if table.ndim != 2 or table.shape[1] != len(classes):
        raise ValueError(f"probs have shape {table.shape}, expected one column for each of {len(classes)} classes")
    bad = int((~np.isfinite(table)).any(axis=1).sum())
    if bad:
        raise ModelError(f"The model's probabilities are not numbers for {bad} of {len(table)} rows")
    return [classes[best] for best in table.argmax(axis=1)]


def _report(
    names: list[str],
    units: intervals.Units,
    matrix: NDArray[np.int64],
    *,
    known: set[str],
    seed: int,
    n_resamples: int,
) -> dict[str, Any]:
    total = units.total
    scores = intervals.score(total)
    spans = intervals.class_intervals(units)
    averages = intervals.average_intervals(units, n_resamples=n_resamples, seed=seed)
    support, n_rows = total[intervals.TRUE].astype(int), int(total[intervals.TRUE].sum())
    values = np.nan_to_num(scores.per_class)
    per_class: list[dict[str, Any]] = [
        {
            "class": name,
            **{metric: float(values[m, c]) for m, metric in enumerate(METRICS)},
            "support": int(support[c]),
            "said": int(total[intervals.PREDICTED, c]),
            "intervals": {metric: spans[m, :, c].tolist() for m, metric in enumerate(METRICS)},
        }
        for c, name in enumerate(names)
    ]
    means = {"macro avg": scores.macro, "weighted avg": scores.weighted}
    return {
        **{row["class"]: {key: row[key] for key in (*METRICS, "support")} for row in per_class if _free(row)},
        "accuracy": float(scores.accuracy),
        **{
            name: {**{metric: float(mean[m]) for m, metric in enumerate(METRICS)}, "support": n_rows}
            for name, mean in means.items()
        },
        "classes": names,
        "n_examples": n_rows,
        "confusion_matrix": matrix.tolist(),
        "intervals": {
            **{row["class"]: row["intervals"] for row in per_class if _free(row)},
            **{name: dict(zip(METRICS, averages[name].tolist(), strict=True)) for name in means},
            "accuracy": intervals.accuracy_interval(units).tolist(),
        },
        "confidence_level": intervals.CONFIDENCE,
        "warnings": _warnings(names, total, known=known),
        "per_class": per_class,
    }


def _free(row: dict[str, Any]) -> bool:
    return row["class"] not in RESERVED


def _warnings(names: list[str], total: NDArray[np.float64], *, known: set[str]) -> list[str]:
    said = []
    for c, name in enumerate(names):
        rows, predicted = int(total[intervals.TRUE, c]), int(total[intervals.PREDICTED, c])
        if name not in known and rows:
            said.append(f"{_rows(rows)} the label “{name}”, which the model does not know: each counts as a mistake.")
        elif name not in known:
            continue
        elif not rows:
            said.append(f"No held-out row is “{name}”: how well the model finds it cannot be told.")
        elif rows < TOO_FEW:
            said.append(f"Only {_rows(rows)} the label “{name}”: too few for its figures to mean much.")
        if name in known and rows and not predicted:
            said.append(f"The model never says “{name}”.")
    return said


def _rows(n: int) -> str:
    return "1 held-out row has" if n == 1 else f"{n} held-out rows have"
