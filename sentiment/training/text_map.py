"""A map of a dataset: its rows in two dimensions by a base model's text vectors, made in a process of its own.

    python -m sentiment.training.text_map WORKSPACE DATASET BASE

Beside the vectors (see `text_vectors`) it writes map.npz (rows int64[m], places float32[m, 2], hash) and, while it is
at work, map.json (process, what it does now, what went wrong). Importing this module loads no deep-learning library.
"""

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Literal
from zipfile import BadZipFile

import numpy as np
import psutil
from numpy.typing import NDArray

from sentiment.access import Role, require
from sentiment.errors import ModelError, SentimentError, UsageError
from sentiment.files import read_json, write_json
from sentiment.memory import with_large_pages
from sentiment.training.base_hash import hash_of_base
from sentiment.training.text_vectors import read_progress, vectors_folder

_MAP, _STATE, _LOG = "map.npz", "map.json", "map.log"
_children: list[subprocess.Popen[bytes]] = []  # makers of this very process, to be reaped when they end


@dataclass(frozen=True)
class TextMap:
    """Rows of a dataset in two dimensions.

    Attributes:
        rows: int64[n_points], zero-based rows of the file, ascending.
        places: float32[n_points, 2].
        base_hash: of the base model whose vectors it shows (see `base_hash.hash_of_base`).
    """

    rows: NDArray[np.int64]
    places: NDArray[np.float32]
    base_hash: str


@dataclass(frozen=True)
class MapState:
    """How far the making of a map is.

    Attributes:
        status: "none" if nobody began, "failed" if it ended without a map, "outdated" if there is one of a base model
            that had the name before.
        phase: what is done now, in words; "" before and after.
        progress: in [0, 1]; 0 where it is not known.
        message: what went wrong.
    """

    status: Literal["none", "running", "failed", "outdated", "ready"]
    phase: str = ""
    progress: float = 0.0
    message: str = ""


def read_map(folder: Path, base: str) -> TextMap | None:
    """The map in a dataset's folder, or None if there is none of the base model as it is now.

    Args:
        folder: the dataset's.
        base: the base model's name.
    """
    try:
        with np.load(vectors_folder(folder, base) / _MAP, allow_pickle=False) as arrays:
            found = TextMap(arrays["rows"], arrays["places"], str(arrays["hash"]))
        if found.base_hash != hash_of_base(base):
            return None
    except (OSError, ValueError, KeyError, BadZipFile, ModelError):
        return None
    return found if found.places.shape == (len(found.rows), 2) else None


def read_state(folder: Path, base: str) -> MapState:
    """How far the making of a map is (arguments as for `read_map`)."""
    place = vectors_folder(folder, base)
    if (place / _MAP).exists():
        return MapState("outdated" if _is_outdated(place, base) else "ready")
    try:
        state = read_json(place / _STATE)
        phase, message = str(state["phase"]), str(state["message"])
    except (OSError, ValueError, KeyError, TypeError):
        return MapState("none")
    if message:
        return MapState("failed", message=message)
    if _maker(place) is None:
        if (place / _MAP).exists():  # it has just ended
            return MapState("ready")
        return MapState("failed", message="The process that made the map is gone")
    if phase:
        return MapState("running", phase)
    done, total = read_progress(folder, base)
    return MapState("running", "Reading the texts", done / total if total else 0.0)


def _is_outdated(place: Path, base: str) -> bool:
    """Whether a map was made with a base model that had the name before; a damaged one is not."""
    try:
        with np.load(place / _MAP, allow_pickle=False) as arrays:
            return str(arrays["hash"]) != hash_of_base(base)
    except (OSError, ValueError, KeyError, BadZipFile, ModelError):
        return False


def start(workspace: Path, dataset_id: str, base: str) -> None:
    """Starts a process that makes the map, and returns at once; one that is at work already is left to it.

    Raises:
        AccessError: if the one who acts is no labeler.
    """
    require(Role.LABELER, doing="have a map made")
    place = vectors_folder(workspace / "datasets" / dataset_id, base)
    place.mkdir(parents=True, exist_ok=True)
    if _maker(place) is not None:
        return
    (place / _MAP).unlink(missing_ok=True)
    package = Path(__file__).resolve().parents[2]
    path = os.pathsep.join(filter(None, [str(package), os.environ.get("PYTHONPATH")]))
    with (place / _LOG).open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "sentiment.training.text_map", str(workspace), dataset_id, base],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
            cwd=package,
            env=with_large_pages({**os.environ, "PYTHONPATH": path}),
        )
    _children.append(process)
    _write_state(place, pid=process.pid)


def stop(folder: Path, base: str) -> None:
    """Ends the making of a map; vectors that are complete stay (errors as for `start`)."""
    require(Role.LABELER, doing="stop the making of a map")
    place = vectors_folder(folder, base)
    maker = _maker(place)
    if maker is not None:
        maker.kill()
        psutil.wait_procs([maker], timeout=5)
    (place / _STATE).unlink(missing_ok=True)


def _write_state(place: Path, *, pid: int, phase: str = "", message: str = "") -> None:
    created = psutil.Process(pid).create_time()
    write_json(place / _STATE, {"pid": pid, "created": created, "phase": phase, "message": message})


def _maker(place: Path) -> psutil.Process | None:
    """The live process that makes the map; another one that merely has its number does not count."""
    for child in [child for child in _children if child.poll() is not None]:
        _children.remove(child)
    try:
        noted = read_json(place / _STATE)
        process = psutil.Process(noted["pid"])
        same = abs(process.create_time() - noted["created"]) < 1.0
        return process if same and process.status() != psutil.STATUS_ZOMBIE else None
    except (OSError, ValueError, KeyError, TypeError, psutil.Error):
        return None


def make_map(folder: Path, base: str) -> TextMap:
    """The map of the dataset in a folder, which is also kept there.

    Raises:
        ModelError: if there is no such base, or it is damaged.
        DataError: if the dataset is damaged.
    """
    from sentiment.data import load_dataset
    from sentiment.data.projection import choose_points, place_vectors
    from sentiment.training.text_vectors import text_vectors

    place = vectors_folder(folder, base)
    made = text_vectors(load_dataset(folder), base, folder=folder)
    chosen = choose_points(len(made.rows))
    places = place_vectors(
        np.asarray(made.vectors[chosen]),
        on_progress=lambda said: _write_state(place, pid=os.getpid(), phase=said),
    )
    found = TextMap(np.asarray(made.rows[chosen]), places, made.base_hash)
    temporary = place / f".{os.getpid()}.{_MAP}"
    np.savez(temporary, rows=found.rows, places=found.places, hash=np.array(found.base_hash))
    os.replace(temporary, place / _MAP)
    return found


def main(arguments: list[str]) -> None:
    """Makes the map of a dataset of a workspace, and keeps it in its folder."""
    if len(arguments) != 3:
        raise UsageError("python -m sentiment.training.text_map takes three arguments: WORKSPACE DATASET BASE")
    from sentiment.models.device import prepare_device

    workspace, dataset_id, base = arguments
    folder = Path(workspace) / "datasets" / dataset_id
    place = vectors_folder(folder, base)
    place.mkdir(parents=True, exist_ok=True)
    _write_state(place, pid=os.getpid())
    try:
        prepare_device()
        make_map(folder, base)
    except SentimentError as error:
        _write_state(place, pid=os.getpid(), message=str(error))
        raise


if __name__ == "__main__":
    main(sys.argv[1:])
