"""The head on a frozen encoder: a logistic regression on text vectors that starts from what the base model says.

Few labels cannot turn a thousand numbers into a verdict, but they can correct one. So the base model's own logits
stand beside the text vector, with a milder penalty, and the regression is folded into one linear head again. It takes
a second, and needs no validation rows.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

_SHRINK = 0.5  # of the mean spread is added to each number's: with few rows, a quiet number's spread says little
_VECTOR_SCALE = 3.0  # length of a typical text vector under the penalty
_LOGIT_SCALE = 1.2  # spread of the base model's logits under the penalty
_INVERSE_PENALTY = 1.0  # C of the regression; the scales and it were chosen together, see benchmarks/README.md


def fit_head(
    vectors: NDArray[np.float32],
    labels: NDArray[np.int64],
    *,
    n_classes: int,
    base_head: dict[str, NDArray[np.float32]] | None,
    row_weights: NDArray[np.float32] | None = None,
) -> dict[str, Any]:
    """A head {"kernel": float32[hidden, n_classes], "bias": float32[n_classes]} for text vectors.

    Args:
        vectors: float32[n, hidden], of the training texts.
        labels: int64[n], at least two different ones; a class without a row gets the lowest logit of all.
        n_classes: of the head.
        base_head: the base model's own head, over its own classes; None for a network without one.
        row_weights: float32[n] or None for 1 each.
    """
    from sklearn.linear_model import LogisticRegression  # slow to load, and a network from scratch does without

    mean, spread = vectors.mean(axis=0), vectors.std(axis=0)
    scale = _VECTOR_SCALE / np.sqrt(vectors.shape[1]) / (spread + _SHRINK * spread.mean() + 1e-6)
    features = (vectors - mean) * scale
    if base_head is not None:
        logits = (vectors - mean) @ base_head["kernel"]
        logit_scale = _LOGIT_SCALE / (logits.std() + 1e-6)
        features = np.concatenate([features, logits * logit_scale], axis=1)
    model = LogisticRegression(C=_INVERSE_PENALTY, max_iter=500).fit(features, labels, sample_weight=row_weights)
    weights, intercepts = _one_row_per_class(model)
    hidden = vectors.shape[1]
    kernel = scale[:, None] * weights[:, :hidden].T  # [hidden, classes seen]
    if base_head is not None:
        kernel = kernel + logit_scale * base_head["kernel"] @ weights[:, hidden:].T
    bias = intercepts - mean @ kernel
    head_kernel = np.zeros((hidden, n_classes), np.float32)
    head_bias = np.full(n_classes, bias.min() - 10.0, np.float32)
    head_kernel[:, model.classes_], head_bias[model.classes_] = kernel, bias
    return {"kernel": head_kernel, "bias": head_bias}


def _one_row_per_class(model: Any) -> tuple[NDArray[np.floating], NDArray[np.floating]]:
    """Weights [n_classes, n_features] and intercepts [n_classes]; of two, scikit-learn keeps the difference."""
    if len(model.classes_) > 2:
        return model.coef_, model.intercept_
    half, intercept = model.coef_[0] / 2.0, model.intercept_[0] / 2.0
    return np.stack([-half, half]), np.array([-intercept, intercept])
