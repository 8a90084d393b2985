"""Pretraining with a teacher: an encoder learns labeled sentiment and the teacher's vectors of unlabeled texts at once.

One head gives both: the first columns are the logits of the sentiments, the others the teacher's vector. Each step
sees a batch of labeled and a batch of unlabeled texts and minimises

    cross-entropy of the labels + (1 - cosine to the teacher's vector) + ½ cross-entropy of the teacher's own sentiment,

the last being what a logistic regression on the teacher's vectors of the labeled sentences makes of the text.
Compare DistilBERT (Sanh et al. 2019, section 2): a triple loss of hard labels, soft labels and a cosine.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import optax
from numpy.typing import NDArray

from sentiment.models.batching import plan_batches
from sentiment.models.classifier import Params, flatten, unflatten
from sentiment.models.tokenizer import TokenTable
from sentiment.training.clock import Clock
from sentiment.training.feed import Examples
from sentiment.training.fit import Progress
from sentiment.training.losses import cross_entropy, weighted_mean

Apply = Callable[..., jax.Array]


@dataclass(frozen=True)
class Taught:
    """Unlabeled texts and what the teacher says of them.

    Attributes:
        tokens: the texts.
        vectors: float16[n, teacher], unit vectors.
        sentiments: float32[n, n_classes], the teacher's probabilities.
    """

    tokens: TokenTable
    vectors: NDArray[np.float16]
    sentiments: NDArray[np.float32]


@dataclass(frozen=True, kw_only=True)
class DistillSettings:
    """The settings of pretraining with a teacher.

    The defaults follow a first pass over the teacher's vectors alone (`IMITATION`). Longer or faster training on the
    labels scored higher on films and lower on products: it forgets what the teacher said of words from elsewhere.

    Attributes:
        epochs: passes over the unlabeled texts.
        labeled_epochs: passes over the labeled rows in the same time.
        batch_size: unlabeled texts of a step; how many labeled ones follows from the epochs.
        learning_rate: peak rate of everything but the embeddings.
        embedding_rate: rate of the embeddings, as a share of it.
        weight_decay: decoupled weight decay of everything but embeddings.
        dropout, word_dropout: of the labeled rows; see `Classifier`.
        taught_dropout: dropout of the unlabeled texts.
        soft_weight: weight of the teacher's sentiment in the loss.
        average: decay of the moving average of the weights, which is what is kept.
        max_length: tokens of a labeled text that are read.
        taught_length: tokens of an unlabeled text that are read.
        seed: draws everything.
    """

    epochs: int = 1
    labeled_epochs: int = 2
    batch_size: int = 192
    learning_rate: float = 1e-3
    embedding_rate: float = 0.5
    weight_decay: float = 1e-2
    dropout: float = 0.4
    word_dropout: float = 0.1
    taught_dropout: float = 0.1
    soft_weight: float = 0.5
    average: float = 0.998
    max_length: int = 128
    taught_length: int = 48
    seed: int = 0


IMITATION = DistillSettings(epochs=3, batch_size=256, learning_rate=2e-3, embedding_rate=1.0, weight_decay=1e-4)


class _Batch(NamedTuple):
    ids: Any
    labels: Any
    weights: Any
    taught_ids: Any
    vectors: Any
    sentiments: Any


def distill(
    apply: Apply,
    params: Params,
    *,
    labeled: Examples | None,
    taught: Taught,
    settings: DistillSettings,
    on_progress: Callable[[Progress], None] = lambda progress: None,
) -> dict[str, Any]:
    """The averaged weights after all steps, as numpy arrays.

    Args:
        apply: pure function `(params, ids, **dropout) → float32[batch, n_classes + teacher]` (see `apply_fn`).
        params: the weights to start from.
        labeled: rows with their sentiment; None to learn from the teacher's vectors alone, without its sentiment.
        taught: unlabeled texts.
        settings: see `DistillSettings`.
        on_progress: called about twice a second, with the loss of the labeled and unlabeled rows together.
    """
    n_classes = taught.sentiments.shape[1]
    optimizer = _make_optimizer(settings)
    loss_fn = _make_loss(apply, settings, n_classes=n_classes, with_labels=labeled is not None)
    step_fn = jax.jit(_make_step(loss_fn, optimizer, settings), donate_argnums=(0, 1, 2))
    params = jax.tree.map(jnp.array, dict(params))
    average, state = jax.tree.map(jnp.copy, params), optimizer.init(params)
    total = settings.epochs * (len(taught.vectors) // settings.batch_size)
    schedule = optax.warmup_cosine_decay_schedule(
        settings.learning_rate / 10, settings.learning_rate, max(1, total // 20), total + 1, settings.learning_rate / 50
    )
    rates = np.asarray(schedule(np.arange(total)), np.float32)
    clock, losses = Clock(), []
    for step, batch in zip(range(total), _batches(labeled, taught, settings), strict=False):
        params, state, average, loss = step_fn(params, state, average, batch, np.uint32(step), rates[step])
        losses.append(loss)
        if clock.due() or step == total - 1:
            mean = float(np.mean(jax.device_get(losses)))
            left = clock.seconds_left(step + 1, total)
            epoch = settings.epochs * (step + 1) / total
            on_progress(Progress("train", step + 1, total, epoch, settings.epochs, mean, seconds_left=left))
            losses = []
    return jax.tree.map(np.asarray, average)


def _make_optimizer(settings: DistillSettings) -> optax.GradientTransformation:
    """AdamW for a learning rate of 1, after clipping the gradient's norm to 1; embeddings do not decay."""

    def labels(params: Params) -> dict[str, Any]:
        return unflatten({path: "word" if "/embedding/" in path else "other" for path in flatten(params)})

    kinds = {
        "word": optax.adamw(settings.embedding_rate, weight_decay=0.0),
        "other": optax.adamw(1.0, weight_decay=settings.weight_decay),
    }
    return optax.chain(optax.clip_by_global_norm(1.0), optax.partition(kinds, labels))


