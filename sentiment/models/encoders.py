"""Encoders: token ids → one vector per text, by the network that a config describes."""

from collections.abc import Mapping
from typing import Any, TypeAlias

from flax import nnx

from sentiment.models.cnn import TextCNN
from sentiment.models.encoder_config import ARCHITECTURES, PAD, EncoderConfig
from sentiment.models.keras_import.graph import KerasGraph
from sentiment.models.keras_import.graph_config import ARCHITECTURE as IMPORTED
from sentiment.models.keras_import.graph_config import KerasConfig
from sentiment.models.rnn import TextRNN

__all__ = [
    "KNOWN",
    "PAD",
    "AnyConfig",
    "Encoder",
    "EncoderConfig",
    "KerasConfig",
    "TextCNN",
    "TextRNN",
    "config_from_dict",
    "make_encoder",
]

Encoder: TypeAlias = TextCNN | TextRNN | KerasGraph
AnyConfig: TypeAlias = EncoderConfig | KerasConfig
KNOWN = (*dict.fromkeys(ARCHITECTURES.values()), IMPORTED)  # architectures


def config_from_dict(architecture: str, values: Mapping[str, Any]) -> AnyConfig:
    """The shape of an encoder of that architecture, from its `to_dict`.

    Raises:
        KeyError, TypeError, ValueError: if it is none.
    """
    return KerasConfig.from_dict(dict(values)) if architecture == IMPORTED else EncoderConfig.from_dict(dict(values))


def make_encoder(config: AnyConfig, *, rngs: nnx.Rngs) -> Encoder:
    """The encoder of that shape, with fresh weights."""
    if isinstance(config, KerasConfig):
        return KerasGraph(config, rngs=rngs)
    return TextCNN(config, rngs=rngs) if config.kind == "cnn" else TextRNN(config, rngs=rngs)
