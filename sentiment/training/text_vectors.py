"""Text vectors of a whole dataset by a base model: made once, kept in a folder, read without copying.

    python -m sentiment.training.text_vectors WORKSPACE DATASET BASE

<dataset folder>/vectors/<base>/   vectors.npy (float32[n_rows, hidden]), rows.npy (int64[n_rows], the row of the file
                                   that each line belongs to), head.npy (the base model's own head: its kernel
                                   and, below it, its bias), done.json (written
                                   last: base, hash, n_rows, hidden, classes), progress.json (done, total)

Importing this module loads no deep-learning library, so a page may read vectors; making them belongs in a process of
its own.
"""

import hashlib
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from filelock import FileLock
from numpy.typing import NDArray

from sentiment.access import is_demo
from sentiment.data import Dataset, load_dataset
from sentiment.errors import UsageError
from sentiment.files import read_json, write_json
from sentiment.training.base_hash import hash_of_base

FOLDER = "vectors"
_VECTORS, _ROWS, _HEAD, _DONE, _PROGRESS = "vectors.npy", "rows.npy", "head.npy", "done.json", "progress.json"


@dataclass(frozen=True)
class TextVectors:
    """The vectors of some rows, and what their base model says by itself.

    Attributes:
        vectors: float32[n_rows, hidden]; from a folder they are memory-mapped, read only.
        rows: int64[n_rows], ascending: the zero-based row of the file that each line belongs to.
        base_hash: of the weights that made them.
        head: the base model's own head {"kernel": float32[hidden, n_base_classes], "bias": float32[n_base_classes]};
            None if there is none.
        classes: the classes of that head.
    """

    vectors: NDArray[np.float32]
    rows: NDArray[np.int64]
    base_hash: str
    head: Mapping[str, NDArray[np.float32]] | None = None
    classes: tuple[str, ...] = field(default=())

    def of(self, rows: NDArray[np.int64]) -> "TextVectors | None":
        """The vectors of these rows of the file (ascending), or None if one of them has none."""
        if len(rows) == len(self.rows) and bool((rows == self.rows).all()):
            return self
        places = np.minimum(np.searchsorted(self.rows, rows), max(len(self.rows) - 1, 0))
        if not len(self.rows) or not bool((self.rows[places] == rows).all()):
            return None
        return TextVectors(self.vectors[places], rows, self.base_hash, self.head, self.classes)


def text_vectors(
    dataset: Dataset,
    base: str,
    *,
    folder: Path | None = None,
    on_progress: Callable[[int, int], None] = lambda done, total: None,
) -> TextVectors:
    """The vectors of a dataset's rows under a base model, from the folder if they are there, else made and kept.

    Args:
        dataset: whose texts are read.
        base: a base model's name, or a run or model folder. One without a network of its own is given vectors from
            the characters of the texts.
        folder: the dataset's folder; None keeps nothing, and neither does demo mode.
        on_progress: called with the rows done and all rows.

    Raises:
        ModelError: if there is no such base, or it is damaged.
    """
    rows = dataset.frame["row"].to_numpy(np.int64)
    if folder is None:
        return _make(dataset, base, _Memory(), on_progress)
    if is_demo():  # nothing may be kept there, not even a lock
        kept = read_vectors(folder, base, base_hash=hash_of_base(base))
        fitting = None if kept is None else kept.of(rows)
        return fitting or _make(dataset, base, _Memory(), on_progress)
    place = vectors_folder(folder, base)
    place.mkdir(parents=True, exist_ok=True)
    with FileLock(place / ".lock"):  # a second process waits for the first, and then finds its vectors
        kept = read_vectors(folder, base, base_hash=hash_of_base(base))
        fitting = None if kept is None else kept.of(rows)
        return fitting or _make(dataset, base, _Disk(place, base), on_progress)


def read_vectors(folder: Path, base: str, *, base_hash: str | None = None) -> TextVectors | None:
    """The vectors that are kept in a dataset's folder, memory-mapped; None if there are none, or half of them.

    Args:
        folder: the dataset's.
        base: the base model's name, or a run or model folder.
        base_hash: None takes vectors of any weights of that name; else those of other weights are passed over.
    """
    place = vectors_folder(folder, base)
    try:
        done = read_json(place / _DONE)
        if base_hash not in (None, done["hash"]):
            return None
        vectors = np.load(place / _VECTORS, mmap_mode="r", allow_pickle=False)
        rows = np.load(place / _ROWS, allow_pickle=False)
        head = None
        if done["classes"]:
            own = np.load(place / _HEAD, allow_pickle=False)
            head = {"kernel": own[:-1], "bias": own[-1]}
    except (OSError, ValueError, KeyError, TypeError):
        return None
    if vectors.shape != (done["n_rows"], done["hidden"]) or len(rows) != len(vectors):
        return None
    return TextVectors(vectors, rows, done["hash"], head, tuple(done["classes"]))