def _make_loss(
    apply: Apply, settings: DistillSettings, *, n_classes: int, with_labels: bool
) -> Callable[[Any, _Batch, jax.Array], jax.Array]:
    def loss_fn(params: Any, batch: _Batch, key: jax.Array) -> jax.Array:
        key, taught_key = jax.random.split(key)
        said = apply(params, batch.taught_ids, key=taught_key, dropout=settings.taught_dropout)
        vectors = said[:, n_classes:]
        lengths = jnp.sqrt(jnp.square(vectors).sum(axis=-1) + 1e-12)  # a text without a token says zeros
        cosine = (vectors * batch.vectors.astype(jnp.float32)).sum(axis=-1) / lengths
        distance = (1.0 - cosine).mean()
        if not with_labels:
            return distance
        logits = apply(params, batch.ids, key=key, dropout=settings.dropout, word_dropout=settings.word_dropout)
        hard = weighted_mean(cross_entropy(logits[:, :n_classes], batch.labels), batch.weights)
        soft = optax.losses.softmax_cross_entropy(said[:, :n_classes], batch.sentiments)
        return hard + distance + settings.soft_weight * soft.mean()

    return loss_fn


def _make_step(
    loss_fn: Callable[[Any, _Batch, jax.Array], jax.Array],
    optimizer: optax.GradientTransformation,
    settings: DistillSettings,
) -> Callable[..., Any]:
    def step_fn(params: Any, state: Any, average: Any, batch: _Batch, step: Any, rate: Any) -> Any:
        key = jax.random.fold_in(jax.random.key(settings.seed), step)
        loss, gradient = jax.value_and_grad(loss_fn)(params, batch, key)
        updates, state = optimizer.update(gradient, state, params)
        params = jax.tree.map(lambda p, u: p + rate * u, params, updates)
        decay = jnp.minimum(settings.average, (1.0 + step) / (10.0 + step))
        average = jax.tree.map(lambda a, p: decay * a + (1.0 - decay) * p, average, params)
        return params, state, average, loss

    return step_fn


def _batches(labeled: Examples | None, taught: Taught, settings: DistillSettings) -> Iterator[_Batch]:
    """Endless steps: a batch of each kind, rows of a batch of about one length."""
    soft = _endless(taught.tokens, settings.batch_size, length=settings.taught_length, seed=settings.seed + 1)
    if labeled is None:
        none = np.zeros(0, np.int32)
        for ids, rows in soft:
            yield _Batch(none, none, none, ids, taught.vectors[rows], taught.sentiments[rows])
        return
    share = settings.labeled_epochs * len(labeled.labels) / (settings.epochs * len(taught.vectors))
    n_labeled = max(8, 8 * round(settings.batch_size * share / 8))
    weights = np.ones(len(labeled.labels), np.float32) if labeled.weights is None else labeled.weights
    hard = _endless(labeled.tokens, n_labeled, length=settings.max_length, seed=settings.seed)
    for (ids, rows), (taught_ids, taught_rows) in zip(hard, soft, strict=True):
        yield _Batch(
            ids,
            labeled.labels[rows].astype(np.int32),
            weights[rows],
            taught_ids,
            taught.vectors[taught_rows],
            taught.sentiments[taught_rows],
        )


def _endless(
    tokens: TokenTable, batch_size: int, *, length: int, seed: int
) -> Iterator[tuple[NDArray[np.int32], NDArray[np.int64]]]:
    """Whole batches of all texts again and again, as (ids, rows); what does not fill a batch waits for another pass."""
    rows, passes = np.arange(len(tokens.starts) - 1), 0
    while True:
        rng = np.random.default_rng((seed, passes))
        for padded, members in plan_batches(rows, tokens.lengths, batch_size=batch_size, max_length=length, rng=rng):
            if len(members) == batch_size:
                yield tokens.padded(members, padded), members
        passes += 1
