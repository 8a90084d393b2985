"""Which settings go with which base. Light: pages and the command line ask before anything is trained."""

from sentiment.errors import UsageError
from sentiment.models.registry import BASELINES, MAJORITY, SCRATCH, SCRATCH_RNN, WORD_VECTORS
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
    return () if base in (*BASELINES, SCRATCH, SCRATCH_RNN) else tuple(STRATEGIES)


def takes_vectors(base: str) -> bool:
    """Whether a base can start from word vectors that somebody brought."""
    return base in (SCRATCH, SCRATCH_RNN, WORD_VECTORS)


def check_settings(config: FinetuneConfig) -> None:
    """Raises a UsageError if a setting does not go with the base, naming what does."""
    allowed = imbalance_for(config.base, config.strategy)
    if config.imbalance not in (AUTO, *allowed):
        raise UsageError(
            f"The imbalance strategy {config.imbalance!r} does not go with {_what(config)}",
            expected=f"One of {', '.join(allowed)}",
        )
    if config.vectors and not takes_vectors(config.base):
        raise UsageError(
            f"Word vectors do not go with {config.base}, whose words have vectors already",
            expected=f"The base {SCRATCH}, {SCRATCH_RNN} or {WORD_VECTORS}",
        )
    if config.base in BASELINES:
        _check_unused(config)
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


def _check_unused(config: FinetuneConfig) -> None:
    """Raises a UsageError for a setting of a network's training: a baseline is fitted in one step to whole texts."""
    for name in ("epochs", "learning_rate", "batch_size", "max_length"):
        value = getattr(config, name)
        if value != getattr(FinetuneConfig, name):
            raise UsageError(
                f"The setting {name.replace('_', ' ')} ({value:g}) does not go with {config.base}, which is fitted in "
                "one step to whole texts",
                todo="Leave it as it is, or choose a network",
            )


def _what(config: FinetuneConfig) -> str:
    return f"the strategy {config.strategy!r}" if config.strategy == "head" else config.base
