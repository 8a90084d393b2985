"""Two models on the same rows: what the second gains and loses, class by class, and what chance can't explain."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sentiment.evaluation import intervals
from sentiment.evaluation.comparison import FEWEST_DIFFERENCES, compare, paired_interval
from sentiment.evaluation.mcnemar import McNemar, mcnemar
from sentiment.evaluation.metrics import METRICS, TOO_FEW, encode_groups
from sentiment.evaluation.verdict import class_name
from sentiment.numbers import number, points

MACRO, ACCURACY = "macro avg", "accuracy"


@dataclass(frozen=True)
class Pair:
    """How model b compares with model a.

    Attributes:
        table: a row per metric and class, "macro avg" after the classes, and one for "accuracy" (under recall).
            Columns: class, metric, a, b (in [0, 1]), delta (b - a), low, high (its 95 % interval), better ("a", "b" or
            "undecided") and support (rows of the class).
        mcnemar: the test of which is right more often.
        n_rows: rows that both were judged on.
        grouped: whether rows that belong together were drawn together.
        sentence: what it comes to, as plain text to be shown without any markup.
        hint: what was done about looking at several classes at once, in a sentence; "" where there was nothing to do.
    """

    table: pd.DataFrame
    mcnemar: McNemar
    n_rows: int
    grouped: bool
    sentence: str
    hint: str


def compare_pair(
    labels: Sequence[str],
    predictions_a: Sequence[str],
    predictions_b: Sequence[str],
    *,
    classes: Sequence[str],
    names: tuple[str, str] = ("A", "B"),
    groups: Sequence[Any] | None = None,
    seed: int = 0,
) -> Pair:
    """How b compares with a, paired on the same rows (errors as for `compare`).

    Args:
        labels: the true class of each row.
        predictions_a: what a says of each.
        predictions_b: what b says of each.
        classes: names of the classes.
        names: what to call a and b.
        groups: which rows belong together.
        seed: of the resampling.
    """
    counts = pd.Series(list(labels), dtype=object).astype(str).value_counts()
    parts = []
    for metric in METRICS:
        part = compare(
            labels, predictions_b, predictions_a, classes=classes, metric=metric, groups=groups, seed=seed
        ).rename(columns={"a": "b", "b": "a"})
        parts.append(part.assign(metric=metric, better=part["better"].map(_SWAPPED)))
    truth, a, b = (np.asarray(list(values), dtype=object) for values in (labels, predictions_a, predictions_b))
    right_a, right_b = a == truth, b == truth
    table = pd.concat([*parts, _accuracy(right_a, right_b, groups=groups, seed=seed)], ignore_index=True)
    table["support"] = [int(counts.get(name, 0)) if name in counts else len(truth) for name in table["class"]]
    table.loc[~table["class"].isin([*counts.index, MACRO, ACCURACY]), "support"] = 0
    table = table[["class", "metric", "a", "b", "delta", "low", "high", "better", "support"]]
    test = mcnemar(right_a, right_b, groups=groups)
    return Pair(
        table,
        test,
        len(truth),
        test.grouped,
        _describe(table, test, names=names, n_rows=len(truth)),
        _hint(table),
    )


_SWAPPED = {"a": "b", "b": "a", "undecided": "undecided"}


def _accuracy(
    right_a: NDArray[np.bool_], right_b: NDArray[np.bool_], *, groups: Sequence[Any] | None, seed: int
) -> pd.DataFrame:
    """The line of the accuracy, its interval by the same paired bootstrap."""
    codes = encode_groups(groups, len(right_a))
    unit = np.arange(len(right_a)) if codes is None else np.unique(codes, return_inverse=True)[1]
    gained = right_b.astype(float) - right_a
    values = np.stack([np.bincount(unit, weights=gained), np.bincount(unit).astype(float)], axis=1)
    sums, counts = np.unique(values, axis=0, return_counts=True)
    drawn = intervals.resample(sums, counts, n_resamples=2000, seed=seed)
    n_differ = int(counts[sums[:, 0] != 0].sum())
    (low,), (high,) = paired_interval(drawn[:, :1] / drawn[:, 1:], np.array([n_differ]))
    enough = n_differ >= FEWEST_DIFFERENCES
    better = "b" if enough and low > 0 else "a" if enough and high < 0 else "undecided"
    line = {"class": ACCURACY, "metric": "recall", "a": float(right_a.mean()), "b": float(right_b.mean())}
    line |= {"delta": float(gained.mean()), "low": float(low), "high": float(high), "better": better}
    return pd.DataFrame([line])


def line_of(table: pd.DataFrame, name: str, metric: str = "f1-score") -> dict[str, Any]:
    """The line of a class (or `MACRO`, or `ACCURACY` under "recall") in a pair's table.

    Raises:
        KeyError: if it has none.
    """
    found = table[(table["class"] == name) & (table["metric"] == metric)]
    if found.empty:
        raise KeyError(name)
    return {str(key): value for key, value in found.iloc[0].items()}


def _describe(table: pd.DataFrame, test: McNemar, *, names: tuple[str, str], n_rows: int) -> str:
    a, b = (class_name(name, quoted=True) for name in names)
    classes = table[(table["metric"] == "f1-score") & (table["class"] != MACRO) & (table["support"] > 0)]
    sides = {side: classes[classes["better"] == side] for side in ("b", "a", "undecided")}
    won, lost, open_ = (list(sides[side]["class"]) for side in ("b", "a", "undecided"))
    parts = []
    if won:
        parts.append(f"{b} is better than {a} on {_join(won) if lost or open_ else 'every class'}")
    if lost:
        where = _join(lost) if won or open_ else "every class"
        parts.append(f"worse on {where}" if won else f"{b} is worse than {a} on {where}")
    if not won and not lost:
        told = f"{number(n_rows)} rows can't tell {b} from {a} on any class"
    else:
        told = " and ".join(parts) + (f"; on {_untold(sides['undecided'])}" if open_ else "")
    return f"{told}. {_overall(line_of(table, MACRO))} {_tested(test, b)}"


def _overall(line: Mapping[str, Any]) -> str:
    low, high = (points(line[name]) for name in ("low", "high"))
    moved = 100 * line["delta"]
    if abs(moved) < 0.05:
        return f"Macro-F1 stays at {100 * line['b']:.1f} ({low} to {high} points)."
    said = f"{abs(moved):.1f} points {'higher' if moved > 0 else 'lower'}"
    chance = "" if line["better"] != "undecided" else ", which may be chance"
    return f"Macro-F1 goes from {100 * line['a']:.1f} to {100 * line['b']:.1f}: {said} ({low} to {high}){chance}."


def _tested(test: McNemar, b: str) -> str:
    n = test.only_a + test.only_b
    if n == 0:
        return "They are right on the same rows."
    p = "p < 0.001" if test.mid_p < 0.001 else f"p = {test.mid_p:.{2 if test.mid_p >= 0.095 else 3}f}"
    rows = "1 row that only one of them gets" if n == 1 else f"{number(n)} rows that only one of them gets"
    return f"Of {rows} right, {b} has {number(test.only_b)} (McNemar, {p})."


def _untold(lines: pd.DataFrame) -> str:
    """Each class that the rows can't tell, with how many rows that were."""
    said = [f"{class_name(name)} {number(n)}" for name, n in zip(lines["class"], lines["support"], strict=True)]
    rows = "row" if len(said) == 1 and lines["support"].iloc[0] == 1 else "rows"
    listed = said[0] if len(said) == 1 else f"{', '.join(said[:-1])} and {said[-1]}"
    return f"{listed} {rows} can't tell"


def _join(names: Sequence[str]) -> str:
    said = [class_name(name) for name in names]
    return said[0] if len(said) == 1 else f"{', '.join(said[:-1])} and {said[-1]}"


def _hint(table: pd.DataFrame) -> str:
    classes = table[(table["metric"] == "f1-score") & (table["class"] != MACRO) & (table["support"] > 0)]
    few = classes[classes["support"] < TOO_FEW]["class"].tolist()
    parts = []
    if len(classes) > 1:
        parts.append(
            f"{len(classes)} classes are looked at together, so a class counts as better only where chance would claim "
            "that of any of them at most once in 20 times; each interval by itself is a 95 % interval."
        )
    if few:
        parts.append(f"Fewer than {TOO_FEW} rows: {_join(few)}; nothing can be told there.")
    return " ".join(parts)
