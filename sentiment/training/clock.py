"""When to report, and how long it still takes."""

import math
import time
from collections import deque

import numpy as np

_REPORT_SECONDS = 0.5


class Clock:
    """Paces reports, and estimates the time left by the usual pace of the last ones, so that compiling counts once."""

    def __init__(self) -> None:
        self._last = -math.inf  # the first step is told at once: whoever waits sees that it began
        self._mark: tuple[float, int] | None = None
        self._paces: deque[float] = deque(maxlen=9)  # seconds per step between two reports

    def due(self) -> bool:
        """Whether the last report was long enough ago, or there was none."""
        if time.monotonic() - self._last < _REPORT_SECONDS:
            return False
        self._last = time.monotonic()
        return True

    def seconds_left(self, step: int, total: int) -> float | None:
        """Seconds for the remaining steps; None until there were two reports."""
        now = time.monotonic()
        if self._mark is not None and step > self._mark[1]:
            self._paces.append((now - self._mark[0]) / (step - self._mark[1]))
        self._mark = (now, step)
        return float(np.median(self._paces)) * (total - step) if self._paces else None
