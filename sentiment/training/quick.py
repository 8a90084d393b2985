"""A head fitted between two labels: text vectors and the labels so far → probabilities of all rows.

Nothing here loads a deep-learning library: the vectors were made before (`text_vectors.py`), and the head is the
regression that a run with few labels ends with (`head.py`). So a page's background thread may do it.
"""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray
from scipy.special import softmax

from sentiment.evaluation import intervals
from sentiment.evaluation.metrics import encode_groups
from sentiment.training.config import AUTO
from sentiment.training.head import fit_head
from sentiment.training.imbalance import plan_imbalance
from sentiment.training.matches import match_classes
from sentiment.training.scores import macro_f1
from sentiment.training.text_vectors import TextVectors

UNLABELED = -1
MOST_ROWS = 20_000  # that a head is fitted to: a thousand numbers per text need no more
_FOLDS = 5
_BLOCK = 16_384  # rows whose probabilities are computed at once
_RESAMPLES, _BAGS = 200, 4_096
Head = dict[str, NDArray[np.float32]]


@dataclass(frozen=True)
class Score:
    """How well the labels so far teach, judged on labels that the head did not see.

    Attributes:
        n_labels: labels that there are.
        macro_f1: in [0, 1], over the classes that occur.
        low, high: 95 % interval, as the rows that judge leave it open.
        drawn: float64[n_resamples], macro-F1 where these rows are drawn again; a row is drawn alike at every point of
            a curve, so that draws of two points can be subtracted.
    """

    n_labels: int
    macro_f1: float
    low: float
    high: float
    drawn: NDArray[np.float64] = field(repr=False, compare=False)


class QuickHead:
    """Fits heads to text vectors. Nothing in it changes but the row that it starts from.

    Args:
        vectors: of all rows of a dataset.
        classes: the dataset's classes, in the order of the labels and of the columns of probabilities.
        imbalance: what is done against imbalance, as in a run.
    """

    def __init__(self, vectors: TextVectors, classes: Sequence[str], *, imbalance: str = AUTO) -> None:
        self._source, self._classes, self._imbalance = vectors, tuple(classes), imbalance
        self._matches = match_classes(classes, vectors.classes) if vectors.head is not None else {}

    @property
    def knows_classes(self) -> bool:
        """Whether the base model has every class, so that it says something before the first label."""
        return self._source.head is not None and 0 < len(self._classes) == len(self._matches)

    def untaught_head(self) -> Head:
        """The base model's own head over the dataset's classes; only where it `knows_classes`."""
        head = self._source.head
        assert head is not None
        order = [self._matches[position] for position in range(len(self._classes))]
        return {"kernel": np.asarray(head["kernel"][:, order]), "bias": np.asarray(head["bias"][order])}

    def untaught(self) -> NDArray[np.float32] | None:
        """What the base model says before the first label, float32[n_rows, n_classes]; None if it has other classes."""
        return self.predict(self.untaught_head()) if self.knows_classes else None

    def fit(
        self,
        rows: NDArray[np.int64],
        labels: NDArray[np.int64],
        *,
        row_weights: NDArray[np.float32] | None = None,
        seed: int = 0,
    ) -> Head:
        """The head {"kernel": float32[hidden, n_classes], "bias": float32[n_classes]} that fits some labels best.

        Args:
            rows: int64[n], positions among the vectors; at least one.
            labels: int64[n], positions in the list of classes.
            row_weights: float32[n], by which each counts beside what is done against imbalance; None for 1 each.
            seed: draws the rows, where there are more than a head has use for.
        """
        if len(rows) > MOST_ROWS:
            chosen = np.sort(np.random.default_rng(seed).choice(len(rows), MOST_ROWS, replace=False))
            rows, labels = rows[chosen], labels[chosen]
            row_weights = None if row_weights is None else row_weights[chosen]
        n_classes = len(self._classes)
        plan = plan_imbalance(self._imbalance, labels, n_classes=n_classes)
        counts = np.maximum(np.bincount(labels, minlength=n_classes), 1)
        weights = (plan.class_weights * plan.rows_per_class / counts)[labels].astype(np.float32)
        if row_weights is not None:
            weights *= row_weights
        head = fit_head(
            np.asarray(self._source.vectors[rows]),
            np.eye(n_classes, dtype=np.float32)[labels],
            base_head=self._source.head,
            matches=self._matches,
            row_weights=weights,
            log_prior=plan.log_prior,
            free_bias=bool(plan.posthoc.any()),
        )
        return {"kernel": head["kernel"], "bias": head["bias"] + plan.posthoc}

    def predict(self, head: Head, rows: NDArray[np.int64] | None = None) -> NDArray[np.float32]:
        """Probabilities float32[n, n_classes] of some rows, or of all; each row's sum to 1."""
        vectors = self._source.vectors if rows is None else self._source.vectors[rows]
        probs = np.empty((len(vectors), len(head["bias"])), np.float32)
        for start in range(0, len(vectors), _BLOCK):
            logits = vectors[start : start + _BLOCK] @ head["kernel"] + head["bias"]
            probs[start : start + _BLOCK] = softmax(logits, axis=1)
        return probs

    def update(self, labels: NDArray[np.int64], *, seed: int = 0) -> NDArray[np.float32] | None:
        """Probabilities of all rows, float32[n_rows, n_classes], from the labels so far.

        Args:
            labels: int64[n_rows], positions in the list of classes, `UNLABELED` for none.
            seed: see `fit`.

        Returns:
            None before the first label if the base model has other classes.
        """
        rows = np.flatnonzero(labels != UNLABELED)
        if not len(rows):
            return self.untaught()
        return self.predict(self.fit(rows, labels[rows], seed=seed))

    def out_of_fold(
        self,
        rows: NDArray[np.int64],
        labels: NDArray[np.int64],
        groups: NDArray[np.int64],
        *,
        folds: int = _FOLDS,
        seed: int = 0,
        workers: int = 1,
    ) -> NDArray[np.float32]:
        """Probabilities float32[n, n_classes] of labeled rows, each by a head that saw neither it nor its duplicates.

        Args:
            rows: int64[n], positions among the vectors.
            labels: int64[n], of these rows.
            groups: int64[n], of these rows: one group is in one fold.
            folds: parts that take turns; fewer if there are fewer groups.
            seed: draws them.
            workers: heads that are fitted at once.
        """
        fold_of = assign_folds(labels, groups, folds=folds, seed=seed)
        probs = np.zeros((len(rows), len(self._classes)), np.float32)

        def judge(fold: int) -> None:
            judged = fold_of == fold
            head = self.fit(rows[~judged], labels[~judged], seed=seed)
            probs[judged] = self.predict(head, rows[judged])

        with ThreadPoolExecutor(max_workers=workers) as pool:
            list(pool.map(judge, range(int(fold_of.max(initial=-1)) + 1)))
        return probs

    def score(
        self,
        labels: NDArray[np.int64],
        groups: NDArray[np.int64],
        *,
        held_out: NDArray[np.bool_] | None = None,
        seed: int = 0,
    ) -> Score | None:
        """Macro-F1 of what the labels so far teach, for the curve against labels spent; None while there are too few.

        Rows that a queue chose are harder than others, so cross-validation over them says rather too little. Labels
        of rows held out at random say it without bias, where there are such.

        Args:
            labels: int64[n_rows], `UNLABELED` for none.
            groups: int64[n_rows], rows that belong together (duplicates, a document) have one number.
            held_out: bool[n_rows], rows to judge on and not to learn from; None cross-validates.
            seed: draws folds and resampling.
        """
        rows = np.flatnonzero(labels != UNLABELED)
        if held_out is not None:
            judged, taught = rows[held_out[rows]], rows[~held_out[rows]]
            if len(judged) < 2 or not len(taught):
                return None
            probs = self.predict(self.fit(taught, labels[taught], seed=seed), judged)
            return score_rows(labels[judged], probs, groups[judged], n_labels=len(rows), seed=seed)
        if len(np.unique(groups[rows])) < 2 * _FOLDS or len(np.unique(labels[rows])) < 2:
            return None
        probs = self.out_of_fold(rows, labels[rows], groups[rows], seed=seed)
        return score_rows(labels[rows], probs, groups[rows], n_labels=len(rows), seed=seed)


