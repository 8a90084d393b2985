"""Config and weights of a model folder, checked before they are used. Nothing in them is ever executed.

Weights are checked against the shapes that the config announces before any array is made, by our own budget.
"""

import json
import struct
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load

from sentiment.errors import ModelError
from sentiment.files import read_json
from sentiment.numbers import number

FORMAT = 1
MAX_SIDE = 2_000_000  # no axis of ours comes near
_MAX_HEADER = 2**20  # bytes; a model of ours needs about 2,000
_MAX_WEIGHTS = 2**30
_DTYPES = ("F16", "F32")

Shapes = Mapping[str, tuple[int, ...]]
Tensors = dict[str, NDArray[np.float32]]


def read_config(folder: Path) -> dict[str, Any]:
    """The config of a model folder, whatever its architecture.

    Raises:
        ModelError: if there is none, or it is damaged or of another format.
    """
    try:
        config = read_json(folder / "config.json")
    except FileNotFoundError as error:
        raise ModelError(
            f"There is no model in {folder.name}", expected="A run folder, or the name of a base model (see `bases`)"
        ) from error
    except (OSError, ValueError, RecursionError) as error:
        raise ModelError(f"The config of {folder.name} cannot be read ({error})") from error
    if not isinstance(config, dict) or config.get("format") != FORMAT:
        raise _unknown(folder)
    return config


def check_architecture(folder: Path, config: Mapping[str, Any], known: Collection[str]) -> None:
    """Raises a ModelError if a config's architecture is not one of those known."""
    if config.get("architecture") not in list(known):
        raise _unknown(folder)


def load_tensors(folder: Path, expected: Shapes) -> Tensors:
    """The weights of a model folder by name, as float32.

    Args:
        folder: of the model.
        expected: the shapes that its config announces.

    Raises:
        ModelError: if the file is missing or damaged, or a tensor is missing, of another shape, or not finite.
    """
    path = folder / "weights.safetensors"
    try:
        found = _shapes(path)
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError, struct.error) as error:
        raise ModelError(f"The weights of {folder.name} cannot be read ({str(error)[:80]})") from error
    _check_shapes(folder.name, expected, found)
    try:
        tensors = load(path.read_bytes())
    except Exception as error:  # safetensors raises its own error class for a damaged body
        raise ModelError(f"The weights of {folder.name} are damaged ({str(error)[:80]})") from error
    broken = [name for name, value in tensors.items() if not np.isfinite(value).all()]
    if broken:
        raise ModelError(f"The weights of {folder.name} hold numbers that are not finite, in {', '.join(broken)}")
    return {name: value.astype(np.float32) for name, value in tensors.items()}


def _unknown(folder: Path) -> ModelError:
    return ModelError(
        f"The model in {folder.name} is of a kind that this version does not know",
        todo="Update Sentiment Studio, or fine-tune again",
    )


def _shapes(path: Path) -> dict[str, tuple[int, ...]]:
    """Shapes by name, from the header alone; refuses what is too large before anything is allocated."""
    size = path.stat().st_size
    with path.open("rb") as file:
        (header_size,) = struct.unpack("<Q", file.read(8))
        if header_size > _MAX_HEADER or size > _MAX_WEIGHTS:
            raise ValueError(f"a header of {number(header_size)} bytes and a file of {number(size)} are over the limit")
        header = json.loads(file.read(header_size))
    header.pop("__metadata__", None)
    shapes = {}
    for name, entry in header.items():
        shape = tuple(entry["shape"])
        if entry["dtype"] not in _DTYPES:
            raise ValueError(f"{name} has the type {entry['dtype']}, float16 or float32 was expected")
        if any(not isinstance(side, int) or not 0 <= side <= MAX_SIDE for side in shape):
            raise ValueError(f"{name} has the shape {shape}")
        shapes[name] = shape
    return shapes


def _check_shapes(name: str, expected: Shapes, found: Shapes) -> None:
    """Raises a ModelError that lists both sides of every difference."""
    differences = [
        f"{tensor}: expected {expected.get(tensor, 'nothing')}, found {found.get(tensor, 'nothing')}"
        for tensor in sorted(expected.keys() | found.keys())
        if expected.get(tensor) != found.get(tensor)
    ]
    if differences:
        raise ModelError(f"The weights of {name} do not fit its config", expected="; ".join(differences[:8]))
