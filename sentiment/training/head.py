"""The head on a frozen encoder: a logistic regression on text vectors around what the base model says.

Few labels cannot turn a thousand numbers into a verdict, but they can correct one. So the regression is a maximum a
posteriori fit whose prior stands at the base model's own head: without labels it says what the base model says, and
every label moves it away from there as far as the evidence goes. It is folded into one linear head, takes a second,
and needs no validation rows.
"""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

_SHRINK = 0.5  # of the mean spread is added to each number's: with few rows, a quiet number's spread says little
_VECTOR_SCALE = 3.0  # length of a typical text vector under the penalty
# Variances of the prior, chosen together on product reviews and tweets.
_OF_VECTORS = 0.7
_OF_KNOWN = 0.05  # the base model's logits, for classes that are its own
_OF_OTHERS = 1.0  # the same, for classes that it does not know
_OF_KNOWN_BIAS = 0.02  # for few rows, their shares of the classes are no reason to doubt the base model's
_OF_OTHERS_BIAS = 0.1
_OF_FREE_BIAS = 10.0
_STEPS = 100
_SHARPNESS = 0.5  # temperature of a guess


def fit_head(
    vectors: NDArray[np.float32],
    targets: NDArray[np.float32],
    *,
    base_head: Mapping[str, NDArray[np.float32]] | None = None,
    matches: Mapping[int, int] | None = None,
    row_weights: NDArray[np.float32] | None = None,
    log_prior: NDArray[np.float32] | None = None,
    free_bias: bool = False,
    should_stop: Callable[[], bool] = lambda: False,
) -> dict[str, Any]:
    """A head {"kernel": float32[hidden, n_classes], "bias": float32[n_classes]} for text vectors.

    Args:
        vectors: float32[n, hidden], of the training texts.
        targets: float32[n, n_classes], the probability of each class; rows that are labeled have a single 1.
        base_head: the base model's own head, over its own classes; None for a network without one.
        matches: the base model's class for each class that is one of its own (see `match_classes`).
        row_weights: float32[n] or None for 1 each.
        log_prior: float32[n_classes], added to the logits while it is fitted and not when it predicts, so that a rare
            class needs a larger margin (Menon et al. 2021); None for zeros.
        free_bias: whether the bias takes up the shares of the classes whole, for somebody who takes them off later.
        should_stop: asked after every step; the head is then what it has come to.
    """
    n_classes = targets.shape[1]
    mean, spread = vectors.mean(axis=0), vectors.std(axis=0)
    scale = _VECTOR_SCALE / np.sqrt(vectors.shape[1]) / (spread + _SHRINK * spread.mean() + 1e-6)
    features, variances = (vectors - mean) * scale, np.full((vectors.shape[1], n_classes), _OF_VECTORS)
    means, of_bias = np.zeros_like(variances), np.full(n_classes, _OF_OTHERS_BIAS)
    if base_head is not None:
        logits = vectors @ base_head["kernel"] + base_head["bias"]
        known, certain = _prior(logits.shape[1], n_classes, matches or {})
        features = np.concatenate([features, logits], axis=1)
        of_bias[list(matches or {})] = _OF_KNOWN_BIAS
        means, variances = np.concatenate([means, known]), np.concatenate([variances, certain])
    weights = np.ones(len(targets)) if row_weights is None else row_weights
    if free_bias:
        of_bias[:] = _OF_FREE_BIAS
    prior = _Prior(means, variances, of_bias, np.zeros(n_classes) if log_prior is None else log_prior.astype(float))
    kernel, bias = _map_estimate(features.astype(np.float32), targets, weights, prior, should_stop)
    folded = scale[:, None] * kernel[: vectors.shape[1]]
    bias = bias - mean @ folded
    if base_head is not None:
        of_logits = kernel[vectors.shape[1] :]
        folded, bias = folded + base_head["kernel"] @ of_logits, bias + base_head["bias"] @ of_logits
    return {"kernel": folded.astype(np.float32), "bias": bias.astype(np.float32)}


def guess_targets(vectors: NDArray[np.float32], head: Mapping[str, NDArray[np.float32]]) -> NDArray[np.float32]:
    """Targets float32[n, n_classes] for unlabeled texts: what a head says of them, surer than it says it.

    Self-training with sharpened guesses (compare Xie et al. 2020, section 3): the likelier class gains, and a row
    that could be either says little.
    """
    from scipy.special import softmax

    return np.asarray(softmax((vectors @ head["kernel"] + head["bias"]) / _SHARPNESS, axis=1), np.float32)


def _prior(n_known: int, n_classes: int, matches: Mapping[int, int]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Mean and variance [n_known, n_classes] of the weights of the base model's logits: its classes stand for ours."""
    mean, variance = np.zeros((n_known, n_classes)), np.full((n_known, n_classes), _OF_OTHERS)
    for ours, theirs in matches.items():
        mean[theirs, ours], variance[:, ours] = 1.0, _OF_KNOWN
    return mean, variance


class _Prior(NamedTuple):
    """What is believed of a regression's weights before the rows are seen.

    Attributes:
        means, variances: float64[n_features, n_classes], of the kernel.
        of_bias: float64[n_classes], variances of the bias, whose mean is 0.
        offset: float64[n_classes], added to the logits.
    """

    means: NDArray[np.float64]
    variances: NDArray[np.float64]
    of_bias: NDArray[np.float64]
    offset: NDArray[np.float64]


def _map_estimate(
    features: NDArray[np.float32],
    targets: NDArray[np.float32],
    row_weights: NDArray[np.floating],
    prior: _Prior,
    should_stop: Callable[[], bool],
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Kernel [n_features, n_classes] and bias [n_classes] of a softmax regression under a Gaussian prior.

    The search counts from the prior's mean in the prior's deviations, which makes the prior round and takes a third of
    the steps; products with the features are made in float32, sums over rows in float64.
    """
    from scipy.optimize import minimize  # slow to load, and a network from scratch does without
    from threadpoolctl import threadpool_limits

    n_features, n_classes = prior.means.shape
    deviations, of_bias = np.sqrt(prior.variances), np.sqrt(prior.of_bias)

    def place(flat: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        away = flat[:-n_classes].reshape(n_features, n_classes)
        return prior.means + deviations * away, of_bias * flat[-n_classes:]

    def objective(flat: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        kernel, bias = place(flat)
        logits = features @ kernel.astype(np.float32) + (bias + prior.offset)
        logits -= logits.max(axis=1, keepdims=True)
        log_probs = logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))
        value = 0.5 * (flat @ flat) - (row_weights * (log_probs * targets).sum(axis=1)).sum()
        error = row_weights[:, None] * (np.exp(log_probs) - targets)
        of_kernel = (error.T.astype(np.float32) @ features).T * deviations
        return float(value), flat + np.concatenate([of_kernel.ravel(), error.sum(axis=0) * of_bias])

    def ask(_: NDArray[np.float64]) -> None:
        if should_stop():
            raise StopIteration  # with which scipy ends where it is

    start = np.zeros((n_features + 1) * n_classes)
    # The products are small, and numpy's and scipy's own threads wait for each other: with one thread each it is up to
    # twenty times as fast.
    with threadpool_limits(1, user_api="blas"):
        found = minimize(objective, start, jac=True, method="L-BFGS-B", callback=ask, options={"maxiter": _STEPS})
        return place(found.x)
