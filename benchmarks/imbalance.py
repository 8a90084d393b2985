"""Every strategy against class imbalance at several ratios: macro-F1 and the recall of the rare class.

Usage: python -m benchmarks.imbalance DATA_FOLDER [--sets tweets reviews] [--ratios 1 5 20 100] [--seeds 3]
                                      [--strategies ...] [--base NAME] [--json FILE]

DATA_FOLDER holds brand_tweets.csv and amazon_reviews.csv (columns text, label, and review in the latter). The rows to
train on are made imbalanced by drawing fewer of one class; the rows to judge on keep the shares that they have in the
file, and no document and no duplicate is on both sides. Each seed draws split, rows, head and order anew, and all
strategies get the same ones. Prints Markdown tables.
"""

import argparse
import datetime
import json
import os
import platform
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

from sentiment.data import Dataset, Split, import_file
from sentiment.evaluation import evaluate
from sentiment.training.config import DEFAULT_BASE, IMBALANCE, FinetuneConfig
from sentiment.training.held_out import Labeled, split_labeled
from sentiment.training.imbalance import recommend_imbalance
from sentiment.training.journal import Journal
from sentiment.training.network import fit_network
from sentiment.training.runs import create_run, describe_run, new_id

VALIDATION = 0.1  # of the rows drawn


@dataclass(frozen=True)
class Set:
    """A data set and how it is made imbalanced.

    Attributes:
        file: its name.
        classes: the classes that are kept; the first is the rare one.
        group: column of the documents; None if every row is one.
        n_rows: rows to train and validate on, at every ratio.
        held_out: share of the rows to judge on.
    """

    file: str
    classes: tuple[str, ...]
    group: str | None
    n_rows: int
    held_out: float


SETS = {
    "tweets": Set("brand_tweets.csv", ("positive", "negative"), None, 2000, 0.15),
    "reviews": Set("amazon_reviews.csv", ("negative", "positive"), "review", 700, 0.33),
    "tweets-3": Set("brand_tweets.csv", ("positive", "neutral", "negative"), None, 2000, 0.1),
}


def main() -> None:
    """Measures and prints."""
    arguments = _arguments()
    print(f"{datetime.date.today()}, {platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()},")
    print(", ".join(f"{name} {version(name)}" for name in ("jax", "flax")) + f", base model {arguments.base}\n")
    began, results = time.monotonic(), []
    for name in arguments.sets:
        with tempfile.TemporaryDirectory() as folder:
            dataset = load(SETS[name], arguments.data, Path(folder))
            results += measure(name, dataset, arguments, Path(folder))
    table = pd.DataFrame(results)
    print_tables(table)
    print(f"\n{(time.monotonic() - began) / 60:.1f} minutes.")
    if arguments.json:
        arguments.json.write_text(json.dumps(results, indent=1), encoding="utf-8")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path, metavar="DATA_FOLDER")
    parser.add_argument("--sets", nargs="+", choices=SETS, default=["tweets", "reviews"])
    parser.add_argument("--ratios", nargs="+", type=int, default=[1, 5, 20, 100])
    parser.add_argument("--strategies", nargs="+", choices=IMBALANCE, default=list(IMBALANCE))
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--base", default=DEFAULT_BASE)
    parser.add_argument("--json", type=Path, metavar="FILE", help="Write every single result there.")
    return parser.parse_args()


def load(chosen: Set, data: Path, folder: Path) -> Dataset:
    """The rows of a set's classes as a dataset."""
    frame = pd.read_csv(data / chosen.file)
    path = folder / chosen.file
    frame[frame["label"].isin(chosen.classes)].to_csv(path, index=False)
    return import_file(path, text="text", label="label", group=chosen.group)


def measure(name: str, dataset: Dataset, arguments: argparse.Namespace, folder: Path) -> list[dict[str, object]]:
    """A line per ratio, seed and strategy."""
    results = []
    for seed in range(arguments.seeds):
        whole = split_labeled(dataset, FinetuneConfig(seed=seed, test_fraction=SETS[name].held_out))
        for ratio in arguments.ratios:
            labeled = draw(whole, SETS[name], ratio=ratio, seed=seed)
            for strategy in arguments.strategies:
                config = FinetuneConfig(base=arguments.base, seed=seed, imbalance=strategy)
                began = time.monotonic()
                probs = fit(dataset, labeled, config, folder)
                scores = judge(labeled, probs, rare=SETS[name].classes[0], ratio=ratio)
                line = {"set": name, "ratio": ratio, "seed": seed, "strategy": strategy, **scores}
                results.append({**line, "seconds": time.monotonic() - began})
                print(json.dumps(results[-1]), file=sys.stderr, flush=True)
    return results


