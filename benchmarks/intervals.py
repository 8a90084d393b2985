"""How often each kind of 95 % interval holds the truth, by simulation.

Usage: python -m benchmarks.intervals [--draws 1000] [--seed 0] [--kinds recall area ...]

Each draw takes one of many made-up worlds (shares of three classes, how hard they are to tell apart, how sure the model
sounds, how much the rows of a group have in common), whose truth is known from a population of 400,000 rows, and holds
out a few of its rows. Figures with fewer than 20 rows behind them are left out, because the product shows none. Counts
jump, so at one fixed truth no interval of a share can hold it exactly 95 % of the time: the worlds differ, and what is
counted is the mean (Brown, Cai & DasGupta 2001). Prints a Markdown table, and how long a report takes.
"""

import argparse
import datetime
import time
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sentiment.evaluation import calibration, evaluate
from sentiment.evaluation.curves import trace_curves
from sentiment.evaluation.metrics import METRICS, TOO_FEW
from sentiment.evaluation.slices import judge_slices
from sentiment.evaluation.thresholds import Rule, judge_rule

CLASSES = ("a", "b", "c")
POPULATION = 400_000
GROUP = 5  # rows on average
RULE = Rule({"b": 0.35}, undecided_below=0.5)
COSTS = ("b", 1.0, 4.0)
SIZES = {"rows": (60, 150, 500), "groups": (150, 300, 800)}
BANDS = ((20, 50), (50, 200), (200, 10**9))


@dataclass(frozen=True)
class Rows:
    """Rows of a world: true classes int64[n], probs float64[n, 3], groups int64[n] or None, slice bool[n]."""

    truth: NDArray[np.int64]
    probs: NDArray[np.float64]
    groups: NDArray[np.int64] | None
    part: NDArray[np.bool_]

    def take(self, kept: NDArray[Any]) -> "Rows":
        """Some of them."""
        groups = None if self.groups is None else self.groups[kept]
        return Rows(self.truth[kept], self.probs[kept], groups, self.part[kept])


