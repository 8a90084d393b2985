"""The report in one sentence that can be repeated."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from sentiment.evaluation.metrics import TOO_FEW
from sentiment.numbers import number

FEWEST_ROWS = 30  # held-out rows below which a share would sound surer than it is
_PARTS = ((0.5, 0.05, "half"), (1 / 3, 0.03, "a third"), (2 / 3, 0.03, "two thirds"), (0.25, 0.02, "a quarter"))


def verdict(report: Mapping[str, Any], comparisons: Mapping[str, pd.DataFrame], *, n: int, what: str = "rows") -> str:
    """What a report means, as plain text to be shown without any markup.

    Args:
        report: made by `evaluate`.
        comparisons: for each baseline's name, the table of `compare` with the model as a and the baseline as b; the
            sentence speaks of the baseline with the best macro-F1. May be empty.
        n: the number of held-out rows.
        what: what a row is, in the plural ("reviews").
    """
    if n < FEWEST_ROWS:
        thing = what if n != 1 else what.removesuffix("s")
        return f"{number(n)} held-out {thing}: too few to judge the model by; hold out or label more."
    low, high = report["intervals"]["accuracy"]
    accuracy = f"On {number(n)} held-out {what} the model is right on {percent(report['accuracy'])} %"
    parts = [f"{accuracy} ({percent(low)} to {percent(high)})", _found(report, what)]
    if comparisons:
        parts.append(_compared(report, comparisons, what))
    parts.append(_unsaid(report, what))
    return "; ".join(part for part in parts if part) + "."


def percent(share: float) -> str:
    """A share as whole percent; 100 and 0 only if it is all or none."""
    rounded = round(100 * share)
    if rounded == 100 and share < 1:
        return "over 99"
    return "under 1" if rounded == 0 and share > 0 else str(rounded)


def _found(report: Mapping[str, Any], what: str) -> str:
    rows = sorted((row for row in report["per_class"] if row["support"] >= TOO_FEW), key=lambda row: -row["recall"])
    if not rows:
        return ""
    best, worst = rows[0], rows[-1]
    found = f"it finds {_of(best['recall'], best['support'])} {class_name(best['class'])} {what}"
    if len(rows) == 1:
        return found
    if worst["recall"] >= 0.7:
        return f"{found} and {_of(worst['recall'], worst['support'])} {class_name(worst['class'])} ones"
    missed = _of(1 - worst["recall"], worst["support"])
    return f"{found} and misses {missed} {'the ' if missed.endswith('of') else ''}{class_name(worst['class'])} ones"


def _unsaid(report: Mapping[str, Any], what: str) -> str:
    """The classes with too few rows to say anything of; those without any are told of in the report's warnings."""
    few = [(row["class"], row["support"]) for row in report["per_class"] if 0 < row["support"] < TOO_FEW]
    if not few:
        return ""
    rows = number(sum(n for _, n in few))
    return f"{_join([name for name, _ in few])} {'has' if len(few) == 1 else 'have'} too few {what} to tell ({rows})"


def _of(share: float, n: int) -> str:
    """A share in words before a noun: "9 of 10", "half of", "all"."""
    if share in (0, 1):
        return f"all {number(n)}" if share else f"none of the {number(n)}"
    for part, width, word in _PARTS:
        if abs(share - part) <= width:
            return f"{word} of"
    tenths = round(10 * share)
    if tenths in (0, 10):
        return "nearly all" if tenths else "hardly any"
    return f"{tenths} of 10"


def class_name(text: str, *, quoted: bool = False) -> str:
    """A name in a sentence: as it is if it is a plain word (and need not be quoted), else shortened and in quotes."""
    if not quoted and text.isalpha() and text.islower() and len(text) <= 20:
        return text
    return f"“{text if len(text) <= 40 else text[:39] + '…'}”"


def _compared(report: Mapping[str, Any], comparisons: Mapping[str, pd.DataFrame], what: str) -> str:
    baseline, table = max(comparisons.items(), key=lambda item: float(item[1]["b"].iloc[-1]))
    support = {row["class"]: row["support"] for row in report["per_class"]}
    classes, overall = table.iloc[:-1], str(table["better"].iloc[-1])
    judged = classes[[support.get(name, 0) >= TOO_FEW for name in classes["class"]]]
    if judged.empty:
        return ""
    won, lost, open_ = (list(judged.loc[judged["better"] == side, "class"]) for side in ("a", "b", "undecided"))
    whom = "always saying the most frequent class" if baseline == "majority" else "the simple baseline"
    if len(won) == len(judged):
        return f"it beats {whom} on every class"
    if not won and not lost:
        if overall == "undecided":
            return f"whether it is better than {whom}, {number(sum(support.values()))} {what} can't tell"
        return f"overall it {'beats' if overall == 'a' else 'loses to'} {whom}, class by class these {what} can't tell"
    if not won:
        return f"it loses to {whom} on {_join(lost)}" + _untold(open_, support, what)
    on = f"every class but {_join([*lost, *open_])}" if len(won) > len(judged) / 2 else _join(won)
    if not lost:
        tail = _where(open_, support) if "every class" in on else _untold(open_, support, what)
        return f"it beats {whom} on {on}{tail}"
    return f"it beats {whom} on {_join(won)} and loses to it on {_join(lost)}" + _untold(open_, support, what)


def _where(classes: Sequence[str], support: Mapping[str, int]) -> str:
    rows = sum(support[name] for name in classes)
    return f", where {number(rows)} {'row' if rows == 1 else 'rows'} can't tell which is better"


def _untold(classes: Sequence[str], support: Mapping[str, int], what: str) -> str:
    if not classes:
        return ""
    rows = sum(support[name] for name in classes)
    return f"; on {_join(classes)}, {number(rows)} {what} can't tell which is better"


def _join(names: Sequence[str]) -> str:
    said = [class_name(name) for name in names]
    return said[0] if len(said) == 1 else f"{', '.join(said[:-1])} and {said[-1]}"