def read_progress(folder: Path, base: str) -> tuple[int, int]:
    """Rows done and all rows of the vectors that are being made, (0, 0) before the first."""
    try:
        progress = read_json(vectors_folder(folder, base) / _PROGRESS)
        return int(progress["done"]), int(progress["total"])
    except (OSError, ValueError, KeyError, TypeError):
        return 0, 0


def vectors_folder(folder: Path, base: str) -> Path:
    """Where a dataset's folder keeps the vectors of a base; run folders of one name in two places are kept apart."""
    name = Path(base).name
    if name != base:
        name += "-" + hashlib.sha256(str(Path(base).resolve()).encode()).hexdigest()[:8]
    return folder / FOLDER / name


class _Memory:
    """Takes vectors and keeps them in memory."""

    def start(self, n_rows: int, hidden: int) -> NDArray[np.float32]:
        """Room for the vectors."""
        return np.zeros((n_rows, hidden), np.float32)

    def tell(self, done: int, total: int) -> None:
        """Nobody watches."""

    def finish(self, made: TextVectors) -> TextVectors:
        """The vectors as they are."""
        return made


class _Disk:
    """Takes vectors and writes them into a folder; done.json comes last, so that nobody reads half of them."""

    def __init__(self, place: Path, base: str) -> None:
        self._place, self._base = place, base
        for name in (_DONE, _PROGRESS):
            (place / name).unlink(missing_ok=True)

    def start(self, n_rows: int, hidden: int) -> NDArray[np.float32]:
        """Room for the vectors, in a file."""
        # a new file, so that whoever still reads the one before keeps it
        (self._place / _VECTORS).unlink(missing_ok=True)
        return np.lib.format.open_memmap(self._place / _VECTORS, mode="w+", dtype=np.float32, shape=(n_rows, hidden))

    def tell(self, done: int, total: int) -> None:
        """Notes how far it is."""
        write_json(self._place / _PROGRESS, {"done": done, "total": total})

    def finish(self, made: TextVectors) -> TextVectors:
        """Writes the rest, and gives the vectors back as a reader sees them."""
        file: Any = made.vectors
        file.flush()
        np.save(self._place / _ROWS, made.rows)
        if made.head is not None:
            np.save(self._place / _HEAD, np.vstack([made.head["kernel"], made.head["bias"]]))
        n_rows, hidden = made.vectors.shape
        done = {"base": self._base, "hash": made.base_hash, "n_rows": n_rows, "hidden": hidden}
        write_json(self._place / _DONE, {**done, "classes": list(made.classes if made.head is not None else ())})
        read = np.load(self._place / _VECTORS, mmap_mode="r", allow_pickle=False)
        return TextVectors(read, made.rows, made.base_hash, made.head, made.classes)


def _make(dataset: Dataset, base: str, place: _Memory | _Disk, on_progress: Callable[[int, int], None]) -> TextVectors:
    from sentiment.training.encode_texts import load_encoding

    texts = dataset.frame["text"].tolist()
    encoding = load_encoding(base, texts)
    vectors = place.start(len(texts), encoding.hidden)
    done = 0
    for block in encoding.blocks(texts):
        vectors[done : done + len(block)] = block
        done += len(block)
        place.tell(done, len(texts))
        on_progress(done, len(texts))
    rows = dataset.frame["row"].to_numpy(np.int64)
    return place.finish(TextVectors(vectors, rows, encoding.base_hash, encoding.head, encoding.classes))


def main(arguments: list[str]) -> None:
    """Makes the vectors of a dataset of a workspace, and keeps them in its folder."""
    if len(arguments) != 3:
        raise UsageError("python -m sentiment.training.text_vectors takes three arguments: WORKSPACE DATASET BASE")
    from sentiment.models.device import prepare_device

    workspace, dataset, base = arguments
    prepare_device()
    folder = Path(workspace) / "datasets" / dataset
    text_vectors(load_dataset(folder), base, folder=folder)


if __name__ == "__main__":
    main(sys.argv[1:])