class World:
    """A population whose figures are known."""

    def __init__(self, rng: np.random.Generator, *, grouped: bool, population: int = POPULATION) -> None:
        self.shares = rng.dirichlet([6.0, 3.0, 6.0])
        self.sure, self.clear, self.harder = rng.uniform(0.6, 2.0), rng.uniform(0.8, 4.5, 3), rng.uniform(0.0, 1.2)
        self.grouped = grouped
        self.alike = rng.uniform(0.3, 1.2) if grouped else 0.0
        self.population = self.draw(population, rng)
        self.confidence = self.population.probs.max(axis=1)
        self.gaps = self.confidence - (self.population.probs.argmax(axis=1) == self.population.truth)
        self.report = evaluate(
            [CLASSES[y] for y in self.population.truth], self.population.probs, classes=CLASSES, n_resamples=2
        )
        self.known: dict[str, Any] = {}

    def draw(self, n: int, rng: np.random.Generator) -> Rows:
        """So many rows, or about so many in whole groups."""
        if self.grouped:
            sizes = rng.integers(1, 2 * GROUP, max(n // GROUP, 2))
            groups = np.repeat(np.arange(len(sizes)), sizes)
            about = rng.dirichlet(self.shares * 4, len(sizes))[groups]
            shift = self.alike * rng.standard_normal((len(sizes), 3))[groups]
            part = (rng.random(len(sizes)) < 0.5)[groups] ^ (rng.random(len(groups)) < 0.2)
        else:
            groups, about, shift = None, np.tile(self.shares, (n, 1)), np.zeros((n, 3))
            part = rng.random(n) < 0.4
        truth = (about.cumsum(axis=1) > rng.random((len(about), 1))).argmax(axis=1)
        clear = self.clear[truth] - self.harder * part
        logits = rng.standard_normal((len(truth), 3)) + shift
        logits[np.arange(len(truth)), truth] += clear
        powers = np.exp(self.sure * logits)
        return Rows(truth, powers / powers.sum(axis=1, keepdims=True), groups, part)

    def truth_of(self, kind: str) -> Any:
        """The population's figure, computed once."""
        if kind not in self.known:
            self.known[kind] = _true_figure(kind, self.population)
        return self.known[kind]


def _true_figure(kind: str, rows: Rows) -> Any:
    if kind.startswith("curves:"):
        place = int(kind[-1])
        return trace_curves(rows.probs[:, place], rows.truth == place)
    if kind == "rule":
        return judge_rule(rows.probs, rows.truth, classes=CLASSES, rule=RULE, costs=COSTS)
    if kind == "scores":
        right = rows.probs.argmax(axis=1) == rows.truth
        of_truth = rows.probs[np.arange(len(right)), rows.truth]
        brier = ((rows.probs - np.eye(3)[rows.truth]) ** 2).sum(axis=1)
        gap = rows.probs.max(axis=1) - right
        return {"gap": gap.mean(), "brier": brier.mean(), "log_loss": -np.log(of_truth).mean()}
    right = rows.probs.argmax(axis=1) == rows.truth
    return right[rows.part].mean() - right[~rows.part].mean()


Hit = tuple[str, int, bool]  # the kind of figure, its support, whether the interval holds the truth


def hits_of(world: World, rows: Rows, *, kinds: frozenset[str], seed: int) -> Iterator[Hit]:
    """Which intervals hold the truth on one draw."""
    if kinds & set(REPORT):
        yield from _report_hits(world, rows, seed=seed)
    if kinds & {"area", "average precision"}:
        for place in range(3):
            truth = world.truth_of(f"curves:{place}")
            ours = trace_curves(rows.probs[:, place], rows.truth == place, groups=rows.groups)
            support = min(ours.n, ours.n_others)
            yield "area", support, ours.area.low <= truth.area.value <= ours.area.high
            mine, its = ours.average_precision, truth.average_precision.value
            yield "average precision", support, mine.low <= its <= mine.high
    if kinds & set(CALIBRATION):
        yield from _calibration_hits(world, rows, seed=seed)
    if kinds & set(DECISIONS):
        yield from _decision_hits(world, rows)
    if "slice difference" in kinds:
        right = rows.probs.argmax(axis=1) == rows.truth
        line = judge_slices(right, rows.part[:, None], names=pd.DataFrame({"x": [0]}), groups=rows.groups).iloc[0]
        support = int(min(line["n"], len(right) - line["n"]))
        true = world.truth_of("slice")
        yield "slice difference", support, line["difference_low"] <= true <= line["difference_high"]


REPORT = ("precision", "recall", "f1-score", "accuracy", "macro F1", "macro recall", "weighted F1")
CALIBRATION = ("calibration error", "confidence − accuracy", "Brier score", "log loss")
DECISIONS = ("coverage", "accuracy where decided", "cost per row")
KINDS = (*REPORT, "area", "average precision", *CALIBRATION, *DECISIONS, "slice difference")


def _report_hits(world: World, rows: Rows, *, seed: int) -> Iterator[Hit]:
    labels = [CLASSES[y] for y in rows.truth]
    report = evaluate(labels, rows.probs, classes=CLASSES, groups=rows.groups, seed=seed, n_resamples=200)
    said = np.bincount(rows.probs.argmax(axis=1), minlength=3)
    for place, (line, true) in enumerate(zip(report["per_class"], world.report["per_class"], strict=True)):
        for metric in METRICS:
            low, high = line["intervals"][metric]
            yield metric, int(said[place]) if metric == "precision" else line["support"], low <= true[metric] <= high
    least, n = min(line["support"] for line in report["per_class"]), len(labels)
    low, high = report["intervals"]["accuracy"]
    yield "accuracy", n, low <= world.report["accuracy"] <= high
    for kind, mean, metric in (
        ("macro F1", "macro avg", "f1-score"),
        ("macro recall", "macro avg", "recall"),
        ("weighted F1", "weighted avg", "f1-score"),
    ):
        low, high = report["intervals"][mean][metric]
        yield kind, least, low <= world.report[mean][metric] <= high


def _calibration_hits(world: World, rows: Rows, *, seed: int) -> Iterator[Hit]:
    ours = calibration.measure_calibration(rows.probs, rows.truth, groups=rows.groups, seed=seed)
    truth = world.truth_of("scores")
    for kind, mine, its in (
        ("confidence − accuracy", ours.gap, truth["gap"]),
        ("Brier score", ours.brier, truth["brier"]),
        ("log loss", ours.log_loss, truth["log_loss"]),
    ):
        yield kind, ours.n, mine.low <= its <= mine.high
    if ours.n < calibration.FEWEST_TO_MEASURE:
        return
    edges = [line.low for line in ours.bins[1:]]
    places = np.searchsorted(edges, world.confidence, side="right")
    error = np.abs(np.bincount(places, weights=world.gaps, minlength=len(ours.bins))).sum() / len(places)
    yield "calibration error", ours.n, ours.interval[0] <= error <= ours.interval[1]


def _decision_hits(world: World, rows: Rows) -> Iterator[Hit]:
    ours = judge_rule(rows.probs, rows.truth, classes=CLASSES, rule=RULE, groups=rows.groups, costs=COSTS)
    truth, n = world.truth_of("rule"), len(rows.truth)
    decided = round(ours.coverage.value * n)
    yield "coverage", n, ours.coverage.low <= truth.coverage.value <= ours.coverage.high
    yield "accuracy where decided", decided, ours.accuracy.low <= truth.accuracy.value <= ours.accuracy.high
    assert ours.cost is not None
    yield "cost per row", n, ours.cost.low <= truth.cost.value <= ours.cost.high


def simulate(
    *,
    draws: int,
    seed: int,
    kinds: frozenset[str] = frozenset(KINDS),
    n_worlds: int = 20,
    population: int = POPULATION,
) -> dict[tuple[str, str, int], list[bool]]:
    """By kind of figure, "rows" or "groups", and band of support: whether each interval held the truth."""
    found: dict[tuple[str, str, int], list[bool]] = defaultdict(list)
    for way, sizes in SIZES.items():
        rng = np.random.default_rng([seed, len(way)])
        worlds = [World(rng, grouped=way == "groups", population=population) for _ in range(n_worlds)]
        for draw in range(draws):
            world = worlds[draw % n_worlds]
            for n in sizes:
                for kind, support, hit in hits_of(world, world.draw(n, rng), kinds=kinds, seed=draw):
                    if kind in kinds and support >= TOO_FEW:
                        found[kind, way, next(i for i, (_, high) in enumerate(BANDS) if support < high)].append(hit)
    return found


def main() -> None:
    """Simulates and prints."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--draws", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--kinds", nargs="+", default=list(KINDS), choices=KINDS)
    arguments = parser.parse_args()
    found = simulate(draws=arguments.draws, seed=arguments.seed, kinds=frozenset(arguments.kinds))
    heads = [
        f"{way}, {low} to {high - 1}" if high < 10**9 else f"{way}, {low} on" for way in SIZES for low, high in BANDS
    ]
    print(f"{datetime.date.today()}, {arguments.draws} draws of each size, seed {arguments.seed}\n")
    print(f"| interval of | {' | '.join(heads)} |")
    print("|---|" + "---:|" * len(heads))
    for kind in arguments.kinds:
        cells = [found.get((kind, way, band), []) for way in SIZES for band in range(len(BANDS))]
        print(f"| {kind} | {' | '.join(_cell(cell) for cell in cells)} |")
    print(f"\nA report on 6,000 rows, with 2,000 resamples: {1000 * time_report():.0f} ms (median of 9).")


def time_report(n: int = 6000, *, n_resamples: int = 2000, repeats: int = 9) -> float:
    """Seconds that a report of three classes takes with all of its intervals, the median."""
    rng = np.random.default_rng(0)
    labels, predictions = rng.choice(CLASSES, n).tolist(), rng.choice(CLASSES, n).tolist()
    seconds = []
    for _ in range(repeats):
        began = time.perf_counter()
        evaluate(labels, predictions=predictions, classes=CLASSES, n_resamples=n_resamples)
        seconds.append(time.perf_counter() - began)
    return float(np.median(seconds))


def _cell(hits: list[bool]) -> str:
    return f"{100 * np.mean(hits):.1f}" if len(hits) >= 200 else ""


if __name__ == "__main__":
    main()
