"""The text vectors of a dataset for somebody who must not load a deep-learning library: another process makes them."""

import logging
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sentiment.access import Role, require
from sentiment.errors import ModelError
from sentiment.memory import with_large_pages
from sentiment.training.base_hash import hash_of_base
from sentiment.training.text_vectors import TextVectors, read_progress, read_vectors

log = logging.getLogger(__name__)


class TextReader:
    """What a base model reads of a dataset's texts.

    Args:
        folder: the dataset's, in its workspace.
        base: the base model's name.
        rows: int64[n_rows], ascending: the rows of the file that are wanted.

    Attributes:
        problem: why the texts could not be read, in a sentence; empty otherwise.
    """

    def __init__(self, folder: Path, base: str, rows: NDArray[np.int64]) -> None:
        self.problem = ""
        self._folder, self._base, self._rows = folder, base, rows
        self._vectors: TextVectors | None = None

    def vectors(self) -> TextVectors | None:
        """The vectors, once they are made; from then on the same, as long as the base model is."""
        try:
            wanted = hash_of_base(self._base)
        except ModelError:  # somebody has removed it: what was read before still says something of the texts
            return self._vectors
        if self._vectors is None or self._vectors.base_hash != wanted:
            found = read_vectors(self._folder, self._base, base_hash=wanted)
            self._vectors = None if found is None else found.of(self._rows)
        return self._vectors

    def progress(self) -> tuple[int, int] | None:
        """Texts that were read, and all of them; None once the vectors are there."""
        return None if self.vectors() is not None else read_progress(self._folder, self._base)

    def read(self) -> TextVectors | None:
        """The vectors, made by a process of its own where they are not there yet; None if that fails.

        Raises:
            AccessError: if they would have to be made, and the one who acts is no labeler.
        """
        if self.vectors() is None:
            require(Role.LABELER, doing="have texts read")
            done = self._run()
            self.problem = "" if self.vectors() is not None else self._describe(done)
        return self._vectors

    def _run(self) -> subprocess.CompletedProcess[str]:
        workspace, dataset = self._folder.parents[1], self._folder.name
        return subprocess.run(
            [sys.executable, "-m", "sentiment.training.text_vectors", str(workspace), dataset, self._base],
            cwd=Path(__file__).parents[2],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            errors="replace",
            env=with_large_pages(os.environ),
            check=False,
        )

    def _describe(self, done: subprocess.CompletedProcess[str]) -> str:
        log.error("%s could not read the texts (status %d):\n%s", self._base, done.returncode, done.stderr)
        return (
            f"The base model {self._base} could not read the texts, so rows come at random and nothing is suggested. "
            "It is tried again after the next labels; the server's log says why it failed."
        )
