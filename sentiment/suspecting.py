"""A dataset's labels, the most suspect first: from its texts and a base model to a ranked table.

Two models that read differently judge every label without having seen it: the head on the base model's text vectors,
which knows the language, and TF-IDF, which knows the dataset's own words. Together they find more changed labels than
either alone (`benchmarks/suspects.py`).
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sentiment.data import Dataset, combine_groups, group_duplicates
from sentiment.errors import DataError, UsageError
from sentiment.labels.suspects import estimate_wrong, pool_opinions, rank_suspects
from sentiment.models.baselines import Rows, fit_baseline
from sentiment.numbers import number
from sentiment.training.held_out import count_known
from sentiment.training.quick import QuickHead, assign_folds, choose_groups
from sentiment.training.text_vectors import text_vectors

_FOLDS = 5
_WEIGHTS = (1.0, 0.5)  # of the head and of TF-IDF; chosen on other seeds than those reported
_NO_SPACES = ("zh", "ja", "th", "lo", "km", "my")


@dataclass(frozen=True)
class Suspects:
    """What was found.

    Attributes:
        table: all labeled rows, the most suspect first; columns row, label, suggested, score (see `rank_suspects`).
        n_wrong: how many labels are probably wrong, rather too many (see `estimate_wrong`).
    """

    table: pd.DataFrame
    n_wrong: int


def find_suspects(dataset: Dataset, *, base: str, folder: Path | None = None, seed: int = 0) -> Suspects:
    """The labels of a dataset that predictions made without them contradict.

    Args:
        dataset: with labels of two classes at least.
        base: a base model's name, or a run or model folder.
        folder: the dataset's folder, where text vectors are kept; None keeps none.
        seed: draws the folds.

    Raises:
        DataError: if there are too few labels to hold some out.
        ModelError: if there is no such base, or it is damaged.
        UsageError: if it has learned from these texts: what it says of them is no independent opinion.
    """
    labeled = np.flatnonzero(dataset.frame["label"].notna().to_numpy())
    frame = dataset.frame.iloc[labeled]
    positions = {name: position for position, name in enumerate(dataset.classes)}
    labels = frame["label"].map(positions).to_numpy().astype(np.int64)
    if len(dataset.classes) < 2 or len(labeled) < 2 * _FOLDS:
        raise DataError(
            f"{dataset.name} has {len(labeled)} labels of {len(dataset.classes)} class(es)",
            expected=f"At least {2 * _FOLDS} labels, of two classes or more",
            todo="Label more rows first",
        )
    if n_known := count_known(base, frame["text"]):
        raise UsageError(
            f"{base} has learned from {number(n_known)} of these {number(len(frame))} texts, wrong labels among them",
            todo="Name a base that has not: for a run, the base model that it started from; or tfidf-words",
        )
    groups = _group(dataset, frame, labels, seed=seed)
    quick = QuickHead(text_vectors(dataset, base, folder=folder), dataset.classes, imbalance="none")
    of_head = quick.out_of_fold(labeled, labels, groups, folds=_FOLDS, seed=seed, workers=2)
    of_words = _by_words(dataset, frame["text"].tolist(), labels, groups, seed=seed)
    probs = pool_opinions([of_head, of_words], _WEIGHTS)
    rows = frame["row"].to_numpy(np.int64)
    return Suspects(rank_suspects(rows, labels, probs, classes=dataset.classes), estimate_wrong(labels, probs))


def _group(dataset: Dataset, frame: pd.DataFrame, labels: NDArray[np.int64], *, seed: int) -> NDArray[np.int64]:
    """Rows that judge each other's labels no more than their own: duplicates and, where these allow it, documents."""
    duplicates = group_duplicates(frame["text"])
    if dataset.group_column is None:
        return duplicates
    return choose_groups(duplicates, combine_groups(duplicates, frame["group"]), labels, seed=seed)


def _by_words(
    dataset: Dataset, texts: list[str], labels: NDArray[np.int64], groups: NDArray[np.int64], *, seed: int
) -> NDArray[np.float32]:
    """Probabilities float32[n, n_classes] by TF-IDF, each row's by a model that saw nothing of its group."""
    spaces = dataset.language not in _NO_SPACES
    name = "tfidf-words" if spaces else "tfidf-chars"
    folds = assign_folds(labels, groups, folds=_FOLDS, seed=seed)
    probs = np.zeros((len(labels), len(dataset.classes)), np.float32)
    for fold in range(int(folds.max()) + 1):
        taught, judged = np.flatnonzero(folds != fold), np.flatnonzero(folds == fold)
        rows = Rows([texts[row] for row in taught], labels[taught])
        several = len(np.unique(rows.labels)) > 1
        model = fit_baseline(name if several else "majority", rows, classes=dataset.classes, spaces=spaces)
        probs[judged] = model([texts[row] for row in judged])
    return probs
