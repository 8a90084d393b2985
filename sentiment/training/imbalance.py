"""What is done against class imbalance: a plan that the training loop follows, its preview, and which one to take.

It knows no deep-learning library, so that pages can show a plan before anything is trained.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sentiment.data import imbalance_ratio
from sentiment.errors import UsageError
from sentiment.numbers import number
from sentiment.training.config import AUTO, IMBALANCE

_FOCAL_GAMMA = 2.0  # Lin et al. 2017, section 4.1
_EFFECTIVE_BETA = 0.999  # Cui et al. 2019, section 5: suits classes of some hundreds to thousands of rows
_TAU = 1.0  # Menon et al. 2021, section 4: the value that is consistent for the balanced error

# From these ratios (largest to smallest class) on the strategy is recommended; measured by benchmarks/imbalance.py.
RECOMMENDED: tuple[tuple[float, str], ...] = ((3.0, "logit-adjustment"),)


@dataclass(frozen=True)
class ImbalancePlan:
    """How the loss weighs classes, how an epoch draws its rows, and how the logits are adjusted.

    Attributes:
        strategy: the name in `IMBALANCE`, also where the choice was left open.
        reason: the sentence that says why it was chosen; "" if the user chose it.
        class_weights: float32[n_classes]; their mean over the training rows is 1.
        log_prior: float32[n_classes], added to the logits in the loss; zeros for no adjustment.
        posthoc: float32[n_classes], added to the logits whenever the model predicts; zeros for no adjustment.
        gamma: focal exponent; 0 for plain cross-entropy.
        rows_per_class: int64[n_classes], how many rows of each class an epoch shows.
        augments: whether the rows that an epoch repeats are varied (see `augmentation.Augmenter`).
    """

    strategy: str
    reason: str
    class_weights: NDArray[np.float32]
    log_prior: NDArray[np.float32]
    posthoc: NDArray[np.float32]
    gamma: float
    rows_per_class: NDArray[np.int64]
    augments: bool

    @property
    def rows_per_epoch(self) -> int:
        """Rows that an epoch shows."""
        return int(self.rows_per_class.sum())


def plan_imbalance(strategy: str, labels: NDArray[np.int64], *, n_classes: int) -> ImbalancePlan:
    """The plan of a strategy for these training labels int64[n].

    Raises:
        UsageError: if the strategy is neither one of `IMBALANCE` nor `AUTO`.
    """
    return _plan(strategy, np.bincount(labels, minlength=n_classes))


def _plan(strategy: str, counts: NDArray[np.int64]) -> ImbalancePlan:
    """The plan for int64[n_classes] training rows of each class."""
    reason = ""
    if strategy == AUTO:
        strategy, reason = recommend_imbalance({str(label): int(n) for label, n in enumerate(counts)})
    if strategy not in IMBALANCE:
        expected = f"One of {', '.join((AUTO, *IMBALANCE))}"
        raise UsageError(f"The imbalance strategy {strategy!r} is not known", expected=expected)
    zeros = np.zeros(len(counts), np.float32)
    return ImbalancePlan(
        strategy=strategy,
        reason=reason,
        class_weights=_class_weights(strategy, counts),
        log_prior=_log_prior(counts) if strategy == "logit-adjustment" else zeros,
        posthoc=-_TAU * _log_prior(counts) if strategy == "posthoc-adjustment" else zeros,
        gamma=_FOCAL_GAMMA if strategy == "focal" else 0.0,
        rows_per_class=_rows_shown(strategy, counts),
        augments=strategy == "augment",
    )


def _class_weights(strategy: str, counts: NDArray[np.int64]) -> NDArray[np.float32]:
    present = counts > 0
    weights = np.ones(len(counts))
    if strategy == "class-weights":
        weights[present] = 1.0 / counts[present]
    elif strategy == "effective-number":  # Cui et al. 2019, eq. 2 and 4
        weights[present] = (1.0 - _EFFECTIVE_BETA) / (1.0 - _EFFECTIVE_BETA ** counts[present])
    weights *= counts.sum() / max((weights * counts).sum(), 1e-12)
    return weights.astype(np.float32)


def _log_prior(counts: NDArray[np.int64]) -> NDArray[np.float32]:
    """Logarithm float32[n_classes] of each class's rows, as a share of the largest class's: 0 for that one.

    A class without any row gets 0 as well: nothing was learned of it, so nothing may speak for it.
    """
    shares = np.where(counts > 0, counts, counts.max()) / max(counts.max(), 1)
    return np.log(np.maximum(shares, 1e-12)).astype(np.float32)


def _rows_shown(strategy: str, counts: NDArray[np.int64]) -> NDArray[np.int64]:
    shown = counts.copy()
    present = counts > 0
    if strategy in ("oversample", "augment"):
        shown[present] = counts.max()
    elif strategy == "undersample":
        shown[present] = counts[present].min()
    return shown


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


def adjust_head(params: Mapping[str, Any], posthoc: NDArray[np.float32]) -> dict[str, Any]:
    """The weights with `posthoc` float32[n_classes] added to the head's bias (Menon et al. 2021, eq. 9).

    With the adjustment in the bias, whoever predicts with these weights predicts with it, and a model folder needs
    to say nothing of it. The given weights stay as they are.
    """
    head = params["head"]
    return {**params, "head": {**head, "bias": head["bias"] + posthoc}}


def adjust_log_probs(log_probs: NDArray[np.float32], posthoc: NDArray[np.float32]) -> NDArray[np.float32]:
    """Log-probabilities float32[n, n_classes] as weights with an adjusted head (see `adjust_head`) give them."""
    shifted = log_probs + posthoc
    return shifted - np.logaddexp.reduce(shifted, axis=1, keepdims=True)


def recommend_imbalance(counts: Mapping[str, int]) -> tuple[str, str]:
    """The strategy to take for so many rows of each class, and a sentence that says why."""
    ratio = imbalance_ratio(counts.values())
    chosen = "none"
    for at_least, strategy in RECOMMENDED:
        if ratio >= at_least:
            chosen = strategy
    times = number(ratio) if ratio >= 10 else f"{ratio:.1f}"
    if chosen == "none":
        if not ratio >= 1.5:
            return chosen, "The classes are about equally frequent, so every row counts the same."
        return chosen, f"The largest class has {times} times the rows of the smallest, which training copes with."
    return chosen, f"The largest class has {times} times the rows of the smallest. {IMBALANCE[chosen]}"


def preview_imbalance(strategy: str, counts: Mapping[str, int]) -> pd.DataFrame:
    """What a strategy does to training rows, class by class.

    Args:
        strategy: one of `IMBALANCE`, or `AUTO`.
        counts: training rows of each class.

    Returns:
        A row per class, in the order of `counts`. Columns: class; rows; shown (rows per epoch); weight (of a mistake
        in the loss; for focal loss, of one by a model that knows no more than the shares of the classes); margin
        (how much larger, in the logit, the class must be than without the strategy to be learned as well, or how
        much it is raised when the model predicts; natural logarithm, 0 for the largest class).

    Raises:
        UsageError: if the strategy is not known.
    """
    rows = np.fromiter(counts.values(), np.int64, len(counts))
    plan = _plan(strategy, rows)
    weights = plan.class_weights.astype(float)
    if plan.gamma:
        weights = (1.0 - rows / max(rows.sum(), 1)) ** plan.gamma
    return pd.DataFrame(
        {
            "class": pd.array(list(counts), dtype="str"),
            "rows": rows,
            "shown": plan.rows_per_class,
            "weight": weights,
            "margin": np.abs(plan.posthoc - plan.log_prior).astype(float),
        }
    )
