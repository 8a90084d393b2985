"""A .h5 or .keras file → its configuration and its arrays. The arrays are read by another process (`child`)."""

import json
import os
import struct
import subprocess
import sys
import tempfile
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sentiment.errors import ModelError
from sentiment.models.keras_import.child import FOUND, MAX_BYTES
from sentiment.numbers import number

_HDF5, _ZIP = b"\x89HDF\r\n\x1a\n", b"PK\x03\x04"
_CONFIG, _METADATA, _WEIGHTS = "config.json", "metadata.json", "model.weights.h5"
_MEMBERS = {_CONFIG: 4 * 2**20, _METADATA: 2**16, _WEIGHTS: 2 * MAX_BYTES}  # bytes that each may have
_MAX_MEMBERS = 64
_MAX_FOUND = 2**25  # bytes of what the other process says: the configuration, twice escaped, and the names of arrays
_SECONDS = 120
_BLOCK = 2**20
_EXPECTED = "A .h5 file of Keras 2, or a .keras or .h5 file of Keras 3"

Array = NDArray[np.float32]


@dataclass(frozen=True)
class KerasFile:
    """What a file holds.

    Attributes:
        version: the version of Keras that wrote it, such as "2.12.0".
        config: the JSON value that describes the model.
        legacy: whether the arrays are by layer name (.h5); else by folder (.keras).
        arrays: each layer's arrays with their names, in the order of the file.
    """

    version: str
    config: Any
    legacy: bool
    arrays: Mapping[str, list[tuple[str, Array]]]

    @property
    def major(self) -> int:
        """The major version of Keras."""
        number = self.version.split(".")[0]
        return int(number) if number.isdigit() and len(number) < 3 else 2


def read_file(path: Path) -> KerasFile:
    """The configuration and the arrays of a file; nothing in it is executed.

    Raises:
        ModelError: if it is no such file, damaged, or hostile.
    """
    start = _first_bytes(path)
    with tempfile.TemporaryDirectory(prefix="sentiment-keras-") as folder:
        if start.startswith(_HDF5):
            found = _read_arrays(path, Path(folder), name=path.name)
            config = _json(found.get("model_config"), name=path.name)
            version = str(found.get("keras_version") or "2")
        elif start.startswith(_ZIP):
            config, version, weights = _unpack(path, Path(folder))
            found = _read_arrays(weights, Path(folder), name=path.name)
        else:
            raise ModelError(f"{path.name} is not a file of Keras's", expected=_EXPECTED)
        return KerasFile(version, config, bool(found.get("legacy")), _arrays(found, Path(folder), name=path.name))


def read_config(path: Path) -> tuple[Any, str] | None:
    """The configuration and the version in a .keras file, which are there before any array; None for another file.

    Raises:
        ModelError: as for `read_file`.
    """
    if not _first_bytes(path).startswith(_ZIP):
        return None
    with _opened(path) as archive:
        return _described(archive, path.name)


def _first_bytes(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(8)
    except OSError as error:
        raise ModelError(f"{path.name} cannot be read ({error.strerror})", expected=_EXPECTED) from error


@contextmanager
def _opened(path: Path) -> Iterator[zipfile.ZipFile]:
    """A .keras file whose members are those that Keras writes."""
    _check_directory(path)
    try:
        archive = zipfile.ZipFile(path)
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
        raise ModelError(f"{path.name} is cut off or damaged ({str(error)[:80]})", expected=_EXPECTED) from error
    with archive:
        _check_members(archive, path.name)
        yield archive


def _check_directory(path: Path) -> None:
    """Refuses a list of members that is longer than Keras's, before a library reads all of it."""
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - 22 - 2**16))
        tail = file.read()
    place = tail.rfind(b"PK\x05\x06")
    if place < 0 or place + 22 > len(tail):
        raise ModelError(f"{path.name} is cut off or damaged", expected=_EXPECTED)
    n_members, size = struct.unpack_from("<HI", tail, place + 10)
    if n_members > _MAX_MEMBERS or size > 2**16:
        raise ModelError(f"{path.name} holds {number(n_members)} files", expected=", ".join(_MEMBERS))
    if tail[max(0, place - 20) : place].startswith(b"PK\x06\x07"):  # it would replace the numbers just checked
        raise ModelError(f"{path.name} has a second list of files, for larger ones", expected=_EXPECTED)


