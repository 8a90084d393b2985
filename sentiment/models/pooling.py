"""Values at a text's words → one vector for the text."""

from collections.abc import Sequence

import jax
import jax.numpy as jnp


def pool(values: jax.Array, mask: jax.Array, pooling: Sequence[str]) -> jax.Array:
    """The pooled values float32[batch, len(pooling) * units]; zeros for a text without words.

    Args:
        values: float32[batch, length, units].
        mask: bool[batch, length], True at words, which come first in their row.
        pooling: "max" and "mean" over the words, "last" for the value at the last one.
    """
    return jnp.concatenate([_POOL[name](values, mask) for name in pooling], axis=-1)


def _max(values: jax.Array, mask: jax.Array) -> jax.Array:
    highest = jnp.where(mask[..., None], values, -jnp.inf).max(axis=1)
    return jnp.where(mask.any(axis=1)[:, None], highest, 0.0)


def _mean(values: jax.Array, mask: jax.Array) -> jax.Array:
    n_words = jnp.maximum(mask.sum(axis=1), 1)[:, None]
    return jnp.where(mask[..., None], values, 0.0).sum(axis=1) / n_words


def _last(values: jax.Array, mask: jax.Array) -> jax.Array:
    place = jnp.maximum(mask.sum(axis=1) - 1, 0)[:, None, None]
    last = jnp.take_along_axis(values, place, axis=1)[:, 0]
    return jnp.where(mask.any(axis=1)[:, None], last, 0.0)


_POOL = {"max": _max, "mean": _mean, "last": _last}
