"""A parsed graph → the shape of an encoder, and the head that stands on it."""

from dataclasses import dataclass

from sentiment.errors import ModelError
from sentiment.models.keras_import.graph_config import Call, KerasConfig
from sentiment.models.keras_import.layers import Layer
from sentiment.models.keras_import.parsing import WORDS, ParsedGraph
from sentiment.numbers import number

_HEADS = "A Dense layer at the end, with sigmoid (1 unit) or softmax (as many units as classes)"


@dataclass(frozen=True)
class Head:
    """The last layer of a model.

    Attributes:
        layer: its position among the layers of the file.
        source: the call whose output it reads.
        units: its outputs.
        use_bias: whether it has a bias.
        activation: "sigmoid" or "softmax".
    """

    layer: int
    source: int
    units: int
    use_bias: bool
    activation: str


@dataclass(frozen=True)
class Assembled:
    """An encoder's shape.

    Attributes:
        config: the shape.
        file_layers: for each of its layers, the position among those of the file.
    """

    config: KerasConfig
    file_layers: tuple[int, ...]


def find_head(graph: ParsedGraph, *, logits: bool) -> Head:
    """The head of a model: its last Dense layer, with the activation in it or behind it.

    Args:
        graph: the model.
        logits: whether somebody said that a last layer without an activation gives logits.

    Raises:
        ModelError: if the model ends in something else, or says nothing of what its outputs are.
    """
    call, activation = graph.output, "linear"
    while call != WORDS and (layer := _layer(graph, call)).kind == "activation" and activation == "linear":
        activation, call = layer["activation"], graph.calls[call][1][0]
    found = None if call == WORDS else _layer(graph, call)
    if found is None or found.kind != "dense":
        name = "nothing" if found is None else graph.layers[graph.calls[call][0]].class_name
        raise ModelError(f"The model ends in {name}", expected=_HEADS)
    if found["activation"] != "linear":
        if activation != "linear":
            raise ModelError(f"The model ends in {activation} upon {found['activation']}", expected=_HEADS)
        activation = found["activation"]
    position, sources = graph.calls[call]
    if sum(layer == position for layer, _ in graph.calls) > 1:
        raise ModelError("The model's last layer is used in the middle of it as well", expected=_HEADS)
    activation = _meaning(activation, found["units"], logits=logits)
    return Head(position, sources[0], found["units"], found["use_bias"], activation)


def _meaning(activation: str, units: int, *, logits: bool) -> str:
    """What the outputs are: the activation, or what is missing, if they are logits."""
    if activation == "linear":
        if not logits:
            raise ModelError(
                "The last layer has no activation, so it is not known what its numbers are",
                expected="sigmoid or softmax, or a model that was trained with from_logits=True",
                todo="If it was trained so, say that its outputs are logits (--logits)",
            )
        activation = "sigmoid" if units == 1 else "softmax"
    if (activation, units == 1) not in (("sigmoid", True), ("softmax", False)):
        raise ModelError(f"The model ends in {units} units with {activation}", expected=_HEADS)
    return activation


def assemble(graph: ParsedGraph, head: Head, *, maxlen: int, padding: str) -> Assembled:
    """The encoder under a head: what the head reads, and all that leads there.

    Args:
        graph: the model.
        head: its head.
        maxlen: places of a text.
        padding: "pre" or "post".

    Raises:
        ModelError: if the layers do not fit each other, or are too large.
    """
    if head.source == WORDS:
        raise ModelError("The model's last layer reads the ids of words", expected="An Embedding before it")
    order = sorted(_leading_to(graph, head.source))
    number_of = {call: number for number, call in enumerate(order)}
    used = sorted({graph.calls[call][0] for call in order})
    calls: list[Call] = [
        (used.index(graph.calls[call][0]), tuple(number_of[one] for one in graph.calls[call][1] if one != WORDS))
        for call in order
    ]
    rows = _rows(graph)
    try:
        config = KerasConfig(
            vocab_size=rows,
            embed=sum(one.layer["size"] for one in graph.layers if one.rows and one.layer is not None),
            maxlen=maxlen,
            padding=padding,
            layers=tuple(layer for one in used if (layer := graph.layers[one].layer) is not None),
            calls=tuple(calls),
        )
    except ValueError as error:
        raise ModelError(f"The layers of the model do not fit each other ({error})") from error
    _check_forms(graph, config, number_of)
    return Assembled(config, tuple(used))


def _check_forms(graph: ParsedGraph, config: KerasConfig, number_of: dict[int, int]) -> None:
    """Refuses what can only be told once it is known what flows between the layers."""
    for call, place in number_of.items():
        position, sources = graph.calls[call]
        layer, inputs = graph.layers[position], [config.forms[number_of[one]] for one in sources if one != WORDS]
        if layer.axis is not None and layer.axis not in (-1, len(inputs[0].shape)):
            raise ModelError(f"The layer {layer.name} normalizes the axis {str(layer.axis)[:40]}, not the last one")
        if call in graph.masked and not (inputs and inputs[0].masked):
            raise ModelError(f"The layer {layer.name} is given a mask of its own, which cannot be imported")
        kind = config.layers[config.calls[place][0]].kind
        if layer.class_name == "Softmax" and kind == "activation" and inputs[0].masked:
            raise ModelError(f"The layer {layer.name} (Softmax) passes over padding, which cannot be imported")


def _leading_to(graph: ParsedGraph, call: int) -> set[int]:
    found, waiting = set[int](), [call]
    while waiting:
        one = waiting.pop()
        if one != WORDS and one not in found:
            found.add(one)
            waiting += graph.calls[one][1]
    return found


def _rows(graph: ParsedGraph) -> int:
    """The rows of the table of words, the same for all embeddings."""
    rows = {layer.rows for layer in graph.layers if layer.rows}
    if len(rows) != 1:
        listed = ", ".join(number(one) for one in sorted(rows)) or "none"
        raise ModelError(f"The model's embeddings have different numbers of words ({listed})", expected="One number")
    return rows.pop()


def _layer(graph: ParsedGraph, call: int) -> Layer:
    layer = graph.layers[graph.calls[call][0]].layer
    assert layer is not None  # a layer that does nothing is never called
    return layer
