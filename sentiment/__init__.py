"""Sentiment Studio: look at reviews, fine-tune a small pretrained model on them, judge it class by class."""

import os
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sentiment.models.baselines import LinearModel
    from sentiment.models.predictor import Predictor

__version__ = "0.1.0"


def _guard_xla() -> None:
    """Switches off the CPU fusion that jaxlib 0.10 miscompiles (jax issue 39103), before jax can be imported.

    Some fused float32 reductions give wrong rows with it; without it the CNN trains at the same speed.
    """
    flag = "--xla_cpu_experimental_ynn_fusion_type="
    flags = os.environ.get("XLA_FLAGS", "")
    if flag not in flags:
        os.environ["XLA_FLAGS"] = f"{flags} {flag}".strip()


def _seal_demo() -> None:
    """In demo mode, has every process of the product refuse to write into the workspace, whatever it is about to do."""
    if os.environ.get("SENTIMENT_MODE", "").strip() == "demo":
        from sentiment.files import workspace_folder
        from sentiment.sealing import seal

        seal(workspace_folder())


_guard_xla()
_seal_demo()


def load(model: str | Path) -> "Predictor | LinearModel":
    """A model to call with texts: it returns their probabilities float32[n_texts, n_classes]; rows sum to 1.

    `classes` of what is returned names the columns.

    Args:
        model: a package (.zip), a run folder, a model folder, or the name of a base model that has a head.

    Raises:
        ModelError: if there is no such model or it is damaged.
    """
    from sentiment.models.predictor import load_predictor  # it loads the deep-learning library

    return load_predictor(model)
