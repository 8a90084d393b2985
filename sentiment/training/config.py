"""The settings of a fine-tuning run, checked when they are made."""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sentiment.errors import UsageError
from sentiment.numbers import percent

DEFAULT_BASE = "en-cnn-reviews"
AUTO = "auto"  # as a strategy against imbalance: the one recommended for the training rows of each class

# Every strategy against class imbalance, with the sentence that the page and the command line show beside it.
IMBALANCE: dict[str, str] = {
    "none": "Every row counts the same. Best when the classes are about equally frequent.",
    "class-weights": "Mistakes on a rare class cost more, in inverse proportion to its rows.",
    "effective-number": "Like class weights, but gentler: rows beyond the first hundreds add less and less.",
    "oversample": "Rows of rare classes are shown more often, until every class is seen equally often.",
    "undersample": "Every class is shown as often as the rarest, with other rows of the frequent ones each epoch.",
    "focal": "Rows that the model already gets right count less, so that hard and rare ones lead.",
    "logit-adjustment": "The loss asks for a larger margin on rare classes, by the logarithm of their share.",
    "posthoc-adjustment": "Training is left alone; afterwards rare classes get a head start in every prediction.",
    "augment": "Rare classes are filled up with variations of their texts: words replaced, added, swapped, left out.",
}

BALANCED = "balanced"
BEFORE = ""  # of a run that was made before rows had languages, and goes on as it began; no setting for a new one
# What is done where the labels are in several languages, with the sentence that is shown beside it.
LANGUAGES: dict[str, str] = {
    BALANCED: "A label of a language with few of them counts more, so that many labels of another do not drown them.",
    "as-they-are": "Every label counts the same, whatever its language.",
}

STRATEGIES: dict[str, str] = {
    "head": "The base model stays as it is; a regression on its text vectors learns your classes. Takes seconds.",
    "full": "After the head, every weight is tuned to your texts, gently.",
    "gradual": "As full, but from the top down: first the head, then the encoder, and the words last.",
    "anchored": "As full, but every weight is held near where it starts, so that the network forgets less.",
}


@dataclass(frozen=True, kw_only=True)
class FinetuneConfig:
    """The settings of one fine-tuning run.

    Attributes:
        base: name of a base model, `scratch-cnn`, or the folder of a run or base model.
        seed: draws the split, the fresh head, the order of the rows and dropout.
        epochs: passes over the training rows; None lets the number of labels decide.
        batch_size: rows per step.
        learning_rate: peak learning rate of the head; None takes the measured default of the base.
        vectors: name of the workspace's word vectors that the words start from; "" for none.
        strategy: one of `STRATEGIES`; None lets the number of labels decide.
        self_training: whether rows without a label count a little, as what the head guesses of them.
        imbalance: one of `IMBALANCE`, or `AUTO` for the one recommended for the rows of each class.
        languages: one of `LANGUAGES`, or `BEFORE`; without effect where the labels are in one language.
        test_fraction: share of rows held out to judge the model; 0 holds out none.
        validation_fraction: share of rows held out to choose the best epoch and to calibrate.
        max_length: tokens of a text that are read; the rest is cut off.
        patience: epochs without a better validation macro-F1 before training ends early.

    Raises:
        UsageError: naming the setting, its value and its range.
    """

    base: str = DEFAULT_BASE
    seed: int = 0
    epochs: int | None = None
    batch_size: int = 64
    learning_rate: float | None = None
    vectors: str = ""
    strategy: str | None = None
    self_training: bool = False
    imbalance: str = AUTO
    languages: str = BALANCED
    test_fraction: float = 0.2
    validation_fraction: float = 0.1
    max_length: int = 128
    patience: int = 6

    def __post_init__(self) -> None:
        if self.imbalance not in (AUTO, *IMBALANCE):
            raise UsageError(
                f"The imbalance strategy {self.imbalance!r} is not known",
                expected=f"One of {', '.join((AUTO, *IMBALANCE))}",
            )
        if self.languages not in (BEFORE, *LANGUAGES):
            raise UsageError(
                f"The setting for languages {self.languages!r} is not known", expected=f"One of {', '.join(LANGUAGES)}"
            )
        if self.strategy not in (None, *STRATEGIES):
            raise UsageError(f"The strategy {self.strategy!r} is not known", expected=f"One of {', '.join(STRATEGIES)}")
        if not self.base:
            raise UsageError("No base model was named", todo="Choose one from the list of base models")
        self._check("seed", 0, 2**32 - 1)
        self._check("epochs", 1, 1000)
        self._check("batch_size", 1, 4096)
        self._check("learning_rate", 1e-7, 1.0)
        self._check("test_fraction", 0.0, 0.9)
        self._check("validation_fraction", 0.02, 0.5)
        self._check("max_length", 4, 1024)
        self._check("patience", 1, 1000)
        judging = self.test_fraction + self.validation_fraction
        if judging > 0.95:
            raise UsageError(
                f"Test and validation together take {percent(judging)} of the rows",
                expected="At least 5 % of the rows must be left to train on",
            )

    @property
    def base_name(self) -> str:
        """What the base model is called where nobody need know in which folder it is."""
        return Path(self.base).name or self.base

    def _check(self, name: str, low: float, high: float) -> None:
        value = getattr(self, name)
        if value is not None and not low <= value <= high:
            raise UsageError(f"The setting {name} is {value}", expected=f"A number from {low:g} to {high:g}")

    def to_dict(self) -> dict[str, Any]:
        """The settings as plain values, for JSON."""
        return dataclasses.asdict(self)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> "FinetuneConfig":
        """The settings from `to_dict`; settings that this version does not know are left out."""
        known = {field.name for field in dataclasses.fields(cls)}
        return cls(**{"languages": BEFORE, **{name: value for name, value in values.items() if name in known}})
