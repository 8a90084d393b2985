"""The compiled programs of the training loop: one step of training, and what validation needs.

They depend on shapes, on dropout and on which groups of weights train. Everything else that differs between runs is
an argument, so that a second run finds the programs of the first.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp

from sentiment.training.losses import adjust_logits, focal, weighted_mean
from sentiment.training.optimizer import Groups, Knobs, join_groups, update

Apply = Callable[..., jax.Array]  # see `apply_fn`


class Moving(NamedTuple):
    """What a step changes, for the groups that train: weights, Adam's state, the moving average of the weights."""

    params: Groups
    adam: dict[str, Any]
    average: Groups


class Still(NamedTuple):
    """What a step reads: the other groups, the starting weights of those that are held near them, and the knobs."""

    frozen: Groups
    anchor: Groups
    knobs: Knobs
    log_prior: Any


class Batch(NamedTuple):
    """Rows of one step; filling rows have the weight 0.

    Attributes:
        inputs: int32[batch, length] ids, or float32[batch, hidden] text vectors where the encoder is frozen.
        labels: int32[batch].
        weights: float32[batch].
    """

    inputs: Any
    labels: Any
    weights: Any


class Moment(NamedTuple):
    """Which step it is: seed uint32[], step uint32[], and the rate of each group, float32[3]."""

    seed: Any
    step: Any
    rates: Any


def make_train_step(
    apply: Apply, *, gamma: float, **options: Any
) -> Callable[[Moving, Still, Batch, Moment], tuple[Moving, jax.Array]]:
    """A pure function for one step of training, which gives what it changed and the loss float32[].

    Args:
        apply: see `apply_fn`.
        gamma: exponent of the focal loss.
        **options: for `apply`: dropout, and the method of the classifier that takes the batch's inputs.
    """

    def loss_fn(params: Groups, still: Still, batch: Batch, key: jax.Array) -> jax.Array:
        logits = apply(join_groups({**still.frozen, **params}), batch.inputs, key=key, **options)
        logits = adjust_logits(logits, still.log_prior)
        smoothing = still.knobs.label_smoothing
        losses = (1.0 - smoothing) * focal(logits, batch.labels, gamma=gamma) + smoothing * _evenness(logits)
        return weighted_mean(losses, batch.weights)

    def train_step(moving: Moving, still: Still, batch: Batch, moment: Moment) -> tuple[Moving, jax.Array]:
        key = jax.random.fold_in(jax.random.key(moment.seed), moment.step)
        loss, gradients = jax.value_and_grad(loss_fn)(moving.params, still, batch, key)
        params, adam = update(
            gradients, moving.adam, moving.params, anchor=still.anchor, rates=moment.rates, knobs=still.knobs
        )
        # A young average follows the weights closely: it would otherwise remember where they started.
        decay = jnp.minimum(still.knobs.average, (1.0 + moment.step) / (10.0 + moment.step))
        average = jax.tree.map(lambda a, p: decay * a + (1.0 - decay) * p, moving.average, params)
        return Moving(params, adam, average), loss

    return train_step


def make_encoding(apply: Apply) -> Callable[[Groups, Any], jax.Array]:
    """A pure function for the text vectors float32[batch, hidden] of ids int32[batch, length]."""

    def encode_rows(groups: Groups, ids: Any) -> jax.Array:
        return apply(join_groups(groups), ids, method="vectors")

    return encode_rows


def make_judging(apply: Apply) -> Callable[[Groups, Any], jax.Array]:
    """A pure function for the log-probabilities float32[batch, n_classes] of text vectors float32[batch, hidden]."""

    def judge_rows(groups: Groups, vectors: Any) -> jax.Array:
        return jax.nn.log_softmax(apply(join_groups(groups), vectors, method="logits_from_vectors"))

    return judge_rows


def _evenness(logits: jax.Array) -> jax.Array:
    """Cross-entropy float32[batch] against the even distribution, in nats."""
    return jax.nn.logsumexp(logits, axis=-1) - logits.mean(axis=-1)
