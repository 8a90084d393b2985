"""Macro-F1 with word vectors that somebody brings: as the start of a network, and averaged, beside what there is.

Usage: python -m benchmarks.word_vectors DATA_FOLDER NAME [--sets …] [--sizes …] [--seeds N] [--results FILE]

NAME is of word vectors in the workspace (`python -m sentiment import-vectors`). Rows, sizes and settings are those of
`benchmarks.transfer`; fits that are in the results file are not made again. `--report` prints the table of it.
"""

import argparse
import json
import tempfile
import time
from pathlib import Path
from unittest.mock import patch

import numpy as np
import pandas as pd
from sklearn.metrics import f1_score

from benchmarks.labeled_sets import hold_out, load_set
from benchmarks.transfer import fit
from sentiment.models.word_vectors import choosing
from sentiment.training import start

RESULTS = Path(__file__).parent / "results" / "word_vectors.jsonl"
# Title, base, whether it gets the vectors, and how many of their first words beside those of the rows.
METHODS = {
    "TF-IDF + LR": ("tfidf-words", False, 0),
    "CNN from scratch": ("scratch-cnn", False, 0),
    "CNN from the vectors": ("scratch-cnn", True, choosing.N_FREQUENT),
    "CNN from the vectors, words of the rows alone": ("scratch-cnn", True, 0),
    "RNN from scratch": ("scratch-rnn", False, 0),
    "RNN from the vectors": ("scratch-rnn", True, choosing.N_FREQUENT),
    "averaged vectors + LR": ("word-vectors", True, 0),
}


def main() -> None:
    """Makes the fits that are missing and prints the table of all."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path, nargs="?")
    parser.add_argument("name", nargs="?")
    parser.add_argument("--sets", nargs="+", default=["reviews-2", "reviews-3", "tweets-3"])
    parser.add_argument("--methods", nargs="+", default=list(METHODS))
    parser.add_argument("--sizes", nargs="+", type=int, default=[200, 0])
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--limit", type=int, default=12_000)
    parser.add_argument("--results", type=Path, default=RESULTS)
    parser.add_argument("--report", action="store_true")
    arguments = parser.parse_args()
    if not arguments.report:
        if arguments.name is None:
            parser.error("name the folder with the data, and word vectors of the workspace")
        measure_missing(arguments)
    print_table(pd.read_json(arguments.results, lines=True))


def measure_missing(arguments: argparse.Namespace) -> None:
    """Makes every fit that is not in the results file yet."""
    arguments.results.parent.mkdir(exist_ok=True, parents=True)
    lines = arguments.results.read_text().splitlines() if arguments.results.exists() else []
    done = {tuple(json.loads(line)[key] for key in ("set", "method", "n", "seed")) for line in lines}
    for name in arguments.sets:
        data = load_set(name, arguments.data, limit=arguments.limit)
        for n in arguments.sizes:
            for seed in range(arguments.seeds):
                pool, test = hold_out(data, seed=seed)
                rows = pool[:n] if n else pool
                for method in arguments.methods:
                    if (name, method, n, seed) in done:
                        continue
                    began = time.perf_counter()
                    predictions = _predictions(data, rows, test, method=method, seed=seed, vectors=arguments.name)
                    score = float(f1_score(data.labels[test], predictions, average="macro"))
                    line = {"set": name, "method": method, "n": n, "n_rows": len(rows), "seed": seed}
                    line |= {"macro_f1": round(score, 5), "seconds": round(time.perf_counter() - began, 1)}
                    with arguments.results.open("a") as file:
                        file.write(json.dumps(line) + "\n")
                    print(line, flush=True)


def _predictions(data, rows, test, *, method, seed, vectors):  # type: ignore[no-untyped-def]
    base, with_vectors, n_frequent = METHODS[method]

    def choose(store, texts, *, seed=0):  # type: ignore[no-untyped-def]
        return choosing.choose_vectors(store, texts, n_frequent=n_frequent, seed=seed)

    with tempfile.TemporaryDirectory() as folder, patch.object(start, "choose_vectors", choose):
        name = vectors if with_vectors else ""
        predict, classes = fit(data, rows, base=base, seed=seed, folder=Path(folder), vectors=name)
        return np.array(classes, object)[predict(list(data.texts[test])).argmax(axis=1)]


def print_table(lines: pd.DataFrame) -> None:
    """Means and deviations over the seeds, as a table of Markdown."""
    for name, part in lines.groupby("set", sort=False):
        sizes = sorted(part["n"].unique(), key=lambda n: n or 10**9)
        print(f"\n| {name} | {' | '.join(f'{n:,} labels' if n else 'all' for n in sizes)} |")
        print(f"|---|{'---:|' * len(sizes)}")
        for method, own in part.groupby("method", sort=False):
            scores = [100 * own.loc[own["n"] == n, "macro_f1"] for n in sizes]
            cells = [f"{s.mean():.1f} ± {s.std():.1f}" if len(s) else "" for s in scores]
            print(f"| {method} | {' | '.join(cells)} |")


if __name__ == "__main__":
    main()
