"""Macro-F1 against the number of labels: every base model, from scratch, every baseline, and MiniLM as the peer.

Usage: python -m benchmarks.transfer DATA_FOLDER [--sets …] [--methods …] [--sizes …] [--seeds N] [--results FILE]

Each seed holds out another third of the rows (whole reviews); the labels are the first n of the others in random
order, and a model gets no row beyond them, not even to choose its settings. Fits go into the results file as they
are made and are not made again, so it can be stopped and started. `--report` prints the table and draws the plot of
what is there. The peer's vectors need the environment of requirements-bench.txt in .venv-bench.
"""

import argparse
import datetime
import json
import os
import platform
import subprocess
import tempfile
import time
from collections.abc import Callable, Sequence
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import f1_score

from benchmarks.labeled_sets import SETS, LabeledSet, hold_out, load_set
from benchmarks.transfer_report import print_report
from sentiment.data import FileFormat, Table, build_dataset
from sentiment.models.predictor import load_predictor
from sentiment.training.config import FinetuneConfig
from sentiment.training.finetune import finetune
from sentiment.training.runs import create_run, describe_run, new_id

PEER = "MiniLM + LR"
METHODS = (
    "en-cnn-reviews", "en-rnn-reviews", "en-cnn-news", "scratch-cnn", "scratch-rnn",
    "majority", "naive-bayes", "tfidf-words", "tfidf-chars", "word-vectors", PEER,
)  # fmt: skip
SIZES = (50, 100, 200, 500, 1000, 0)  # 0: all of them
RESULTS = Path(__file__).parent / "results" / "transfer.jsonl"
PEER_PYTHON = Path(__file__).parents[1] / ".venv-bench" / "bin" / "python"
Predict = Callable[[Sequence[str]], NDArray[np.float32]]


def main() -> None:
    """Makes the fits that are missing and prints the table of all."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path, nargs="?")
    parser.add_argument("--sets", nargs="+", default=list(SETS))
    parser.add_argument("--methods", nargs="+", default=list(METHODS))
    parser.add_argument("--sizes", nargs="+", type=int, default=list(SIZES))
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--results", type=Path, default=RESULTS)
    parser.add_argument("--report", action="store_true")
    arguments = parser.parse_args()
    if not arguments.report:
        if arguments.data is None:
            parser.error("name the folder with amazon_reviews.csv and brand_tweets.csv")
        measure_missing(arguments)
    print_report(pd.read_json(arguments.results, lines=True), peer=PEER)


def measure_missing(arguments: argparse.Namespace) -> None:
    """Makes every fit that is not in the results file yet, seed by seed."""
    arguments.results.parent.mkdir(exist_ok=True, parents=True)
    lines = arguments.results.read_text().splitlines() if arguments.results.exists() else []
    done = {tuple(json.loads(line)[key] for key in ("set", "method", "n", "seed")) for line in lines}
    for name in arguments.sets:
        data = load_set(name, arguments.data)
        peer = PeerVectors(data) if PEER in arguments.methods else None
        for seed in range(arguments.seeds):
            pool, test = hold_out(data, seed=seed)
            for n in arguments.sizes:
                for method in arguments.methods:
                    if (name, method, n, seed) in done:
                        continue
                    rows = pool[:n] if n else pool
                    score, seconds = judge(data, rows, test, method=method, peer=peer, seed=seed)
                    line = {"set": name, "method": method, "n": n, "n_rows": len(rows), "seed": seed}
                    line |= {"n_test": len(test), "macro_f1": round(score, 5), "seconds": round(seconds, 2)}
                    line |= {"date": str(datetime.date.today()), "machine": describe_machine()}
                    with arguments.results.open("a") as file:
                        file.write(json.dumps(line) + "\n")
                    print(f"{name} {method} n={n} seed={seed}: {100 * score:.1f} ({seconds:.1f} s)", flush=True)


def judge(
    data: LabeledSet,
    rows: NDArray[np.int64],
    test: NDArray[np.int64],
    *,
    method: str,
    peer: "PeerVectors | None",
    seed: int,
) -> tuple[float, float]:
    """Macro-F1 on the test rows of a method that was given some rows, and the seconds of its fit."""
    began = time.perf_counter()
    if peer is not None and method == PEER:
        predictions = peer.fit_predict(rows, test)
        seconds = time.perf_counter() - began
    else:
        with tempfile.TemporaryDirectory() as folder:
            predict, classes = fit(data, rows, base=method, seed=seed, folder=Path(folder))
            seconds = time.perf_counter() - began
            predictions = np.array(classes, object)[predict(list(data.texts[test])).argmax(axis=1)]
    return float(f1_score(data.labels[test], predictions, average="macro")), seconds


def fit(
    data: LabeledSet, rows: NDArray[np.int64], *, base: str, seed: int, folder: Path, vectors: str = ""
) -> tuple[Predict, tuple[str, ...]]:
    """The product's own fine-tuning with its defaults on some rows, none held out to judge it."""
    frame = pd.DataFrame({"text": data.texts[rows], "label": data.labels[rows], "group": data.groups[rows].astype(str)})
    table = Table(frame.astype("str"), FileFormat("csv"), data.name, (), "", (), ())
    dataset = build_dataset(table, text="text", label="label", group="group")
    info = describe_run(
        dataset,
        FinetuneConfig(base=base, seed=seed, test_fraction=0.0, vectors=vectors),
        run_id=new_id(),
        name=base,
        dataset_folder=None,
    )
    finetune(create_run(folder / "run", info), dataset)
    predict = load_predictor(folder / "run")
    return predict, tuple(predict.classes)


class PeerVectors:
    """The peer: vectors of all texts, made once by its own environment, and a logistic regression on them."""

    def __init__(self, data: LabeledSet) -> None:
        self._data = data
        with tempfile.TemporaryDirectory() as folder:
            texts, out = Path(folder) / "texts.json", Path(folder) / "vectors.npy"
            texts.write_text(json.dumps(list(data.texts)), encoding="utf-8")
            command = [PEER_PYTHON, Path(__file__).parent / "peers" / "minilm.py", texts, out]
            subprocess.run([str(part) for part in command], check=True, stdout=subprocess.DEVNULL)
            self._vectors = np.load(out)

    def fit_predict(self, rows: NDArray[np.int64], test: NDArray[np.int64]) -> NDArray[np.object_]:
        """Predicted labels of the test rows."""
        model = LogisticRegression(C=10.0, max_iter=2000).fit(self._vectors[rows], self._data.labels[rows])
        return model.predict(self._vectors[test])


def describe_machine() -> str:
    """The machine and the versions that a figure depends on."""
    packages = ", ".join(f"{name} {version(name)}" for name in ("jax", "flax", "scikit-learn"))
    return f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}, {packages}"


if __name__ == "__main__":
    main()
