"""KerasGraph: word vectors → one vector per text, by a network that Keras made."""

from collections.abc import Sequence
from typing import NamedTuple

import jax
import jax.numpy as jnp
from flax import nnx
from jax.nn import initializers

from sentiment.models.embedding import WordEncoder
from sentiment.models.keras_import.functions import Weights, activate, convolve, dense, mean, normalize, pool, relu
from sentiment.models.keras_import.graph_config import KerasConfig
from sentiment.models.keras_import.layers import RECURRENCES, Layer
from sentiment.models.keras_import.recurrences import run_bidirectional, run_recurrence
from sentiment.models.keras_import.shapes import Shape


class Value(NamedTuple):
    """What flows between layers.

    Attributes:
        array: float32[batch, length, numbers] or float32[batch, numbers].
        mask: bool[batch, length], True at words; None where all places count.
    """

    array: jax.Array
    mask: jax.Array | None = None


class LayerWeights(nnx.Module):
    """The weights of one layer, in Keras's own layout."""

    def __init__(self, shapes: dict[str, Shape], *, rngs: nnx.Rngs) -> None:
        for name, shape in shapes.items():
            setattr(self, name, nnx.Param(_fresh(name, shape, rngs)))

    def values(self, names: Sequence[str]) -> dict[str, jax.Array]:
        """The weights of these names."""
        return {name: getattr(self, name)[...] for name in names}


class KerasGraph(WordEncoder):
    """An imported network up to its head.

    It reads ids as every encoder here does, padded on the right, and lays the words out itself as the network was
    trained: with the padding on its own side, up to its own length. Where Keras did not mask padding, it is a word
    like any other, and a text's vector depends on it.
    """

    def __init__(self, config: KerasConfig, *, rngs: nnx.Rngs) -> None:
        super().__init__(config.vocab_size, config.embed, rngs=rngs)
        self.config = config
        shapes = config.weight_shapes
        self.layers = nnx.List(LayerWeights(shapes.get(n, {}), rngs=rngs) for n in range(len(config.layers)))

    def encode(self, embedded: jax.Array, mask: jax.Array) -> jax.Array:
        """Text vectors float32[batch, hidden] of word vectors float32[batch, length, embed].

        Args:
            embedded: word vectors.
            mask: bool[batch, length], True at words, which come first in their row.
        """
        config = self.config
        words, inside = lay_out(embedded, mask, length=config.maxlen, padding=config.padding)
        words = jnp.where(inside[..., None], words, self.embedding.embedding[...][0])
        values: list[Value] = []
        for number, sources in config.calls:
            layer = config.layers[number]
            if layer.kind == "embedding":
                part = words[..., layer["start"] : layer["start"] + layer["size"]]
                values.append(Value(part, inside if layer["mask_zero"] else None))
                continue
            weights = self.layers[number].values(list(config.weight_shapes.get(number, {})))
            values.append(run_layer(layer, weights, [values[source] for source in sources]))
        return values[-1].array


def lay_out(embedded: jax.Array, mask: jax.Array, *, length: int, padding: str) -> tuple[jax.Array, jax.Array]:
    """Word vectors float32[batch, length, embed] and their mask, with the padding on its side.

    Args:
        embedded: float32[batch, any, embed], the words first in their row, at most `length` of them.
        mask: bool[batch, any], True at words.
        length: places of a text.
        padding: "pre" or "post".
    """
    missing = max(0, length - mask.shape[1])
    embedded = jnp.pad(embedded, ((0, 0), (0, missing), (0, 0)))[:, :length]
    mask = jnp.pad(mask, ((0, 0), (0, missing)))[:, :length]
    if padding == "post":
        return embedded, mask
    places = (jnp.arange(length) + mask.sum(axis=1, keepdims=True)) % length  # as many places to the right
    return jnp.take_along_axis(embedded, places[..., None], axis=1), jnp.take_along_axis(mask, places, axis=1)


def run_layer(layer: Layer, weights: Weights, inputs: Sequence[Value]) -> Value:
    """What a layer makes of its inputs."""
    (array, mask), kind = inputs[0], layer.kind
    if kind in RECURRENCES or kind == "bidirectional":
        run = run_bidirectional if kind == "bidirectional" else run_recurrence
        made = run(layer, weights, array, mask)
        return Value(made, mask if made.ndim == 3 else None)
    if kind == "concatenate":
        return _concatenate(layer, inputs)
    if kind == "conv1d":
        return Value(convolve(layer, weights, array))
    if kind in ("max_pooling1d", "average_pooling1d"):
        return Value(pool(layer, array))
    if kind == "global_max_pooling1d":
        return Value(array.max(axis=1))
    if kind == "global_average_pooling1d":
        return Value(mean(array, mask))
    if kind == "flatten":
        return Value(array.reshape(len(array), -1))
    return Value(_place_by_place(layer, weights, array), mask)


def _place_by_place(layer: Layer, weights: Weights, array: jax.Array) -> jax.Array:
    """A layer that treats each place by itself."""
    if layer.kind == "dense":
        return dense(layer, weights, array)
    if layer.kind == "layer_normalization":
        return normalize(layer, weights, array)
    if layer.kind == "batch_normalization":
        return array * weights["scale"] + weights["bias"]
    if layer.kind == "relu":
        return relu(layer, array)
    if layer.kind == "elu":
        return jax.nn.elu(array, layer["alpha"])
    return activate(layer["activation"], array)


def _concatenate(layer: Layer, inputs: Sequence[Value]) -> Value:
    axis = 1 if layer["axis"] == "length" else -1
    array = jnp.concatenate([value.array for value in inputs], axis=axis)
    if all(value.mask is None for value in inputs):
        return Value(array)
    masks = [jnp.ones(value.array.shape[:2], bool) if value.mask is None else value.mask for value in inputs]
    return Value(array, jnp.concatenate(masks, axis=1) if axis == 1 else jnp.stack(masks).all(axis=0))


def _fresh(name: str, shape: Shape, rngs: nnx.Rngs) -> jax.Array:
    if name.endswith("kernel"):
        return initializers.glorot_uniform()(rngs.params(), shape)
    return jnp.ones(shape) if name in ("gamma", "scale") else jnp.zeros(shape)
