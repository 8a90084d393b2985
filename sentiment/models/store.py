"""Model folders: weights.safetensors, tokenizer.json, config.json. Nothing in them is ever executed.

Weights are checked against the shapes that the config announces before any array is made, by our own budget.
"""

import json
import struct
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from safetensors.numpy import load as load_tensors
from safetensors.numpy import save as save_tensors
from tokenizers import Tokenizer

from sentiment.errors import ModelError
from sentiment.files import read_json, write_atomic, write_json
from sentiment.models.classifier import abstract_classifier, flatten, params_of, unflatten
from sentiment.models.encoder_config import ARCHITECTURES, EncoderConfig
from sentiment.models.tokenizer import load_tokenizer

FORMAT = 1
_MAX_HEADER = 2**20  # bytes; a model of ours needs about 2,000
_MAX_WEIGHTS = 2**30
_MAX_SIDE = 2_000_000  # no axis of ours comes near
_DTYPES = {"F16": 2, "F32": 4}


@dataclass(frozen=True)
class ModelFolder:
    """A model in memory.

    Attributes:
        params: nested dictionary of float32 arrays.
        encoder: the encoder's shape.
        classes: names of the head's classes, in the order of the logits.
        tokenizer: the tokenizer that the embeddings belong to.
        max_length: tokens of a text that are read.
        extra: everything else that stands in config.json (the card of a base model, the settings of a run).
    """

    params: dict[str, Any]
    encoder: EncoderConfig
    classes: tuple[str, ...]
    tokenizer: Tokenizer
    max_length: int
    extra: dict[str, Any] = field(default_factory=dict)


def save_model(folder: Path, model: ModelFolder, *, dtype: str = "float32") -> None:
    """Writes a model folder; config.json comes last, so a folder with one is whole.

    Args:
        folder: made if it isn't there.
        model: what to write.
        dtype: "float32", or "float16" for half the size.
    """
    folder.mkdir(parents=True, exist_ok=True)
    tensors = {path: np.ascontiguousarray(value, dtype=dtype) for path, value in flatten(model.params).items()}
    write_atomic(folder / "weights.safetensors", save_tensors(tensors))
    write_atomic(folder / "tokenizer.json", model.tokenizer.to_str().encode())
    config = {
        "format": FORMAT,
        "architecture": model.encoder.architecture,
        "encoder": model.encoder.to_dict(),
        "classes": list(model.classes),
        "max_length": model.max_length,
    }
    write_json(folder / "config.json", {**model.extra, **config})


def load_model(folder: Path) -> ModelFolder:
    """The model in a folder.

    Raises:
        ModelError: if a file is missing or damaged, a tensor is missing, of another shape or not finite, or the
            tokenizer has another number of tokens than the embedding has rows.
    """
    config = _read_config(folder)
    try:
        encoder = EncoderConfig.from_dict(config.pop("encoder"))
        if encoder.architecture != config["architecture"]:
            raise ValueError(f"a {config['architecture']} with the encoder of a {encoder.architecture}")
        classes = tuple(str(name) for name in config.pop("classes"))
        max_length = int(config.pop("max_length"))
        if not (1 <= len(classes) <= 10_000 and 1 <= max_length <= 100_000 and 2 <= encoder.vocab_size <= _MAX_SIDE):
            raise ValueError("a number is out of its range")
        _check_budget(encoder)
    except (KeyError, TypeError, ValueError) as error:
        raise ModelError(f"The config of {folder.name} does not describe a model of ours ({error})") from error
    tokenizer = load_tokenizer(folder / "tokenizer.json")
    if tokenizer.get_vocab_size() != encoder.vocab_size:
        raise ModelError(
            f"The tokenizer of {folder.name} has {tokenizer.get_vocab_size()} tokens, its weights {encoder.vocab_size}",
            expected="The tokenizer that the model was trained with",
        )
    params = _load_params(folder, encoder, len(classes))
    return ModelFolder(params, encoder, classes, tokenizer, max_length, config)


