"""What every encoder begins with: token ids → word vectors."""

import jax
from flax import nnx

from sentiment.models.encoder_config import PAD, EncoderConfig


class WordEncoder(nnx.Module):
    """An encoder's embedding table; the encoders that are built on it turn its vectors into one for each text."""

    def __init__(self, config: EncoderConfig, *, rngs: nnx.Rngs) -> None:
        self.config = config
        self.embedding = nnx.Embed(config.vocab_size, config.embed, rngs=rngs)

    def embed(self, ids: jax.Array) -> jax.Array:
        """Word vectors float32[batch, length, embed] of ids int32[batch, length]; zero where the id is `PAD`."""
        return self.embedding(ids) * (ids != PAD)[..., None]
