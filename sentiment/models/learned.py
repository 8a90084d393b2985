"""Which texts a model has learned from, as hashes beside its weights: whoever judges or tunes it on can leave them out.

They travel with the model, in packages too. Base models that ship learned from the same few corpora: their hashes stand
beside them, a file for each corpus. A hash says of a text that somebody has whether it was among them; no text can be
read from it.
"""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sentiment.arrays import distinct
from sentiment.errors import ModelError
from sentiment.files import write_atomic
from sentiment.models.tensors import read_config

TRAINED_ON = "trained_on.u64"
_OF_CORPORA = "learned"  # a folder beside base models
_FORMAT = np.dtype("<u8")


def write_learned(folder: Path, hashes: NDArray[np.uint64]) -> None:
    """Notes the hashes of all texts that a model in a folder has learned from, its base's included."""
    _write(folder / TRAINED_ON, hashes)


def write_learned_of(corpus: str, hashes: NDArray[np.uint64], *, beside: Path) -> None:
    """Notes the hashes of the texts that base models learn from a corpus, beside the folders of these."""
    _write(beside / _OF_CORPORA / f"{corpus}.u64", hashes)


def _write(path: Path, hashes: NDArray[np.uint64]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    write_atomic(path, distinct(hashes).astype(_FORMAT).tobytes())


def read_learned(folder: Path) -> NDArray[np.uint64] | None:
    """The hashes uint64[n], ascending, of the texts that the model in a folder has learned from; None if not said.

    Raises:
        ModelError: if the file cannot be read.
    """
    if (folder / TRAINED_ON).is_file():
        return _read(folder / TRAINED_ON)
    if not (folder.parent / _OF_CORPORA).is_dir():
        return None
    paths = [folder.parent / _OF_CORPORA / f"{name}.u64" for name in _corpora_of(folder)]
    if not paths or not all(path.is_file() for path in paths):
        return None
    return distinct(np.concatenate([_read(path) for path in paths]))


def _corpora_of(folder: Path) -> list[str]:
    """The names of the corpora in a base model's card, which is judged on a part of each."""
    card = read_config(folder).get("card")
    held_out = card.get("held_out") if isinstance(card, dict) else None
    by_corpus = held_out.get("by_corpus") if isinstance(held_out, dict) else None
    return sorted(by_corpus) if isinstance(by_corpus, dict) else []


def _read(path: Path) -> NDArray[np.uint64]:
    try:
        return np.frombuffer(path.read_bytes(), _FORMAT).astype(np.uint64)
    except (OSError, ValueError) as error:
        raise ModelError(
            f"{path.name} of the model {path.parent.name} is damaged", expected="Hashes of eight bytes each"
        ) from error
