"""What more labels would bring, in sentences that can be repeated."""

from collections.abc import Mapping, Sequence
from typing import Any

from sentiment.evaluation.verdict import class_name
from sentiment.numbers import number, points, signed

_WORTH = 0.01  # a gain of macro-F1, in shares, below which more labels are hardly worth it


def describe_learning(values: Mapping[str, Any]) -> str:
    """What a learning curve (see `training.learning_curve`) means, as plain text to be shown without any markup."""
    if "skipped" in values:
        return f"Whether more labels would help was not measured. {values['skipped']}"
    gain = values["overall"]["gains"][_key(values["overall"]["gains"], 2)]
    n = number(values["n_labels"])
    opening = f"Twice as many labels as the {n} there are would bring about {_points(gain)} of macro-F1"
    if gain[0] < _WORTH:
        opening = f"Twice as many labels as the {n} there are would bring little: {_points(gain)} of macro-F1"
    ranked = rank_classes(values)
    if not ranked:
        return f"{opening}{_perhaps(gain)}."
    return f"{opening}{_perhaps(gain)}. {_of_class(ranked)}"


def rank_classes(values: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The classes that were measured by themselves, first those whose labels bring the mean most each."""
    measured = [part for part in values.get("classes", ()) if "own" in part]
    return sorted(measured, key=lambda part: -_gain(part, "mean")[0] / max(1, part["n_labels"]))


def describe_class(part: Mapping[str, Any]) -> str:
    """What twice as many labels of one class bring to its own F1."""
    gain = _gain(part, "own")
    labels = f"{class_name(part['class'])} labels ({number(part['n_labels'])} more)"
    return f"Twice as many {labels}: {_points(gain)} of its F1{_perhaps(gain)}"


def _of_class(ranked: Sequence[Mapping[str, Any]]) -> str:
    first = ranked[0]
    least = _gain(first, "mean")[0] / max(1, first["n_labels"])
    level = any(_gain(part, "mean")[2] / max(1, part["n_labels"]) >= least for part in ranked[1:])
    told = (
        f"The class to begin with is {class_name(first['class'])}: {number(first['n_labels'])} more of its labels "
        f"alone would bring {_points(_gain(first, 'own'))} of its F1{_perhaps(_gain(first, 'own'))}"
    )
    return f"{told}, though another class may be as good." if level else f"{told}."


def _gain(part: Mapping[str, Any], kind: str) -> Any:
    """What twice as many labels of a class bring: to its "own" F1, or to the "mean" of the classes."""
    gains = part[kind]["gains"]
    return gains[_key(gains, 2)]


def _points(gain: Sequence[float]) -> str:
    value, low, high = gain
    return f"{points(value)} points ({_whole(low)} to {_whole(high)})"


def _whole(share: float) -> str:
    return signed(100 * share, digits=0, plus=False)


def _perhaps(gain: Sequence[float]) -> str:
    """What must be added where the interval of a gain holds none at all."""
    return ", or nothing" if gain[1] <= 0 <= gain[2] else ""


def _key(gains: Mapping[Any, Any], factor: int) -> Any:
    """The key of a factor: a number, or the text that JSON makes of it."""
    return factor if factor in gains else str(factor)
