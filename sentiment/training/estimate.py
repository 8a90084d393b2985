"""What is chosen where the user leaves the choice open, and how long a run takes. Light: pages show it beforehand."""

import math

from sentiment.training.config import FinetuneConfig

_PASSES = 12  # over 2,000 rows; fewer over more, more over fewer
_SECONDS_PER_TOKEN = 4.5e-6  # one padded token through one training step, on two laptop cores
_STARTUP = (5.0, 20.0)  # loading jax and compiling: with the programs cached, and the first time
_BASELINE_SECONDS_PER_TOKEN = 2e-5  # TF-IDF with logistic regression, words or characters


def choose_epochs(config: FinetuneConfig, n_train: int) -> int:
    """Passes over the training rows: as configured, or fewer the more rows there are (2 to 40)."""
    if config.epochs is not None:
        return config.epochs
    return round(min(40.0, max(2.0, _PASSES * (2_000 / max(n_train, 1)) ** 0.35)))


def choose_learning_rate(n_train: int, *, pretrained: bool) -> float:
    """Peak learning rate: gentle with few rows, which would otherwise drown what the base model knows.

    Chosen on brand tweets: 0.0005 was best at 100 labels and 0.003 at 1,500; they differ by two points at each end.
    """
    if not pretrained:
        return 3e-3
    return 5e-4 if n_train <= 200 else 1e-3 if n_train <= 1_000 else 2e-3


def choose_batch_size(config: FinetuneConfig, n_train: int) -> int:
    """Rows per step: as configured, and small enough that a pass over few rows has some eight steps."""
    return max(4, min(config.batch_size, 2 ** int(math.log2(max(n_train / 8, 4)))))


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
    n_train = n_rows * (1.0 - config.test_fraction - config.validation_fraction)
    padded = min(config.max_length, 1.4 * mean_tokens + 8)
    work = n_train * choose_epochs(config, round(n_train)) * padded * _SECONDS_PER_TOKEN
    work += n_rows * mean_tokens * _BASELINE_SECONDS_PER_TOKEN
    if past:
        work *= sorted(past)[len(past) // 2]
    return _STARTUP[0] + 0.6 * work, _STARTUP[1] + 1.6 * work