def _check_budget(encoder: EncoderConfig) -> None:
    """Raises a ValueError for an encoder that is larger than any of ours, before an array is made for it."""
    sides = (encoder.embed, encoder.filters, encoder.units, encoder.directions * encoder.units)
    widths = all(1 <= width <= 32 for width in encoder.widths) and 1 <= len(encoder.widths) <= 32
    if not (widths and all(1 <= side <= 4096 for side in sides)):
        raise ValueError("the encoder is larger than any of ours")


def _read_config(folder: Path) -> dict[str, Any]:
    try:
        config = read_json(folder / "config.json")
    except FileNotFoundError as error:
        raise ModelError(
            f"There is no model in {folder.name}", expected="A run folder, or the name of a base model (see `bases`)"
        ) from error
    except (OSError, ValueError, RecursionError) as error:
        raise ModelError(f"The config of {folder.name} cannot be read ({error})") from error
    known = isinstance(config, dict) and config.get("format") == FORMAT
    if not known or config.get("architecture") not in ARCHITECTURES.values():
        raise ModelError(
            f"The model in {folder.name} is of a kind that this version does not know",
            todo="Update Sentiment Studio, or fine-tune again",
        )
    return config


def _load_params(folder: Path, encoder: EncoderConfig, n_classes: int) -> dict[str, Any]:
    path = folder / "weights.safetensors"
    expected = {name: tuple(v.shape) for name, v in flatten(params_of(abstract_classifier(encoder, n_classes))).items()}
    try:
        found = _shapes(path)
    except (OSError, ValueError, KeyError, TypeError, RecursionError, struct.error) as error:
        raise ModelError(f"The weights of {folder.name} cannot be read ({str(error)[:80]})") from error
    _check_shapes(folder.name, expected, found)
    try:
        tensors = load_tensors(path.read_bytes())
    except Exception as error:  # safetensors raises its own error class for a damaged body
        raise ModelError(f"The weights of {folder.name} are damaged ({str(error)[:80]})") from error
    broken = [name for name, value in tensors.items() if not np.isfinite(value).all()]
    if broken:
        raise ModelError(f"The weights of {folder.name} hold numbers that are not finite, in {', '.join(broken)}")
    return unflatten({name: value.astype(np.float32) for name, value in tensors.items()})


def _shapes(path: Path) -> dict[str, tuple[int, ...]]:
    """Shapes by name, from the header alone; refuses what is too large before anything is allocated."""
    size = path.stat().st_size
    with path.open("rb") as file:
        (header_size,) = struct.unpack("<Q", file.read(8))
        if header_size > _MAX_HEADER or size > _MAX_WEIGHTS:
            raise ValueError(f"a header of {header_size:,} bytes and a file of {size:,} are over the limit")
        header = json.loads(file.read(header_size))
    header.pop("__metadata__", None)
    shapes = {}
    for name, entry in header.items():
        shape = tuple(entry["shape"])
        if entry["dtype"] not in _DTYPES:
            raise ValueError(f"{name} has the type {entry['dtype']}, float16 or float32 was expected")
        if any(not isinstance(side, int) or not 0 <= side <= _MAX_SIDE for side in shape):
            raise ValueError(f"{name} has the shape {shape}")
        shapes[name] = shape
    return shapes


def _check_shapes(name: str, expected: dict[str, tuple[int, ...]], found: dict[str, tuple[int, ...]]) -> None:
    """Raises a ModelError that lists both sides of every difference."""
    differences = [
        f"{tensor}: expected {expected.get(tensor, 'nothing')}, found {found.get(tensor, 'nothing')}"
        for tensor in sorted(expected.keys() | found.keys())
        if expected.get(tensor) != found.get(tensor)
    ]
    if differences:
        raise ModelError(f"The weights of {name} do not fit its config", expected="; ".join(differences[:8]))
