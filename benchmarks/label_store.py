"""How the label store holds when many people label at once and processes are killed: `make bench-label_store`.

On SQLite and on a real PostgreSQL, both waiting for the disk: 20 labelers on one queue for a minute, then the same
with 50 of them killed (SIGKILL) at random moments. Then how long one label takes, before and after 5,000 rows have
labels. What was acknowledged is compared with what is stored: everything but "acknowledged" should be 0. Writes
benchmarks/results/label_store.md.
"""

import argparse
import tempfile
import time
from pathlib import Path

import numpy as np

from sentiment.labels.store import LabelStore
from tests.labels.crowd import Outcome, run_crowd
from tests.labels.made_up import CLASSES, DATASET, MadeUp
from tests.labels.postgresql import running

RESULTS = Path(__file__).parent / "results" / "label_store.md"
HEADER = (
    "| database | labelers | seconds | killed | acknowledged | missing | doubled | rows of two | wrong states | failed "
    "|\n"
    "|---|---|---|---|---|---|---|---|---|---|"
)


def outcome_row(kind: str, people: int, seconds: float, found: Outcome) -> str:
    cells = (
        kind, people, f"{seconds:.0f}", found.killed, found.acknowledged, found.missing, found.doubled,
        found.rows_of_two, found.states_that_differ, found.labelers_with_errors,
    )  # fmt: skip
    return f"| {' | '.join(str(cell) for cell in cells)} |"


def crowds(kind: str, address: list[str], *, people: int, seconds: float, kills: int) -> list[str]:
    rows = []
    for number, (where, killed) in enumerate(zip(address, (0, kills), strict=True)):
        with tempfile.TemporaryDirectory() as folder:
            found = run_crowd(where, Path(folder), people=people, seconds=seconds, kills=killed, seed=number)
        rows.append(outcome_row(kind, people, seconds, found))
        print(rows[-1], flush=True)
    return rows


def times(kind: str, address: str, *, n: int = 200, many: int = 5_000) -> str:
    """Milliseconds of one label, of one after many rows have labels, and of what a page asks for then."""
    store = LabelStore.open(address, source=MadeUp())

    def milliseconds(act, repeat: int) -> str:
        taken = []
        for number in range(repeat):
            start = time.perf_counter()
            act(number)
            taken.append(1000 * (time.perf_counter() - start))
        return f"{np.median(taken):.0f} (95 %: {np.quantile(taken, 0.95):.0f})"

    first = milliseconds(lambda i: store.label(DATASET, [i], CLASSES[i % 2], who="Ann"), n)
    bulk = milliseconds(lambda _: store.label(DATASET, range(many), CLASSES[0], who="Bob", how="bulk"), 1)
    later = milliseconds(lambda i: store.label(DATASET, [i], CLASSES[i % 2], who="Ann"), n)
    asked = milliseconds(lambda _: (store.version(DATASET), store.counts(DATASET), store.stats(DATASET)), 20)
    undone = milliseconds(lambda _: store.undo(DATASET, who="Ann"), n)
    store.close()
    return f"| {kind} | {first} | {bulk} | {later} | {undone} | {asked} |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=20)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--kills", type=int, default=50)
    options = vars(parser.parse_args())
    with tempfile.TemporaryDirectory() as folder, running() as server:
        files = [str(Path(folder) / f"{name}.sqlite") for name in ("one", "two", "three")]
        rows = crowds("SQLite", files[:2], **options)
        rows += crowds("PostgreSQL", [server.database(), server.database()], **options)
        took = [times("SQLite", files[2]), times("PostgreSQL", server.database())]
    table = (
        "| database | one label, ms | 5,000 rows at once, ms | one label after that, ms | one undo, ms "
        "| version, counts and stats, ms |\n|---|---|---|---|---|---|"
    )
    print(table, *took, sep="\n")
    RESULTS.write_text(f"# The label store\n\n{__doc__}\n" + "\n".join([HEADER, *rows, "", table, *took]) + "\n")


if __name__ == "__main__":
    main()
