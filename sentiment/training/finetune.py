"""Fine-tuning: a run folder and a dataset → a model, its history and held-out predictions in the run folder."""

from collections.abc import Callable

import pandas as pd

from sentiment.data import Dataset
from sentiment.errors import RunError
from sentiment.models.baselines import PredictFn, fit_majority, fit_tfidf
from sentiment.training.held_out import Labeled, add_predictions, held_out_table, split_labeled, write_split
from sentiment.training.journal import Journal
from sentiment.training.network import fit_network
from sentiment.training.runs import Run, RunState

_NO_SPACES = ("zh", "ja", "th")


def finetune(
    run: Run,
    dataset: Dataset,
    *,
    on_state: Callable[[RunState], None] = lambda state: None,
    should_stop: Callable[[], bool] = lambda: False,
) -> RunState:
    """Trains a run to its end, or goes on where it was left, and returns its last state.

    Whatever there is when it is asked to stop is kept: the best weights so far, judged on the held-out rows.

    Args:
        run: a new run, or one that was stopped or interrupted.
        dataset: the data that the run was created for.
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
    labeled = split_labeled(dataset, run.info.config)
    write_split(run, labeled)
    outcome = fit_network(labeled, journal)
    table = add_predictions(held_out_table(labeled), "model", outcome.probs, labeled.classes)
    run.write_predictions(table)
    ended = {"status": "stopped", "message": outcome.message} if outcome.asked else {}
    journal.tell(phase="Measuring the simple baselines", **ended)
    run.write_predictions(_with_baselines(table, labeled, spaces=dataset.language not in _NO_SPACES))
    return journal.tell(
        status="stopped" if outcome.asked else "finished", phase="", seconds_left=None, message=outcome.message
    )


def _with_baselines(table: pd.DataFrame, labeled: Labeled, *, spaces: bool) -> pd.DataFrame:
    """The predictions so far with those of the majority class and of TF-IDF with logistic regression."""
    train, n_classes = labeled.split.train, len(labeled.classes)
    texts, labels = labeled.texts(train), labeled.labels[train]
    fits: dict[str, Callable[[], PredictFn]] = {
        "majority": lambda: fit_majority(labels, n_classes=n_classes),
        "tfidf": lambda: fit_tfidf(texts, labels, n_classes=n_classes, spaces=spaces),
    }
    for name, fit in fits.items():
        table = add_predictions(table, name, fit()(table["text"].tolist()), labeled.classes)
    return table
