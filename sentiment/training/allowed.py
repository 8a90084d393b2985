"""Which settings go with which base. Light: pages and the command line ask before anything is trained."""

from sentiment.errors import UsageError
from sentiment.models.registry import BASELINES, MAJORITY
from sentiment.training.config import AUTO, IMBALANCE, STRATEGIES, FinetuneConfig

_FOR_NETWORKS = ("focal", "augment")  # they need a loss to shape, or word vectors to vary texts with
_FOR_PRIORS = ("logit-adjustment", "posthoc-adjustment")  # complement naive Bayes knows no shares of the classes


def imbalance_for(base: str, strategy: str | None = None) -> tuple[str, ...]:
    """The strategies of `IMBALANCE` that make sense for a base, by its name or folder, if so much of it is tuned."""
    if base == MAJORITY:
        return ("none",)
    senseless: tuple[str, ...] = _FOR_NETWORKS if base in BASELINES or strategy == "head" else ()
    if base == "naive-bayes":
        senseless += _FOR_PRIORS
    return tuple(name for name in IMBALANCE if name not in senseless)


def strategies_for(base: str) -> tuple[str, ...]:
    """The strategies of `STRATEGIES` that make sense for a base: all if there is something to keep, else none."""
    return () if base in BASELINES or base.startswith("scratch-") else tuple(STRATEGIES)


def check_settings(config: FinetuneConfig) -> None:
    """Raises a UsageError if a setting does not go with the base, naming what does."""
    allowed = imbalance_for(config.base, config.strategy)
    if config.imbalance not in (AUTO, *allowed):
        raise UsageError(
            f"The imbalance strategy {config.imbalance!r} does not go with {_what(config)}",
            expected=f"One of {', '.join(allowed)}",
        )
    if config.strategy == "head" and (config.epochs is not None or config.learning_rate is not None):
        raise UsageError(
            "Epochs and learning rate do not go with the strategy 'head', which is fitted in one step",
            todo="Leave them open, or choose another strategy",
        )
    if strategies_for(config.base):
        return
    for given, setting in (
        (config.strategy, f"The strategy {config.strategy!r}"),
        (config.self_training, "Self-training"),
    ):
        if given:
            raise UsageError(f"{setting} does not go with {config.base}", expected="A base model that was pretrained")


def _what(config: FinetuneConfig) -> str:
    return f"the strategy {config.strategy!r}" if config.strategy == "head" else config.base
