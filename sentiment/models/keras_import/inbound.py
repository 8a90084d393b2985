"""What the layers of a functional model read, in the two ways in which Keras has written it."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from sentiment.errors import ModelError

Node = tuple[str, int]  # a layer's name, and the how-manieth call of it
_WITHOUT_CONSEQUENCE = (None, False)


class Inbound(NamedTuple):
    """One call of a layer.

    Attributes:
        node: the call.
        sources: the calls that it reads.
        mask: the call that gives its mask, if one was named.
    """

    node: Node
    sources: tuple[Node, ...]
    mask: Node | None = None


def functional_inbound(entry: Mapping[str, Any], *, name: str) -> list[Inbound]:
    """The calls of one layer of a functional model.

    Raises:
        ModelError: if they cannot be understood, or are given more than tensors.
    """
    nodes = entry.get("inbound_nodes")
    if not isinstance(nodes, list) or not nodes:
        raise ModelError(f"The layer {name[:60]} reads nothing", expected="A model that Keras saved")
    return [
        _keras_3(node, (name, n)) if isinstance(node, Mapping) else _keras_2(node, (name, n))
        for n, node in enumerate(nodes)
    ]


def names_of(value: Any) -> list[Node]:
    """The calls in input_layers or output_layers: [name, node, tensor], or a list of these."""
    if isinstance(value, Mapping):
        value = list(value.values())
    if isinstance(value, list) and len(value) == 3 and isinstance(value[0], str):
        value = [value]
    return [_node(one, "model") for one in value] if isinstance(value, list) else []


def _keras_2(node: Any, call: Node) -> Inbound:
    """[[name, node, tensor, {arguments}], …]."""
    if not isinstance(node, list) or not node:
        raise _unclear(call[0])
    if isinstance(node[0], str):  # a single tensor, without the list around it
        node = [node]
    for tensor in node:
        arguments = tensor[3] if isinstance(tensor, list) and len(tensor) > 3 else {}
        _check_arguments(arguments, call)
    return Inbound(call, tuple(_node(tensor, call[0]) for tensor in node))


def _keras_3(node: Mapping[str, Any], call: Node) -> Inbound:
    """{"args": [tensor or list of tensors], "kwargs": {…}}."""
    args, arguments = node.get("args"), node.get("kwargs") or {}
    if not isinstance(args, list) or len(args) != 1 or not isinstance(arguments, Mapping):
        raise _unclear(call[0])
    mask = arguments.get("mask")
    if isinstance(mask, list) and all(one is None for one in mask):
        mask = None
    _check_arguments({key: value for key, value in arguments.items() if key != "mask"}, call)
    tensors = args[0] if isinstance(args[0], list) else [args[0]]
    sources = tuple(_tensor(one, call[0]) for one in tensors)
    return Inbound(call, sources, None if mask is None else _tensor(mask, call[0]))


def _tensor(value: Any, name: str) -> Node:
    config = value.get("config") if isinstance(value, Mapping) else None
    if not isinstance(config, Mapping) or value.get("class_name") != "__keras_tensor__":
        raise _unclear(name)
    return _node(config.get("keras_history"), name)


def _node(value: Any, name: str) -> Node:
    named = isinstance(value, list) and len(value) >= 3 and isinstance(value[0], str) and type(value[1]) is int
    if named and value[2] == 0:
        return value[0], value[1]
    raise _unclear(name)


def _check_arguments(arguments: Any, call: Node) -> None:
    if not isinstance(arguments, Mapping):
        raise _unclear(call[0])
    for key, value in arguments.items():
        if value not in _WITHOUT_CONSEQUENCE:
            raise ModelError(
                f"The layer {call[0][:60]} is called with {str(key)[:40]} = {str(value)[:40]}, which cannot be imported"
            )


def _unclear(name: str) -> ModelError:
    return ModelError(f"It is not clear what the layer {name[:60]} reads", expected="A model that Keras saved")
