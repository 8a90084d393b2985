"""Fine-tuning by the command line against TF-IDF with logistic regression, on the same splits, with its wall time.

Usage: python benchmarks/first_light.py REVIEWS.csv [--base NAME] [--seeds N]

Each seed draws another 80/20 split by review. The first run has an empty cache of compiled programs, the later ones
find it filled. Prints a Markdown table.
"""

import argparse
import datetime
import os
import platform
import subprocess
import sys
import tempfile
import time
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pandas as pd

from sentiment.evaluation import evaluate


def main() -> None:
    """Measures every seed and prints the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("--base", default="en-cnn-reviews")
    parser.add_argument("--text", default="text")
    parser.add_argument("--label", default="label")
    parser.add_argument("--group", default="review")
    parser.add_argument("--seeds", type=int, default=5)
    arguments = parser.parse_args()
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for seed in range(arguments.seeds):
            rows.append(measure(arguments, seed=seed, folder=Path(folder)))
    print(
        f"{datetime.date.today()}, {platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()},",
        end=" ",
    )
    print(", ".join(f"{name} {version(name)}" for name in ("jax", "flax", "scikit-learn")), end="\n\n")
    print("| seed | held-out rows | macro-F1, fine-tuned | macro-F1, TF-IDF + LR | difference | wall seconds |")
    print("|---:|---:|---:|---:|---:|---:|")
    for row in rows:
        print("| {seed} | {n} | {model:.1f} | {tfidf:.1f} | {delta:+.1f} | {seconds:.1f} |".format(**row))
    delta = np.array([row["delta"] for row in rows])
    mean = {name: np.mean([row[name] for row in rows]) for name in ("model", "tfidf")}
    half = 1.96 * delta.std(ddof=1) / np.sqrt(len(delta)) if len(delta) > 1 else float("nan")
    print(f"| mean | | {mean['model']:.1f} | {mean['tfidf']:.1f} | {delta.mean():+.1f} (± {half:.1f}) | |")


def measure(arguments: argparse.Namespace, *, seed: int, folder: Path) -> dict[str, float]:
    """Runs one fine-tuning as a user would, and reads its held-out predictions."""
    out = folder / f"run-{seed}"
    command = [sys.executable, "-m", "sentiment", "finetune", str(arguments.data), "--text", arguments.text]
    command += ["--label", arguments.label, "--base", arguments.base, "--out", str(out), "--seed", str(seed)]
    command += ["--group", arguments.group] if arguments.group else []
    began = time.monotonic()
    environment = {**os.environ, "SENTIMENT_CACHE": str(folder / "cache")}
    subprocess.run(command, check=True, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    seconds = time.monotonic() - began
    table = pd.read_parquet(out / "predictions.parquet")
    classes = sorted(table["label"].unique())
    score = {
        name: 100
        * evaluate(
            table["label"].tolist(), predictions=table[f"{name}:prediction"].tolist(), classes=classes, n_resamples=50
        )["macro avg"]["f1-score"]
        for name in ("model", "tfidf")
    }
    return {"seed": seed, "n": len(table), **score, "delta": score["model"] - score["tfidf"], "seconds": seconds}


if __name__ == "__main__":
    main()
