"""95 % intervals for precision, recall and F1, over rows or over groups of rows that belong together.

Everything is computed from three sums per class (rows right, rows of the class, rows predicted as the class), so
a resample of the data is a resample of small vectors and 2,000 of them take milliseconds.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import stats

CONFIDENCE = 0.95
RIGHT, TRUE, PREDICTED = 0, 1, 2  # the second axis of sums

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Units:
    """The rows (or groups of rows) of a held-out set, equal ones counted together.

    Attributes:
        sums: float64[n_units, 3, n_classes], the rows right, of the class, and predicted as it, in one unit.
        counts: int64[n_units], how many rows (or groups) are equal to this one.
        grouped: whether a unit is a group of rows rather than one row.
    """

    sums: Floats
    counts: Ints
    grouped: bool

    @property
    def total(self) -> Floats:
        """float64[3, n_classes]: the sums over the whole set."""
        return np.einsum("u,usk->sk", self.counts.astype(float), self.sums)


@dataclass(frozen=True)
class Scores:
    """Scores in [0, 1] of one set of rows or of many resamples; nan where there is nothing to divide by.

    Attributes:
        per_class: float64[3, ..., n_classes], precision, recall and F1.
        macro: float64[3, ...], their plain means over the classes.
        weighted: float64[3, ...], their means weighted by the rows of each class.
        accuracy: float64[...].
    """

    per_class: Floats
    macro: Floats
    weighted: Floats
    accuracy: Floats


def tally(truth: Ints, predicted: Ints, *, groups: Ints | None, n_classes: int) -> Units:
    """The units to resample: `truth` and `predicted` are int64[n] class numbers, `groups` int64[n] ids or None."""
    if groups is None:
        pairs, counts = np.unique(truth * n_classes + predicted, return_counts=True)
        truth, predicted, unit = pairs // n_classes, pairs % n_classes, np.arange(len(pairs))
    else:
        _, unit = np.unique(groups, return_inverse=True)
    n_units = int(unit.max()) + 1
    sums = np.zeros((n_units, 3, n_classes))
    hit = truth == predicted
    np.add.at(sums, (unit[hit], RIGHT, truth[hit]), 1.0)
    np.add.at(sums, (unit, TRUE, truth), 1.0)
    np.add.at(sums, (unit, PREDICTED, predicted), 1.0)
    if groups is None:
        return Units(sums, counts, grouped=False)
    flat, counts = np.unique(sums.reshape(n_units, -1), axis=0, return_counts=True)
    return Units(flat.reshape(-1, 3, n_classes), counts, grouped=True)


def resample(sums: Floats, counts: Ints, *, n_resamples: int, seed: int) -> Floats:
    """float64[n_resamples, ...]: the totals of resamples, with replacement, of as many units as there are."""
    rng = np.random.default_rng(seed)
    n_units = int(counts.sum())
    drawn = rng.multinomial(n_units, counts / n_units, size=n_resamples)
    totals = drawn.astype(float) @ sums.reshape(len(sums), -1)
    return totals.reshape(n_resamples, *sums.shape[1:])


def divide(part: Floats, whole: Floats) -> Floats:
    """The quotient part / whole, nan where whole is 0."""
    return np.divide(part, whole, out=np.full(np.broadcast_shapes(part.shape, whole.shape), np.nan), where=whole > 0)


def score(sums: Floats) -> Scores:
    """The scores of sums float64[..., 3, n_classes]; a mean leaves out classes that have no rows and no predictions."""
    right, true, predicted = sums[..., RIGHT, :], sums[..., TRUE, :], sums[..., PREDICTED, :]
    seen = (true + predicted) > 0
    per_class = np.stack([divide(right, predicted), divide(right, true), divide(2 * right, true + predicted)])
    filled = np.nan_to_num(per_class)  # as scikit-learn does with zero_division=0
    n_rows = true.sum(axis=-1)
    macro = divide(np.where(seen, filled, 0.0).sum(axis=-1), seen.sum(axis=-1).astype(float))
    weighted = divide((filled * true).sum(axis=-1), n_rows)
    return Scores(per_class, macro, weighted, divide(right.sum(axis=-1), n_rows))


def wilson(share: Floats, n: Floats, *, quantile: Floats | float | None = None) -> Floats:
    """float64[2, ...]: Wilson's interval (1927) for a share of n; n may be an effective number. [0, 1] where n is 0.

    `quantile` is the normal (or Student) quantile to use; by default that of a 95 % interval.
    """
    z = stats.norm.ppf(0.5 + CONFIDENCE / 2) if quantile is None else quantile
    safe = np.maximum(n, 1e-12)
    p = np.nan_to_num(share)
    centre = (p + z**2 / (2 * safe)) / (1 + z**2 / safe)
    half = z / (1 + z**2 / safe) * np.sqrt(p * (1 - p) / safe + z**2 / (4 * safe**2))
    low, high = np.where(p <= 0, 0.0, centre - half), np.where(p >= 1, 1.0, centre + half)
    return np.stack([np.where(n > 0, low, 0.0), np.where(n > 0, high, 1.0)])


def share_interval(part: Floats, whole: Floats, *, units: Units) -> Floats:
    """float64[2, n]: the intervals of shares sum(part) / sum(whole), part and whole float64[n_units, n].

    Rows are binomial: Wilson's interval. In groups, rows resemble each other: the number of rows is divided by the
    design effect (the variance between groups over the binomial one; Korn & Graubard 1998), never below 1, and
    Student's quantile allows for few groups. Where all rows agree no variance can be seen, and each group counts as
    one row.
    """
    counts = units.counts[:, None]
    n = (counts * whole).sum(axis=0)
    share = divide((counts * part).sum(axis=0), n)
    if not units.grouped:
        return wilson(share, n)
    groups = (counts * (whole > 0)).sum(axis=0)
    spread = (counts * (part - np.nan_to_num(share) * whole) ** 2).sum(axis=0) * groups / np.maximum(groups - 1, 1)
    binomial = np.nan_to_num(share * (1 - share)) * n
    effect = np.where(binomial > 0, spread / np.maximum(binomial, 1e-12), n / np.maximum(groups, 1))
    quantile = stats.t.ppf(0.5 + CONFIDENCE / 2, np.maximum(groups - 1, 1))
    return wilson(share, n / np.maximum(effect, 1.0), quantile=quantile)


def class_intervals(units: Units) -> Floats:
    """float64[3, 2, n_classes]: low and high of precision, recall and F1 of each class.

    F1 is 2 J / (1 + J), with J the share of the rows right among the rows that are of the class or predicted as it:
    a share too, so that it has the same kind of interval.
    """
    right, true, predicted = (units.sums[:, part] for part in (RIGHT, TRUE, PREDICTED))
    either = share_interval(right, true + predicted - right, units=units)
    return np.stack(
        [
            share_interval(right, predicted, units=units),
            share_interval(right, true, units=units),
            2 * either / (1 + either),
        ]
    )


def accuracy_interval(units: Units) -> Floats:
    """float64[2]: low and high of the share of all rows that are right."""
    right, true = (units.sums[:, part].sum(axis=1, keepdims=True) for part in (RIGHT, TRUE))
    return share_interval(right, true, units=units)[:, 0]


def average_intervals(units: Units, *, n_resamples: int, seed: int) -> dict[str, Floats]:
    """{"macro avg", "weighted avg"}: float64[3, 2], low and high of the averages of precision, recall and F1."""
    scores = score(resample(units.sums, units.counts, n_resamples=n_resamples, seed=seed))
    tails = (0.5 - CONFIDENCE / 2, 0.5 + CONFIDENCE / 2)
    return {
        "macro avg": np.quantile(scores.macro, tails, axis=1).T,
        "weighted avg": np.quantile(scores.weighted, tails, axis=1).T,
    }
