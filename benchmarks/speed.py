"""Training and prediction, samples per second, side by side with Keras 3, PyTorch, scikit-learn and fastText.

Usage: python -m benchmarks.speed [DATA.csv] [--text COLUMN] [--rounds N] [--seconds S]

The same networks (a CNN with widths 3, 4, 5 of 100 filters, and an LSTM of 64 units in both directions; 20,000 words
of 50 numbers, batches of 64), each contender in a process of its own, taking turns. The peers need an environment of
their own, once:

    python3 -m venv .venv-bench && .venv-bench/bin/pip install -r requirements-bench.txt

Prints Markdown tables. A peer that is not there or fails is named with the reason.
"""

import argparse
import csv
import datetime
import itertools
import json
import os
import platform
import subprocess
import sys
import tempfile
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.peers.serving import BATCH, EMBED, FILTERS, UNITS, VOCABULARY, WIDTHS
from sentiment.models.batching import plan_batches
from sentiment.models.device import describe_device
from sentiment.models.tokenizer import TokenTable, encode, learn_tokenizer

ROOT = Path(__file__).parents[1]
DATA = ROOT / "sample_data" / "product-reviews" / "product_reviews.csv"
PEER_PYTHON = Path(os.environ.get("BENCH_PYTHON") or ROOT / ".venv-bench" / "bin" / "python")
LENGTH, ROWS, TEXTS = 128, 20 * BATCH, 20_000
OURS, OUR_TEXTS = "Sentiment Studio", "Sentiment Studio, en-cnn-reviews"
NETWORKS = {
    OURS: [sys.executable, "-m", "benchmarks.speed_ours", "networks"],
    "Keras 3 on JAX": [str(PEER_PYTHON), "benchmarks/peers/keras_networks.py"],
    "Keras 3 on PyTorch": [str(PEER_PYTHON), "benchmarks/peers/keras_networks.py"],
    "PyTorch, eager": [str(PEER_PYTHON), "benchmarks/peers/torch_networks.py", "eager"],
    "PyTorch, compiled": [str(PEER_PYTHON), "benchmarks/peers/torch_networks.py", "compiled"],
}
READERS = {
    OUR_TEXTS: [sys.executable, "-m", "benchmarks.speed_ours", "texts"],
    "TF-IDF + logistic regression (scikit-learn)": [sys.executable, "-m", "benchmarks.speed_ours", "tfidf"],
    "fastText": [str(PEER_PYTHON), "benchmarks/peers/fasttext_texts.py"],
    "all-MiniLM-L6-v2 + logistic regression": [str(PEER_PYTHON), "benchmarks/peers/minilm_texts.py"],
}
BACKENDS = {"Keras 3 on JAX": "jax", "Keras 3 on PyTorch": "torch"}


class Contender:
    """A process that measures itself when asked; it is started at the first request."""

    def __init__(self, name: str, command: list[str]) -> None:
        self.name, self.command = name, command
        self.process: subprocess.Popen[str] | None = None

    def ask(self, **request: Any) -> float | str:
        """The rate, or why there is none."""
        try:
            if self.process is None:
                environment = {**os.environ, "KERAS_BACKEND": BACKENDS.get(self.name, "jax")}
                self.process = subprocess.Popen(
                    self.command, cwd=ROOT, env=environment, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                    stderr=subprocess.DEVNULL,
                )  # fmt: skip
            assert self.process.stdin is not None
            assert self.process.stdout is not None
            print(json.dumps(request), file=self.process.stdin, flush=True)
            line = self.process.stdout.readline()
        except OSError as error:
            return f"not there ({error.strerror})"
        answer = json.loads(line) if line else {"error": "it ended without an answer"}
        return answer.get("rate", answer.get("error"))

    def end(self) -> None:
        """Ends the process, if there is one."""
        if self.process is not None:
            self.process.kill()
            self.process.communicate()


