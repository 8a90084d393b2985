"""TextCNN: token ids → one vector per text, by convolutions over word embeddings (Kim 2014)."""

import dataclasses
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
from flax import nnx

PAD = 0  # the id that fills a row on the right; it reads as a zero vector everywhere


@dataclass(frozen=True, kw_only=True)
class EncoderConfig:
    """The shape of a TextCNN.

    Attributes:
        vocab_size: rows of the embedding table, `PAD` included.
        embed: length of a word's vector.
        widths: words that a filter sees at once, one group of filters each.
        filters: filters in each group.
    """

    vocab_size: int
    embed: int = 50
    widths: tuple[int, ...] = (1, 2, 3, 4)
    filters: int = 150

    @property
    def hidden(self) -> int:
        """Length of a text's vector: the maximum and the mean of every filter."""
        return 2 * self.filters * len(self.widths)

    def to_dict(self) -> dict[str, Any]:
        """The shape as plain values, for JSON."""
        return dataclasses.asdict(self)

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> "EncoderConfig":
        """The shape from `to_dict`."""
        return cls(**{**values, "widths": tuple(values["widths"])})


class TextCNN(nnx.Module):
    """A convolution over word embeddings, pooled over the text by its maximum and its mean.

    A filter's window ends at a word and reaches to the left, past the start of the text into zeros; windows that
    end in the padding are left out. So neither the amount of padding nor the other rows change a text's vector.
    """

    def __init__(self, config: EncoderConfig, *, rngs: nnx.Rngs) -> None:
        self.config = config
        self.embedding = nnx.Embed(config.vocab_size, config.embed, rngs=rngs)
        self.convolutions = nnx.List(
            nnx.Conv(config.embed, config.filters, kernel_size=(width,), padding=[(width - 1, 0)], rngs=rngs)
            for width in config.widths
        )

    def embed(self, ids: jax.Array) -> jax.Array:
        """Word vectors float32[batch, length, embed] of ids int32[batch, length]; zero where the id is `PAD`."""
        return self.embedding(ids) * (ids != PAD)[..., None]

    def encode(self, embedded: jax.Array, mask: jax.Array) -> jax.Array:
        """Text vectors float32[batch, hidden] of word vectors float32[batch, length, embed].

        Args:
            embedded: word vectors, zero outside the mask.
            mask: bool[batch, length], True at words.
        """
        kept = mask[..., None].astype(embedded.dtype)
        n_words = jnp.maximum(kept.sum(axis=1), 1.0)  # [batch, 1]
        pooled = []
        for convolution in self.convolutions:
            fired = jax.nn.relu(convolution(embedded)) * kept  # [batch, length, filters]
            pooled += [fired.max(axis=1), fired.sum(axis=1) / n_words]
        return jnp.concatenate(pooled, axis=-1)
