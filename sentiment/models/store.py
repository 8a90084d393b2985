"""Model folders: weights.safetensors, tokenizer.json, config.json. Nothing in them is ever executed."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import save as save_tensors

from sentiment.errors import ModelError
from sentiment.files import write_atomic, write_json
from sentiment.models.classifier import abstract_classifier, flatten, params_of, unflatten
from sentiment.models.encoders import KNOWN, AnyConfig, EncoderConfig, config_from_dict
from sentiment.models.temperature import temperature_of
from sentiment.models.tensors import FORMAT, MAX_SIDE, check_architecture, load_tensors, read_config
from sentiment.models.tokenizer import AnyTokenizer, load_tokenizer


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
    encoder: AnyConfig
    classes: tuple[str, ...]
    tokenizer: AnyTokenizer
    max_length: int
    extra: dict[str, Any] = field(default_factory=dict)

    @property
    def calibrated_head(self) -> dict[str, NDArray[np.float32]]:
        """The head whose logits are divided by the model's temperature already: what it says of a text, as it says it.

        Raises:
            ModelError: if the model's temperature is none.
        """
        temperature = np.float32(temperature_of(self.extra))
        return {name: np.asarray(value, np.float32) / temperature for name, value in self.params["head"].items()}


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
    config = read_config(folder)
    check_architecture(folder, config, KNOWN)
    try:
        encoder = config_from_dict(config["architecture"], config.pop("encoder"))
        if encoder.architecture != config["architecture"]:
            raise ValueError(f"a {config['architecture']} with the encoder of a {encoder.architecture}")
        classes = tuple(str(name) for name in config.pop("classes"))
        max_length = int(config.pop("max_length"))
        if not (1 <= len(classes) <= 10_000 and 1 <= max_length <= 100_000 and 2 <= encoder.vocab_size <= MAX_SIDE):
            raise ValueError("a number is out of its range")
        if isinstance(encoder, EncoderConfig):
            _check_budget(encoder)
    except (KeyError, TypeError, ValueError, OverflowError, RecursionError) as error:
        raise ModelError(f"The config of {folder.name} does not describe a model of ours ({error})") from error
    tokenizer = load_tokenizer(folder / "tokenizer.json")
    if tokenizer.get_vocab_size() != encoder.vocab_size:
        raise ModelError(
            f"The tokenizer of {folder.name} has {tokenizer.get_vocab_size()} tokens, its weights {encoder.vocab_size}",
            expected="The tokenizer that the model was trained with",
        )
    shapes = flatten(params_of(abstract_classifier(encoder, len(classes))))
    params = unflatten(load_tensors(folder, {name: tuple(value.shape) for name, value in shapes.items()}))
    return ModelFolder(params, encoder, classes, tokenizer, max_length, config)


def _check_budget(encoder: EncoderConfig) -> None:
    """Raises a ValueError for an encoder that is larger than any of ours, before an array is made for it."""
    sides = (encoder.embed, encoder.filters, encoder.units, encoder.directions * encoder.units)
    widths = all(1 <= width <= 32 for width in encoder.widths) and 1 <= len(encoder.widths) <= 32
    if not (widths and all(1 <= side <= 4096 for side in sides)):
        raise ValueError("the encoder is larger than any of ours")
