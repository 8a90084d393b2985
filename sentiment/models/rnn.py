"""TextRNN: word vectors → one vector per text, by a recurrence over the words in one or two directions."""

import jax
import jax.numpy as jnp
from flax import nnx
from jax.nn import initializers

from sentiment.models.embedding import WordEncoder
from sentiment.models.encoder_config import EncoderConfig
from sentiment.models.pooling import pool
from sentiment.models.recurrence import GATES, recur


class TextRNN(WordEncoder):
    """A recurrence over word embeddings, pooled over the words of the text.

    The second direction reads each row from its own last word to its first, so words come before padding in both
    directions: what the recurrence makes of the padding comes last, and is left out. So neither the amount of padding
    nor the other rows change a text's vector.
    """

    def __init__(self, config: EncoderConfig, *, rngs: nnx.Rngs) -> None:
        super().__init__(config, rngs=rngs)
        gates, units, directions = GATES[config.kind], config.units, config.directions
        orthogonal = initializers.orthogonal(column_axis=1)
        keys = jax.random.split(rngs.params(), (directions, gates))
        recurrent = jnp.stack([jnp.concatenate([orthogonal(k, (units, units)) for k in row], axis=1) for row in keys])
        kernel = initializers.glorot_uniform()(rngs.params(), (config.embed, directions * gates * units))
        self.input_kernel = nnx.Param(kernel.reshape(config.embed, directions, gates * units))
        self.recurrent_kernel = nnx.Param(recurrent)  # [directions, units, gates * units]
        self.bias = nnx.Param(_first_bias(config.kind, directions, units))

    def encode(self, embedded: jax.Array, mask: jax.Array) -> jax.Array:
        """Text vectors float32[batch, hidden] of word vectors float32[batch, length, embed].

        Args:
            embedded: word vectors, zero outside the mask.
            mask: bool[batch, length], True at words, which come first in their row.
        """
        readings = [embedded, reverse_words(embedded, mask)][: self.config.directions]
        stacked = jnp.stack([jnp.swapaxes(reading, 0, 1) for reading in readings])  # [directions, length, batch, embed]
        inputs = jnp.einsum("dtbe,edg->tdbg", stacked, self.input_kernel[...]) + self.bias[...][:, None]
        states = recur(self.config.kind, inputs, self.recurrent_kernel[...])  # [length, directions, batch, units]
        batch_first = jnp.moveaxis(states, 2, 0)  # [batch, length, directions, units]
        return pool(batch_first.reshape(*mask.shape, -1), mask, self.config.pooling)


def reverse_words(embedded: jax.Array, mask: jax.Array) -> jax.Array:
    """Word vectors float32[batch, length, embed], each row's words in reverse order and its padding where it was."""
    places = jnp.arange(mask.shape[1])
    turned = mask.sum(axis=1)[:, None] - 1 - places  # [batch, length], negative in the padding
    return jnp.take_along_axis(embedded, jnp.where(mask, turned, places)[..., None], axis=1)


def _first_bias(kind: str, directions: int, units: int) -> jax.Array:
    """Zeros float32[directions, gates * units]; ones for an LSTM's forget gate (Jozefowicz et al. 2015)."""
    bias = jnp.zeros((directions, GATES[kind] * units))
    return bias.at[:, units : 2 * units].set(1.0) if kind == "lstm" else bias
