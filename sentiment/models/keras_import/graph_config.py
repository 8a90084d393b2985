"""The shape of an imported network as plain values: its layers, and what each of them reads."""

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from sentiment.models.keras_import.layers import MAX_SIDE, Layer
from sentiment.models.keras_import.shapes import Form, Shape, output_form, weight_shapes

ARCHITECTURE = "KerasGraph"
PADDINGS = ("pre", "post")
_MAX_ROWS = 2_000_000
_MAX_CALLS = 256
_MAX_HIDDEN = 2**16
_MAX_VALUES = 2**24  # numbers of one text between two layers
_MAX_WEIGHTS = 2**28

Call = tuple[int, tuple[int, ...]]  # a layer, and the calls whose outputs it reads; an embedding reads the words


@dataclass(frozen=True, kw_only=True)
class KerasConfig:
    """The shape of an imported network up to its head.

    Attributes:
        vocab_size: rows of the embedding table; row 0 is padding.
        embed: length of a word's vector, over all embeddings together.
        maxlen: places of a text: shorter ones are padded to it, longer ones cut.
        padding: which side the padding is on, "pre" or "post".
        layers: its layers.
        calls: what is computed, in this order; the last is the text's vector.

    Raises:
        ValueError: if something does not fit together, or is larger than anything of use.
    """

    vocab_size: int
    embed: int
    maxlen: int
    padding: str
    layers: tuple[Layer, ...]
    calls: tuple[Call, ...]

    def __post_init__(self) -> None:
        for name, most in (("vocab_size", _MAX_ROWS), ("embed", 4 * MAX_SIDE), ("maxlen", MAX_SIDE)):
            value = getattr(self, name)
            if type(value) is not int or not 1 <= value <= most:
                raise ValueError(f"{name} is {str(value)[:40]!r}")
        if self.padding not in PADDINGS:
            raise ValueError(f"the padding is {str(self.padding)[:40]!r}")
        if not 1 <= len(self.calls) <= _MAX_CALLS or not 1 <= len(self.layers) <= _MAX_CALLS:
            raise ValueError(f"{len(self.layers)} layers and {len(self.calls)} calls")
        if len(self.forms[-1].shape) != 1:
            raise ValueError("what comes out is a sequence and not a vector")
        if self.hidden > _MAX_HIDDEN:
            raise ValueError(f"a text's vector has {self.hidden} numbers")
        weights = sum(math.prod(shape) for shapes in self.weight_shapes.values() for shape in shapes.values())
        if weights + self.vocab_size * self.embed > _MAX_WEIGHTS:
            raise ValueError("the network is larger than any that is of use here")

    @property
    def architecture(self) -> str:
        """The name of the network."""
        return ARCHITECTURE

    @property
    def fixed_length(self) -> int:
        """Tokens of a text that are always read, whatever a run's settings say."""
        return self.maxlen

    @cached_property
    def forms(self) -> tuple[Form, ...]:
        """What comes out of each call."""
        words, forms = Form((self.maxlen, self.embed)), list[Form]()
        for number, (layer, sources) in enumerate(self.calls):
            if not (type(layer) is int and 0 <= layer < len(self.layers)):
                raise ValueError(f"call {number} names a layer that is not there")
            if any(type(source) is not int or not 0 <= source < number for source in sources):
                raise ValueError(f"call {number} reads what is not there")
            form = output_form(self.layers[layer], self._inputs(layer, sources, words, forms))
            if math.prod(form.shape) > _MAX_VALUES:
                raise ValueError(f"{self.layers[layer].kind} gives {form.shape} for each text")
            forms.append(form)
        return tuple(forms)

    @cached_property
    def weight_shapes(self) -> dict[int, dict[str, Shape]]:
        """The shapes of the weights by the position of their layer; of layers without weights nothing."""
        words, found = Form((self.maxlen, self.embed)), dict[int, dict[str, Shape]]()
        for layer, sources in self.calls:
            shapes = weight_shapes(self.layers[layer], self._inputs(layer, sources, words, list(self.forms)))
            if found.setdefault(layer, shapes) != shapes:
                raise ValueError(f"{self.layers[layer].kind} is used on inputs of different sizes")
        return {layer: shapes for layer, shapes in found.items() if shapes}

    @property
    def hidden(self) -> int:
        """Length of a text's vector."""
        return self.forms[-1].shape[0]

    def _inputs(self, layer: int, sources: tuple[int, ...], words: Form, forms: list[Form]) -> list[Form]:
        if self.layers[layer].kind != "embedding":
            return [forms[source] for source in sources]
        if sources:
            raise ValueError("an embedding reads something else than the words")
        options = self.layers[layer]
        if options["start"] + options["size"] > self.embed:
            raise ValueError("an embedding reads beyond the table")
        return [words]

    def to_dict(self) -> dict[str, Any]:
        """The shape as plain values, for JSON."""
        return {
            "vocab_size": self.vocab_size,
            "embed": self.embed,
            "maxlen": self.maxlen,
            "padding": self.padding,
            "layers": [layer.to_dict() for layer in self.layers],
            "calls": [[layer, list(sources)] for layer, sources in self.calls],
        }

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> "KerasConfig":
        """The shape from `to_dict`, checked anew.

        Raises:
            TypeError, ValueError: if it is none.
        """
        layers = tuple(Layer.from_dict(layer) for layer in values["layers"])
        calls = tuple((layer, tuple(sources)) for layer, sources in values["calls"])
        return cls(**{**values, "layers": layers, "calls": calls})
