"""What comes out of each layer, and which weights it has, worked out before any array is made."""

import math
from collections.abc import Sequence
from typing import NamedTuple

from sentiment.models.keras_import.layers import RECURRENCES, Layer

Shape = tuple[int, ...]
_GATES = {"simple_rnn": 1, "lstm": 4, "gru": 3}


class Form(NamedTuple):
    """What flows between layers, without its rows.

    Attributes:
        shape: (length, numbers) of a sequence, (numbers,) of a vector.
        masked: whether it is known which places are padding, and they are passed over.
    """

    shape: Shape
    masked: bool = False


def output_form(layer: Layer, inputs: Sequence[Form]) -> Form:
    """What a layer makes of its inputs.

    Raises:
        ValueError: if it cannot take them.
    """
    if layer.kind != "concatenate" and len(inputs) != 1:
        raise ValueError(f"{layer.kind} with {len(inputs)} inputs")
    if layer.kind == "concatenate":
        return _concatenated(layer, inputs)
    (shape, masked), kind = inputs[0], layer.kind
    if kind == "embedding":
        return Form((shape[0], layer["size"]), layer["mask_zero"])
    if kind == "flatten":
        return Form((math.prod(shape),))
    if kind == "dense":
        return Form((*shape[:-1], layer["units"]), masked)
    if kind in ("conv1d", "max_pooling1d", "average_pooling1d"):
        return Form((_length(layer, _sequence(layer, shape)[0]), layer["filters"] if kind == "conv1d" else shape[1]))
    if kind in ("global_max_pooling1d", "global_average_pooling1d"):
        return Form(_sequence(layer, shape)[1:])
    if kind in RECURRENCES or kind == "bidirectional":
        one, units = _recurrent(layer)
        whole = one["return_sequences"]
        return Form((_sequence(layer, shape)[0], units) if whole else (units,), masked and whole)
    return Form(shape, masked)


def weight_shapes(layer: Layer, inputs: Sequence[Form]) -> dict[str, Shape]:
    """The shape of each of a layer's weights by name, in Keras's order; an embedding's stand in the common table."""
    numbers = inputs[0].shape[-1]
    kind = layer.kind
    if kind == "bidirectional":
        return {
            f"{direction}_{name}": shape
            for direction in ("forward", "backward")
            for name, shape in _recurrence_shapes(layer[direction], numbers).items()
        }
    if kind in RECURRENCES:
        return _recurrence_shapes(layer, numbers)
    if kind == "conv1d":
        if numbers % layer["groups"]:
            raise ValueError(f"conv1d: {numbers} numbers in {layer['groups']} groups")
        kernel: Shape = (layer["width"], numbers // layer["groups"], layer["filters"])
        return _with_bias(layer, kernel, (layer["filters"],))
    if kind == "dense":
        return _with_bias(layer, (numbers, layer["units"]), (layer["units"],))
    if kind == "layer_normalization":
        return {name: (numbers,) for name, there in (("gamma", "scale"), ("beta", "center")) if layer[there]}
    if kind == "batch_normalization":  # its four are folded into two, which can be tuned
        return {"scale": (numbers,), "bias": (numbers,)}
    return {}


def _with_bias(layer: Layer, kernel: Shape, bias: Shape) -> dict[str, Shape]:
    return {"kernel": kernel, "bias": bias} if layer["use_bias"] else {"kernel": kernel}


def _recurrence_shapes(layer: Layer, numbers: int) -> dict[str, Shape]:
    columns = _GATES[layer.kind] * layer["units"]
    shapes: dict[str, Shape] = {"kernel": (numbers, columns), "recurrent_kernel": (layer["units"], columns)}
    if layer["use_bias"]:
        shapes["bias"] = (2, columns) if layer.kind == "gru" and layer["reset_after"] else (columns,)
    return shapes


def _recurrent(layer: Layer) -> tuple[Layer, int]:
    """One of the recurrences of a layer, and the numbers that come out of all of them."""
    if layer.kind != "bidirectional":
        return layer, layer["units"]
    forward: Layer = layer["forward"]
    return forward, forward["units"] * (2 if layer["merge"] == "concat" else 1)


def _length(layer: Layer, length: int) -> int:
    """Places that a window of a convolution or a pooling stops at."""
    span = (layer["width"] - 1) * (layer["dilation"] if layer.kind == "conv1d" else 1) + 1
    padded = length if layer["padding"] == "valid" else length + span - 1
    places = (padded - span) // layer["strides"] + 1 if padded >= span else 0
    if places < 1:
        raise ValueError(f"{layer.kind} needs {span} places, and there are {length}")
    return places


def _sequence(layer: Layer, shape: Shape) -> Shape:
    if len(shape) != 2:
        raise ValueError(f"{layer.kind} needs a sequence and is given vectors")
    return shape


def _concatenated(layer: Layer, inputs: Sequence[Form]) -> Form:
    if len(inputs) < 2 or len({len(form.shape) for form in inputs}) > 1:
        raise ValueError("concatenate needs several inputs of one kind")
    shapes, masked = [form.shape for form in inputs], any(form.masked for form in inputs)
    if layer["axis"] == "length" and len(shapes[0]) == 2:
        if len({shape[1] for shape in shapes}) > 1:
            raise ValueError("concatenate along the text needs sequences of equally many numbers")
        return Form((sum(shape[0] for shape in shapes), shapes[0][1]), masked)
    if len({shape[:-1] for shape in shapes}) > 1:
        raise ValueError("concatenate needs sequences of one length")
    return Form((*shapes[0][:-1], sum(shape[-1] for shape in shapes)), masked)
