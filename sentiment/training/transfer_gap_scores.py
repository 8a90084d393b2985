"""What the cells of a transfer gap are worth: figures with intervals over draws and rows, and what labels bring."""

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from sentiment.evaluation import intervals
from sentiment.evaluation.growth import HeldOut
from sentiment.evaluation.metrics import encode_groups
from sentiment.training.transfer_gap_rows import GapRows, Target

TRANSFER, TFIDF, SCRATCH_CNN = "transfer", "tfidf", "scratch-cnn"
BASE_ALONE = "the base model alone"  # as the setting of a cell: no label was followed
_RESAMPLES = 1_000
Said = NDArray[np.int64]
Interval = list[float]  # value, low, high


class Scorer:
    """Scores what models say of the test rows of one language.

    Args:
        rows: all rows.
        target: whose test rows judge.
        seed: of the resampling.
    """

    def __init__(self, rows: GapRows, target: Target, *, seed: int = 0) -> None:
        self._truth = rows.labels[target.test]
        self._present = np.unique(self._truth)
        self._groups = encode_groups(rows.groups[target.test], len(self._truth))
        self._n_classes, self._seed = len(rows.classes), seed
        groups = None if self._groups is None else self._groups.tolist()
        self._drawn = HeldOut(self._truth, n_classes=self._n_classes, groups=groups, seed=seed)
        self._curves: dict[int, NDArray[np.float64]] = {}

    def figures(self, said: Said) -> dict[str, Interval]:
        """Macro-F1 and accuracy of draws int64[n_draws, n_test]: [value, low, high] each, in [0, 1].

        Macro-F1 is over the classes that the language's test rows have.

        The interval puts together what the test rows and what the draws leave open, as independent errors: the mean
        distance to the limits of each draw's own 95 % interval, and Student's interval of the mean over the draws.
        """
        units = [intervals.tally(self._truth, one, groups=self._groups, n_classes=self._n_classes) for one in said]
        parts = [dataclasses.replace(unit, sums=unit.sums[..., self._present]) for unit in units]
        spans = [
            intervals.average_intervals(part, n_resamples=_RESAMPLES, seed=self._seed)["macro avg"][2] for part in parts
        ]
        values = [float(intervals.score(part.total).macro[2]) for part in parts]
        right = [float((one == self._truth).mean()) for one in said]
        return {
            "macro_f1": _together(values, spans),
            "accuracy": _together(right, [intervals.accuracy_interval(unit) for unit in units]),
        }

    def gain(self, before: Said, after: Said) -> Interval:
        """By how much macro-F1 rises from one cell to another, [value, low, high], on the same test rows.

        Draws are paired where both cells have as many: a smaller draw is part of the larger one of the same seed.
        """
        difference = self._means(after) - self._means(before)
        low, high = np.quantile(difference[1:], (0.025, 0.975))
        value, spread = float(difference[0]), self._error_of_draws(before, after)
        return [
            value,
            value - float(np.hypot(value - low, spread)),
            value + float(np.hypot(high - value, spread)),
        ]

    def _means(self, said: Said) -> NDArray[np.float64]:
        """Macro-F1, the mean over the draws: float64[1 + n_resamples], first on the rows as they are."""
        return np.asarray(np.mean([self._curve(one) for one in said], axis=0))

    def _curve(self, said: NDArray[np.int64]) -> NDArray[np.float64]:
        key = hash(said.tobytes())
        if key not in self._curves:
            self._curves[key] = self._drawn.f1(said)[:, self._present].mean(axis=1)
        return self._curves[key]

    def _error_of_draws(self, before: Said, after: Said) -> float:
        """Half the 95 % interval of the mean difference over draws; a cell with a single draw adds nothing to it."""
        first, second = (np.array([self._curve(one)[0] for one in said]) for said in (before, after))
        if len(first) == len(second) or 1 in (len(first), len(second)):
            return _half((second - first).tolist())
        return float(np.hypot(_half(first.tolist()), _half(second.tolist())))


def _half(values: Sequence[float]) -> float:
    n = len(values)
    return float(stats.t.ppf(0.975, n - 1) * np.std(values, ddof=1) / np.sqrt(n)) if n > 1 else 0.0


def _together(values: Sequence[float], spans: Sequence[NDArray[np.float64]]) -> Interval:
    value, half = float(np.mean(values)), _half(values)
    below = float(np.mean([v - span[0] for v, span in zip(values, spans, strict=True)]))
    above = float(np.mean([span[1] - v for v, span in zip(values, spans, strict=True)]))
    return [value, max(value - float(np.hypot(below, half)), 0.0), min(value + float(np.hypot(above, half)), 1.0)]


def sum_up(rows: GapRows, target: Target, cells: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """One language's gap as JSON values.

    Args:
        rows: all rows.
        target: the language and its rows.
        cells: kind, n_own, said (lists of predictions, one for each draw), and what chose.

    Returns:
        language, n_labels, n_test, n_validation, n_pool, n_source, "cells" (each with macro_f1, accuracy and n_draws
        instead of what was said), "gains" (from, to, macro_f1: what own labels bring) and "scratch" (for the first and
        the last cell of transfer: the labels that TF-IDF needs for as much, None for more than there are).
    """
    scorer = Scorer(rows, target)
    said = {(cell["kind"], cell["n_own"]): np.asarray(cell["said"], np.int64) for cell in cells}
    told = [
        {
            **{name: value for name, value in cell.items() if name != "said"},
            "n_draws": len(cell["said"]),
            **scorer.figures(said[cell["kind"], cell["n_own"]]),
        }
        for cell in cells
    ]
    steps = sorted(n for kind, n in said if kind == TRANSFER)
    gains = [
        {"from": first, "to": n, "macro_f1": scorer.gain(said[TRANSFER, first], said[TRANSFER, n])}
        for first in steps[:1]
        for n in steps[1:]
    ]
    curve = sorted((cell["n_own"], cell["macro_f1"][0]) for cell in told if cell["kind"] == TFIDF)
    reached = {cell["n_own"]: cell["macro_f1"][0] for cell in told if cell["kind"] == TRANSFER}
    return {
        "language": target.language,
        "n_labels": target.n_labels,
        "n_test": len(target.test),
        "n_validation": len(target.validation),
        "n_pool": len(target.pool),
        "n_source": len(target.source),
        "cells": told,
        "gains": gains,
        "scratch": [
            {"n_own": n, "labels": labels_for(reached[n], curve)} for n in dict.fromkeys(steps[:1] + steps[-1:])
        ],
    }


def labels_for(score: float, curve: Sequence[tuple[int, float]]) -> int | None:
    """How many labels a curve of (labels, score), ascending, needs for a score; None if it does not get there.

    Between two numbers of labels, a straight line through their logarithms.
    """
    best = -1.0
    for place, (n, value) in enumerate(curve):
        if value < score:
            best = max(best, value)
            continue
        if place == 0:
            return n
        before, below = curve[place - 1]
        if value <= below:
            return n
        share = max(0.0, (score - below) / (value - below))
        return round(float(before * (n / before) ** share))
    return None
