"""Macro-F1 against labels spent, queue by queue, with an oracle that answers from the true labels.

Usage: python -m benchmarks.labeling DATA_FOLDER [--sets …] [--queues …] [--seeds N] [--every K] [--results FILE]

DATA_FOLDER holds amazon_reviews.csv and brand_tweets.csv. Each seed holds out another third of the rows (whole
reviews, duplicates on one side). From no label up to 500, a queue asks for K rows, the head is fitted to the labels so
far, and so on; all queues get the same vectors of the same base model and the same head, those of scikit-activeml
(peer:…, which need the environment of requirements-bench.txt in .venv-bench) as well. Curves go into the results file
as they are made and are not made again, so it can be stopped and started. `--report` writes the tables and the plot.
"""

import argparse
import datetime
import json
import subprocess
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from benchmarks.labeled_sets import hold_out, load_set
from benchmarks.labeling_report import write_report
from benchmarks.transfer import PEER_PYTHON, describe_machine
from sentiment.labels.queues import DEFAULT, UNLABELED, Pool, rank
from sentiment.training.config import DEFAULT_BASE
from sentiment.training.encode_texts import load_encoding
from sentiment.training.quick import QuickHead
from sentiment.training.scores import macro_f1
from sentiment.training.text_vectors import TextVectors

SETS = ("reviews", "tweets", "tweets-1:20")
PEERS = ("peer:margin", "peer:badge", "peer:falcun")
QUEUES = (DEFAULT, "random", "uncertain-diverse", "margin", "entropy", "rare-first", *PEERS)
MOST = 500
RARE, RATIO = "positive", 20  # thinned until the largest class has so many times its rows
RESULTS = Path(__file__).parent / "results" / "labeling.jsonl"
Ask = Callable[[Pool, int, int], NDArray[np.int64]]


@dataclass(frozen=True)
class Texts:
    """A data set as its base model sees it.

    Attributes:
        vectors: of all rows.
        labels: int64[n], positions in `classes`.
        groups: int64[n]; documents and duplicates, which a split keeps together.
        classes: names of the classes.
        source: what `hold_out` splits.
    """

    vectors: TextVectors
    labels: NDArray[np.int64]
    groups: NDArray[np.int64]
    classes: tuple[str, ...]
    source: Any


