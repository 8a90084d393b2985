"""What is done against class imbalance, as a plan that the training loop follows."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sentiment.errors import UsageError
from sentiment.training.config import IMBALANCE

_FOCAL_GAMMA = 2.0  # Lin et al. 2017, section 4.1
_EFFECTIVE_BETA = 0.999  # Cui et al. 2019, section 5: suits classes of some hundreds to thousands of rows


@dataclass(frozen=True)
class ImbalancePlan:
    """How the loss weighs classes and how an epoch draws its rows.

    Attributes:
        class_weights: float32[n_classes]; their mean over the training rows is 1.
        log_prior: float32[n_classes], added to the logits in the loss; zeros for no adjustment.
        gamma: focal exponent; 0 for plain cross-entropy.
        rows_per_class: int64[n_classes], how many rows of each class an epoch shows.
    """

    class_weights: NDArray[np.float32]
    log_prior: NDArray[np.float32]
    gamma: float
    rows_per_class: NDArray[np.int64]

    @property
    def rows_per_epoch(self) -> int:
        """Rows that an epoch shows."""
        return int(self.rows_per_class.sum())


def plan_imbalance(strategy: str, labels: NDArray[np.int64], *, n_classes: int) -> ImbalancePlan:
    """The plan of a strategy for these training labels int64[n].

    Raises:
        UsageError: if the strategy is not one of `IMBALANCE`.
    """
    if strategy not in IMBALANCE:
        raise UsageError(f"The imbalance strategy {strategy!r} is not known", expected=f"One of {', '.join(IMBALANCE)}")
    counts = np.bincount(labels, minlength=n_classes)
    present = counts > 0
    weights = np.ones(n_classes)
    if strategy == "class-weights":
        weights[present] = 1.0 / counts[present]
    elif strategy == "effective-number":
        weights[present] = (1.0 - _EFFECTIVE_BETA) / (1.0 - _EFFECTIVE_BETA ** counts[present])
    weights *= counts.sum() / max((weights * counts).sum(), 1e-12)
    log_prior = np.zeros(n_classes)
    if strategy == "logit-adjustment":
        log_prior = np.log(np.maximum(counts, 0.5) / counts.sum())
    shown = counts.copy()
    if strategy == "oversample":
        shown[present] = counts.max()
    elif strategy == "undersample":
        shown[present] = counts[present].min()
    gamma = _FOCAL_GAMMA if strategy == "focal" else 0.0
    return ImbalancePlan(weights.astype(np.float32), log_prior.astype(np.float32), gamma, shown)


def draw_epoch(plan: ImbalancePlan, labels: NDArray[np.int64], *, rng: np.random.Generator) -> NDArray[np.int64]:
    """The rows of one epoch, int64[plan.rows_per_epoch]: positions in `labels`.

    A class that is shown more often than it has rows repeats all of them equally often, up to one; a class that is
    shown less often gives other rows each time.
    """
    drawn = []
    for label, n_shown in enumerate(plan.rows_per_class):
        rows = np.flatnonzero(labels == label)
        if len(rows) == n_shown:
            drawn.append(rows)
        elif len(rows):
            repeats, rest = divmod(int(n_shown), len(rows))
            drawn += [np.tile(rows, repeats), rng.choice(rows, size=rest, replace=False)]
    return np.concatenate(drawn)
