"""From probabilities to decisions: a threshold per class, rows left undecided, and what mistakes cost."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sentiment.errors import UsageError
from sentiment.evaluation.means import Estimate, estimate_share, sum_by_group
from sentiment.numbers import THIN

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Groups = Sequence[Any] | NDArray[Any] | None
UNDECIDED = -1
GRID = np.round(np.arange(0.01, 1.0, 0.01), 2)  # thresholds to choose from: finer than any validation set can tell


@dataclass(frozen=True)
class Rule:
    """How a class is chosen from probabilities.

    A class with a threshold of its own is said where its probability reaches it; of several such classes the one that
    is furthest above its threshold, in proportion. Every other row gets the most likely of the classes without a
    threshold, or stays undecided where that is less likely than `undecided_below`, or where every class has a threshold
    and none is reached. Without thresholds and without a band that is the most likely class.

    Attributes:
        thresholds: by class, above 0 and up to 1; classes that are not there have none.
        undecided_below: probability below which a row stays undecided, in [0, 1].

    Raises:
        UsageError: for a number outside its range.
    """

    thresholds: Mapping[str, float] = field(default_factory=dict)
    undecided_below: float = 0.0

    def __post_init__(self) -> None:
        for name, value in self.thresholds.items():
            if not _is_number(value) or not 0 < value <= 1:
                raise UsageError(f"The threshold of “{name}” is {value}", expected="A number above 0 and up to 1")
        if not _is_number(self.undecided_below) or not 0 <= self.undecided_below <= 1:
            raise UsageError(f"Rows are to be undecided below {self.undecided_below}", expected="A number from 0 to 1")

    @property
    def plain(self) -> bool:
        """Whether it says the most likely class of every row."""
        return not self.thresholds and not self.undecided_below

    def decide(self, probs: ArrayLike, classes: Sequence[str]) -> Ints:
        """The class of each row, int64[n], as its position in `classes`; `UNDECIDED` where there is none.

        Args:
            probs: float[n, n_classes]; rows sum to 1.
            classes: the names of the columns.

        Raises:
            UsageError: if a class with a threshold is not among them.
        """
        table = np.asarray(probs, np.float64)
        self._check(classes)
        limits = np.array([self.thresholds.get(str(name), np.nan) for name in classes])
        own = ~np.isnan(limits)
        if own.all():
            said, confidence = np.full(len(table), UNDECIDED), np.zeros(len(table))
        else:
            others = np.where(own, -1.0, table)
            said, confidence = others.argmax(axis=1), others.max(axis=1)
        said = np.where(confidence < self.undecided_below, UNDECIDED, said)
        ratio = np.where(own, table / np.where(own, limits, 1.0), 0.0)
        reached = ratio.max(axis=1) >= 1
        return np.where(reached, ratio.argmax(axis=1), said).astype(np.int64)

    def _check(self, classes: Sequence[str]) -> None:
        unknown = [name for name in self.thresholds if name not in [str(known) for known in classes]]
        if unknown:
            raise UsageError(
                f"There is a threshold for “{unknown[0]}”, which the model does not know",
                expected=f"One of {', '.join(map(str, list(classes)[:20]))}",
            )

    def with_threshold(self, name: str, value: float | None) -> "Rule":
        """The same rule with another threshold for one class, or with None for none."""
        others = {other: limit for other, limit in self.thresholds.items() if other != name}
        return Rule(others if value is None else {**others, name: value}, self.undecided_below)

    def describe(self, classes: Sequence[str]) -> list[str]:
        """What the rule says, as sentences in plain text to be shown without any markup."""
        own = [str(name) for name in classes if str(name) in self.thresholds]
        if not own and not self.undecided_below:
            return ["Every row gets the class that is most likely."]
        said = [f"A row is “{name}” where that is at least {_exactly(self.thresholds[name])} likely." for name in own]
        if len(own) > 1:
            said.append("Where that holds for several classes, the one furthest above its threshold, in proportion.")
        rest = len(classes) - len(own)
        if not rest:
            said.append("Where no class reaches its threshold, the row stays undecided.")
        else:
            which = "Every row" if not own else "Every other row"
            gets = "is the remaining class" if rest == 1 else "gets the most likely of the other classes"
            gets = "gets the class that is most likely" if not own else gets
            band = f", unless that is less than {_exactly(self.undecided_below)} likely: then it stays undecided"
            said.append(f"{which} {gets}{band if self.undecided_below else ''}.")
        return said

    def to_dict(self) -> dict[str, Any]:
        """The rule as JSON values."""
        return {"thresholds": dict(self.thresholds), "undecided_below": self.undecided_below}

    @classmethod
    def from_dict(cls, values: Any) -> "Rule":
        """The rule that JSON values describe.

        Raises:
            UsageError: if they describe none.
        """
        if not isinstance(values, Mapping) or not isinstance(values.get("thresholds", {}), Mapping):
            raise UsageError("The thresholds cannot be read", expected='{"thresholds": {class: number}}')
        limits = {str(name): value for name, value in values.get("thresholds", {}).items()}
        return cls(limits, values.get("undecided_below", 0.0))


def _exactly(value: float) -> str:
    """A setting as a percentage with all of its digits: what a share is rounded to would be another rule."""
    return f"{100 * value:.6g}{THIN}%"


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


@dataclass(frozen=True)
class Sweep:
    """What each threshold of one class would do, all else staying as it is.

    Attributes:
        thresholds: float64[n], rising.
        found: float64[n], rows of the class that are said to be of it.
        false_alarms: float64[n], other rows that are.
        missed: float64[n], rows of the class that are not.
        n: rows in all.
        without: false alarms and misses where the class has no threshold of its own.
    """

    thresholds: Floats
    found: Floats
    false_alarms: Floats
    missed: Floats
    n: int
    without: tuple[int, int]

    def cost(self, *, false_alarm: float, miss: float) -> Floats:
        """float64[n]: what the mistakes cost per row, on average."""
        return np.asarray((false_alarm * self.false_alarms + miss * self.missed) / max(self.n, 1), np.float64)

    def cost_without(self, *, false_alarm: float, miss: float) -> float:
        """What they cost per row where the class has no threshold of its own."""
        return (false_alarm * self.without[0] + miss * self.without[1]) / max(self.n, 1)


def sweep_threshold(
    probs: ArrayLike, labels: ArrayLike, *, name: str, classes: Sequence[str], rule: Rule, grid: Floats = GRID
) -> Sweep:
    """What each threshold of the grid would do for one class; `labels` are positions in `classes`, or −1."""
    table, truth = np.asarray(probs, np.float64), np.asarray(labels, np.int64)
    place = [str(known) for known in classes].index(name)
    others = rule.with_threshold(name, None)
    limits = np.array([others.thresholds.get(str(known), np.inf) for known in classes])
    rivals = (table / limits).max(axis=1)  # where one reaches its own threshold, the class must be further above
    scores = table[:, place] / np.maximum(rivals, 1.0)
    of_class = truth == place
    at_least = [np.sort(scores[kept]) for kept in (of_class, ~of_class)]
    found, false_alarms = (len(part) - np.searchsorted(part, grid, side="left") for part in at_least)
    said = others.decide(table, classes) == place
    return Sweep(
        thresholds=grid,
        found=found.astype(float),
        false_alarms=false_alarms.astype(float),
        missed=of_class.sum() - found.astype(float),
        n=len(truth),
        without=(int((said & ~of_class).sum()), int((of_class & ~said).sum())),
    )


def cheapest_threshold(sweep: Sweep, *, false_alarm: float, miss: float) -> float | None:
    """The threshold that costs least; of several, the one nearest to what calibrated probabilities would ask for.

    None where it costs less to give the class no threshold of its own.

    With calibrated probabilities that is false_alarm / (false_alarm + miss) (Elkan 2001, "The Foundations of
    Cost-Sensitive Learning", section 2).

    Args:
        sweep: on rows that are not those it is judged on.
        false_alarm: what a false alarm costs; not negative.
        miss: what a miss costs; not negative.

    Raises:
        UsageError: if a cost is negative, or both are 0.
    """
    if false_alarm < 0 or miss < 0 or false_alarm + miss == 0:
        raise UsageError(
            f"A false alarm costs {false_alarm:g} and a miss {miss:g}", expected="Numbers from 0 on, not both 0"
        )
    costs = sweep.cost(false_alarm=false_alarm, miss=miss)
    if sweep.cost_without(false_alarm=false_alarm, miss=miss) < costs.min() - 1e-12:
        return None
    best = np.flatnonzero(costs <= costs.min() + 1e-12)
    wanted = false_alarm / (false_alarm + miss)
    return float(sweep.thresholds[best[np.abs(sweep.thresholds[best] - wanted).argmin()]])


@dataclass(frozen=True)
class Decided:
    """What a rule does with held-out rows.

    Attributes:
        coverage: the share of rows that it decides.
        accuracy: the share of these that are right.
        precision: by class, the share of the rows said to be of it that are.
        recall: by class, the share of its rows that are found; an undecided row is not.
        n: by class, its rows.
        said: by class, the rows that are said to be of it.
        false_alarms: by class, rows of other classes that are said to be of it.
        missed: by class, its rows that are not said to be of it.
        cost: what mistakes cost per row, for the class that has costs; None without.
    """

    coverage: Estimate
    accuracy: Estimate
    precision: dict[str, Estimate]
    recall: dict[str, Estimate]
    n: dict[str, int]
    said: dict[str, int]
    false_alarms: dict[str, int]
    missed: dict[str, int]
    cost: Estimate | None = None


def judge_rule(
    probs: ArrayLike,
    labels: ArrayLike,
    *,
    classes: Sequence[str],
    rule: Rule,
    groups: Groups = None,
    costs: tuple[str, float, float] | None = None,
) -> Decided:
    """What a rule does with labeled rows, with 95 % intervals.

    Args:
        probs: float[n, n_classes]; rows sum to 1.
        labels: int[n], positions in `classes`, −1 for a label that the model does not know.
        classes: the names of the columns.
        rule: the rule.
        groups: which rows belong together.
        costs: a class, and what a false alarm and a miss of it cost.
    """
    truth, said = np.asarray(labels, np.int64), rule.decide(probs, classes)
    decided, right = said != UNDECIDED, said == truth
    names = [str(name) for name in classes]
    cost = None
    if costs is not None:
        place = names.index(costs[0])
        alarm, miss = (said == place) & (truth != place), (said != place) & (truth == place)
        cost = _cost(alarm, miss, costs[1:], groups=groups)
    hit = {name: (said == c) & (truth == c) for c, name in enumerate(names)}
    return Decided(
        coverage=estimate_share(decided, np.ones(len(truth)), groups=groups),
        accuracy=estimate_share(right & decided, decided, groups=groups),
        precision={name: estimate_share(hit[name], said == c, groups=groups) for c, name in enumerate(names)},
        recall={name: estimate_share(hit[name], truth == c, groups=groups) for c, name in enumerate(names)},
        n={name: int((truth == c).sum()) for c, name in enumerate(names)},
        said={name: int((said == c).sum()) for c, name in enumerate(names)},
        false_alarms={name: int(((said == c) & (truth != c)).sum()) for c, name in enumerate(names)},
        missed={name: int(((said != c) & (truth == c)).sum()) for c, name in enumerate(names)},
        cost=cost,
    )


def _cost(alarm: NDArray[np.bool_], miss: NDArray[np.bool_], costs: tuple[float, float], *, groups: Groups) -> Estimate:
    """The cost per row with its interval, put together from those of the two shares.

    The plain interval of a mean covers too seldom where a mistake is rare and dear. No row is both a false alarm and a
    miss, so the two shares vary against each other; as in `intervals.average_intervals`, MOVER (Zou & Donner 2008).
    """
    everyone = np.ones(len(alarm))
    parts = [estimate_share(kind, everyone, groups=groups) for kind in (alarm, miss)]
    value = sum(cost * part.value for cost, part in zip(costs, parts, strict=True))
    units = sum_by_group(np.stack([alarm - alarm.mean(), miss - miss.mean()], axis=1), groups)
    size = np.sqrt((units**2).sum(axis=0).prod())
    alike = float(units.prod(axis=1).sum() / size) if size else 0.0
    ends = []
    for distances in ([p.value - p.low for p in parts], [p.high - p.value for p in parts]):
        one, two = (cost * distance for cost, distance in zip(costs, distances, strict=True))
        ends.append(np.sqrt(max(one**2 + two**2 + 2 * alike * one * two, 0.0)))
    return Estimate(value, max(value - float(ends[0]), 0.0), value + float(ends[1]))


@dataclass(frozen=True)
class RiskCoverage:
    """How accurate the surest rows are.

    Attributes:
        confidence: float64[n_points], falling: rows at least so sure are decided.
        coverage: float64[n_points], their share of all rows.
        accuracy: float64[n_points], the share of them that is right.
        low, high: float64[n_points], the 95 % interval of that share.
    """

    confidence: Floats
    coverage: Floats
    accuracy: Floats
    low: Floats
    high: Floats


def risk_coverage(
    confidence: ArrayLike, right: ArrayLike, *, groups: Groups = None, most_points: int = 100, fewest: int = 1
) -> RiskCoverage:
    """The accuracy of the surest rows, from the surest 1 % to all of them (El-Yaniv & Wiener 2010).

    Args:
        confidence: float[n], the probability of the class that is said.
        right: bool[n], whether it is.
        groups: which rows belong together.
        most_points: at most so many points, evenly spread over coverage.
        fewest: rows at least behind each point.
    """
    sure, hit = np.asarray(confidence, np.float64), np.asarray(right, bool)
    if len(sure) < max(fewest, 1):
        return RiskCoverage(*(np.zeros(0) for _ in range(5)))
    values = np.unique(np.quantile(sure, np.linspace(0, 1, most_points), method="inverted_cdf"))[::-1]
    values = values[np.searchsorted(np.sort(-sure), -values, side="right") >= fewest]
    decided = [sure >= value for value in values]
    shares = [estimate_share(hit, kept, groups=groups) for kept in decided]
    return RiskCoverage(
        confidence=values,
        coverage=np.array([kept.mean() for kept in decided]),
        accuracy=np.array([share.value for share in shares]),
        low=np.array([share.low for share in shares]),
        high=np.array([share.high for share in shares]),
    )