def score_rows(
    truth: NDArray[np.int64],
    probs: NDArray[np.float32],
    groups: NDArray[np.int64],
    *,
    n_labels: int,
    seed: int = 0,
) -> Score:
    """The score of rows that were judged.

    Args:
        truth: int64[n], positions of classes.
        probs: float32[n, n_classes].
        groups: int64[n], rows that belong together have one number, the same at every point of a curve.
        n_labels: labels that there are.
        seed: of the resampling, the same at every point.
    """
    said, n_classes, present = probs.argmax(axis=1), probs.shape[1], np.unique(truth)
    units = intervals.tally(truth, said, groups=encode_groups(groups, len(truth)), n_classes=n_classes)
    units = replace(units, sums=units.sums[..., present])
    low, high = intervals.average_intervals(units, n_resamples=_RESAMPLES, seed=seed)["macro avg"][2]
    # Groups are drawn in bags, filled by chance: however many there are, it takes no more numbers than there are bags.
    bags = intervals.sum_by_unit(truth, said, unit=groups % _BAGS, n_classes=n_classes)
    times = np.random.default_rng(seed).poisson(1.0, (_RESAMPLES, _BAGS))[:, : len(bags)].astype(float)
    sums = (times @ bags.reshape(len(bags), -1)).reshape(_RESAMPLES, 3, n_classes)
    drawn = np.nan_to_num(intervals.score(sums).per_class[2])[:, present].mean(axis=1)
    return Score(n_labels, macro_f1(truth, said), float(low), float(high), drawn)


def choose_groups(
    duplicates: NDArray[np.int64], documents: NDArray[np.int64], labels: NDArray[np.int64], *, seed: int = 0
) -> NDArray[np.int64]:
    """The grouping int64[n] by which rows take turns: by document, or by duplicates where documents do not allow it.

    They do not where a fold of them would leave too little to learn from: less than half of the rows, or nothing of a
    class that has more than one row.

    Args:
        duplicates: int64[n].
        documents: int64[n], each with all duplicates of its rows (see `data.combine_groups`).
        labels: int64[n].
        seed: as for `assign_folds`.
    """
    fold_of = assign_folds(labels, documents, seed=seed)
    several = [label for label in np.unique(labels) if len(np.unique(duplicates[labels == label])) > 1]
    for fold in range(int(fold_of.max(initial=0)) + 1):
        taught = fold_of != fold
        if taught.sum() < len(labels) / 2 or not np.isin(several, labels[taught]).all():
            return duplicates
    return documents


def assign_folds(
    labels: NDArray[np.int64], groups: NDArray[np.int64], *, folds: int = _FOLDS, seed: int = 0
) -> NDArray[np.int64]:
    """The fold of each row, int64[n], from 0: one group in one fold, every class in about equal shares in each."""
    rng = np.random.default_rng(seed)
    units, first, unit_of = np.unique(groups, return_index=True, return_inverse=True)
    order = np.lexsort((rng.random(len(units)), labels[first]))  # class by class, in random order within
    fold_of_unit = np.empty(len(units), np.int64)
    fold_of_unit[order] = np.arange(len(units)) % min(folds, len(units)) if len(units) else 0
    return fold_of_unit[unit_of]
