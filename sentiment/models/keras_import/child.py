"""Reads the weights of a Keras file in a process of its own, which may take little memory and time.

    python -m sentiment.models.keras_import.child FILE FOLDER

FOLDER gets found.json and one .npy for each array. The library that reads HDF5 is large and old; whatever a hostile
file makes it do, it does here, with nothing at hand.
"""

import json
import resource
import sys
from pathlib import Path
from typing import Any

import numpy as np

from sentiment.errors import ModelError
from sentiment.numbers import number

FOUND = "found.json"
MAX_BYTES = 2**30  # of all arrays together, as float32
_MEMORY = 3 * 2**30
_CPU_SECONDS = 60
_MAX_OBJECTS = 20_000
_MAX_DEPTH = 16
_MAX_CONFIG = 4 * 2**20
_MAX_NAMES = 4_096
_PADDING = 2**20  # bytes that an array may have more than 100 times what is stored of it
_EXPECTED = "A file that Keras saved"
_FILTERS = (1, 2, 3)  # deflate, shuffle, Fletcher's checksum: what Keras itself uses, and no plugin


def main(arguments: list[str]) -> None:
    """Reads a file and writes what is in it, or why it was refused."""
    source, target = Path(arguments[0]), Path(arguments[1])
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (_CPU_SECONDS, _CPU_SECONDS))
    resource.setrlimit(resource.RLIMIT_FSIZE, (2 * MAX_BYTES, 2 * MAX_BYTES))
    try:
        found = _read(source, target)
    except ModelError as error:
        found = {"error": error.to_dict()}
    except (
        OSError,
        ValueError,
        KeyError,
        TypeError,
        RuntimeError,
        MemoryError,
        RecursionError,
        AttributeError,
    ) as error:
        found = {"error": ModelError(f"Its content cannot be read ({str(error)[:120]})", expected=_EXPECTED).to_dict()}
    (target / FOUND).write_text(json.dumps(found), encoding="utf-8")


def _read(source: Path, target: Path) -> dict[str, Any]:
    import h5py  # only now: the limits hold for it as well

    with h5py.File(source, "r", locking=False) as file:
        sizes = _look_around(h5py, file)
        root = file.get("model_weights", file)
        legacy = "layer_names" in root.attrs or "layer_names0" in root.attrs
        wanted = _legacy_names(root) if legacy else _stored_names(sizes)
        _check_budget(file, [path for paths in wanted.values() for path in paths])
        arrays = {}
        for layer, paths in wanted.items():
            arrays[layer] = [_save(file[path], target, path) for path in paths]
        return {
            "legacy": legacy,
            "keras_version": _text(file.attrs.get("keras_version", "")),
            "model_config": _config(file),
            "arrays": arrays,
        }


def _look_around(h5py: Any, file: Any) -> list[str]:
    """The paths of all arrays; refuses links that lead elsewhere, and what no model has."""
    paths, waiting, n_objects = [], [(file, "", 0)], 0
    while waiting:
        group, path, depth = waiting.pop()
        for name in group:
            n_objects += 1
            here = f"{path}/{name}"
            if n_objects > _MAX_OBJECTS or depth > _MAX_DEPTH:
                raise ModelError("It holds more groups and arrays than any model", expected=_EXPECTED)
            if type(group.get(name, getlink=True)) is not h5py.HardLink:
                raise ModelError(f"{here[:80]} is a link to somewhere else", expected=_EXPECTED)
            item = group[name]
            if isinstance(item, h5py.Group):
                waiting.append((item, here, depth + 1))
            elif isinstance(item, h5py.Dataset):
                _check_storage(item, here)
                paths.append(here)
            else:
                raise ModelError(f"{here[:80]} is neither a group nor an array", expected=_EXPECTED)
    return paths


def _check_storage(item: Any, path: str) -> None:
    """Refuses an array whose numbers are elsewhere, or packed by something that would have to be loaded."""
    if item.is_virtual or item.external:
        raise ModelError(f"The numbers of {path[:80]} are in another file", expected=_EXPECTED)
    created = item.id.get_create_plist()
    filters = [created.get_filter(n)[0] for n in range(created.get_nfilters())]
    if any(one not in _FILTERS for one in filters):
        raise ModelError(f"{path[:80]} is packed in an unusual way", expected=_EXPECTED)


def _check_budget(file: Any, paths: list[str]) -> None:
    """Refuses arrays that are too large together, or far larger than what is stored of them."""
    total = 0
    for path in paths:
        item = file[path]
        if item.dtype.kind != "f" or item.dtype.itemsize not in (2, 4, 8) or item.shape is None:
            raise ModelError(f"{path[:80]} holds {item.dtype} and not numbers of a model", expected="float32")
        n_bytes = 4 * int(np.prod([int(side) for side in item.shape], dtype=object)) if item.shape else 4
        total += n_bytes
        if total > MAX_BYTES or n_bytes > 100 * item.id.get_storage_size() + _PADDING:
            raise ModelError(
                f"{path[:80]} announces the shape {tuple(item.shape)}, {number(n_bytes)} bytes",
                expected=f"{number(MAX_BYTES)} bytes at most in all arrays, and all of them stored",
            )


def _legacy_names(root: Any) -> dict[str, list[str]]:
    """The paths of each layer's arrays, in the order in which Keras wrote them, by the layer's name."""
    found = {}
    for layer in _names(root, "layer_names"):
        group = root[layer]
        found[layer] = [f"{group.name}/{name}" for name in _names(group, "weight_names")]
    return found


def _stored_names(paths: list[str]) -> dict[str, list[str]]:
    """The paths of the arrays of a .keras file by their folder, in the order of their numbers."""
    found: dict[str, list[str]] = {}
    for path in paths:
        folder, _, number = path.rpartition("/vars/")
        if path.startswith("/layers/") and number.isdigit() and not folder.endswith("/seed_generator"):
            found.setdefault(folder.removeprefix("/layers/"), []).append(path)
    return {folder: sorted(own, key=lambda path: int(path.rpartition("/")[2])) for folder, own in found.items()}


def _names(group: Any, key: str) -> list[str]:
    """A list of names in an attribute, or, where it was too long for one, in several that are numbered."""
    if key in group.attrs:
        chunks = [group.attrs[key]]
    else:
        numbered = (f"{key}{n}" for n in range(_MAX_NAMES))
        chunks = []
        for name in numbered:
            if name not in group.attrs:
                break
            chunks.append(group.attrs[name])
    names = [_text(name) for chunk in chunks for name in np.asarray(chunk).ravel().tolist()]
    if len(names) > _MAX_NAMES:
        raise ModelError(f"It names {number(len(names))} arrays or layers", expected=_EXPECTED)
    return names


def _save(item: Any, target: Path, path: str) -> dict[str, str]:
    """Writes an array as float32; returns its name and the name of its file."""
    file = f"{len(list(target.iterdir())):05d}.npy"
    np.save(target / file, np.asarray(item[()], np.float32), allow_pickle=False)
    return {"name": path, "file": file}


def _config(file: Any) -> str | None:
    if "model_config" not in file.attrs:
        return None
    config = _text(file.attrs["model_config"])
    if len(config) > _MAX_CONFIG:
        raise ModelError("Its configuration is larger than that of any model", expected=_EXPECTED)
    return config


def _text(value: Any) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)


if __name__ == "__main__":
    main(sys.argv[1:])
