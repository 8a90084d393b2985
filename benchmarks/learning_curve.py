"""Whether the learning curve foresees what more labels bring.

Usage: python -m benchmarks.learning_curve DATA_FOLDER [--seeds 10]

DATA_FOLDER holds amazon_reviews.csv, brand_tweets.csv and zh_reviews_raw.csv. Of each file, 600 rows are held out and a
quarter of the others is taken for all labels there are. From these the product's curve foresees the gain of twice and
four times as many; then those are given, and the gain is measured. One gain by itself depends on luck, so the mean over
the seeds is what the intervals should hold. The usual slope of a curve was chosen on other draws of the first two
files; the third is new to it. Prints a Markdown table.
"""

import argparse
import datetime
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.transfer import describe_machine
from sentiment.data import Dataset, import_file, propose_columns, read_table
from sentiment.evaluation.growth import FACTORS, OF_ONE_CLASS, Growth, HeldOut, Trial, grow
from sentiment.models.registry import recommend_base
from sentiment.training.head import fit_head
from sentiment.training.learning_curve import PARTS, PARTS_OF_CLASS
from sentiment.training.matches import match_classes
from sentiment.training.text_vectors import text_vectors

FILES = ("amazon_reviews.csv", "brand_tweets.csv", "zh_reviews_raw.csv")
HELD_OUT, MOST = 600, 6_000

Rows = NDArray[np.int64]
Fit = Callable[[Rows], Rows]


class Task:
    """The labeled rows of a file with the vectors of the base that suits its language."""

    def __init__(self, path: Path) -> None:
        dataset = _dataset(path)
        labeled = dataset.frame["label"].notna().to_numpy()
        made = text_vectors(dataset, recommend_base(dataset.language)[0])
        self.vectors = np.asarray(made.vectors)[labeled][:MOST]
        codes = {name: code for code, name in enumerate(dataset.classes)}
        self.labels = dataset.frame["label"][labeled].map(codes).to_numpy().astype(np.int64)[:MOST]
        self.n_classes = len(dataset.classes)
        self.head = made.head
        self.matches = match_classes(dataset.classes, made.classes) if made.head is not None else {}

    def fitter(self, held_out: Rows) -> Fit:
        """Rows to learn from → what a head that learned from them says of the held-out rows."""

        def fit(rows: Rows) -> Rows:
            targets = np.eye(self.n_classes, dtype=np.float32)[self.labels[rows]]
            head = fit_head(self.vectors[rows], targets, base_head=self.head, matches=self.matches)
            said = self.vectors[held_out] @ head["kernel"] + head["bias"]
            return np.asarray(said.argmax(axis=1), np.int64)

        return fit


def _dataset(path: Path) -> Dataset:
    frame = read_table(path, name=path.name).frame
    found = propose_columns(frame)
    assert found.text is not None
    assert found.label is not None
    return import_file(path, text=found.text, label=found.label)


def measure(task: Task, *, seed: int) -> dict[tuple[str, int], tuple[Growth, float]]:
    """What was foreseen and what came, by what grew ("all labels", or a class) and by how many times."""
    rng = np.random.default_rng(seed)
    order = rng.permutation(len(task.labels))
    held_out, pool = order[:HELD_OUT], order[HELD_OUT:]
    now, further = pool[: len(pool) // 4], pool[len(pool) // 4 :]
    fit, rows = task.fitter(held_out), HeldOut(task.labels[held_out], n_classes=task.n_classes, seed=seed)
    parts = [rng.permutation(now)[: len(now) // nth] for nth, times in PARTS for _ in range(times)]
    trials = [Trial(len(part), fit(part)) for part in parts]
    before = rows.f1(trials[-1].said)[0]
    found = {}
    growth = grow(trials, rows, target=None, n_now=len(now))
    for factor in FACTORS:
        more = fit(np.concatenate([now, further[: len(now) * (factor - 1)]]))
        found["all labels", factor] = growth, float(rows.f1(more)[0].mean() - before.mean())
    for c in range(task.n_classes):
        of_class, others = now[task.labels[now] == c], now[task.labels[now] != c]
        fresh = further[task.labels[further] == c]
        if len(of_class) < 24:
            continue
        trials_of_class = [
            Trial(
                len(of_class) // nth, fit(np.concatenate([others, rng.permutation(of_class)[: len(of_class) // nth]]))
            )
            for nth, times in PARTS_OF_CLASS
            for _ in range(times)
        ]
        trials_of_class.append(Trial(len(of_class), trials[-1].said))
        growth = grow(trials_of_class, rows, target=c, n_now=len(of_class), factors=(2,), usual=OF_ONE_CLASS)
        more = fit(np.concatenate([now, fresh[: len(of_class)]]))
        found[f"class {c} alone", 2] = growth, float(rows.f1(more)[0, c] - before[c])
    return found


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path, metavar="DATA_FOLDER")
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--files", nargs="+", default=list(FILES))
    arguments = parser.parse_args()
    print(f"{datetime.date.today()}, {describe_machine()}, {arguments.seeds} seeds; gains in points of F1\n")
    print("| file | more of | times | foreseen | interval, mean | came, mean (± error) | intervals that hold it |")
    print("|---|---|---:|---:|---|---:|---:|")
    for name in arguments.files:
        task = Task(arguments.data / name)
        each = [measure(task, seed=seed) for seed in range(arguments.seeds)]
        for key in each[0]:
            gains = np.array([one[key][0].gains[key[1]] for one in each if key in one])
            came = np.array([one[key][1] for one in each if key in one])
            holds = (gains[:, 1] <= came.mean()) & (came.mean() <= gains[:, 2])
            value, low, high = 100 * gains.mean(axis=0)
            error = 100 * came.std(ddof=1) / np.sqrt(len(came))
            print(
                f"| {name} | {key[0]} | {key[1]} | {value:.1f} | {low:.1f} to {high:.1f} | "
                f"{100 * came.mean():.1f} (± {error:.1f}) | {holds.sum()} of {len(holds)} |",
                flush=True,
            )


if __name__ == "__main__":
    main()
