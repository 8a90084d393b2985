"""How often the 95 % intervals of the learning curve hold the truth, by simulation.

Usage: python -m benchmarks.growth [--draws 1000] [--rows 500 2000]

Each draw makes up a curve as curves usually are (`growth.Usual`) and models that err along it, on rows of which some
are hard for all of them, and asks the product what twice and four times as many labels bring. Prints a Markdown table.
"""

import argparse
import datetime
from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray

from benchmarks.transfer import describe_machine
from sentiment.evaluation.growth import OF_ALL, OF_ONE_CLASS, HeldOut, Trial, Usual, grow

SIZES, DRAWS_OF_A_SIZE = (100, 200, 400, 800), 4
LUCK = 0.3  # share of the rows on which each model has luck of its own
NOW = SIZES[-1]


def make_curve(usual: Usual, rng: np.random.Generator) -> Callable[[int], float]:
    """A made-up curve: number of labels → share of the rows that a model gets wrong."""
    slope = rng.normal(usual.slope, usual.doubt)
    slope = slope if usual.may_fall else max(0.0, slope)
    now, share = rng.uniform(0.15, 0.35), rng.choice([0.0, 0.5, 0.8])
    rest = share * now
    return lambda n: min(0.49, rest + (now - rest) * (n / NOW) ** (-slope / (1.0 - share)))


def make_trials(error: Callable[[int], float], truth: NDArray[np.int64], rng: np.random.Generator) -> Iterator[Trial]:
    """Models of two classes that err on about as many rows as the curve says at their number of labels."""
    difficulty = rng.random(len(truth))
    for size in SIZES:
        for _ in range(1 if size == NOW else DRAWS_OF_A_SIZE):
            own = np.where(rng.random(len(truth)) < LUCK, rng.random(len(truth)), difficulty)
            yield Trial(size, np.where(own < error(size), 1 - truth, truth))


def coverage(
    n_rows: int, *, draws: int, usual: Usual, target: int | None, factors: tuple[int, ...]
) -> dict[str, float]:
    """The share of the draws in which the interval of the score now, and of each gain, holds the truth."""
    rng, truth = np.random.default_rng(n_rows), np.arange(n_rows) % 2
    held: dict[str, list[bool]] = {}
    for draw in range(draws):
        error = make_curve(usual, rng)
        rows = HeldOut(truth, n_classes=2, seed=draw)
        found = grow(list(make_trials(error, truth, rng)), rows, target=target, n_now=NOW, factors=factors, usual=usual)
        _, low, high = found.values[len(SIZES) - 1]
        held.setdefault("the score now", []).append(low <= 1 - error(NOW) <= high)
        for factor, (_, low, high) in found.gains.items():
            held.setdefault(f"the gain of {factor}×", []).append(low <= error(NOW) - error(factor * NOW) <= high)
    return {name: float(np.mean(values)) for name, values in held.items()}


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--draws", type=int, default=1_000)
    parser.add_argument("--rows", nargs="+", type=int, default=[500, 2_000])
    arguments = parser.parse_args()
    print(f"{datetime.date.today()}, {describe_machine()}, {arguments.draws:,} draws\n")
    print("| labels of | interval of |" + "".join(f" {n:,} held-out rows |" for n in arguments.rows))
    print("|---|---|" + "---:|" * len(arguments.rows))
    for what, usual, target, factors in (
        ("all classes", OF_ALL, None, (2, 4)),
        ("one class", OF_ONE_CLASS, 1, (2,)),
    ):
        columns = [
            coverage(n, draws=arguments.draws, usual=usual, target=target, factors=factors) for n in arguments.rows
        ]
        for name in columns[0]:
            print(f"| {what} | {name} |" + "".join(f" {100 * column[name]:.1f} % |" for column in columns))


if __name__ == "__main__":
    main()
