"""Which texts a model has learned from, as hashes beside its weights: whoever judges or tunes it on can leave them out.

They travel with the model, in packages too. A hash says of a text that somebody has whether it was among them; no text
can be read from it.
"""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sentiment.errors import ModelError
from sentiment.files import write_atomic

TRAINED_ON = "trained_on.u64"
_FORMAT = np.dtype("<u8")


def write_learned(folder: Path, hashes: NDArray[np.uint64]) -> None:
    """Notes the hashes of all texts that a model in a folder has learned from, its base's included."""
    folder.mkdir(parents=True, exist_ok=True)
    write_atomic(folder / TRAINED_ON, np.unique(hashes).astype(_FORMAT).tobytes())


def read_learned(folder: Path) -> NDArray[np.uint64] | None:
    """The hashes uint64[n], ascending, of the texts that the model in a folder has learned from; None if not said.

    Raises:
        ModelError: if the file cannot be read.
    """
    path = folder / TRAINED_ON
    try:
        return np.frombuffer(path.read_bytes(), _FORMAT).astype(np.uint64) if path.is_file() else None
    except (OSError, ValueError) as error:
        raise ModelError(
            f"{TRAINED_ON} of the model {folder.name} is damaged", expected="Hashes of eight bytes each"
        ) from error
