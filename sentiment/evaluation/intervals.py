"""95 % intervals for precision, recall and F1, over rows or over groups of rows that belong together.

Everything is computed from three sums per class (rows right, rows of the class, rows predicted as the class), so
a resample of the data is a resample of small vectors and 2,000 of them take milliseconds.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import stats

CONFIDENCE = 0.95
_Z = float(stats.norm.ppf(0.5 + CONFIDENCE / 2))
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
    sums = sum_by_unit(truth, predicted, unit=unit, n_classes=n_classes)
    if groups is None:
        return Units(sums, counts, grouped=False)
    flat, counts = np.unique(sums.reshape(len(sums), -1), axis=0, return_counts=True)
    return Units(flat.reshape(-1, 3, n_classes), counts, grouped=True)


def sum_by_unit(truth: Ints, predicted: Ints, *, unit: Ints, n_classes: int) -> Floats:
    """float64[n_units, 3, n_classes]: the sums of the rows of each unit; `unit` is int64[n], numbered from 0."""
    hit, n_cells = truth == predicted, (int(unit.max()) + 1) * n_classes
    cells = (unit[hit] * n_classes + truth[hit], unit * n_classes + truth, unit * n_classes + predicted)
    sums = np.stack([np.bincount(cell, minlength=n_cells) for cell in cells]).reshape(3, -1, n_classes)
    return sums.swapaxes(0, 1).astype(float)


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
    z = _Z if quantile is None else quantile
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
    """{"macro avg", "weighted avg"}: float64[3, 2], low and high of the averages of precision, recall and F1.

    The plain percentile bootstrap covers too seldom where a class has few rows or few mistakes (a class without any
    has no spread to draw from). So the intervals of the classes are put together instead (MOVER; Zou & Donner 2008):
    the distances from each class's score to its limits add up like standard errors, with the correlations between
    the classes that the resamples show. Weighted averages also vary with the number of rows of each class; weighted
    recall is the accuracy.
    """
    total = units.total
    spans = class_intervals(units)
    scores = np.nan_to_num(score(total).per_class)
    drawn = resample(units.sums, units.counts, n_resamples=n_resamples, seed=seed)
    redrawn = np.nan_to_num(score(drawn).per_class)
    seen = (total[TRUE] + total[PREDICTED]) > 0
    shares = total[TRUE] / total[TRUE].sum()
    drawn_shares = drawn[:, TRUE] / drawn[:, TRUE].sum(axis=1, keepdims=True)
    macro, weighted = np.empty((3, 2)), np.empty((3, 2))
    for metric in range(3):
        alike = _correlations(redrawn[metric])
        macro[metric] = _combine(scores[metric], spans[metric], weights=seen / seen.sum(), alike=alike, extra=0.0)
        spread = float((drawn_shares @ scores[metric]).std())
        weighted[metric] = _combine(scores[metric], spans[metric], weights=shares, alike=alike, extra=spread)
    weighted[1] = accuracy_interval(units)
    return {"macro avg": macro, "weighted avg": weighted}


def _correlations(drawn: Floats) -> Floats:
    """float64[n_classes, n_classes] of draws float64[n_resamples, n_classes]; 0 for a class that does not vary."""
    centred = drawn - drawn.mean(axis=0)
    scale = centred.std(axis=0)
    scaled = np.divide(centred, scale, out=np.zeros_like(centred), where=scale > 1e-9)
    alike = scaled.T @ scaled / len(drawn)
    np.fill_diagonal(alike, 1.0)
    return alike


def _combine(scores: Floats, spans: Floats, *, weights: Floats, alike: Floats, extra: float) -> Floats:
    """float64[2]: the interval of sum(weights * scores); `extra` is a standard error that is not the scores' own."""
    middle = float(weights @ scores)
    below, above = weights * (scores - spans[0]), weights * (spans[1] - scores)
    more = (_Z * extra) ** 2
    return np.array(
        [
            max(middle - np.sqrt(max(below @ alike @ below, 0.0) + more), 0.0),
            min(middle + np.sqrt(max(above @ alike @ above, 0.0) + more), 1.0),
        ]
    )
