"""The shape of an encoder, as plain values."""

from dataclasses import dataclass, fields
from typing import Any

PAD = 0  # the id that fills a row on the right; it reads as a zero vector everywhere
ARCHITECTURES = {"cnn": "TextCNN", "lstm": "TextRNN", "gru": "TextRNN", "rnn": "TextRNN"}  # by kind
POOLINGS = ("max", "mean", "last")
_ONLY_OF = {"TextCNN": ("widths", "filters"), "TextRNN": ("units", "bidirectional")}


@dataclass(frozen=True, kw_only=True)
class EncoderConfig:
    """The shape of a TextCNN or a TextRNN.

    Attributes:
        vocab_size: rows of the embedding table, `PAD` included.
        embed: length of a word's vector.
        kind: "cnn", or the recurrence of a TextRNN: "lstm", "gru" or "rnn" (plain tanh).
        pooling: what becomes of the values at a text's words: their "max", "mean" or "last", or several of these.
        widths: of a CNN: words that a filter sees at once, one group of filters each.
        filters: of a CNN: filters in each group.
        units: of an RNN: length of the state of one direction.
        bidirectional: of an RNN: whether a second recurrence reads from the last word to the first.
    """

    vocab_size: int
    embed: int = 50
    kind: str = "cnn"
    pooling: tuple[str, ...] = ("max", "mean")
    widths: tuple[int, ...] = (1, 2, 3, 4)
    filters: int = 150
    units: int = 128
    bidirectional: bool = True

    def __post_init__(self) -> None:
        if self.kind not in ARCHITECTURES:
            raise ValueError(f"an encoder of kind {self.kind!r}; there are {', '.join(ARCHITECTURES)}")
        if not self.pooling or set(self.pooling) - set(POOLINGS) or len(set(self.pooling)) < len(self.pooling):
            raise ValueError(f"a pooling by {self.pooling!r}; there are {', '.join(POOLINGS)}, each once")

    @property
    def architecture(self) -> str:
        """The name of the network: "TextCNN" or "TextRNN"."""
        return ARCHITECTURES[self.kind]

    @property
    def fixed_length(self) -> None:
        """Tokens of a text that are always read: as many as a run's settings say."""
        return None

    @property
    def directions(self) -> int:
        """Recurrences of a TextRNN: 1 or 2."""
        return 2 if self.bidirectional else 1

    @property
    def hidden(self) -> int:
        """Length of a text's vector: every filter, or every unit of each direction, once for each pooling."""
        values = self.filters * len(self.widths) if self.kind == "cnn" else self.units * self.directions
        return values * len(self.pooling)

    def to_dict(self) -> dict[str, Any]:
        """The shape as plain values, for JSON, without what only the other architecture has."""
        foreign = {name for kind, names in _ONLY_OF.items() if kind != self.architecture for name in names}
        return {field.name: getattr(self, field.name) for field in fields(self) if field.name not in foreign}

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> "EncoderConfig":
        """The shape from `to_dict`.

        Raises:
            TypeError: if a value is missing or of no use.
            ValueError: if the kind or a pooling is not known.
        """
        tuples: dict[str, Any] = {name: tuple(values[name]) for name in ("widths", "pooling") if name in values}
        return cls(**{**values, **tuples})
