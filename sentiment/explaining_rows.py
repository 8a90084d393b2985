"""The rows of a run's dataset that are most like a text, as the run's own model sees them: exact cosines.

The directions of all rows are kept in memory, as many as there is room for, those that a run has learned from first.
"""

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from threading import Lock

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.sparse import csr_matrix, vstack

from sentiment.data import load_labeled
from sentiment.errors import RunError
from sentiment.models.baselines import LinearModel
from sentiment.models.predictor import Predictor
from sentiment.models.vectorizing import Vectorize, unit_rows, vectorizer
from sentiment.training.runs import LABELS_FILE, Run

MOST_BYTES = 256 * 2**20  # of all directions that are held: 110,000 rows of the shipped CNN
_BLOCK = 4_096  # texts read at once
_COMPARED = 256  # rows compared at once: they stay in a core's cache, which is three times as fast
_LEARNED = 2_000  # rows from which the mean is taken

Ints = NDArray[np.int64]


@dataclass(frozen=True)
class SimilarRow:
    """A row like a text.

    Attributes:
        row: of the file, from 0.
        similarity: cosine of the two texts' vectors, in [-1, 1].
        label: the label that it had when the run was created; None without one.
        trained: whether the run has learned from it.
    """

    row: int
    similarity: float
    label: str | None
    trained: bool


@dataclass(frozen=True)
class RowIndex:
    """The directions of a dataset's rows under one model.

    Attributes:
        rows: int64[n], of the file.
        labels: the label of each, None without one.
        trained: bool[n], whether the run has learned from it.
        unit: float16[n, hidden], or sparse float32: rows of length 1.
        mean: float32[hidden] that was taken off before; None where the vectors are sparse.
        vectorize: texts → vectors, as these were made.
        n_left: rows that are not held, for their memory.
    """

    rows: Ints
    labels: list[str | None]
    trained: NDArray[np.bool_]
    unit: NDArray[np.float16] | csr_matrix
    mean: NDArray[np.float32] | None
    vectorize: Vectorize
    n_left: int

    def find(self, text: str, *, n: int, among: NDArray[np.bool_]) -> list[SimilarRow]:
        """The `n` rows most like a text of those in the mask bool[n_rows], the most similar first."""
        cosine = np.where(among, self._cosine(text), -2.0)
        n = min(n, int(among.sum()))
        near = np.argpartition(-cosine, max(n - 1, 0))[:n] if n else np.zeros(0, np.int64)
        ordered = near[np.lexsort((self.rows[near], -cosine[near]))]
        return [
            SimilarRow(int(self.rows[place]), float(cosine[place]), self.labels[place], bool(self.trained[place]))
            for place in ordered.tolist()
        ]

    def _cosine(self, text: str) -> NDArray[np.float32]:
        query = unit_rows(self.vectorize([text]), self.mean)
        if isinstance(query, csr_matrix):
            return np.asarray((self.unit @ query.T).todense(), np.float32).ravel()
        blocks = range(0, len(self.rows), _COMPARED)
        parts = [np.asarray(self.unit[start : start + _COMPARED], np.float32) @ query[0] for start in blocks]
        return np.concatenate([np.zeros(0, np.float32), *parts])


def similar_rows(
    model: Predictor | LinearModel,
    run: Run,
    text: str,
    *,
    n: int = 5,
    among: Sequence[int] | None = None,
    but: int | None = None,
) -> tuple[list[SimilarRow], int]:
    """The rows of a run's dataset that are most like a text, the most similar first.

    Args:
        model: the run's model.
        run: the run.
        text: what they should be like.
        n: how many.
        among: rows of the file to choose from; by default those that the run has learned from.
        but: a row of the file to leave out: the text's own.

    Returns:
        The rows, and how many rows of the dataset were not looked at because they would take too much memory.

    Raises:
        RunError: if the run's dataset is not there.
        DataError: if it is damaged.
    """
    index = index_of(model, run)
    mask = index.trained if among is None else np.isin(index.rows, np.asarray(among, np.int64))
    return index.find(text, n=n, among=mask if but is None else mask & (index.rows != but)), index.n_left


