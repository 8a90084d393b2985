"""What every contender of the speed benchmark shares: requests come in line by line, rates go out line by line.

A contender is a process that stays, so that it compiles once, and that rests while others are measured.
"""

import json
import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np

BATCH = 64
VOCABULARY, EMBED, WIDTHS, FILTERS, UNITS, CLASSES, DROPOUT = 20_000, 50, (3, 4, 5), 100, 64, 2, 0.5
Groups = list[tuple[np.ndarray, np.ndarray]]  # ids int32[n, length] and labels int32[n] for each padded length


def read_groups(path: str) -> Groups:
    """Rows by their padded length, n a multiple of `BATCH`."""
    with np.load(path) as arrays:
        lengths = sorted(int(name[4:]) for name in arrays.files if name.startswith("ids_"))
        return [(arrays[f"ids_{length}"], arrays[f"labels_{length}"]) for length in lengths]


def read_texts(path: str) -> tuple[list[str], list[str]]:
    """Texts and their labels."""
    work = json.loads(Path(path).read_text(encoding="utf-8"))
    return work["texts"], work["labels"]


def batches_of(groups: Groups) -> list[tuple[np.ndarray, np.ndarray]]:
    """All batches of all groups."""
    return [
        (ids[start : start + BATCH], labels[start : start + BATCH])
        for ids, labels in groups
        for start in range(0, len(ids), BATCH)
    ]


def rate(one_pass: Callable[[], int], *, seconds: float) -> float:
    """Rows per second of a function that works through some rows and returns how many, called until time is up."""
    rows, began = 0, time.perf_counter()
    while (spent := time.perf_counter() - began) < seconds:
        rows += one_pass()
    return rows / spent if rows and spent else 0.0


def serve(measure: Callable[[dict[str, Any]], float], requests: Iterable[str] = sys.stdin) -> None:
    """Answers each request, a line of JSON, with its rate or with the error that it met."""
    answers = sys.stdout
    sys.stdout = sys.stderr  # whatever a library prints must not get between the answers
    for line in requests:
        try:
            answer: dict[str, Any] = {"rate": measure(json.loads(line))}
        except Exception as error:  # noqa: BLE001 - the table names the failure of a peer, and the others go on
            answer = {
                "error": f"{type(error).__name__}: {str(error).strip().splitlines()[0][:100] if str(error) else ''}"
            }
        print(json.dumps(answer), file=answers, flush=True)
