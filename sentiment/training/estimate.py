"""What is chosen where the user leaves the choice open, and how long a run takes. Light: pages show it beforehand."""

import dataclasses
import math
from collections.abc import Collection

from sentiment.models.registry import BASELINES, SCRATCH, SCRATCH_RNN
from sentiment.numbers import number
from sentiment.training.config import FinetuneConfig

FULL_FROM = 1_000  # training rows; about level with the head alone from there to 2,000, and better at 4,000 tweets
OF_THE_LOOP = ("focal", "augment")  # strategies against imbalance that a regression on text vectors does not know
_PASSES = 12  # over 2,000 rows; fewer over more, more over fewer
_SECONDS_PER_TOKEN = 4.5e-6  # one padded token through one training step, on two laptop cores
_STARTUP = (5.0, 20.0)  # loading jax and compiling: with the programs cached, and the first time
_BASELINE_SECONDS_PER_TOKEN = 5e-6  # TF-IDF with logistic regression; 2 to 4 on words, up to 25 on characters
_BASELINE_STARTUP = (2.0, 5.0)


def choose_epochs(config: FinetuneConfig, n_train: int) -> int:
    """Passes over the training rows: as configured, or fewer the more rows there are (2 to 40)."""
    if config.epochs is not None:
        return config.epochs
    return round(min(40.0, max(2.0, _PASSES * (2_000 / max(n_train, 1)) ** 0.35)))


def choose_strategy(config: FinetuneConfig, *, n_train: int, pretrained: bool) -> tuple[str, str]:
    """How a network is fine-tuned, one of `STRATEGIES`, and the sentence that says why."""
    if config.strategy is not None:
        return config.strategy, ""
    if not pretrained:
        return "full", "Nothing was pretrained, so everything is trained."
    if config.epochs is not None or config.learning_rate is not None:
        return "full", "Epochs or a learning rate were set, so everything is tuned."
    if config.imbalance in OF_THE_LOOP:
        return "full", f"The strategy {config.imbalance} acts while everything is tuned, so everything is."
    if n_train < FULL_FROM:
        return "head", f"With fewer than {number(FULL_FROM)} labels to learn from, the encoder is better left as it is."
    return "full", f"From {number(FULL_FROM)} labels on, tuning the encoder as well pays."


def tune_alike(config: FinetuneConfig, strategies: Collection[str]) -> FinetuneConfig:
    """The settings with which runs that differ in what is done against imbalance differ in nothing else.

    Some strategies act while everything is tuned; with the choice left open, the other runs would tune the head alone.
    """
    pretrained = config.base not in (*BASELINES, SCRATCH, SCRATCH_RNN)
    if pretrained and config.strategy is None and set(strategies) & set(OF_THE_LOOP):
        return dataclasses.replace(config, strategy="full")
    return config


def choose_learning_rate(*, pretrained: bool) -> float:
    """Peak learning rate: gentler where something was learned before, which large steps would undo."""
    return 1e-3 if pretrained else 3e-3


def choose_batch_size(config: FinetuneConfig, n_train: int) -> int:
    """Rows per step: as configured, and small enough that a pass over few rows has some eight steps."""
    return min(config.batch_size, max(4, 2 ** int(math.log2(max(n_train / 8, 4)))))


def estimate_seconds(
    n_rows: int, *, mean_tokens: float, config: FinetuneConfig, past: tuple[float, ...] = ()
) -> tuple[float, float]:
    """How long a run takes, from and to, in seconds.

    Args:
        n_rows: labeled rows of the dataset.
        mean_tokens: mean words of a text.
        config: the run's settings.
        past: seconds taken over seconds estimated (the middle of the range) of earlier runs on this machine.
    """
    compared = n_rows * mean_tokens * _BASELINE_SECONDS_PER_TOKEN
    startup, work = _STARTUP, compared
    if config.base in BASELINES:
        startup, work = _BASELINE_STARTUP, 3.0 * compared  # fitted to be judged, again on more rows, and compared
    else:
        work += _seconds_of_steps(n_rows, mean_tokens=mean_tokens, config=config)
    if past:
        work *= sorted(past)[len(past) // 2]
    return startup[0] + 0.6 * work, startup[1] + 1.6 * work


def _seconds_of_steps(n_rows: int, *, mean_tokens: float, config: FinetuneConfig) -> float:
    n_train = n_rows * (1.0 - config.test_fraction - config.validation_fraction)
    padded = min(config.max_length, 1.4 * mean_tokens + 8)
    pretrained = config.base not in (SCRATCH, SCRATCH_RNN)
    tuned = choose_strategy(config, n_train=round(n_train), pretrained=pretrained)[0] != "head"
    passes = choose_epochs(config, round(n_train)) if tuned else 1
    return n_train * passes * padded * _SECONDS_PER_TOKEN
