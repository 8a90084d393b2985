"""Work on the columns of many rows: on several cores, and what numpy alone does slowly."""

import os
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

Given = TypeVar("Given")
Made = TypeVar("Made")
_MOST_THREADS = 8  # each holds a block of rows and what is made of it


def distinct(values: NDArray[Any]) -> NDArray[Any]:
    """The different values, sorted, like ``np.unique``.

    Alone, ``np.unique`` looks integers up in a hash table (numpy 2.3 and later): of two million different ones that
    took 30 times as long as sorting, which is what it does where counts are asked for as well.
    """
    return np.unique(values, return_counts=True)[0]


def usable_cores() -> int:
    """Processor cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def on_cores(work: Callable[[Given], Made], blocks: Iterable[Given]) -> list[Made]:
    """What `work` makes of each block, in their order, several at a time.

    It should do its work in arrow or numpy: these let go of the interpreter, so that threads are cores and not turns.
    """
    with ThreadPoolExecutor(min(_MOST_THREADS, usable_cores())) as pool:
        return list(pool.map(work, blocks))
