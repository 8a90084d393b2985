"""TextCNN: word vectors → one vector per text, by convolutions (Kim 2014)."""

import jax
import jax.numpy as jnp
from flax import nnx

from sentiment.models.convolution import convolve_max
from sentiment.models.embedding import WordEncoder
from sentiment.models.encoder_config import EncoderConfig
from sentiment.models.pooling import pool


class TextCNN(WordEncoder):
    """A convolution over word embeddings, pooled over the words of the text.

    A filter's window ends at a word and reaches to the left, past the start of the text into zeros; windows that
    end in the padding are left out. So neither the amount of padding nor the other rows change a text's vector.
    """

    def __init__(self, config: EncoderConfig, *, rngs: nnx.Rngs) -> None:
        super().__init__(config.vocab_size, config.embed, rngs=rngs)
        self.config = config
        self.convolutions = nnx.List(
            nnx.Conv(config.embed, config.filters, kernel_size=(width,), padding=[(width - 1, 0)], rngs=rngs)
            for width in config.widths
        )

    def encode(self, embedded: jax.Array, mask: jax.Array) -> jax.Array:
        """Text vectors float32[batch, hidden] of word vectors float32[batch, length, embed].

        Args:
            embedded: word vectors, zero outside the mask.
            mask: bool[batch, length], True at words.
        """
        if self.config.pooling == ("max",):
            return jnp.concatenate(
                [_highest(convolution, embedded, mask) for convolution in self.convolutions], axis=-1
            )
        fired = [jax.nn.relu(convolution(embedded)) for convolution in self.convolutions]
        return jnp.concatenate([pool(group, mask, self.config.pooling, lowest=0.0) for group in fired], axis=-1)


def _highest(convolution: nnx.Conv, embedded: jax.Array, mask: jax.Array) -> jax.Array:
    """The maximum of every filter, float32[batch, filters]; adding a bias and cutting at 0 may come after it."""
    assert convolution.bias is not None  # nnx.Conv can do without one; ours never does
    return jax.nn.relu(convolve_max(embedded, mask, convolution.kernel[...]) + convolution.bias[...])
