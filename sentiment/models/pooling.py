"""Values at a text's words → one vector for the text."""

from collections.abc import Callable, Sequence
from functools import partial

import jax
import jax.numpy as jnp


def pool(
    values: jax.Array, mask: jax.Array, pooling: Sequence[str], *, lowest: float = -jnp.inf, axis: int = 1
) -> jax.Array:
    """The pooled values float32[batch, len(pooling) * units]; zeros for a text without words.

    Args:
        values: float32[batch, length, units].
        mask: bool[batch, length], True at words, which come first in their text.
        pooling: "max" and "mean" over the words, "last" for the value at the last one.
        lowest: no value is below it. With 0, maximum and mean are taken over one masked array, in half the time.
        axis: where the words are: 0 for values float32[length, batch, units] and their mask.
    """
    pooled: dict[str, Callable[[jax.Array, jax.Array, int], jax.Array]] = {
        "max": partial(_max, lowest=lowest),
        "mean": _mean,
        "last": _last,
    }
    return jnp.concatenate([pooled[name](values, mask, axis) for name in pooling], axis=-1)


def _max(values: jax.Array, mask: jax.Array, axis: int, *, lowest: float) -> jax.Array:
    highest = jnp.where(mask[..., None], values, lowest).max(axis=axis)
    return jnp.where(mask.any(axis=axis)[:, None], highest, 0.0) if lowest else highest


def _mean(values: jax.Array, mask: jax.Array, axis: int) -> jax.Array:
    n_words = jnp.maximum(mask.sum(axis=axis), 1)[:, None]
    return jnp.where(mask[..., None], values, 0.0).sum(axis=axis) / n_words


def _last(values: jax.Array, mask: jax.Array, axis: int) -> jax.Array:
    place = jnp.expand_dims(jnp.maximum(mask.sum(axis=axis) - 1, 0), (axis, 2))
    last = jnp.take_along_axis(values, place, axis=axis).squeeze(axis)
    return jnp.where(mask.any(axis=axis)[:, None], last, 0.0)