def main() -> None:
    """Draws the curves that are missing and reports all."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path, nargs="?")
    parser.add_argument("--sets", nargs="+", default=list(SETS))
    parser.add_argument("--queues", nargs="+", default=list(QUEUES))
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--every", type=int, default=10, metavar="K", help="Labels between two updates.")
    parser.add_argument("--base", default=DEFAULT_BASE)
    parser.add_argument("--results", type=Path, default=RESULTS)
    parser.add_argument("--peer-python", type=Path, default=PEER_PYTHON)
    parser.add_argument("--report", action="store_true")
    arguments = parser.parse_args()
    if not arguments.report:
        if arguments.data is None:
            parser.error("name the folder with amazon_reviews.csv and brand_tweets.csv")
        measure_missing(arguments)
    write_report(pd.read_json(arguments.results, lines=True))


def measure_missing(arguments: argparse.Namespace) -> None:
    """Draws every curve that is not in the results file yet, seed by seed."""
    arguments.results.parent.mkdir(exist_ok=True, parents=True)
    lines = arguments.results.read_text().splitlines() if arguments.results.exists() else []
    done = {tuple(json.loads(line)[key] for key in ("set", "queue", "seed")) for line in lines}
    for name in arguments.sets:
        texts = load(name, arguments.data, base=arguments.base)
        for seed in range(arguments.seeds):
            missing = [queue for queue in arguments.queues if (name, queue, seed) not in done]
            for queue in missing:
                began = time.perf_counter()
                line = {"set": name, "queue": queue, "seed": seed, "every": arguments.every, "base": arguments.base}
                line |= draw(texts, queue, seed=seed, every=arguments.every, peer_python=arguments.peer_python)
                line |= {"seconds": round(time.perf_counter() - began, 1)}
                line |= {"date": str(datetime.date.today()), "machine": describe_machine()}
                with arguments.results.open("a") as file:
                    file.write(json.dumps(line) + "\n")
                halfway = line["macro_f1"][len(line["macro_f1"]) // 2]
                print(f"{name} {queue} seed={seed}: {100 * halfway:.1f} at half ({line['seconds']} s)", flush=True)


def load(name: str, folder: Path, *, base: str) -> Texts:
    """One of `SETS`, with its vectors."""
    source = load_set("reviews-3" if name == "reviews" else "tweets-3", folder, limit=10**9)
    kept = np.arange(len(source.texts))
    if name == "tweets-1:20":
        rare = np.flatnonzero(source.labels == RARE)
        most = pd.Series(source.labels).value_counts().max()
        drawn = np.random.default_rng(0).choice(rare, most // RATIO, replace=False)
        kept = np.sort(np.concatenate([np.flatnonzero(source.labels != RARE), drawn]))
    kept = np.sort(np.random.default_rng(0).choice(kept, min(len(kept), 12_000), replace=False))
    source = type(source)(name, source.texts[kept], source.labels[kept], source.groups[kept], source.classes)
    encoding = load_encoding(base, list(source.texts))
    vectors = np.concatenate(list(encoding.blocks(list(source.texts))))
    labels = np.array([source.classes.index(label) for label in source.labels])
    made = TextVectors(vectors, np.arange(len(vectors)), encoding.base_hash, encoding.head, encoding.classes)
    return Texts(made, labels, source.groups, source.classes, source)


def draw(texts: Texts, queue: str, *, seed: int, every: int, peer_python: Path) -> dict[str, Any]:
    """A curve: labels spent, macro-F1 on the held-out rows, and rows of the rarest class among those labeled."""
    rows, test = hold_out(texts.source, seed=seed)
    part = TextVectors(texts.vectors.vectors[rows], np.arange(len(rows)), "", texts.vectors.head, texts.vectors.classes)
    judged = TextVectors(texts.vectors.vectors[test], np.arange(len(test)), "", part.head, part.classes)
    teach, judge = QuickHead(part, texts.classes), QuickHead(judged, texts.classes)
    truth, rarest = texts.labels[rows], int(np.bincount(texts.labels).argmin())
    known = np.full(len(rows), UNLABELED)
    curve: dict[str, Any] = {"n": [], "macro_f1": [], "n_rare": [], "n_pool": len(rows), "n_test": len(test)}
    curve["pool_rare"] = int((truth == rarest).sum())
    with _asking(queue, part.vectors, peer_python) as ask:
        while True:
            spent = np.flatnonzero(known != UNLABELED)
            head = teach.fit(spent, known[spent]) if len(spent) else None
            said = judge.untaught() if head is None else judge.predict(head)
            curve["n"].append(len(spent))
            curve["macro_f1"].append(round(macro_f1(texts.labels[test], said.argmax(axis=1)), 5))
            curve["n_rare"].append(int((known == rarest).sum()))
            if len(spent) >= MOST:
                return curve
            probs = teach.untaught() if head is None else teach.predict(head)
            pool = Pool(part.vectors, probs, known, texts.groups[rows])
            asked = ask(pool, every, len(spent) + 1000 * seed)
            known[asked] = truth[asked]


class _Ours:
    def __init__(self, queue: str) -> None:
        self._queue = queue

    def __enter__(self) -> Ask:
        # Rows of one review are no duplicates of each other: within the pool every row may be asked for.
        return lambda pool, n, seed: rank(
            self._queue, Pool(pool.vectors, pool.probs, pool.labels, np.arange(len(pool.labels))), n=n, seed=seed
        )

    def __exit__(self, *_: object) -> None:
        pass


class _Peer:
    """A peer's strategy, in a process of its environment."""

    def __init__(self, strategy: str, vectors: NDArray[np.float32], python: Path) -> None:
        self._strategy, self._folder = strategy, tempfile.TemporaryDirectory()
        self._paths = {name: Path(self._folder.name) / f"{name}.npy" for name in ("vectors", "probs")}
        np.save(self._paths["vectors"], vectors)
        script = Path(__file__).parent / "peers" / "active_learning.py"
        self._process = subprocess.Popen(
            [str(python), str(script)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def __enter__(self) -> Ask:
        return self._ask

    def _ask(self, pool: Pool, n: int, seed: int) -> NDArray[np.int64]:
        np.save(self._paths["probs"], pool.probs)
        labeled = np.flatnonzero(pool.labels != UNLABELED)
        request = {"strategy": self._strategy, **{name: str(path) for name, path in self._paths.items()}}
        request |= {"labeled": labeled.tolist(), "labels": pool.labels[labeled].tolist(), "n": n, "seed": seed}
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(request) + "\n")
        self._process.stdin.flush()
        return np.array(json.loads(self._process.stdout.readline())["rows"], np.int64)

    def __exit__(self, *_: object) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(timeout=60)
        self._folder.cleanup()


def _asking(queue: str, vectors: NDArray[np.float32], peer_python: Path) -> "_Ours | _Peer":
    if queue.startswith("peer:"):
        return _Peer(queue.removeprefix("peer:"), vectors, peer_python)
    return _Ours(queue)


if __name__ == "__main__":
    main()
