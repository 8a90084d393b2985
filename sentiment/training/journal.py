"""What a run tells while it works: its state, to the run folder and to whoever listens."""

import dataclasses
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sentiment.models.folders import describe_origin
from sentiment.training.runs import Run, RunState


@dataclass(frozen=True)
class Outcome:
    """What came of a fit; the model itself stands in the run folder.

    Attributes:
        probs: float32[n_held_out, n_classes] of the held-out rows, at temperature 1.
        validation: float32[n_validation, n_classes] of the validation rows, at temperature 1, by a model that had
            not learned from them.
        message: what happened, in a sentence.
        asked: whether it ended because it was asked to stop.
        learned: int64[n], positions of the labeled rows that the model learned from which `probs` are of.
    """

    probs: NDArray[np.float32]
    validation: NDArray[np.float32]
    message: str
    learned: NDArray[np.int64]
    asked: bool = False


class Journal:
    """Keeps the state of a run and writes every change of it.

    Args:
        run: whose state it is.
        on_state: called with every state that is written.
        should_stop: whether somebody asked the run to stop.
    """

    def __init__(self, run: Run, on_state: Callable[[RunState], None], should_stop: Callable[[], bool]) -> None:
        self.run = run
        self.should_stop = should_stop
        self.state = dataclasses.replace(run.state, status="starting", error=None, message="")
        self.notes: list[str] = []  # what else is to be known of the outcome, in sentences
        self._on_state = on_state
        self._began = time.monotonic() - run.state.elapsed  # what it took before it was stopped counts as well

    def tell(self, **changes: Any) -> RunState:
        """Writes the state with these changes and returns it."""
        elapsed = round(time.monotonic() - self._began, 1)
        self.state = dataclasses.replace(self.state, elapsed=elapsed, **changes)
        self.run.write_state(self.state)
        self._on_state(self.state)
        return self.state

    def forget_judgement(self) -> None:
        """Called once weights were replaced by others: what the run had found with those before is of no use then."""
        if self.run.forget_judgement():
            self.notes.append("The thresholds that were saved before belonged to other weights and are gone.")

    def describe_model(self) -> dict[str, Any]:
        """What a model folder of this run says about where it came from."""
        info = self.run.info
        return {
            "run": {"id": info.id, "name": info.name, "base": info.config.base, "dataset": info.dataset.name},
            "origin": describe_origin(info.config.base, vectors=info.config.vectors),
            "languages": [info.language],
        }
