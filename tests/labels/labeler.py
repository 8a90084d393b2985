"""A labeler in a process of its own: it takes rows from a queue that all labelers share.

It writes a line to a log for each label once that is acknowledged. A labeler that fails exits with a status.
"""

import os
import random
import time

from sentiment.labels.events import new_key
from sentiment.labels.store import LabelStore
from tests.labels.made_up import CLASSES, DATASET, N_ROWS, MadeUp


def label_rows(address: str, who: str, end: float, log: str) -> None:
    """Labels until the moment `end` (`time.time()`), and now and then undoes."""
    rng = random.Random(who)
    store = LabelStore.open(address, source=MadeUp())
    queue = [row for row in range(N_ROWS) if row % 10]
    file = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    while time.time() < end:
        for row in store.reserve(DATASET, queue, who=who, n=1):
            label, key = rng.choice(CLASSES), new_key()
            (event,) = store.label(DATASET, [row], label, who=who, key=key)
            os.write(file, f"{event.key} {row} {label}\n".encode())
        if rng.random() < 0.05 and (undone := store.undo(DATASET, who=who)):
            os.write(file, f"undo {undone[0].key} -\n".encode())
    store.close()
