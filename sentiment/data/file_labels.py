"""The labels that stored datasets were imported with, row by row, without their texts."""

from collections import OrderedDict
from collections.abc import Callable, Sequence
from pathlib import Path
from threading import Lock

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from sentiment.data.storage import ROWS_FILE, load_dataset_info
from sentiment.errors import DataError

_KEPT = 4  # datasets that are remembered: 12 bytes a row


class FileLabels:
    """Labels of the imported files of stored datasets; the last few are remembered. Threads may share it.

    Args:
        folder_of: the folder of a dataset, by its id; raises if there is none.
    """

    def __init__(self, folder_of: Callable[[str], Path]) -> None:
        self._folder_of = folder_of
        self._kept: OrderedDict[str, tuple[np.ndarray, np.ndarray, list[str]]] = OrderedDict()
        self._counts: dict[str, tuple[dict[str, int], int]] = {}
        self._lock = Lock()

    def counts(self, dataset_id: str) -> dict[str, int]:
        """Rows per label of the file, in reading order (errors as for `labels`)."""
        return dict(self._described(dataset_id)[0])

    def n_rows(self, dataset_id: str) -> int:
        """Rows of the dataset (errors as for `labels`)."""
        return self._described(dataset_id)[1]

    def labels(self, dataset_id: str, rows: Sequence[int]) -> dict[int, str | None]:
        """The file's label of each of these rows; rows that the dataset does not have are left out.

        Raises:
            WorkspaceError: if there is no such dataset.
            DataError: if it is damaged.
        """
        known, codes, names = self._columns(dataset_id)
        asked = np.array(list(rows), dtype=np.int64)
        places = np.minimum(np.searchsorted(known, asked), len(known) - 1)
        there = known[places] == asked
        return {
            int(row): None if code < 0 else names[code]
            for row, code in zip(asked[there], codes[places[there]], strict=True)
        }

    def _described(self, dataset_id: str) -> tuple[dict[str, int], int]:
        if dataset_id not in self._counts:  # what is stored under an id never changes
            info = load_dataset_info(self._folder_of(dataset_id))
            self._counts[dataset_id] = (dict(info.class_counts), info.n_rows)
        return self._counts[dataset_id]

    def _columns(self, dataset_id: str) -> tuple[np.ndarray, np.ndarray, list[str]]:
        """Row numbers (rising), a code per row (-1 for no label), and the labels that the codes stand for."""
        with self._lock:
            if dataset_id not in self._kept:
                self._kept[dataset_id] = _read(self._folder_of(dataset_id))
            self._kept.move_to_end(dataset_id)
            if len(self._kept) > _KEPT:
                self._kept.popitem(last=False)
            return self._kept[dataset_id]


def _read(folder: Path) -> tuple[np.ndarray, np.ndarray, list[str]]:
    try:
        table = pq.read_table(folder / ROWS_FILE, columns=["row", "label"])
    except (OSError, pa.ArrowException) as error:
        raise DataError(f"The stored dataset {folder.name} is damaged", todo="Import its file again") from error
    labels = table["label"].combine_chunks().cast(pa.large_string())
    coded = pc.dictionary_encode(labels)
    codes = pc.fill_null(coded.indices, -1).to_numpy(zero_copy_only=False).astype(np.int32)
    return table["row"].to_numpy(), codes, coded.dictionary.to_pylist()
