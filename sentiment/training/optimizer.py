"""The settings of the training loop, and the optimizer that follows them.

Weights are kept in three groups, the head, the encoder and the embeddings, each a flat dictionary by path. A group
that does not train has no gradient and no optimizer state.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import jax
import numpy as np
import optax
from numpy.typing import NDArray

from sentiment.models.classifier import Params, flatten, unflatten

GROUPS = ("head", "encoder", "embedding")
Groups = dict[str, dict[str, Any]]  # group → path → array

# Shares of the steps after which the encoder and the embeddings start to train.
AT_ONCE, NEVER = (0.0, 0.0), (1.0, 1.0)
TOP_DOWN = (0.2, 0.4)  # as in ULMFiT (Howard & Ruder 2018, section 3.3)

_ADAM = optax.scale_by_adam()
_MAX_NORM = 1.0


@dataclass(frozen=True, kw_only=True)
class FitSettings:
    """The settings of the loop.

    Attributes:
        epochs: passes over the training rows.
        batch_size: rows per step.
        learning_rate: peak rate of the head.
        encoder_rate: rate of the encoder but for its embeddings, as a share of the head's; 0 freezes it.
        embedding_rate: rate of the embeddings, as a share of the head's; 0 freezes them.
        unfreeze: shares of the steps after which the encoder and the embeddings start to train; 1 freezes them for
            good.
        weight_decay: decoupled weight decay of everything but embeddings (Loshchilov & Hutter 2019).
        pull: weight α of the penalty α ‖w - w₀‖² that holds weights near those it starts from (L2-SP; Li et al. 2018).
        pulled: the groups that are held; leave out a fresh head.
        label_smoothing: share of the target that is spread evenly over all classes, in [0, 1).
        warmup: share of the steps in which the rate rises; it then falls to a twentieth. A group that starts later
            rises as long from there.
        dropout, word_dropout: see `Classifier`.
        average: decay of the moving average of the weights, which is what is validated and kept.
        validate_every: at most so many steps between two validations.
        patience: validations without a better score before it ends early.
        max_length: tokens of a text that are read.
        seed: draws the order of the rows and dropout.
    """

    epochs: int
    batch_size: int = 64
    learning_rate: float = 1e-3
    encoder_rate: float = 1.0
    embedding_rate: float = 1.0
    unfreeze: tuple[float, float] = AT_ONCE
    weight_decay: float = 1e-2
    pull: float = 0.0
    pulled: tuple[str, ...] = GROUPS
    label_smoothing: float = 0.0
    warmup: float = 0.1
    dropout: float = 0.5
    word_dropout: float = 0.1
    average: float = 0.98
    validate_every: int = 400
    patience: int = 6
    max_length: int = 128
    seed: int = 0


class Knobs(NamedTuple):
    """Numbers that differ between runs, float32[] each: arguments of the step, so that it is compiled once for all."""

    weight_decay: Any
    pull: Any
    label_smoothing: Any
    average: Any

    @classmethod
    def of(cls, settings: FitSettings) -> "Knobs":
        """The knobs of some settings."""
        return cls(*(np.float32(getattr(settings, name)) for name in cls._fields))


def split_groups(params: Params) -> Groups:
    """Weights by group: the head's, those of the embeddings, and the rest of the encoder's."""
    groups: Groups = {group: {} for group in GROUPS}
    for path, value in flatten(params).items():
        groups[_group_of(path)][path] = value
    return groups


def join_groups(groups: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """The nested dictionary that `split_groups` took apart."""
    return unflatten({path: value for group in groups.values() for path, value in group.items()})


def start_steps(settings: FitSettings, *, total_steps: int) -> dict[str, int]:
    """The step at which each group that trains at all starts to."""
    shares = {"head": 0.0, "encoder": settings.unfreeze[0], "embedding": settings.unfreeze[1]}
    rates = {"head": 1.0, "encoder": settings.encoder_rate, "embedding": settings.embedding_rate}
    return {group: round(shares[group] * total_steps) for group in GROUPS if rates[group] and shares[group] < 1.0}


def learning_rates(settings: FitSettings, *, total_steps: int) -> NDArray[np.float32]:
    """The rate of each group at each step, float32[total_steps, 3] in the order of `GROUPS`; 0 where it is frozen.

    The head's rises linearly from a tenth and then falls by half a cosine; the others' are shares of it.
    """
    steps = np.arange(total_steps)
    warm = max(1, round(settings.warmup * total_steps))
    rise = 0.1 + 0.9 * np.minimum(steps / warm, 1.0)
    done = np.clip((steps - warm) / max(total_steps - warm, 1), 0.0, 1.0)
    head = settings.learning_rate * rise * (0.05 + 0.95 * 0.5 * (1.0 + np.cos(np.pi * done)))
    shares = (1.0, settings.encoder_rate, settings.embedding_rate)
    starts = start_steps(settings, total_steps=total_steps)
    rates = np.zeros((total_steps, len(GROUPS)), np.float32)
    for column, (group, share) in enumerate(zip(GROUPS, shares, strict=True)):
        if group in starts:
            late = np.clip((steps - starts[group] + 1) / warm, 0.0, 1.0) if starts[group] else 1.0
            rates[:, column] = head * share * late
    return rates


def init_adam(groups: Groups) -> dict[str, Any]:
    """Adam's state before the first step, group by group, as numpy arrays (eager jax would compile each filling)."""
    shapes = jax.eval_shape(lambda: {group: _ADAM.init(weights) for group, weights in groups.items()})
    return jax.tree.map(lambda leaf: np.zeros(leaf.shape, leaf.dtype), shapes)


def update(
    gradients: Groups, adam: dict[str, Any], params: Groups, *, anchor: Groups, rates: jax.Array, knobs: Knobs
) -> tuple[Groups, dict[str, Any]]:
    """Weights and Adam's state after one step of AdamW on the loss, its gradient clipped to the norm 1, and the pull.

    Embeddings have no weight decay: a word that does not occur must keep its vector.

    Args:
        gradients: of the loss, for each group of `params`.
        adam: Adam's state of these groups.
        params: the groups that train.
        anchor: the starting weights of the groups that are held near them.
        rates: float32[3], the rate of each of `GROUPS`.
        knobs: see `FitSettings`.
    """
    gradients, _ = optax.clip_by_global_norm(_MAX_NORM).update(gradients, optax.EmptyState())
    for group, start in anchor.items():  # not clipped: a strong pull would leave the groups that are free no gradient
        held = jax.tree.map(lambda g, p, s: g + 2.0 * knobs.pull * (p - s), gradients[group], params[group], start)
        gradients = {**gradients, group: held}
    moved, states = {}, {}
    for group, weights in params.items():
        direction, states[group] = _ADAM.update(gradients[group], adam[group])
        rate = rates[GROUPS.index(group)]
        decay = 0.0 if group == "embedding" else knobs.weight_decay
        moved[group] = {path: w - rate * (direction[path] + decay * w) for path, w in weights.items()}
    return moved, states


def _group_of(path: str) -> str:
    if path.startswith("head/"):
        return "head"
    return "embedding" if path.startswith("encoder/embedding/") else "encoder"
