"""The layers that an imported network may have: each kind with its options and what they may be."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

ACTIVATIONS = (
    "linear",
    "relu",
    "relu6",
    "leaky_relu",
    "elu",
    "selu",
    "gelu",
    "silu",
    "softplus",
    "softsign",
    "softmax",
    "sigmoid",
    "hard_sigmoid",  # of Keras 3: relu6(x + 3) / 6
    "hard_sigmoid_2",  # of Keras 1 and 2: 0.2 x + 0.5, cut to 0 and 1
    "tanh",
    "exponential",
)
RECURRENCES = ("simple_rnn", "lstm", "gru")
MERGES = ("concat", "sum", "mul", "ave")
MAX_SIDE = 4096  # units, filters, numbers of a word, places of a text
_MAX_EMBED = 4 * MAX_SIDE

Check = Callable[[Any], bool]


def _one_of(*names: str) -> Check:
    return lambda value: isinstance(value, str) and value in names


def _count(most: int, least: int = 1) -> Check:
    return lambda value: type(value) is int and least <= value <= most


def _number(low: float, high: float) -> Check:
    return lambda value: type(value) in (int, float) and low <= value <= high


def _flag(value: Any) -> bool:
    return type(value) is bool


def _maybe(check: Check) -> Check:
    return lambda value: value is None or check(value)


def _recurrence(value: Any) -> bool:
    return isinstance(value, Layer) and value.kind in RECURRENCES


_ACTIVATION = _one_of(*ACTIVATIONS)
_POOLING: dict[str, Check] = {
    "width": _count(MAX_SIDE),
    "strides": _count(MAX_SIDE),
    "padding": _one_of("valid", "same"),
}
_SIMPLE: dict[str, Check] = {
    "units": _count(MAX_SIDE),
    "activation": _ACTIVATION,
    "use_bias": _flag,
    "return_sequences": _flag,
    "go_backwards": _flag,
    "zero_output": _flag,
}
_GATED = {**_SIMPLE, "recurrent_activation": _ACTIVATION}
OPTIONS: dict[str, dict[str, Check]] = {
    "embedding": {"start": _count(_MAX_EMBED, 0), "size": _count(MAX_SIDE), "mask_zero": _flag},
    "conv1d": {
        "filters": _count(MAX_SIDE),
        "width": _count(MAX_SIDE),
        "strides": _count(MAX_SIDE),
        "dilation": _count(MAX_SIDE),
        "groups": _count(MAX_SIDE),
        "padding": _one_of("valid", "same", "causal"),
        "activation": _ACTIVATION,
        "use_bias": _flag,
    },
    "max_pooling1d": _POOLING,
    "average_pooling1d": _POOLING,
    "global_max_pooling1d": {},
    "global_average_pooling1d": {},
    "simple_rnn": _SIMPLE,
    "lstm": _GATED,
    "gru": {**_GATED, "reset_after": _flag},
    "bidirectional": {"forward": _recurrence, "backward": _recurrence, "merge": _one_of(*MERGES)},
    "dense": {"units": _count(MAX_SIDE), "activation": _ACTIVATION, "use_bias": _flag},
    "batch_normalization": {"epsilon": _number(0.0, 1.0), "center": _flag, "scale": _flag},
    "layer_normalization": {"epsilon": _number(0.0, 1.0), "center": _flag, "scale": _flag},
    "flatten": {},
    "concatenate": {"axis": _one_of("length", "last")},
    "activation": {"activation": _ACTIVATION},
    "relu": {
        "max_value": _maybe(_number(0.0, 1e9)),
        "negative_slope": _number(0.0, 1e3),
        "threshold": _number(0.0, 1e6),
    },
    "elu": {"alpha": _number(0.0, 1e3)},
}


@dataclass(frozen=True)
class Layer:
    """One layer, checked.

    Attributes:
        kind: one of `OPTIONS`.
        options: its options by name, in the order of their names.
    """

    kind: str
    options: tuple[tuple[str, Any], ...]

    def __getitem__(self, name: str) -> Any:
        return dict(self.options)[name]

    def to_dict(self) -> dict[str, Any]:
        """The layer as plain values, for JSON."""
        plain = {name: value.to_dict() if isinstance(value, Layer) else value for name, value in self.options}
        return {"kind": self.kind, **plain}

    @classmethod
    def from_dict(cls, values: Any) -> "Layer":
        """The layer from `to_dict` (errors as for `make_layer`)."""
        if not isinstance(values, Mapping):
            raise ValueError(f"a layer is {str(values)[:60]!r}")
        nested = {
            name: cls.from_dict(value) if isinstance(value, Mapping) else value
            for name, value in values.items()
            if name != "kind"
        }
        return make_layer(values.get("kind", ""), **nested)


def make_layer(kind: str, **options: Any) -> Layer:
    """A layer with these options.

    Raises:
        ValueError: naming what is not known, is missing or is out of its range.
    """
    if not isinstance(kind, str) or kind not in OPTIONS:
        raise ValueError(f"a layer of the kind {str(kind)[:60]!r}")
    checks = OPTIONS[kind]
    if differing := checks.keys() ^ options.keys():
        raise ValueError(f"{kind}: {', '.join(sorted(differing))} too much or missing")
    for name, check in checks.items():
        if not check(options[name]):
            raise ValueError(f"{kind}: {name} is {str(options[name])[:60]!r}")
    layer = Layer(kind, tuple(sorted(options.items())))
    _check_together(layer)
    return layer


def _check_together(layer: Layer) -> None:
    """Raises a ValueError for options that exclude each other."""
    if layer.kind == "conv1d" and layer["strides"] > 1 and layer["dilation"] > 1:
        raise ValueError("conv1d: strides and dilation are both above 1")
    if layer.kind == "conv1d" and layer["filters"] % layer["groups"]:
        raise ValueError(f"conv1d: {layer['filters']} filters in {layer['groups']} groups")
    if layer.kind == "bidirectional":
        forward, backward = layer["forward"], layer["backward"]
        if forward["return_sequences"] != backward["return_sequences"] or forward["units"] != backward["units"]:
            raise ValueError("bidirectional: the two directions differ in units or in what they return")
        if forward["go_backwards"] or not backward["go_backwards"]:
            raise ValueError("bidirectional: the directions are not one forwards and one backwards")
