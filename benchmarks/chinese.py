"""Chinese reviews: how good each architecture gets with all labels, and each start with few.

Usage: python -m benchmarks.chinese DATA_FOLDER [--parts all rest few] [--methods …] [--sizes …] [--seeds N]
                                    [--results FILE]

`all` fits on the training side of the corpus zh-reviews, as the base models do, and judges on its test side (one row in
five; of nearly equal texts one is kept, and nothing of a test row is in training). `rest` fits on the validation side
as well, on which the settings were chosen: on all rows but the test side. `few` gives each method some rows of the
validation side, which no base model learned from, and judges on the test side too. Fits go into the results file as
they are made and are not made again. `--report` prints the tables of what is there.
"""

import argparse
import dataclasses
import datetime
import json
import os
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.metrics import accuracy_score, f1_score

from benchmarks.labeled_sets import LabeledSet
from benchmarks.transfer import Predict, describe_machine, fit
from sentiment.models.predictor import load_predictor
from sentiment.models.registry import base_folder
from sentiment.models.store import save_model
from sentiment.training.chinese import CHINESE
from sentiment.training.chinese_judge import judge_by_characters
from sentiment.training.corpora import SENTIMENT, CorpusSplit, read_corpus

SIZES = (50, 100, 200, 500, 1000)
PARTS = {"all": "all labels", "rest": "all labels, those of the validation side too"}
ALL = ("tfidf-chars", "nb-chars", "scratch-cnn", "zh-cnn-reviews", "zh-rnn-reviews")
FEW = ("tfidf-chars", "scratch-cnn", "zh-cnn-reviews", "zh-rnn-reviews", "multi-cnn-reviews")
RESULTS = Path(__file__).parent / "results" / "chinese.jsonl"
_Z = 1.96


