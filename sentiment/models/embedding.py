"""What every encoder begins with: token ids → word vectors."""

import jax
from flax import nnx

from sentiment.models.encoder_config import PAD


class WordEncoder(nnx.Module):
    """An encoder's embedding table; the encoders that are built on it turn its vectors into one for each text."""

    def __init__(self, vocab_size: int, embed: int, *, rngs: nnx.Rngs) -> None:
        self.embedding = nnx.Embed(vocab_size, embed, rngs=rngs)

    def embed(self, ids: jax.Array) -> jax.Array:
        """Word vectors float32[batch, length, embed] of ids int32[batch, length]; zero where the id is `PAD`."""
        return self.embedding(ids) * (ids != PAD)[..., None]