def main() -> None:
    """Measures everything and prints the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path, nargs="?", default=DATA)
    parser.add_argument("--text", default="text")
    parser.add_argument("--label", default="label")
    parser.add_argument("--networks", nargs="*", default=["cnn", "lstm"], help="none: raw text alone")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=4.0)
    arguments = parser.parse_args()
    with arguments.data.open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row[arguments.text].strip()]
    texts, labels = [row[arguments.text] for row in rows], [row[arguments.label] for row in rows]
    print(_heading(), end="\n\n")
    print(f"Texts: {arguments.data.name}, {len(texts):,} rows. Median of {arguments.rounds} rounds.", end="\n\n")
    with tempfile.TemporaryDirectory() as folder:
        measure_networks(make_work(texts, Path(folder)), arguments)
        measure_texts(write_texts(texts, labels, Path(folder)), arguments)


def _heading() -> str:
    names = ", ".join(f"{name} {version(name)}" for name in ("jax", "flax", "scikit-learn"))
    code = (
        "from importlib.metadata import version, PackageNotFoundError\n"
        "for name in ('keras', 'jax', 'torch', 'fasttext-wheel'):\n"
        "    try: print(name, version(name))\n"
        "    except PackageNotFoundError: print(name, 'missing')"
    )
    try:
        peers = subprocess.run([PEER_PYTHON, "-c", code], capture_output=True, text=True, check=True).stdout.split("\n")
    except (OSError, subprocess.CalledProcessError):
        peers = ["none, see the docstring of benchmarks/speed.py"]
    where = f"{datetime.date.today()}, {platform.machine()}, {describe_device()}, Python {platform.python_version()}"
    return f"{where}, {names}. Peers: {', '.join(filter(None, peers))}."


def make_work(texts: list[str], folder: Path) -> dict[str, Path]:
    """Writes the workloads: rows of 128 words, real rows padded to 128, and real rows in our buckets."""
    rng = np.random.default_rng(0)
    table = encode(learn_tokenizer(texts, vocab_size=VOCABULARY), texts, max_length=LENGTH)
    rows = rng.choice(np.flatnonzero(table.lengths > 0), ROWS, replace=len(texts) < 2 * ROWS)
    plan = plan_batches(rows, table.lengths, batch_size=BATCH, max_length=LENGTH, rng=rng)
    words = np.minimum(rng.zipf(1.1, (ROWS, LENGTH)), VOCABULARY - 1).astype(np.int32)
    work = {
        "full": {LENGTH: words},
        "padded": {LENGTH: table.padded(rows, LENGTH)},
        "buckets": _by_length(table, [(length, members) for length, members in plan if len(members) == BATCH]),
    }
    paths = {}
    for name, groups in work.items():
        arrays = {f"ids_{length}": ids for length, ids in groups.items()}
        labels = {f"labels_{length}": rng.integers(0, 2, len(ids)).astype(np.int32) for length, ids in groups.items()}
        paths[name] = folder / f"{name}.npz"
        np.savez(paths[name], **arrays, **labels)
    return paths


def _by_length(table: TokenTable, plan: list[tuple[int, np.ndarray]]) -> dict[int, np.ndarray]:
    lengths = sorted({length for length, _ in plan})
    return {n: np.concatenate([table.padded(rows, n) for length, rows in plan if length == n]) for n in lengths}


def write_texts(texts: list[str], labels: list[str], folder: Path) -> Path:
    """Writes `TEXTS` texts with their labels, over and over from the top."""
    path = folder / "texts.json"
    several = itertools.islice(itertools.cycle(zip(texts, labels, strict=True)), TEXTS)
    pairs = list(several)
    path.write_text(json.dumps({"texts": [t for t, _ in pairs], "labels": [label for _, label in pairs]}))
    return path


def measure_networks(work: dict[str, Path], arguments: argparse.Namespace) -> None:
    """Prints a table for each network and task."""
    contenders = [Contender(name, command) for name, command in NETWORKS.items()]
    attainable = contenders[0].ask(task="matmul", seconds=2.0)
    for network, task in itertools.product(arguments.networks, ("train", "predict")):
        columns = {}
        for column in work:
            # Padding real rows to 128 is the peers' tutorials' way, never ours.
            those = [c for c in contenders if column != "padded" or c.name != OURS]
            request = {"network": network, "task": task, "work": str(work[column])}
            columns[column] = take_turns(those, request, arguments)
        columns["padded"][OURS] = columns["buckets"][OURS]
        print(f"{'Training' if task == 'train' else 'Prediction'}, {network.upper()}, samples per second", end="\n\n")
        _print_networks(columns, contenders, _operations(network) * (3 if task == "train" else 1), attainable)
    for contender in contenders:
        contender.end()


def _print_networks(columns: dict[str, Any], contenders: list[Contender], operations: float, attainable: Any) -> None:
    print("| | 128 words each | share of a matrix product's rate | real lengths, own way | real lengths, our buckets |")
    print("|---|---:|---:|---:|---:|")
    for name in (contender.name for contender in contenders):
        full, padded, buckets = (columns[column][name] for column in ("full", "padded", "buckets"))
        numbers = isinstance(full, float) and isinstance(attainable, float)
        share = f"{100 * full * operations / attainable:.0f} %" if numbers else "–"
        print(f"| {name} | {_show(full)} | {share} | {_show(padded)} | {_show(buckets)} |")
    print(flush=True)


def measure_texts(work: Path, arguments: argparse.Namespace) -> None:
    """Prints the table of prediction from raw text."""
    contenders = [Contender(name, command) for name, command in READERS.items()]
    rates = take_turns(contenders, {"task": "texts", "work": str(work)}, arguments)
    print("Prediction from raw text, tokenizing included, texts per second\n\n| | texts per second |\n|---|---:|")
    for contender in contenders:
        print(f"| {contender.name} | {_show(rates[contender.name])} |")
        contender.end()


def take_turns(
    contenders: list[Contender], request: dict[str, Any], arguments: argparse.Namespace
) -> dict[str, float | str]:
    """The median rate of each contender over rounds in which each has its turn; or why it has none."""
    heard: dict[str, list[float | str]] = {contender.name: [] for contender in contenders}
    for _ in range(arguments.rounds):
        for contender in contenders:
            if not any(isinstance(answer, str) for answer in heard[contender.name]):
                heard[contender.name].append(contender.ask(**request, seconds=arguments.seconds))
    reasons = {name: [answer for answer in answers if isinstance(answer, str)] for name, answers in heard.items()}
    return {name: reasons[name][0] if reasons[name] else float(np.median(heard[name])) for name in heard}


def _operations(network: str) -> float:
    """Floating-point operations of the products of one forward pass over a row of 128 words."""
    if network == "cnn":
        return 2.0 * LENGTH * EMBED * FILTERS * sum(WIDTHS)
    return 2.0 * LENGTH * 2 * 4 * UNITS * (EMBED + UNITS)


def _show(value: float | str) -> str:
    return value if isinstance(value, str) else f"{value:,.0f}"


if __name__ == "__main__":
    main()