def main() -> None:
    """Makes the fits that are missing and prints the tables of all."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path, nargs="?")
    parser.add_argument("--parts", nargs="+", default=["all", "few"], choices=[*PARTS, "few"])
    parser.add_argument("--methods", nargs="+", default=[])
    parser.add_argument("--sizes", nargs="+", type=int, default=list(SIZES))
    parser.add_argument("--seeds", type=int, default=0, help="3 for all, 1 for rest and 5 for few, if not named")
    parser.add_argument("--results", type=Path, default=RESULTS)
    parser.add_argument("--report", action="store_true")
    arguments = parser.parse_args()
    if not arguments.report:
        if arguments.data is None:
            parser.error("name the folder with zh_reviews_raw.csv")
        os.environ["SENTIMENT_CORPORA"] = str(arguments.data)
        measure_missing(arguments)
    print_tables(pd.read_json(arguments.results, lines=True))


def measure_missing(arguments: argparse.Namespace) -> None:
    """Makes every fit that is not in the results file yet."""
    arguments.results.parent.mkdir(exist_ok=True, parents=True)
    lines = arguments.results.read_text().splitlines() if arguments.results.exists() else []
    done = {tuple(json.loads(line)[key] for key in ("part", "method", "n", "seed")) for line in lines}
    corpus = read_corpus("zh-reviews")
    for part, method, n, seed in _plan(arguments, corpus):
        if (part, method, n, seed) in done:
            continue
        correct, macro_f1 = judge(corpus, part=part, method=method, n=n, seed=seed)
        line = {"part": part, "method": method, "n": n, "seed": seed, "n_test": len(corpus.rows("test"))}
        line |= {"accuracy": round(correct, 5), "macro_f1": round(macro_f1, 5)}
        line |= {"date": str(datetime.date.today()), "machine": describe_machine()}
        with arguments.results.open("a") as file:
            file.write(json.dumps(line) + "\n")
        print(f"{part} {method} n={n} seed={seed}: {100 * correct:.1f}, {100 * macro_f1:.1f}", flush=True)


def _plan(arguments: argparse.Namespace, corpus: CorpusSplit) -> list[tuple[str, str, int, int]]:
    """Which fits are to be made: part, method, number of labels, seed."""
    plan = []
    n_rows = {part: len(learned_rows(corpus, part)) for part in PARTS}
    for part, methods, n_seeds in (("all", ALL, 3), ("rest", ALL, 1), ("few", FEW, 5)):
        sizes = arguments.sizes if part == "few" else [n_rows[part]]
        chosen = [method for method in methods if not arguments.methods or method in arguments.methods]
        if part == "few":
            chosen = [m for m in chosen if not m.endswith("-reviews") or base_folder(m) is not None]
        seeds = range(arguments.seeds or n_seeds)
        if part in arguments.parts:
            plan += [(part, method, n, seed) for seed in seeds for n in sizes for method in chosen]
    return plan


def learned_rows(corpus: CorpusSplit, part: str) -> NDArray[np.int64]:
    """The rows that a part with all labels fits on."""
    return np.flatnonzero(corpus.side != "test") if part == "rest" else corpus.rows("train")


def judge(corpus: CorpusSplit, *, part: str, method: str, n: int, seed: int) -> tuple[float, float]:
    """Accuracy and macro-F1 on the test side of a method that was given some rows."""
    rows = learned_rows(corpus, part)
    if part == "few":
        rows = np.random.default_rng(seed).permutation(corpus.rows("validation"))[:n]
    test = corpus.rows("test")
    labels = np.array(SENTIMENT, object)[corpus.labels]
    guesses = _predict(corpus, labels, rows, part=part, method=method, seed=seed)(corpus.texts[test])
    correct = float(accuracy_score(labels[test], guesses))
    return correct, float(f1_score(labels[test], guesses, average="macro"))


def _predict(
    corpus: CorpusSplit,
    labels: NDArray[np.object_],
    rows: NDArray[np.int64],
    *,
    part: str,
    method: str,
    seed: int,
) -> Callable[[NDArray[np.object_]], NDArray[np.object_]]:
    """A function from texts to class names, fitted on some rows."""
    if method == "nb-chars":
        classes = np.unique(labels)
        odds = judge_by_characters(list(corpus.texts[rows]), (labels[rows] == classes[1]).astype(np.int64))
        return lambda texts: classes[(odds(list(texts)) > 0).astype(int)]
    predict: Predict
    with tempfile.TemporaryDirectory() as folder:
        if part in PARTS and method.startswith("zh-"):
            recipe = next(recipe for recipe in CHINESE if recipe.name == method)
            recipe = dataclasses.replace(recipe, settings=dataclasses.replace(recipe.settings, seed=seed))
            known = dataclasses.replace(corpus, side=np.where(np.isin(np.arange(len(labels)), rows), "train", "test"))
            save_model(Path(folder) / "model", recipe.make([known], lambda progress: None), dtype="float16")
            model = load_predictor(Path(folder) / "model")
            predict, names = model, model.classes
        else:
            groups = np.arange(len(labels))
            data = LabeledSet("zh-reviews", corpus.texts, labels, groups, ("negative", "positive"))
            predict, names = fit(data, rows, base=method, seed=seed, folder=Path(folder))
    return lambda texts: np.array(names, object)[predict(list(texts)).argmax(axis=1)]


def print_tables(frame: pd.DataFrame) -> None:
    """Prints both tables, in per cent; the interval is over the test rows (Wilson), of the mean of the seeds."""
    for part, title in PARTS.items():
        everything = frame[frame["part"] == part]
        if everything.empty:
            continue
        print(f"\n| {title} | seeds | accuracy | 95 % | macro-F1 |\n|---|---:|---:|---:|---:|")
        for method, rows in everything.groupby("method", sort=False):
            low, high = _wilson(rows["accuracy"].mean(), rows["n_test"].iloc[0])
            means = f"{100 * rows['accuracy'].mean():.1f} | {100 * low:.1f} to {100 * high:.1f}"
            print(f"| {method} | {len(rows)} | {means} | {100 * rows['macro_f1'].mean():.1f} |")
    few = frame[frame["part"] == "few"]
    if len(few):
        table = few.pivot_table(index="method", columns="n", values="macro_f1", aggfunc="mean", sort=False)
        print("\n| macro-F1, labels | " + " | ".join(f"{n:,}" for n in table.columns) + " |")
        print("|---|" + "---:|" * len(table.columns))
        for name, row in table.iterrows():
            print(f"| {name} | " + " | ".join(f"{100 * value:.1f}" for value in row) + " |")


def _wilson(share: float, n: int) -> tuple[float, float]:
    middle = (share + _Z**2 / (2 * n)) / (1 + _Z**2 / n)
    half = _Z / (1 + _Z**2 / n) * np.sqrt(share * (1 - share) / n + _Z**2 / (4 * n**2))
    return float(middle - half), float(middle + half)


if __name__ == "__main__":
    main()
