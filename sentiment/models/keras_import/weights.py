"""The arrays of a file → the weights of the network, each checked against what the configuration announces."""

from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from sentiment.errors import ModelError
from sentiment.models.keras_import.assembling import Assembled, Head
from sentiment.models.keras_import.layers import Layer
from sentiment.models.keras_import.parsing import KerasLayer, ParsedGraph
from sentiment.models.keras_import.reading import Array, KerasFile
from sentiment.models.keras_import.shapes import Shape

_CELL = ("simple_rnn", "lstm", "gru")
_MOST_LISTED = 8

Weights = dict[str, NDArray[np.float32]]


def collect_weights(file: KerasFile, graph: ParsedGraph, assembled: Assembled, head: Head) -> Weights:
    """The network's weights by path, such as "encoder/layers/0/kernel"; a head of one sigmoid unit has two classes.

    Raises:
        ModelError: listing what is missing, too much, of another shape or not finite.
    """
    expected = _expected(graph, assembled, head)
    found = _found(file, graph, expected)
    _check(expected, found, graph.layers)
    config, weights = assembled.config, Weights()
    tables = [n for n, layer in enumerate(graph.layers) if layer.rows]
    weights["encoder/embedding/embedding"] = np.concatenate([found[n][0][1] for n in tables], axis=1)
    for number, shapes in config.weight_shapes.items():
        position = assembled.file_layers[number]
        arrays = [array for _, array in found[position]]
        made = _folded(config.layers[number], arrays) if "scale" in shapes else dict(zip(shapes, arrays, strict=True))
        weights.update({f"encoder/layers/{number}/{name}": value for name, value in made.items()})
    arrays = [array for _, array in found[head.layer]]
    weights["head/kernel"], weights["head/bias"] = _head(arrays, head)
    _check_finite(weights)
    return weights


def _expected(graph: ParsedGraph, assembled: Assembled, head: Head) -> dict[int, dict[str, Shape]]:
    """Names and shapes of the arrays of each layer of the file that has any, in Keras's order."""
    config = assembled.config
    expected: dict[int, dict[str, Shape]] = {}
    for position, layer in enumerate(graph.layers):
        if layer.rows and layer.layer is not None:
            expected[position] = {"embeddings": (layer.rows, layer.layer["size"])}
    for number, shapes in config.weight_shapes.items():
        layer_of_file = graph.layers[assembled.file_layers[number]].layer
        assert layer_of_file is not None
        expected[assembled.file_layers[number]] = _keras_shapes(layer_of_file, shapes)
    inputs = config.hidden
    expected[head.layer] = {"kernel": (inputs, head.units), **({"bias": (head.units,)} if head.use_bias else {})}
    return expected


def _keras_shapes(layer: Layer, shapes: dict[str, Shape]) -> dict[str, Shape]:
    """A layer's arrays as Keras has them."""
    if layer.kind != "batch_normalization":
        return shapes
    shape = shapes["scale"]
    names = [*(["gamma"] if layer["scale"] else []), *(["beta"] if layer["center"] else [])]
    return dict.fromkeys([*names, "moving_mean", "moving_variance"], shape)


def _found(
    file: KerasFile, graph: ParsedGraph, expected: Mapping[int, dict[str, Shape]]
) -> dict[int, list[tuple[str, Array]]]:
    """The arrays of these layers, in the order of the file."""
    if file.legacy:
        return {position: list(file.arrays.get(graph.layers[position].name, [])) for position in expected}
    folders = _folders(graph.layers)
    return {
        position: [
            array for part in _parts(graph.layers[position]) for array in file.arrays.get(folders[position] + part, [])
        ]
        for position in expected
    }


def _folders(layers: Sequence[KerasLayer]) -> list[str]:
    """The folder of each layer in a .keras file: its class's, numbered from the second on."""
    seen, folders = Counter[str](), []
    for layer in layers:
        n = seen[layer.folder]
        folders.append(f"{layer.folder}_{n}" if n else layer.folder)
        seen[layer.folder] += 1
    return folders


def _parts(layer: KerasLayer) -> tuple[str, ...]:
    """The folders below a layer's own in which its arrays are."""
    kind = "" if layer.layer is None else layer.layer.kind
    if kind == "bidirectional":
        return "/forward_layer/cell", "/backward_layer/cell"
    return ("/cell",) if kind in _CELL else ("",)


def _check(
    expected: Mapping[int, dict[str, Shape]],
    found: Mapping[int, list[tuple[str, Array]]],
    layers: Sequence[KerasLayer],
) -> None:
    """Raises a ModelError that lists both sides of every difference."""
    differences = []
    for position, shapes in expected.items():
        here = layers[position].name
        wanted, there = list(shapes.items()), found[position]
        for n in range(max(len(wanted), len(there))):
            name, shape = wanted[n] if n < len(wanted) else (there[n][0].rpartition("/")[2], None)
            actual = tuple(int(side) for side in there[n][1].shape) if n < len(there) else None
            if shape != actual:
                differences.append(f"{here}/{name}: expected {shape or 'nothing'}, found {actual or 'nothing'}")
    if differences:
        more = f"; and {len(differences) - _MOST_LISTED} more" if len(differences) > _MOST_LISTED else ""
        raise ModelError(
            "The weights of the file do not fit its configuration",
            expected="; ".join(differences[:_MOST_LISTED]) + more,
        )


def _check_finite(weights: Weights) -> None:
    broken = [name for name, value in weights.items() if not np.isfinite(value).all()]
    if broken:
        raise ModelError(
            f"The weights hold numbers that are not finite, in {', '.join(broken[:_MOST_LISTED])}",
            todo="Train the model again, with a lower learning rate",
        )


def _folded(layer: Layer, arrays: Sequence[Array]) -> Weights:
    """Batch normalization with its fixed statistics, as a factor and an addend."""
    rest = [array.astype(np.float64) for array in arrays]
    gamma = rest.pop(0) if layer["scale"] else np.ones(())
    beta = rest.pop(0) if layer["center"] else np.zeros(())
    mean, variance = rest
    with np.errstate(invalid="ignore", divide="ignore"):  # what is not finite is told afterwards
        scale = gamma / np.sqrt(variance + layer["epsilon"])
    return {"scale": scale.astype(np.float32), "bias": (beta - mean * scale).astype(np.float32)}


def _head(arrays: Sequence[Array], head: Head) -> tuple[Array, Array]:
    """Kernel and bias of the head; sigmoid(z) is the softmax of -z/2 and z/2."""
    kernel = arrays[0]
    bias = arrays[1] if head.use_bias else np.zeros(head.units, np.float32)
    if head.activation == "softmax":
        return kernel, bias
    halves = np.array([-0.5, 0.5], np.float32)
    return kernel * halves, bias * halves
