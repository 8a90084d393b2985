"""What the layers compute, by Keras's definitions: activations, convolution, pooling, normalization."""

from collections.abc import Callable, Mapping
from functools import partial

import jax
import jax.numpy as jnp
from jax import lax

from sentiment.models.keras_import.layers import Layer

Weights = Mapping[str, jax.Array]

_FUNCTIONS: dict[str, Callable[[jax.Array], jax.Array]] = {
    "linear": lambda x: x,
    "relu": jax.nn.relu,
    "relu6": jax.nn.relu6,
    "leaky_relu": partial(jax.nn.leaky_relu, negative_slope=0.2),
    "elu": jax.nn.elu,
    "selu": jax.nn.selu,
    "gelu": partial(jax.nn.gelu, approximate=False),
    "silu": jax.nn.silu,
    "softplus": jax.nn.softplus,
    "softsign": jax.nn.soft_sign,
    "softmax": partial(jax.nn.softmax, axis=-1),
    "sigmoid": jax.nn.sigmoid,
    "hard_sigmoid": jax.nn.hard_sigmoid,
    "hard_sigmoid_2": lambda x: jnp.clip(0.2 * x + 0.5, 0.0, 1.0),
    "tanh": jnp.tanh,
    "exponential": jnp.exp,
}


def activate(name: str, values: jax.Array) -> jax.Array:
    """The values under the activation of that name."""
    return _FUNCTIONS[name](values)


def relu(layer: Layer, values: jax.Array) -> jax.Array:
    """X above the threshold, `max_value` at most; up to it, `negative_slope` (x - threshold)."""
    threshold, highest = layer["threshold"], layer["max_value"]
    kept = values if highest is None else jnp.minimum(values, highest)
    below = layer["negative_slope"] * (values - threshold)
    return jnp.where(values > threshold, kept, below)


def dense(layer: Layer, weights: Weights, values: jax.Array) -> jax.Array:
    """The activation of x W + b over the last axis."""
    return activate(layer["activation"], values @ weights["kernel"] + _bias(weights))


def convolve(layer: Layer, weights: Weights, values: jax.Array) -> jax.Array:
    """The activation of a convolution along the text, float32[batch, places, filters]."""
    padding = layer["padding"].upper()
    if padding == "CAUSAL":
        values = jnp.pad(values, ((0, 0), (layer["dilation"] * (layer["width"] - 1), 0), (0, 0)))
        padding = "VALID"
    answers = lax.conv_general_dilated(
        values,
        weights["kernel"],
        (layer["strides"],),
        padding,
        rhs_dilation=(layer["dilation"],),
        dimension_numbers=("NWC", "WIO", "NWC"),
        feature_group_count=layer["groups"],
    )
    return activate(layer["activation"], answers + _bias(weights))


def pool(layer: Layer, values: jax.Array) -> jax.Array:
    """The maximum or the mean of each window, float32[batch, places, numbers]; padding counts for neither."""
    window = (1, layer["width"], 1), (1, layer["strides"], 1), layer["padding"].upper()
    if layer.kind == "max_pooling1d":
        return lax.reduce_window(values, -jnp.inf, lax.max, *window)
    total = lax.reduce_window(values, 0.0, lax.add, *window)
    counted = lax.reduce_window(jnp.ones_like(values[:1, :, :1]), 0.0, lax.add, *window)
    return total / counted


def mean(values: jax.Array, mask: jax.Array | None) -> jax.Array:
    """The mean along the text, over the places inside the mask if there is one; zeros without any."""
    if mask is None:
        return values.mean(axis=1)
    counted = jnp.maximum(mask.sum(axis=1), 1)[:, None]
    return jnp.where(mask[..., None], values, 0.0).sum(axis=1) / counted


def normalize(layer: Layer, weights: Weights, values: jax.Array) -> jax.Array:
    """Values with mean 0 and variance 1 over the last axis, scaled and moved."""
    centred = values - values.mean(axis=-1, keepdims=True)
    variance = jnp.square(centred).mean(axis=-1, keepdims=True)
    return centred * lax.rsqrt(variance + layer["epsilon"]) * weights.get("gamma", 1.0) + weights.get("beta", 0.0)


def _bias(weights: Weights) -> jax.Array | float:
    return weights.get("bias", 0.0)
