"""Several models against one of them on the same held-out rows: which is best, and whether the rows can tell."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from sentiment.evaluation.comparison import compare
from sentiment.numbers import number, points

COMPARED = ("f1-score", "recall")
MACRO = "macro avg"


@dataclass(frozen=True)
class Comparison:
    """How several models compare.

    Attributes:
        table: a row per model, class (and "macro avg") and metric of `COMPARED`. Columns: name, class, metric, value
            (in [0, 1]), delta (to the model compared with, whose own rows have 0), low and high (the delta's 95 %
            interval), better ("yes", "no" or "undecided").
        against: the model that the others are compared with.
        best: the model with the best macro-F1.
        level: the models that the rows can't tell from the best, by macro-F1.
        n_rows: held-out rows.
        sentence: what it comes to, as plain text to be shown without any markup.
        notes: what must be known to read it rightly, in sentences; whoever chose the rows adds it.
    """

    table: pd.DataFrame
    against: str
    best: str
    level: tuple[str, ...]
    n_rows: int
    sentence: str
    notes: tuple[str, ...] = ()


def compare_many(
    labels: Sequence[str],
    predictions: Mapping[str, Sequence[str]],
    *,
    classes: Sequence[str],
    against: str,
    groups: Sequence[Any] | None = None,
    seed: int = 0,
) -> Comparison:
    """The comparison of models with one of them, paired on the same rows.

    That any class of any model is called better or worse by chance has a chance of at most 5 %, for each metric.

    Args:
        labels: the true class of each row.
        predictions: the predicted class of each row, by the model's name; two models at least.
        classes: names of the classes.
        against: which of the models the others are compared with.
        groups: which rows belong together.
        seed: of the resampling.

    Raises:
        DataError: if there is no row, or a label or a prediction is missing.
        ValueError: if the lengths differ.
    """
    parts, n_pairs = [], max(len(predictions) - 1, 1)
    for metric in COMPARED:
        for name, said in predictions.items():
            part = compare(
                labels, said, predictions[against], classes=classes, metric=metric, groups=groups, n_pairs=n_pairs,
                seed=seed,
            )  # fmt: skip
            parts.append(part.assign(name=name, metric=metric))
    table = pd.concat(parts, ignore_index=True).rename(columns={"a": "value"}).drop(columns="b")
    table["better"] = table["better"].map({"a": "yes", "b": "no", "undecided": "undecided"})
    table = table[["name", "class", "metric", "value", "delta", "low", "high", "better"]]
    overall = macro_f1(table)
    best = max(predictions, key=lambda name: (overall[name]["value"], name == against))
    level = tuple(
        name
        for name, said in predictions.items()
        if name != best
        and compare(
            labels, predictions[best], said, classes=classes, groups=groups, n_pairs=n_pairs, seed=seed
        )["better"].iloc[-1] != "a"
    )  # fmt: skip
    sentence = _describe(overall, against=against, best=best, level=level, n_rows=len(labels))
    return Comparison(table, against, best, level, len(labels), sentence)


def macro_f1(table: pd.DataFrame) -> dict[Any, dict[str, Any]]:
    """The rows of a comparison's table that are about macro-F1, by the name of the model."""
    lines = table[(table["class"] == MACRO) & (table["metric"] == "f1-score")].set_index("name")
    return {name: dict(line) for name, line in lines.iterrows()}


def _describe(
    overall: dict[Any, dict[str, Any]], *, against: str, best: str, level: tuple[str, ...], n_rows: int
) -> str:
    value, rows = 100 * overall[best]["value"], number(n_rows)
    others = [name for name in level if name != against]
    if best == against:
        opening = f"None of them beats “{against}”: macro-F1 {value:.1f}"
        return f"{opening}, and {rows} held-out rows can't tell it from {_join(level)}." if level else f"{opening}."
    delta, low, high = (points(overall[best][column], plus=False) for column in ("delta", "low", "high"))
    sentence = f"“{best}” is best: macro-F1 {value:.1f}, {delta} points above “{against}” ({low} to {high})"
    if against in level:
        sentence += f", but {rows} held-out rows can't tell whether that is more than chance"
    elif others:
        sentence += f"; {rows} held-out rows can't tell it from {_join(others)}"
    return f"{sentence}."


def _join(names: Sequence[str]) -> str:
    quoted = [f"“{name}”" for name in names]
    return quoted[0] if len(quoted) == 1 else f"{', '.join(quoted[:-1])} and {quoted[-1]}"
