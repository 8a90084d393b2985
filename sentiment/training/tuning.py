"""The way with more labels: the training loop over the whole network, from a head that fits already."""

import dataclasses
import time
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sentiment.models.classifier import apply_fn
from sentiment.models.tokenizer import word_starts
from sentiment.numbers import count, percent
from sentiment.training.augmentation import Augmenter
from sentiment.training.config import FinetuneConfig
from sentiment.training.estimate import choose_batch_size, choose_epochs, choose_learning_rate
from sentiment.training.fit import Examples, Progress, Trainer
from sentiment.training.journal import Outcome
from sentiment.training.optimizer import AT_ONCE, TOP_DOWN, FitSettings
from sentiment.training.start import Compact
from sentiment.training.transfer import Transfer

_SAVE_SECONDS = 5.0  # between two writes of the best weights so far
_PULL = 0.01  # of the strategy "anchored"; Li et al. 2018, section 4.1, found 0.01 to 0.1 to be good


def tune(transfer: Transfer) -> Outcome:
    """Trains, or goes on where it was left; saves the best weights, and predicts the held-out rows."""
    return _Tuning(transfer).run()


class _Tuning:
    def __init__(self, transfer: Transfer) -> None:
        self._transfer, self._journal = transfer, transfer.journal
        labeled, split, start = transfer.labeled, transfer.labeled.split, transfer.start
        sides = (split.train, split.validation, labeled.held_out)
        tables = [transfer.tokens(labeled.texts(positions)) for positions in sides]
        self._compact = Compact.over(tables, start.params)
        train, self._validation, self._held_out = (table.mapped(self._compact.new_ids) for table in tables)
        settings = fit_settings(
            transfer.config, n_train=len(split.train), pretrained=start.pretrained, strategy=transfer.strategy
        )
        self._settings = dataclasses.replace(settings, max_length=transfer.max_length)
        unlabeled = transfer.unlabeled_vectors()
        self._chosen = {
            **describe(self._settings),
            **transfer.describe(tables[0], n_unlabeled=0 if unlabeled is None else len(unlabeled)),
        }
        examples = Examples(train, labeled.labels[split.train], transfer.language_weights(split.train))
        self._trainer = Trainer(
            apply_fn(start.encoder, len(labeled.classes)),
            self._compact.cut(self._start_params(unlabeled)),
            train=examples,
            validation=Examples(self._validation, labeled.labels[split.validation]),
            plan=transfer.plan,
            settings=self._settings,
            vary=self._augmenter(examples).vary_repeats if transfer.plan.augments else None,
        )
        self._saved = -_SAVE_SECONDS

    def run(self) -> Outcome:
        """All of it, from the first step to the probabilities of the held-out rows."""
        journal, trainer = self._journal, self._trainer
        journal.tell(
            status="running",
            phase="Compiling and training",
            total_steps=trainer.total_steps,
            total_epochs=self._settings.epochs,
            settings=self._chosen,
        )
        result = trainer.run(
            on_progress=self._progress,
            should_stop=journal.should_stop,
            checkpoints=journal.run.folder / "checkpoint",
        )
        self._transfer.save(self._compact.restore(result.params))
        journal.tell(phase="Judging the held-out rows", seconds_left=None)
        probs = trainer.predict(result.params, self._held_out)
        of_validation = trainer.predict(result.params, self._validation)
        return Outcome(
            probs,
            of_validation,
            self._message(result.stopped),
            learned=self._transfer.labeled.split.train,
            asked=result.stopped == "asked",
        )

    def _start_params(self, unlabeled: NDArray[np.float32] | None) -> dict[str, Any]:
        """The weights before the first step: with a head that fits, the encoder is not bent to one that does not."""
        transfer = self._transfer
        if not transfer.start.pretrained:
            return transfer.start.params
        rows = transfer.rows_for_head(transfer.labeled.split.train)
        vectors = transfer.vectors(transfer.tokens(transfer.labeled.texts(rows)))
        head = transfer.fit_head(vectors, rows, unlabeled=unlabeled)
        return {**transfer.start.params, "head": head}

    def _augmenter(self, train: Examples) -> Augmenter:
        """What varies the training texts, by the words and the vectors of the start."""
        transfer, compact = self._transfer, self._compact
        texts, tokenizer = transfer.labeled.texts(transfer.labeled.split.train), transfer.start.tokenizer
        return Augmenter(
            train.tokens,
            train.labels,
            starts=word_starts(tokenizer, texts, max_length=transfer.max_length),
            names=[tokenizer.id_to_token(token) or "" for token in compact.used.tolist()],
            vectors=compact.full_table[compact.used] if transfer.start.pretrained else None,
        )

    def _progress(self, progress: Progress, trainer: Trainer) -> None:
        run, journal = self._journal.run, self._journal
        if progress.kind == "resumed":
            if run.has_history:
                run.log(kind="resumed", step=progress.step, epoch=progress.epoch)
            journal.tell(step=progress.step, epoch=int(progress.epoch))
            return
        run.log(
            step=progress.step,
            epoch=progress.epoch,
            kind=progress.kind,
            loss=round(progress.loss, 5),
            macro_f1=None if progress.macro_f1 is None else round(progress.macro_f1, 5),
        )
        if progress.best and time.monotonic() - self._saved > _SAVE_SECONDS:
            self._transfer.save(self._compact.restore(trainer.best_params()))
            self._saved = time.monotonic()
        journal.tell(
            phase="Training",
            step=progress.step,
            epoch=int(progress.epoch),
            seconds_left=progress.seconds_left,
            best_macro_f1=progress.macro_f1 if progress.best else journal.state.best_macro_f1,
        )

    def _message(self, stopped: str) -> str:
        state = self._journal.state
        score = state.best_macro_f1
        reached = "" if score is None else f" Best validation macro-F1: {percent(score)}."
        words = {
            "asked": f"Stopped after {count(state.step, 'step')}; the best weights so far are kept.",
            "early": f"Ended after {count(state.step, 'step')}, when more training no longer helped.",
            "finished": f"Finished all {count(state.step, 'step')}.",
        }
        return words[stopped] + reached


def fit_settings(config: FinetuneConfig, *, n_train: int, pretrained: bool, strategy: str) -> FitSettings:
    """The loop's settings: as configured, and where that is open, by the number of training rows and the start."""
    return FitSettings(
        epochs=choose_epochs(config, n_train),
        batch_size=choose_batch_size(config, n_train),
        learning_rate=config.learning_rate or choose_learning_rate(pretrained=pretrained),
        encoder_rate=1.0,
        embedding_rate=0.3 if pretrained else 1.0,
        unfreeze=TOP_DOWN if strategy == "gradual" else AT_ONCE,
        pull=_PULL if strategy == "anchored" else 0.0,
        patience=config.patience,
        max_length=config.max_length,
        seed=config.seed,
    )


def describe(settings: FitSettings) -> dict[str, Any]:
    """The settings that were chosen, for the page: plain values."""
    return {
        "epochs": settings.epochs,
        "batch_size": settings.batch_size,
        "learning_rate": settings.learning_rate,
    }
