"""What the label store must know of the imported files; the workspace says it, a test may make it up."""

from collections.abc import Sequence
from typing import Protocol


class Source(Protocol):
    """The rows that datasets were imported with, before anybody labeled them here."""

    def counts(self, dataset_id: str) -> dict[str, int]:
        """Rows per label of the file, in reading order."""

    def n_rows(self, dataset_id: str) -> int:
        """Rows of the dataset."""

    def labels(self, dataset_id: str, rows: Sequence[int]) -> dict[int, str | None]:
        """The file's label of each of these rows; rows that the dataset does not have are left out."""
