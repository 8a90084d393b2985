"""A dataset's labels as they are now, in memory: what the file says, and over it what people did since.

Only what is new is read from the store, so looking again costs little however many labels there are.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from threading import RLock
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sentiment.labels.store import LabelStore


@dataclass(frozen=True)
class Known:
    """What people, or the file, said of a row."""

    label: str | None = None
    flagged: bool = False
    skipped: bool = False
    excluded: bool = False
    by_people: bool = False


class LabelMirror:
    """The labels of a dataset, kept up with the store by `sync`. Safe to share between threads.

    Args:
        store: where labels are.
        dataset_id: the dataset.
        rows: int64[n_rows], the rows of the file.
        file_labels: their labels in the file, missing for none, in the same order.
    """

    def __init__(
        self, store: LabelStore, dataset_id: str, *, rows: NDArray[np.int64], file_labels: "pd.Series[str]"
    ) -> None:
        self._store, self._id = store, dataset_id
        self._file_labels = file_labels
        self._positions = {int(row): position for position, row in enumerate(rows)}
        self._version = (0, 0)
        self._touched: dict[int, Known] = {}
        self._names: Mapping[str, str] = {}  # names of the file's classes that have another one now
        self._lock = RLock()
        self.sync()

    @property
    def positions(self) -> Mapping[int, int]:
        """Where each row of the file stands in the dataset."""
        return self._positions

    def sync(self) -> None:
        """Reads what is new in the store, whoever put it there."""
        with self._lock:
            version = self._store.version(self._id)
            if version == self._version:
                return
            renamed = version[1] != self._version[1]
            found = self._store.current(self._id, since=0 if renamed else self._version[0])
            if renamed:
                self._touched = {}
                self._names = dict(self._store.overlay(self._id).names)
            self._touched.update((int(line["row"]), _known(line)) for line in found.to_dict("records"))
            self._version = version

    def known(self, row: int) -> Known:
        """What is known of a row now."""
        with self._lock:
            if row in self._touched:
                return self._touched[row]
            label = self._file_labels.iloc[self._positions[row]]
            return Known(label=None if pd.isna(label) else self._names.get(str(label), str(label)))

    def codes(self, classes: list[str]) -> NDArray[np.int64]:
        """The class of each row of the dataset, int64[n_rows]: its position in `classes`, -1 for none or left out."""
        with self._lock:
            names = self._file_labels.replace(dict(self._names)).to_numpy(object)
            for row, known in self._touched.items():
                names[self._positions[row]] = None if known.excluded else known.label
        return np.asarray(pd.Categorical(names, categories=classes).codes, np.int64)

    def is_open(self, row: int, *, once: bool) -> bool:
        """Whether a row may be offered: nobody skipped it or left it out nor, with `once`, gave it a label here."""
        known = self._touched.get(row)
        return known is None or not (known.excluded or known.skipped or (known.by_people and once))

    def closed(self, *, once: bool) -> NDArray[np.bool_]:
        """bool[n_rows]: rows that may not be offered (see `is_open`)."""
        found = np.zeros(len(self._positions), bool)
        with self._lock:
            found[[self._positions[row] for row in self._touched if not self.is_open(row, once=once)]] = True
        return found


def _known(line: Mapping[Any, Any]) -> Known:
    return Known(
        label=None if pd.isna(line["label"]) else str(line["label"]),
        flagged=bool(line["flagged"]),
        skipped=bool(line["skipped"]),
        excluded=bool(line["excluded"]),
        by_people=line["n_opinions"] > 0,
    )
