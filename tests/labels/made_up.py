"""A dataset that exists only as a rule: 10,000 rows, of which every tenth has a label in the file."""

from collections.abc import Sequence

DATASET = "0123456789ab"
OTHER = "ba9876543210"
CLASSES = ("negative", "positive")
N_ROWS = 10_000


def file_label(row: int) -> str | None:
    return CLASSES[row // 10 % 2] if row % 10 == 0 else None


class MadeUp:
    """The rows of DATASET and OTHER, which has no labels."""

    def counts(self, dataset_id: str) -> dict[str, int]:
        return dict.fromkeys(CLASSES, N_ROWS // 20) if dataset_id == DATASET else {}

    def n_rows(self, dataset_id: str) -> int:
        return N_ROWS

    def labels(self, dataset_id: str, rows: Sequence[int]) -> dict[int, str | None]:
        labeled = dataset_id == DATASET
        return {row: file_label(row) if labeled else None for row in rows if 0 <= row < N_ROWS}
