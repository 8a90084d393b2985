"""A classifier: an encoder and a linear head."""

from collections.abc import Mapping
from typing import Any

import jax
import jax.numpy as jnp
from flax import nnx, traverse_util

from sentiment.models.encoders import PAD, AnyConfig, make_encoder

Params = Mapping[str, Any]  # a nested dictionary of float32 arrays
EMBEDDING = "encoder/embedding/embedding"


class Classifier(nnx.Module):
    """Token ids → logits. `logits_from_embedded` is the seam at which a gradient explains a prediction."""

    def __init__(self, config: AnyConfig, n_classes: int, *, rngs: nnx.Rngs) -> None:
        self.encoder = make_encoder(config, rngs=rngs)
        self.head = nnx.Linear(config.hidden, n_classes, rngs=rngs)

    def __call__(
        self, ids: jax.Array, *, key: jax.Array | None = None, dropout: float = 0.0, word_dropout: float = 0.0
    ) -> jax.Array:
        """Logits float32[batch, n_classes].

        Args:
            ids: int32[batch, length], padded on the right with `PAD`.
            key: draws the dropout of a training step; None predicts, without dropout.
            dropout: share of the text vector's entries that are zeroed in training, in [0, 1).
            word_dropout: share of the words that are blanked in training, in [0, 1).
        """
        mask = ids != PAD
        embedded = self.encoder.embed(ids)
        if key is not None and word_dropout:
            key, word_key = jax.random.split(key)
            kept = jax.random.bernoulli(word_key, 1.0 - word_dropout, ids.shape)
            embedded = embedded * kept[..., None]
        return self.logits_from_embedded(embedded, mask, key=key, dropout=dropout)

    def logits_from_embedded(
        self, embedded: jax.Array, mask: jax.Array, *, key: jax.Array | None = None, dropout: float = 0.0
    ) -> jax.Array:
        """Logits float32[batch, n_classes] of word vectors float32[batch, length, embed] and bool[batch, length]."""
        return self.logits_from_vectors(self.encoder.encode(embedded, mask), key=key, dropout=dropout)

    def vectors(self, ids: jax.Array) -> jax.Array:
        """Text vectors float32[batch, hidden], as a prediction sees them: without dropout."""
        return self.encoder.encode(self.encoder.embed(ids), ids != PAD)

    def logits_from_vectors(
        self, vectors: jax.Array, *, key: jax.Array | None = None, dropout: float = 0.0
    ) -> jax.Array:
        """Logits float32[batch, n_classes] of text vectors float32[batch, hidden]: what a frozen encoder leaves."""
        if key is not None and dropout:
            kept = jax.random.bernoulli(key, 1.0 - dropout, vectors.shape)
            vectors = jnp.where(kept, vectors / (1.0 - dropout), 0.0)
        return self.head(vectors)


def abstract_classifier(config: AnyConfig, n_classes: int) -> Classifier:
    """A classifier whose arrays have shapes but no values yet: what weights are checked against."""
    return nnx.eval_shape(lambda: Classifier(config, n_classes, rngs=nnx.Rngs(0)))


def fresh_params(config: AnyConfig, n_classes: int, *, seed: int) -> dict[str, Any]:
    """Random weights, the same for the same seed, as a nested dictionary of float32 arrays."""
    return params_of(Classifier(config, n_classes, rngs=nnx.Rngs(seed)))


def params_of(model: Classifier) -> dict[str, Any]:
    """The weights of a classifier as a nested dictionary of arrays."""
    return nnx.to_pure_dict(nnx.state(model, nnx.Param))


def flatten(params: Params) -> dict[str, Any]:
    """Weights by path, such as "encoder/convolutions/0/kernel"."""
    flat = traverse_util.flatten_dict(dict(params))
    return {"/".join(map(str, path)): value for path, value in flat.items()}


def unflatten(tensors: Mapping[str, Any]) -> dict[str, Any]:
    """The nested dictionary of `flatten`; list positions become integers again."""
    return traverse_util.unflatten_dict(
        {tuple(int(part) if part.isdigit() else part for part in path.split("/")): v for path, v in tensors.items()}
    )


def apply_fn(config: AnyConfig, n_classes: int) -> Any:
    """A pure function `(params, ids, **dropout) → logits` over the module, to be jit-compiled.

    With `method` it calls another method of `Classifier` than the call itself, on that method's input.

    The module graph is walked once, here, and not at every call. The number of rows of the embedding is taken from
    `params`, so a table cut to the words in use works as well.
    """
    graph, _ = nnx.split(abstract_classifier(config, n_classes), nnx.Param)

    def apply(params: Params, inputs: jax.Array, *, method: str = "__call__", **dropout: Any) -> jax.Array:
        state = nnx.State(_as_params(params))
        return getattr(nnx.merge(graph, state), method)(inputs, **dropout)

    return apply


def _as_params(tree: Params) -> dict[Any, Any]:
    return {name: _as_params(value) if isinstance(value, Mapping) else nnx.Param(value) for name, value in tree.items()}
