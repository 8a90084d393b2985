"""The few-label way: a head fitted to the frozen encoder's text vectors."""

from typing import Any

import jax
import numpy as np
from numpy.typing import NDArray

from sentiment.numbers import number, percent
from sentiment.training.imbalance import adjust_head
from sentiment.training.journal import Outcome
from sentiment.training.scores import macro_f1
from sentiment.training.transfer import Transfer


def fit_head_alone(transfer: Transfer) -> Outcome:
    """Fits the head, saves the model, and predicts the held-out rows.

    Nothing is chosen by the validation rows, so once they have judged the head, it learns from them as well, unless
    it has more rows than it needs already. Where no test rows were held out, the first head is judged and the second
    one kept.
    """
    labeled, journal, params = transfer.labeled, transfer.journal, transfer.start.params
    split, labels = labeled.split, labeled.labels
    journal.tell(phase="Reading the texts")
    rows = transfer.rows_for_head(split.train)
    train = transfer.tokens(labeled.texts(rows))
    unlabeled, of_train = transfer.unlabeled_vectors(), transfer.vectors(train)
    settings = transfer.describe(train, n_unlabeled=0 if unlabeled is None else len(unlabeled))
    journal.tell(status="running", phase="Fitting the head", total_steps=1, total_epochs=1, settings=settings)
    of_validation = transfer.vectors(transfer.tokens(labeled.texts(split.validation)))
    first = _fit(transfer, of_train, rows, unlabeled)
    guesses = _log_probs(of_validation, first)
    score, loss = _judge(guesses, labels[split.validation])
    journal.run.log(step=1, epoch=1.0, kind="validation", loss=round(loss, 5), macro_f1=round(score, 5))
    asked, head, learned = journal.should_stop(), first, rows
    if not asked and len(rows) == len(split.train):
        both = np.concatenate([rows, split.validation])
        second = _fit(transfer, np.concatenate([of_train, of_validation]), both, unlabeled)
        asked = journal.should_stop()  # then it is half fitted, and the first one is kept
        if not asked:
            head, learned = second, both
    transfer.save({**params, "head": head})
    journal.tell(step=1, epoch=1, best_macro_f1=score, phase="Judging the held-out rows")
    if len(split.test):
        log_probs = _log_probs(transfer.vectors(transfer.tokens(labeled.texts(split.test))), head)
    else:
        log_probs, learned = guesses, rows
    return Outcome(
        np.exp(log_probs),
        np.exp(guesses),
        _message(score, n_rows=len(rows), n_train=len(split.train), asked=asked),
        learned=learned,
        asked=asked,
    )


def _message(score: float, *, n_rows: int, n_train: int, asked: bool) -> str:
    reached = f"Validation macro-F1 {percent(score)}"
    if asked:
        return f"Stopped while the head was fitted; what it had learned by then is kept. {reached}."
    if n_rows < n_train:
        rows = f"{number(n_rows)} of the {number(n_train)} training rows"
        return f"Fitted the head to {rows}, as many as it can use. {reached}."
    return f"Fitted the head. {reached}, before it learned from the validation rows as well."


def _fit(
    transfer: Transfer,
    vectors: NDArray[np.float32],
    positions: NDArray[np.int64],
    unlabeled: NDArray[np.float32] | None,
) -> dict[str, Any]:
    """The head as it is saved, with an adjustment after training."""
    head = transfer.fit_head(vectors, positions, unlabeled=unlabeled)
    return dict(adjust_head({"head": head}, transfer.plan_for(transfer.labeled.labels[positions]).posthoc)["head"])


def _judge(log_probs: NDArray[np.float32], labels: NDArray[np.int64]) -> tuple[float, float]:
    """Macro-F1 and mean loss on labeled rows."""
    return macro_f1(labels, log_probs.argmax(axis=1)), float(-log_probs[np.arange(len(labels)), labels].mean())


def _log_probs(vectors: NDArray[np.float32], head: dict[str, Any]) -> NDArray[np.float32]:
    return np.asarray(jax.nn.log_softmax(vectors @ head["kernel"] + head["bias"]), np.float32)
