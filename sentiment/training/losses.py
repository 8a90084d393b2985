"""Losses of a batch, weighted row by row. Pure functions of logits."""

import jax
import jax.numpy as jnp
import optax


def weighted_mean(values: jax.Array, weights: jax.Array) -> jax.Array:
    """The mean float32[] of values float32[batch] under weights float32[batch]; 0 if all weights are 0."""
    return (values * weights).sum() / jnp.maximum(weights.sum(), 1e-9)


def cross_entropy(logits: jax.Array, labels: jax.Array) -> jax.Array:
    """Cross-entropy float32[batch] of logits float32[batch, n_classes] and labels int32[batch], in nats."""
    return optax.losses.softmax_cross_entropy_with_integer_labels(logits, labels)


def focal(logits: jax.Array, labels: jax.Array, *, gamma: float) -> jax.Array:
    """Multiclass focal loss float32[batch]: cross-entropy times (1 - p)^gamma (Lin et al. 2017, eq. 4).

    Args:
        logits: float32[batch, n_classes].
        labels: int32[batch].
        gamma: 0 or more; 0 gives the cross-entropy.
    """
    loss = cross_entropy(logits, labels)
    if not gamma:
        return loss
    missed = jnp.maximum(-jnp.expm1(-loss), 1e-9)  # 1 - p; away from 0, where a root has no gradient
    return missed**gamma * loss


def adjust_logits(logits: jax.Array, log_prior: jax.Array, *, tau: float = 1.0) -> jax.Array:
    """Logits with tau · log prior added, for the training loss alone (Menon et al. 2021, eq. 10).

    A rare class then needs a larger logit of its own to be right, which is the margin that it lacks at test time.
    """
    return logits + tau * log_prior