def _check_members(archive: zipfile.ZipFile, name: str) -> None:
    members = archive.infolist()
    names = [member.orig_filename for member in members]
    for member in members:
        own = member.orig_filename
        if own not in _MEMBERS or names.count(own) > 1 or member.flag_bits & 1:
            raise ModelError(f"{name} holds {own[:80]!r}", expected=f"{', '.join(_MEMBERS)}, each once")
        if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise ModelError(f"{name} holds {own} packed in an unusual way", expected=_EXPECTED)
        packed_far = member.file_size > 100 * member.compress_size + _BLOCK
        if member.file_size > _MEMBERS[own] or packed_far:
            raise ModelError(
                f"{name} holds {own} with {number(member.file_size)} bytes", expected="A model of 1 GB at most"
            )
    missing = [own for own in _MEMBERS if own not in names]
    if missing:
        raise ModelError(f"{name} has no {missing[0]}", expected=_EXPECTED)


def _described(archive: zipfile.ZipFile, name: str) -> tuple[Any, str]:
    metadata = _json(_member(archive, _METADATA, name).decode("utf-8", "replace"), name=name)
    version = str(metadata.get("keras_version", "")) if isinstance(metadata, dict) else ""
    if not version.startswith("3."):
        raise ModelError(
            f"{name} was written by Keras {version[:20] or 'of an unknown version'}",
            expected="A .keras file of Keras 3",
            todo="Save the model as .h5 with the version that made it",
        )
    return _json(_member(archive, _CONFIG, name).decode("utf-8", "replace"), name=name), version


def _unpack(path: Path, folder: Path) -> tuple[Any, str, Path]:
    """The configuration, the version, and the file of the arrays, which is written into the folder."""
    target = folder / _WEIGHTS
    with _opened(path) as archive:
        config, version = _described(archive, path.name)
        try:
            with archive.open(_WEIGHTS) as source, target.open("xb") as file:
                written = 0
                while block := source.read(_BLOCK):
                    written += len(block)
                    if written > _MEMBERS[_WEIGHTS]:
                        raise ModelError(f"{path.name} unpacks to more than it announced", expected=_EXPECTED)
                    file.write(block)
        except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError) as error:
            raise ModelError(f"{path.name} is damaged ({str(error)[:80]})", expected=_EXPECTED) from error
    return config, version, target


def _member(archive: zipfile.ZipFile, member: str, name: str) -> bytes:
    try:
        with archive.open(member) as file:
            content = file.read(_MEMBERS[member] + 1)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError) as error:
        raise ModelError(f"{name} is damaged ({str(error)[:80]})", expected=_EXPECTED) from error
    if len(content) > _MEMBERS[member]:
        raise ModelError(f"{name} unpacks to more than it announced", expected=_EXPECTED)
    return content


def _json(text: Any, *, name: str) -> Any:
    if not isinstance(text, str):
        raise ModelError(
            f"{name} holds weights, but not the model that they belong to",
            expected="A file written by model.save(…), not by save_weights(…)",
        )
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ModelError(
            f"The configuration in {name} cannot be read ({str(error)[:80]})", expected=_EXPECTED
        ) from error


def _read_arrays(source: Path, folder: Path, *, name: str) -> dict[str, Any]:
    """What the other process found."""
    package = Path(__file__).resolve().parents[3]
    kept = {key: os.environ[key] for key in ("PATH", "LANG", "LD_LIBRARY_PATH", "HOME") if key in os.environ}
    single = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "HDF5_PLUGIN_PRELOAD": "::"}  # and no plugins
    arrays = folder / "arrays"
    arrays.mkdir()
    try:
        subprocess.run(
            [sys.executable, "-m", "sentiment.models.keras_import.child", str(source.absolute()), str(arrays)],
            cwd=package,
            env={**kept, **single, "PYTHONPATH": os.pathsep.join([str(package), os.environ.get("PYTHONPATH", "")])},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=_SECONDS,
            check=False,
        )
        if (arrays / FOUND).stat().st_size > _MAX_FOUND:
            raise ValueError("it says more than any model needs")
        found = json.loads((arrays / FOUND).read_text(encoding="utf-8"))
    except (OSError, ValueError, subprocess.TimeoutExpired) as error:
        raise ModelError(
            f"{name} could not be read within the bounds of time and memory", expected=_EXPECTED
        ) from error
    if refused := found.get("error"):
        given = str(refused.get("given", ""))
        raise ModelError(f"{name}: {given}", expected=str(refused.get("expected", _EXPECTED)))
    return dict(found)


def _arrays(found: Mapping[str, Any], folder: Path, *, name: str) -> dict[str, list[tuple[str, Array]]]:
    try:
        return {
            layer: [
                (one["name"], np.load(folder / "arrays" / Path(one["file"]).name, allow_pickle=False)) for one in own
            ]
            for layer, own in found["arrays"].items()
        }
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ModelError(f"The arrays of {name} cannot be read ({str(error)[:80]})", expected=_EXPECTED) from error
