"""How many changed labels are found: of as many top suspects as there are changed labels, the share that was changed.

Usage: python -m benchmarks.suspects DATA_FOLDER [--seeds 100 101 102] [--share 0.05] [--base NAME] [--json FILE]

DATA_FOLDER holds amazon_reviews.csv and brand_tweets.csv. A seeded draw gives a share of the labels another class,
each of the others as likely; the files stay as they are. Chance finds the share itself. How the opinions are weighed
was chosen on the seeds 50 to 52. Prints a Markdown table.
"""

import argparse
import datetime
import json
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.transfer import describe_machine
from sentiment.data import import_file
from sentiment.suspecting import find_suspects
from sentiment.training.config import DEFAULT_BASE

FILES = ("amazon_reviews.csv", "brand_tweets.csv")


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path, metavar="DATA_FOLDER")
    parser.add_argument("--files", nargs="+", default=list(FILES))
    parser.add_argument("--seeds", nargs="+", type=int, default=[100, 101, 102])
    parser.add_argument("--share", type=float, default=0.05)
    parser.add_argument("--base", default=DEFAULT_BASE)
    parser.add_argument("--json", type=Path, metavar="FILE", help="Write every single result there.")
    arguments = parser.parse_args()
    print(f"{datetime.date.today()}, {describe_machine()}, base model {arguments.base}\n")
    print("| file | labels | seed | changed | found among as many | times chance | seconds |")
    print("|---|---:|---:|---:|---:|---:|---:|")
    lines = []
    for file in arguments.files:
        for seed in arguments.seeds:
            line = {"file": file, "seed": seed}
            line |= measure(arguments.data / file, seed=seed, share=arguments.share, base=arguments.base)
            lines.append(line)
            print(
                f"| {file} | {line['labels']:,} | {seed} | {line['changed']:,} | {line['found']:,} "
                f"({line['found'] / line['changed']:.0%}) | {line['times']:.1f} | {line['seconds']:.0f} |",
                flush=True,
            )
    if arguments.json:
        arguments.json.write_text(json.dumps(lines, indent=1), encoding="utf-8")


def measure(path: Path, *, seed: int, share: float, base: str) -> dict[str, float]:
    """Changes labels and counts how many of them are found."""
    frame = pd.read_csv(path, keep_default_na=False, dtype="str")
    labeled = np.flatnonzero((frame["label"].str.strip() != "").to_numpy())
    names = np.unique(frame["label"].to_numpy(object)[labeled])
    rng = np.random.default_rng(seed)
    changed = rng.choice(labeled, round(share * len(labeled)), replace=False)
    labels = frame["label"].to_numpy(object).copy()
    codes = np.searchsorted(names, labels[changed])
    labels[changed] = names[(codes + rng.integers(1, len(names), len(changed))) % len(names)]
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / path.name
        frame.assign(label=labels).to_csv(file, index=False)
        began = time.perf_counter()
        table = find_suspects(import_file(file, text="text", label="label"), base=base).table
        seconds = time.perf_counter() - began
    found = int(np.isin(table["row"].to_numpy()[: len(changed)], changed).sum())
    times = found / len(changed) / (len(changed) / len(labeled))
    return {"labels": len(labeled), "changed": len(changed), "found": found, "times": times, "seconds": seconds}


if __name__ == "__main__":
    main()
