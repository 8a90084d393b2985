"""Many labelers at once, some of which are killed, and what must be true of the store afterwards."""

import multiprocessing
import multiprocessing.process
import random
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from sentiment.labels.store import LabelStore
from tests.labels.labeler import label_rows
from tests.labels.made_up import DATASET, MadeUp

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Outcome:
    """What a crowd did, and what was wrong with it: everything but `acknowledged` and `killed` should be 0."""

    acknowledged: int
    killed: int
    missing: int
    doubled: int
    rows_of_two: int
    states_that_differ: int
    labelers_with_errors: int

    @property
    def faults(self) -> int:
        return self.missing + self.doubled + self.rows_of_two + self.states_that_differ + self.labelers_with_errors


class Crowd:
    """Labelers on one queue.

    Args:
        address: the database.
        folder: where their logs go.
        end: when they stop, as `time.time()`.
    """

    def __init__(self, address: str, folder: Path, *, end: float) -> None:
        self._address, self._folder, self._end = address, folder, end
        # One process imports the libraries; labelers are forked from it, before anything in it was opened.
        self._context = multiprocessing.get_context("forkserver")
        self._context.set_forkserver_preload(["tests.labels.labeler"])
        self.running: list[multiprocessing.process.BaseProcess] = []
        self._started = 0

    def join(self) -> None:
        """One more labeler."""
        log = self._folder / f"{self._started}.log"
        arguments = (self._address, f"person {self._started}", self._end, str(log))
        process = self._context.Process(target=label_rows, args=arguments)
        process.start()
        self.running.append(process)
        self._started += 1

    def kill(self, number: int) -> None:
        """Kills one at once, without a chance to tidy up; another one comes."""
        victim = self.running.pop(number)
        victim.kill()
        victim.join()
        self.join()

    def wait(self) -> int:
        """Waits until all are done; returns how many failed."""
        for process in self.running:
            process.join(timeout=120)
        return sum(process.exitcode != 0 for process in self.running)


def run_crowd(address: str, folder: Path, *, people: int, seconds: float, kills: int, seed: int) -> Outcome:
    """Lets `people` label for so many seconds, kills one of them `kills` times at random moments, and checks."""
    rng = random.Random(seed)
    LabelStore.open(address, source=MadeUp()).close()
    end = time.time() + seconds
    crowd = Crowd(address, folder, end=end)
    for _ in range(people):
        crowd.join()
    moments = sorted(time.time() + rng.random() * (end - time.time()) for _ in range(kills))
    for moment in moments:
        time.sleep(max(0.0, moment - time.time()))
        crowd.kill(rng.randrange(people))
    return check(address, folder, killed=kills, failed=crowd.wait())


def check(address: str, folder: Path, *, killed: int, failed: int) -> Outcome:
    """Compares what was acknowledged with what is stored."""
    store = LabelStore.open(address, source=MadeUp())
    history = store.history(DATASET)
    stored = Counter(history["key"])
    labels = history[history["kind"] == "label"]
    known = set(zip(labels["key"], labels["row"], labels["label"], strict=True))
    undone = set(history.loc[history["undone"], "key"])
    lines = [line.split() for log in folder.glob("*.log") for line in log.read_text().splitlines()]
    acknowledged = [(key, int(row), label) for key, row, label in lines if key != "undo"]
    undos = [key for word, key, _ in lines if word == "undo"]
    before = store.current(DATASET)
    store.rebuild(DATASET)
    after = store.current(DATASET)
    store.close()
    return Outcome(
        acknowledged=len(lines),
        killed=killed,
        missing=sum(event not in known for event in acknowledged) + len(set(undos) - undone),
        doubled=sum(count > 1 for count in stored.values()) + len(acknowledged) - len(set(acknowledged)),
        rows_of_two=int((after["n_opinions"] > 1).sum()),
        states_that_differ=_differences(before, after),
        labelers_with_errors=failed,
    )


def _differences(before: pd.DataFrame, after: pd.DataFrame) -> int:
    if before.shape != after.shape:
        return abs(len(before) - len(after)) or 1
    same = (before == after) | (before.isna() & after.isna())
    return int((~same.all(axis=1)).sum())
