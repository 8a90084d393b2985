"""Fine-tuning: a run folder and a dataset → a model, its history and held-out predictions in the run folder."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from sentiment.data import Dataset
from sentiment.errors import RunError
from sentiment.evaluation.calibration import apply_temperature, fit_temperature
from sentiment.models.registry import BASELINES
from sentiment.models.temperature import write_temperature
from sentiment.training.held_out import (
    Labeled,
    add_predictions,
    held_out_table,
    kept_split,
    split_labeled,
    validation_table,
    write_split,
)
from sentiment.training.journal import Journal, Outcome
from sentiment.training.runs import Run, RunState
from sentiment.training.simple import compared_baselines, fit_simple, predict_compared


def finetune(
    run: Run,
    dataset: Dataset,
    *,
    labeled: Labeled | None = None,
    on_state: Callable[[RunState], None] = lambda state: None,
    should_stop: Callable[[], bool] = lambda: False,
) -> RunState:
    """Trains a run to its end, or goes on where it was left, and returns its last state.

    Whatever there is when it is asked to stop is kept: the best weights so far, judged on the held-out rows.

    Args:
        run: a new run, or one that was stopped or interrupted.
        dataset: the data that the run was created for.
        labeled: its rows, if somebody has split them by the run's settings already.
        on_state: called with every state that is written.
        should_stop: asked before every training step.

    Raises:
        RunError: if the dataset is not the one the run was created for.
        DataError: if the labels do not allow a split or a training, in words.
        ModelError: if the base model is not there or damaged.
    """
    if dataset.fingerprint != run.info.dataset.fingerprint:
        raise RunError(
            f"The data has changed since run {run.id} was started",
            expected="The same rows, texts, labels and groups",
            todo="Start a new run on the data as it is now",
        )
    journal = Journal(run, on_state, should_stop)
    journal.tell(phase="Splitting the rows, duplicates on one side")
    labeled = labeled or split_labeled(dataset, run.info.config, kept=kept_split(run, dataset))
    write_split(run, labeled)
    fit = fit_simple if run.info.config.base in BASELINES else _fit_network
    outcome = fit(labeled, journal)
    probs = _calibrate(run, labeled, outcome)
    table = add_predictions(held_out_table(labeled), "model", probs, labeled.classes)
    run.write_predictions(table)
    message = " ".join([outcome.message, *journal.notes])
    ended = {"status": "stopped", "message": message} if outcome.asked else {}
    journal.tell(phase="Measuring the simple baselines", **ended)
    for column, name in compared_baselines(run.info.config.base, language=dataset.language).items():
        probs = predict_compared(name, run.info.config, labeled, outcome.learned, language=dataset.language)
        table = add_predictions(table, column, probs, labeled.classes)
    run.write_predictions(table)
    return journal.tell(status="stopped" if outcome.asked else "finished", phase="", seconds_left=None, message=message)


def _calibrate(run: Run, labeled: Labeled, outcome: Outcome) -> NDArray[np.float32]:
    """The probabilities of the held-out rows under a temperature fitted on the validation rows, which the model keeps.

    The validation rows are written with theirs, for whatever is chosen later without a look at the test rows.
    """
    temperature = fit_temperature(outcome.validation, labeled.labels[labeled.split.validation])
    write_temperature(run.folder / "model", temperature)
    run.write_validation(validation_table(labeled, apply_temperature(outcome.validation, temperature)))
    return apply_temperature(outcome.probs, temperature)


def _fit_network(labeled: Labeled, journal: Journal) -> Outcome:
    from sentiment.training.network import fit_network  # it loads jax, which a simple baseline does without

    return fit_network(labeled, journal)
