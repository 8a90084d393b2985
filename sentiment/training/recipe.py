"""What every recipe for a base model says of it, whatever way it is made. `recipes.RECIPES` lists them."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sentiment.models.encoders import EncoderConfig
from sentiment.models.store import ModelFolder
from sentiment.training.corpora import CorpusSplit
from sentiment.training.distill import DistillSettings
from sentiment.training.fit import Progress
from sentiment.training.optimizer import FitSettings

OnProgress = Callable[[Progress], None]


@dataclass(frozen=True, kw_only=True)
class Recipe(ABC):
    """How a base model is made: its card, its corpora, and `make`.

    Attributes:
        name: what `pretrain` and `--base` take.
        title: what people call it.
        description: what it is good for, in a sentence.
        trained_on: the corpora, in words.
        corpora: names in `corpora.CORPORA`; it is judged on their test rows.
        unlabeled: of these, the ones whose labels it never sees: they have a test side, and no training rows.
        languages: ISO 639-1 codes.
        encoder: the network; the size of its vocabulary and of its word vectors follows from the words.
        settings: of the training, by labels alone or with a teacher; their seed draws everything.
    """

    name: str
    title: str
    description: str
    trained_on: str
    corpora: tuple[str, ...]
    unlabeled: tuple[str, ...] = ()
    languages: tuple[str, ...]
    encoder: EncoderConfig
    settings: FitSettings | DistillSettings

    @property
    def seed(self) -> int:
        """What draws everything."""
        return self.settings.seed

    @property
    @abstractmethod
    def width(self) -> int:
        """Numbers of a word's vector."""

    @property
    @abstractmethod
    def sources(self) -> tuple[str, ...]:
        """What went in beside the corpora, a sentence or two each, with their licences."""

    @abstractmethod
    def make(self, corpora: Sequence[CorpusSplit], on_progress: OnProgress) -> ModelFolder:
        """The base model; the same recipe gives the same weights on the same machine.

        What stands in its `extra` replaces what the card would say.

        Args:
            corpora: those of the recipe, in its order. Only rows of the training side may teach, only those of the
                validation side choose.
            on_progress: called about twice a second.

        Raises:
            ModelError: if what only pretraining needs is not installed.
        """
