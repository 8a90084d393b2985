"""A short training run as a process of its own: `python short_run.py CHECKPOINTS [COORDINATOR N PROCESS]`.

It trains on all devices that it has or that have joined, is stopped half-way by the first process, resumes, and prints
as JSON the devices, the loss of each step, and the sums of the last weights.
"""

import json
import sys
from pathlib import Path

import numpy as np

from sentiment.models.classifier import apply_fn, flatten, fresh_params
from sentiment.models.encoders import EncoderConfig
from sentiment.models.tokenizer import TokenTable
from sentiment.training.fit import Examples, Trainer
from sentiment.training.imbalance import plan_imbalance
from sentiment.training.optimizer import FitSettings
from sentiment.training.parallel import Placement, join

CONFIG = EncoderConfig(vocab_size=40, embed=8, widths=(1, 2), filters=6)
# Batches of 10 rows don't divide by two processes with two devices each, and the last of an epoch has 6.
SETTINGS = FitSettings(
    epochs=3,
    batch_size=10,
    learning_rate=1e-2,
    max_length=16,
    seed=3,
    patience=99,
    validate_every=1,
    unfreeze=(0.2, 0.2),
)


def train(placement: Placement, folder: Path, *, stops: bool = True) -> dict:
    """Losses and weights of the run."""
    rng = np.random.default_rng(0)
    lengths = rng.integers(3, 14, 66)
    starts = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
    rows = Examples(TokenTable(rng.integers(1, 40, starts[-1]).astype(np.int32), starts), rng.integers(0, 2, 66))
    losses: dict[str, list[float]] = {"train": [], "validation": []}

    def trainer() -> Trainer:
        return Trainer(
            apply_fn(CONFIG, 2),
            fresh_params(CONFIG, 2, seed=0),
            train=rows,
            validation=rows,
            plan=plan_imbalance("none", rows.labels, n_classes=2),
            settings=SETTINGS,
            placement=placement,
        )

    def note(progress, _) -> None:
        if progress.kind in losses:
            losses[progress.kind].append(progress.loss)

    if stops:
        trainer().run(
            on_progress=note, should_stop=lambda: placement.first and len(losses["train"]) > 4, checkpoints=folder
        )
        losses["validation"] = losses["validation"][: len(losses["train"])]  # where it stopped it may be scored again
    result = trainer().run(on_progress=note, checkpoints=folder)
    return {**losses, "weights": {path: float(np.sum(value)) for path, value in flatten(result.params).items()}}


if __name__ == "__main__":
    import jax

    checkpoints, *others = sys.argv[1:]
    keywords = dict(zip(("coordinator", "n_processes", "process"), others, strict=False))
    where = join(**{name: value if name == "coordinator" else int(value) for name, value in keywords.items()})
    print(json.dumps({"devices": len(jax.devices()), **train(where, Path(checkpoints))}))
