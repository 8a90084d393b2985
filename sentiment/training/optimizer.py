"""The settings of the training loop, and the optimizer that follows them."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import optax
from numpy.typing import NDArray

from sentiment.models.classifier import Params, flatten, unflatten


@dataclass(frozen=True, kw_only=True)
class FitSettings:
    """The settings of the loop.

    Attributes:
        epochs: passes over the training rows.
        batch_size: rows per step.
        learning_rate: peak rate of the head.
        encoder_rate: rate of the convolutions, as a share of the head's.
        embedding_rate: rate of the embeddings, as a share of the head's; 0 freezes them.
        weight_decay: decoupled weight decay of everything but embeddings (Loshchilov & Hutter 2019).
        warmup: share of the steps in which the rate rises; it then falls to a twentieth.
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
    weight_decay: float = 1e-2
    warmup: float = 0.1
    dropout: float = 0.5
    word_dropout: float = 0.1
    average: float = 0.98
    validate_every: int = 400
    patience: int = 6
    max_length: int = 128
    seed: int = 0


def make_optimizer(settings: FitSettings) -> optax.GradientTransformation:
    """AdamW with its own rate for head, convolutions and embeddings, after clipping the gradient's norm to 1.

    Its updates are for a learning rate of 1: the step multiplies them by the rate of `learning_rates`, so that the
    compiled step is the same whatever the rate and the number of steps. Embeddings have no weight decay: a word that
    does not occur must keep its vector.
    """

    def adam(share: float, decay: float) -> optax.GradientTransformation:
        return optax.adamw(share, weight_decay=decay) if share else optax.set_to_zero()

    def group(path: str) -> str:
        return "head" if path.startswith("head/") else "embedding" if "/embedding/" in path else "encoder"

    def labels(params: Params) -> dict[str, Any]:
        return unflatten({path: group(path) for path in flatten(params)})

    return optax.chain(
        optax.clip_by_global_norm(1.0),
        optax.partition(
            {
                "head": adam(1.0, settings.weight_decay),
                "encoder": adam(settings.encoder_rate, settings.weight_decay),
                "embedding": adam(settings.embedding_rate, 0.0),
            },
            labels,
        ),
    )


def learning_rates(settings: FitSettings, *, total_steps: int) -> NDArray[np.float32]:
    """The head's rate at each step, float32[total_steps]: a linear rise from a tenth, then half a cosine."""
    warm = max(1, round(settings.warmup * total_steps))
    peak = settings.learning_rate
    schedule = optax.warmup_cosine_decay_schedule(peak / 10, peak, warm, max(total_steps, warm + 1), peak / 20)
    return np.asarray(schedule(np.arange(total_steps)), np.float32)