_held: "OrderedDict[tuple[str, int], RowIndex]" = OrderedDict()
_lock = Lock()


def index_of(model: Predictor | LinearModel, run: Run) -> RowIndex:
    """The index of a run's dataset, made when it is first asked for (errors as for `similar_rows`)."""
    key = (str(run.folder.resolve()), (run.folder / "model" / "config.json").stat().st_mtime_ns)
    with _lock:  # also while it is made: two who ask at once have it made once
        if key not in _held:
            _held[key] = make_index(model, run)
        _held.move_to_end(key)
        while len(_held) > 1 and sum(_size(index) for index in _held.values()) > MOST_BYTES:
            _held.popitem(last=False)
        return _held[key]


def _size(index: RowIndex) -> int:
    """Bytes of its directions."""
    return int(index.unit.data.nbytes)


def make_index(model: Predictor | LinearModel, run: Run, *, most_bytes: int = MOST_BYTES) -> RowIndex:
    """The directions of a run's rows (errors as for `similar_rows`)."""
    frame = _rows_of(run)
    learned = _trained_rows(run)
    trained = frame["row"].isin(learned).to_numpy()
    frame = pd.concat([frame[trained], frame[~trained]])  # what was learned from is held in any case
    vectorize = vectorizer(model)
    n_held, n_rows = len(frame), len(frame)
    if isinstance(model, Predictor):
        n_held = min(n_rows, most_bytes // (2 * model.model.encoder.hidden))
    frame = frame.iloc[:n_held]
    texts = frame["text"].tolist()
    mean = None
    if isinstance(model, Predictor):
        drawn = np.random.default_rng(0).permutation(len(texts))[:_LEARNED]
        mean = vectorize([texts[place] for place in drawn.tolist()]).mean(axis=0)
    unit = _units(vectorize, texts, mean)
    labels = [label if isinstance(label, str) else None for label in frame["label"].tolist()]
    rows = frame["row"].to_numpy(np.int64)
    return RowIndex(rows, labels, frame["row"].isin(learned).to_numpy(), unit, mean, vectorize, n_rows - n_held)


def _units(
    vectorize: Vectorize, texts: Sequence[str], mean: NDArray[np.float32] | None
) -> NDArray[np.float16] | csr_matrix:
    """The directions of texts, those of a network in half the memory: to three digits, and so are their cosines."""
    first = unit_rows(vectorize(texts[:_BLOCK]), mean)
    rest = (unit_rows(vectorize(texts[at : at + _BLOCK]), mean) for at in range(_BLOCK, len(texts), _BLOCK))
    if isinstance(first, csr_matrix):
        return vstack([first, *rest], format="csr")
    unit = np.empty((len(texts), first.shape[1]), np.float16)
    for at, block in zip(range(0, len(texts), _BLOCK), chain([first], rest), strict=False):
        unit[at : at + _BLOCK] = block
    return unit


def _rows_of(run: Run) -> pd.DataFrame:
    """The rows of the run's dataset with the labels that it was trained on."""
    place = run.info.dataset.folder
    folder = None if place is None else (run.folder / place)
    if folder is None or not folder.is_dir():
        raise RunError(
            "The rows that this run was trained on are not here",
            expected="A run on a dataset of the workspace",
            todo="Import the file on the Data page and fine-tune there" if place is None else "Restore the dataset",
        )
    return load_labeled(folder, run.folder / LABELS_FILE).frame[["row", "text", "label"]]


def _trained_rows(run: Run) -> Ints:
    try:
        with np.load(run.folder / "split.npz", allow_pickle=False) as split:
            return np.asarray(split["train"], np.int64)
    except (OSError, ValueError, KeyError) as error:
        raise RunError("The split of this run cannot be read", todo="Resume the run, or train again") from error
