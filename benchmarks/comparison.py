"""How far comparisons of two models can be trusted, by simulation.

Usage: python -m benchmarks.comparison [--draws 1000] [--seed 0]

Each draw takes one of 20 made-up worlds: the shares of three classes, how often each of two models is right on each
class, how often they err on the same rows, and how much the rows of a group have in common. The true differences come
from 400,000 rows. Prints, as Markdown, how often the 95 % intervals of the differences hold the truth (with fewer than
20 rows of a class the product shows none), and how often two equally good models are called different: by McNemar's
test, and on any of 12 classes.
"""

import argparse
import datetime
from collections import defaultdict

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from benchmarks.transfer import describe_machine
from sentiment.evaluation import compare
from sentiment.evaluation.mcnemar import mcnemar
from sentiment.evaluation.metrics import METRICS, TOO_FEW
from sentiment.evaluation.pair import MACRO

CLASSES = ("a", "b", "c")
POPULATION, WORLDS, GROUP = 400_000, 20, 5
SIZES = {"rows": (150, 400, 1_500), "groups": (300, 800, 2_500)}
BANDS = ((TOO_FEW, 50), (50, 200), (200, 10**9))
MANY = tuple(f"class {i}" for i in range(12))

Codes = NDArray[np.int64]


class World:
    """Two models whose true difference is known."""

    def __init__(self, rng: np.random.Generator, *, grouped: bool) -> None:
        self.shares = rng.dirichlet([6.0, 3.0, 6.0])
        self.right = np.clip(rng.uniform(0.45, 0.95, 3) + rng.normal(0, 0.05, (2, 3)), 0.05, 0.98)
        self.alike, self.within = rng.uniform(0.2, 0.9), rng.uniform(0.3, 1.0) if grouped else 0.0
        self.grouped = grouped
        truth, said, _ = self.draw(POPULATION, rng)
        self.deltas = scores(truth, said[0]) - scores(truth, said[1])

    def draw(self, n: int, rng: np.random.Generator) -> tuple[Codes, tuple[Codes, Codes], Codes]:
        """True classes, what either model says, and groups, of about so many rows."""
        sizes = rng.integers(1, 2 * GROUP, n // GROUP) if self.grouped else np.ones(n, np.int64)
        groups = np.repeat(np.arange(len(sizes)), sizes)
        about = rng.dirichlet(self.shares * 5, len(sizes))[groups] if self.grouped else np.tile(self.shares, (n, 1))
        truth = (about.cumsum(axis=1) > rng.random((len(about), 1))).argmax(axis=1).astype(np.int64)
        shared = np.sqrt(self.alike) * rng.normal(size=len(truth)) + self.within * rng.normal(size=len(sizes))[groups]
        spread, wrong = np.sqrt(1 + self.within**2), rng.integers(1, 3, len(truth))
        said = []
        for skill in self.right:
            luck = shared + np.sqrt(1 - self.alike) * rng.normal(size=len(truth))
            right = luck < spread * stats.norm.ppf(skill)[truth]
            elsewhere = np.where(rng.random(len(truth)) < self.alike, wrong, rng.integers(1, 3, len(truth)))
            said.append(np.where(right, truth, (truth + elsewhere) % 3))
        return truth, (said[0], said[1]), groups


def scores(truth: Codes, said: Codes) -> NDArray[np.float64]:
    """float64[3, 4]: precision, recall and F1 of the three classes, and their means."""
    hits = np.array([((truth == c) & (said == c)).sum() for c in range(3)])
    n_said, n_true = np.bincount(said, minlength=3), np.bincount(truth, minlength=3)
    found = np.stack([hits / n_said, hits / n_true, 2 * hits / (n_said + n_true)])
    return np.concatenate([found, found.mean(axis=1, keepdims=True)], axis=1)


def hold(*, draws: int, seed: int) -> dict[tuple[str, str, int], list[bool]]:
    """Whether the intervals held the truth, by figure, rows or groups, and band of support."""
    held: dict[tuple[str, str, int], list[bool]] = defaultdict(list)
    for way, sizes in SIZES.items():
        rng = np.random.default_rng([seed, len(way)])
        worlds = [World(rng, grouped=way == "groups") for _ in range(WORLDS)]
        for draw in range(draws):
            world = worlds[draw % WORLDS]
            truth, said, groups = world.draw(sizes[draw // WORLDS % len(sizes)], rng)
            labels, a, b = ([CLASSES[code] for code in codes] for codes in (truth, *said))
            support = np.append(np.bincount(truth, minlength=3), 0)
            support[3] = support[:3].min()
            for place, metric in enumerate(METRICS):
                table = compare(
                    labels, a, b, classes=CLASSES, metric=metric, groups=groups.tolist() if world.grouped else None,
                    seed=draw, n_resamples=1_000,
                )  # fmt: skip
                for column, line in enumerate(table.to_dict("records")):
                    name = f"mean of {metric}" if line["class"] == MACRO else metric
                    for band, (low, high) in enumerate(BANDS):
                        if low <= support[column] < high:
                            true = world.deltas[place, column]
                            held[name, way, band].append(bool(line["low"] <= true <= line["high"]))
    return held


def alarms(*, draws: int, seed: int) -> dict[str, float]:
    """How often equally good models are called different."""
    rng, found = np.random.default_rng([seed, 7]), defaultdict(list)
    for draw in range(draws):
        for way, size in (("rows", 1), ("groups", GROUP)):
            groups = np.repeat(np.arange(400 // size), size)
            sides = rng.normal(size=400) + (rng.normal(size=400 // size)[groups] if size > 1 else 0.0) > 0
            differ = rng.random(400) < 0.25
            test = mcnemar(differ & sides, differ & ~sides, groups=groups.tolist() if size > 1 else None)
            found[f"McNemar, exact, {way}"].append(test.exact < 0.05)
            found[f"McNemar, mid-p, {way}"].append(test.mid_p < 0.05)
        labels = rng.choice(MANY, 1_200)
        a, b = (np.where(rng.random(1_200) < 0.7, labels, rng.choice(MANY, 1_200)) for _ in range(2))
        table = compare(labels.tolist(), a.tolist(), b.tolist(), classes=MANY, seed=draw, n_resamples=1_000)[:-1]
        found["any of 12 classes, each by its own interval"].append(bool(((table.low > 0) | (table.high < 0)).any()))
        found["any of 12 classes, as the product says it"].append(bool((table["better"] != "undecided").any()))
    return {name: float(np.mean(values)) for name, values in found.items()}


def main() -> None:
    """Simulates and prints."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--draws", type=int, default=1_000)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    print(f"{datetime.date.today()}, {describe_machine()}, {arguments.draws:,} draws\n")
    bands = [f"{low} to {high - 1} rows" if high < 10**9 else f"{low} rows and more" for low, high in BANDS]
    print(f"| difference of | drawn | {' | '.join(bands)} |\n|---|---|{'---:|' * len(bands)}")
    held = hold(draws=arguments.draws, seed=arguments.seed)
    for name, way in dict.fromkeys((name, way) for name, way, _ in held):
        cells = [held.get((name, way, band), []) for band in range(len(BANDS))]
        said = [f"{100 * np.mean(cell):.1f} % of {len(cell):,}" if cell else "" for cell in cells]
        print(f"| {name} | {way} | {' | '.join(said)} |")
    print("\n| equally good models are called different | of the draws |\n|---|---:|")
    for name, share in alarms(draws=arguments.draws, seed=arguments.seed).items():
        print(f"| {name} | {100 * share:.1f} % |")


if __name__ == "__main__":
    main()
