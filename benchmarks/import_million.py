"""Measures the import of a CSV of a million short reviews: seconds and peak memory, in a process of its own.

    python benchmarks/import_million.py [--rows N]

Prints one row of a Markdown table per step; on a busy machine the CPU seconds say more. Reading, checking (duplicates,
contradictions, language, lengths) and storing are the import; the balance figures are what a page draws from the
stored dataset.
"""

import argparse
import csv
import random
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LABELS, WEIGHTS = ("positive", "negative", "neutral"), (0.72, 0.20, 0.08)  # an imbalance as web shops have it


def write_reviews(path: Path, *, n_rows: int, seed: int = 0) -> None:
    """Writes reviews of one or two sample sentences, a twentieth of them repeated, with imbalanced labels."""
    with (ROOT / "sample_data/product-reviews/product_reviews.csv").open(encoding="utf-8", newline="") as file:
        sentences = [row["text"] for row in csv.DictReader(file) if len(row["text"]) < 120]
    rng = random.Random(seed)
    text = sentences[0]
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["id", "text", "label"])
        for row in range(n_rows):
            if rng.random() > 0.05:
                text = f"{rng.choice(sentences)} {rng.choice(sentences)[:40]} {rng.randrange(1000)}"
            writer.writerow([row, text, rng.choices(LABELS, WEIGHTS)[0]])


def measure(path: Path) -> None:
    """Imports the file step by step and prints a table row for each: seconds, and the peak of memory so far."""
    begin = time.perf_counter()
    from sentiment import data

    clock = _Clock(begin)
    clock.tell("start Python and load the library")
    table = data.read_table(path, name=path.name)
    proposal = data.propose_columns(table.frame)
    clock.tell("read the file")
    dataset = data.build_dataset(table, text=proposal.text or "text", label=proposal.label)
    del table
    clock.tell("check it and report")
    data.save_dataset(dataset, path.parent / dataset.id)
    clock.tell("store the dataset")
    clock.tell("**import, whole**", since=begin)
    labels, lengths = dataset.frame["label"], dataset.frame["length"]
    clock.restart()
    data.describe_balance(data.count_classes(labels, classes=dataset.classes))
    data.length_table(lengths, labels, classes=dataset.classes)
    data.length_histogram(lengths, labels, classes=dataset.classes)
    clock.tell("balance figures")
    data.load_dataset(path.parent / dataset.id)
    clock.tell("load the stored dataset")


class _Clock:
    def __init__(self, begin: float) -> None:
        self.last, self.cpu = begin, 0.0

    def restart(self) -> None:
        self.last, self.cpu = time.perf_counter(), time.process_time()

    def tell(self, step: str, *, since: float | None = None) -> None:
        """Prints the seconds since the last step, or since a moment, and the peak of memory."""
        seconds = time.perf_counter() - (self.last if since is None else since)
        cpu = time.process_time() - (self.cpu if since is None else 0)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
        print(f"| {step} | {seconds:.2f} | {cpu:.2f} | {peak:.2f} |", flush=True)
        self.restart()


def main() -> None:
    """Writes the file, imports it in a fresh process."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--file", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.file is not None:
        measure(arguments.file)
        return
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "reviews.csv"
        write_reviews(path, n_rows=arguments.rows)
        print(f"{arguments.rows:,} rows, {path.stat().st_size / 1e6:.0f} MB\n")
        print("| step | seconds | CPU seconds | peak memory, GB |\n|---|---|---|---|", flush=True)
        subprocess.run([sys.executable, __file__, "--file", str(path)], check=True, cwd=ROOT, env=_environment())


def _environment() -> dict[str, str]:
    import os

    return {**os.environ, "PYTHONPATH": str(ROOT)}


if __name__ == "__main__":
    main()
