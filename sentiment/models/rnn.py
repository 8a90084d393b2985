"""TextRNN: word vectors → one vector per text, by a recurrence over the words in one or two directions."""

import jax
import jax.numpy as jnp
from flax import nnx
from jax.nn import initializers

from sentiment.models.cells import CELLS
from sentiment.models.embedding import WordEncoder
from sentiment.models.encoder_config import EncoderConfig
from sentiment.models.pooling import pool
from sentiment.models.recurrence import recur


class TextRNN(WordEncoder):
    """A recurrence over word embeddings, pooled over the words of the text.

    The second direction reads each row from its own last word to its first, so words come before padding in both
    directions: what the recurrence makes of the padding comes last, and is left out. So neither the amount of padding
    nor the other rows change a text's vector.
    """

    def __init__(self, config: EncoderConfig, *, rngs: nnx.Rngs) -> None:
        super().__init__(config.vocab_size, config.embed, rngs=rngs)
        self.config = config
        gates, units, directions = CELLS[config.kind].gates, config.units, config.directions
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
        words, inside = jnp.swapaxes(embedded, 0, 1), mask.T  # [length, batch, embed], [length, batch]
        readings = (words, reverse_words(words, inside))[: self.config.directions]
        kernels = jnp.concatenate([self.input_kernel[...], self.bias[...][None]])  # [embed + 1, directions, columns]
        inputs = tuple(_project(*each) for each in zip(readings, jnp.unstack(kernels, axis=1), strict=True))
        states = recur(self.config.kind, inputs, tuple(self.recurrent_kernel[...]))
        return pool(jnp.concatenate(states, axis=-1), inside, self.config.pooling, axis=0)


def reverse_words(words: jax.Array, mask: jax.Array) -> jax.Array:
    """Word vectors float32[length, batch, embed], each text's words in reverse order and its padding where it was.

    Args:
        words: float32[length, batch, embed].
        mask: bool[length, batch], True at words, which come first.
    """
    places = jnp.arange(len(mask))[:, None]
    turned = jnp.where(mask, mask.sum(axis=0) - 1 - places, places)
    return jnp.take_along_axis(words, turned[..., None], axis=0)


def _project(words: jax.Array, kernel: jax.Array) -> jax.Array:
    """W x + b of every word, float32[length, batch, columns], for a kernel whose last row is b.

    Written as a product of two matrices, so that the gradients of W and b are one such product as well: it is four
    times as fast as products over two axes, and sums over the rows for b.
    """
    flat = words.reshape(-1, words.shape[-1])
    with_one = jnp.concatenate([flat, jnp.ones((len(flat), 1), flat.dtype)], axis=1)
    return (with_one @ kernel).reshape(*words.shape[:2], -1)


def _first_bias(kind: str, directions: int, units: int) -> jax.Array:
    """Zeros float32[directions, gates * units]; ones for an LSTM's forget gate (Jozefowicz et al. 2015)."""
    bias = jnp.zeros((directions, CELLS[kind].gates * units))
    return bias.at[:, units : 2 * units].set(1.0) if kind == "lstm" else bias
