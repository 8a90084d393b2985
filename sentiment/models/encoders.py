"""Encoders: token ids → one vector per text, by the network that a config describes."""

from flax import nnx

from sentiment.models.cnn import TextCNN
from sentiment.models.encoder_config import PAD, EncoderConfig
from sentiment.models.rnn import TextRNN

__all__ = ["PAD", "Encoder", "EncoderConfig", "TextCNN", "TextRNN", "make_encoder"]

Encoder = TextCNN | TextRNN


def make_encoder(config: EncoderConfig, *, rngs: nnx.Rngs) -> Encoder:
    """The encoder of that shape, with fresh weights."""
    return TextCNN(config, rngs=rngs) if config.kind == "cnn" else TextRNN(config, rngs=rngs)
