"""Sentiment Studio: look at reviews, fine-tune a small pretrained model on them, judge it class by class."""

import os

__version__ = "0.1.0"


def _guard_xla() -> None:
    """Switches off the CPU fusion that jaxlib 0.10 miscompiles (jax issue 39103), before jax can be imported.

    Some fused float32 reductions give wrong rows with it; without it the CNN trains at the same speed.
    """
    flag = "--xla_cpu_experimental_ynn_fusion_type="
    flags = os.environ.get("XLA_FLAGS", "")
    if flag not in flags:
        os.environ["XLA_FLAGS"] = f"{flags} {flag}".strip()


_guard_xla()