def draw(whole: Labeled, chosen: Set, *, ratio: int, seed: int) -> Labeled:
    """So many training and validation rows that each other class has `ratio` times the rows of the rare one."""
    rng = np.random.default_rng((seed, ratio))
    rare, *others = (whole.classes.index(name) for name in chosen.classes)
    n_rare = round(chosen.n_rows / (1 + ratio * len(others)))
    pool = rng.permutation(np.concatenate([whole.split.train, whole.split.validation]))
    train, validation = [], []
    for label in (rare, *others):
        n = n_rare if label == rare else round((chosen.n_rows - n_rare) / len(others))
        rows = pool[whole.labels[pool] == label][:n]
        assert len(rows) == n, f"{chosen.file} has only {len(rows)} rows of {whole.classes[label]} to train on"
        n_validation = max(1, round(VALIDATION * n))
        train.append(rows[n_validation:])
        validation.append(rows[:n_validation])
    split = Split(np.sort(np.concatenate(train)), np.sort(np.concatenate(validation)), whole.split.test)
    return Labeled(whole.frame, whole.labels, split, whole.classes)


def fit(dataset: Dataset, labeled: Labeled, config: FinetuneConfig, folder: Path) -> NDArray[np.float32]:
    """Probabilities float32[n_held_out, n_classes] after fine-tuning as a user's run does it."""
    info = describe_run(dataset, config, run_id=new_id(), name="benchmark", dataset_folder=None)
    run = create_run(folder / info.id, info)
    return fit_network(labeled, Journal(run, lambda state: None, lambda: False)).probs


def judge(labeled: Labeled, probs: NDArray[np.float32], *, rare: str, ratio: int) -> dict[str, float]:
    """Scores in per cent on the held-out rows, with their own shares and as if they had those of the training rows."""
    classes = labeled.classes
    truth = [classes[label] for label in labeled.labels[labeled.held_out]]
    report = evaluate(truth, probs, classes=classes, n_resamples=10)
    found = np.array(report["confusion_matrix"], float)
    shares = np.array([1.0 if name == rare else ratio for name in classes])
    found *= (shares / found.sum(axis=1))[:, None]
    f1 = 2 * np.diag(found) / (found.sum(axis=0) + found.sum(axis=1))
    return {
        "macro_f1": 100 * report["macro avg"]["f1-score"],
        "rare_recall": 100 * report[rare]["recall"],
        "same_ratio_f1": 100 * float(f1.mean()),
    }


def print_tables(table: pd.DataFrame) -> None:
    """A table per set and ratio: means over the seeds with 95 % intervals, and differences from doing nothing."""
    for (name, ratio), part in table.groupby(["set", "ratio"], sort=False):
        n_rare = round(SETS[name].n_rows / (1 + ratio * (len(SETS[name].classes) - 1)))
        counts = {str(i): n_rare * (ratio if i else 1) for i in range(len(SETS[name].classes))}
        rows = f"{SETS[name].n_rows} rows, {n_rare} of them {SETS[name].classes[0]}"
        print(f"\n### {name}, 1:{ratio} ({rows}); recommended: {recommend_imbalance(counts)[0]}\n")
        print(
            "| strategy | macro-F1 | above none | recall of the rare class | above none | macro-F1 at 1:n | seconds |"
        )
        print("|---|---:|---:|---:|---:|---:|---:|")
        columns = {c: part.pivot(index="seed", columns="strategy", values=c) for c in part.columns[4:]}
        for strategy in part["strategy"].unique():
            cells = []
            for column in ("macro_f1", "rare_recall"):
                scores = columns[column]
                cells.append(_mean(scores[strategy].to_numpy()))
                known = "none" in scores and strategy != "none"
                cells.append(_mean((scores[strategy] - scores["none"]).to_numpy(), sign="+") if known else "")
            same, seconds = (columns[column][strategy].mean() for column in ("same_ratio_f1", "seconds"))
            print(f"| {strategy} | {' | '.join(cells)} | {same:.1f} | {seconds:.1f} |")


def _mean(values: Sequence[float], *, sign: str = "") -> str:
    """The mean and the half width of its 95 % interval over the seeds (Student)."""
    half = stats.sem(values) * stats.t.ppf(0.975, len(values) - 1) if len(values) > 1 else float("nan")
    return f"{np.mean(values):{sign}.1f} ± {half:.1f}"


if __name__ == "__main__":
    main()
