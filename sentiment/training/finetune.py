"""Fine-tuning: a run folder and a dataset → weights, history and held-out predictions in the run folder."""

import dataclasses
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sentiment.data import Dataset, Split, combine_groups, group_duplicates, normalise_texts, split_rows
from sentiment.errors import RunError
from sentiment.models.baselines import PredictFn, fit_majority, fit_tfidf
from sentiment.models.classifier import apply_fn
from sentiment.models.device import prepare_device
from sentiment.models.store import ModelFolder, save_model
from sentiment.models.tokenizer import TokenTable, encode
from sentiment.training.config import FinetuneConfig
from sentiment.training.estimate import choose_batch_size, choose_epochs, choose_learning_rate
from sentiment.training.fit import Examples, Progress, Trainer
from sentiment.training.imbalance import plan_imbalance
from sentiment.training.optimizer import FitSettings
from sentiment.training.runs import Run, RunState
from sentiment.training.start import Compact, Start, load_start

_SAVE_SECONDS = 5.0  # between two writes of the best weights so far
_NO_SPACES = ("zh", "ja", "th")


@dataclass(frozen=True)
class _Labeled:
    """The labeled rows of a dataset and their split."""

    frame: pd.DataFrame
    labels: NDArray[np.int64]
    split: Split
    classes: tuple[str, ...]

    def texts(self, positions: NDArray[np.int64]) -> list[str]:
        return self.frame["text"].iloc[positions].tolist()


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
    return _Finetuning(run, dataset, on_state, should_stop).run()


class _Finetuning:
    def __init__(
        self, run: Run, dataset: Dataset, on_state: Callable[[RunState], None], should_stop: Callable[[], bool]
    ) -> None:
        self._run, self._dataset, self._config = run, dataset, run.info.config
        self._on_state, self._should_stop = on_state, should_stop
        self._began = time.monotonic()
        self._saved = -_SAVE_SECONDS
        self._state = dataclasses.replace(run.state, status="starting", error=None, message="")

    def run(self) -> RunState:
        """All of it, from the split to the baselines."""
        self._tell(phase="Splitting the rows, duplicates on one side")
        labeled = split_labeled(self._dataset, self._config)
        self._write_split(labeled)
        self._tell(phase="Loading the base model", device=prepare_device())
        start = load_start(
            self._config.base,
            classes=labeled.classes,
            train_texts=labeled.texts(labeled.split.train),
            seed=self._config.seed,
        )
        trainer, compact, tokens = self._prepare(labeled, start)
        self._tell(status="running", phase="Compiling and training")
        result = trainer.run(
            on_progress=lambda progress, trainer: self._progress(progress, trainer, start, compact),
            should_stop=self._should_stop,
            checkpoints=self._run.folder / "checkpoint",
        )
        self._save(start, compact.restore(result.params))
        asked = result.stopped == "asked"
        self._tell(phase="Judging the held-out rows", seconds_left=None)
        probs = trainer.predict(result.params, tokens)
        table = held_out_table(labeled)
        self._run.write_predictions(add_predictions(table, "model", probs, labeled.classes))
        if asked:
            self._tell(status="stopped", phase="Measuring the simple baselines", message=self._outcome(result.stopped))
        else:
            self._tell(phase="Measuring the simple baselines")
        self._run.write_predictions(self._with_baselines(labeled))
        return self._tell(
            status="stopped" if asked else "finished",
            phase="",
            seconds_left=None,
            message=self._outcome(result.stopped),
        )

    def _prepare(self, labeled: _Labeled, start: Start) -> tuple[Trainer, Compact, TokenTable]:
        """The trainer, the cut of the vocabulary, and the held-out rows as tokens."""
        config, split = self._config, labeled.split
        settings = fit_settings(config, n_train=len(split.train), pretrained=start.pretrained)
        tables = {
            side: encode(start.tokenizer, labeled.texts(positions), max_length=config.max_length)
            for side, positions in (
                ("train", split.train),
                ("validation", split.validation),
                ("held out", held_out_positions(split)),
            )
        }
        compact = Compact.over(list(tables.values()), start.params)
        tables = {side: table.mapped(compact.new_ids) for side, table in tables.items()}
        trainer = Trainer(
            apply_fn(start.encoder, len(labeled.classes)),
            compact.cut(start.params),
            train=Examples(tables["train"], labeled.labels[split.train]),
            validation=Examples(tables["validation"], labeled.labels[split.validation]),
            plan=plan_imbalance(config.imbalance, labeled.labels[split.train], n_classes=len(labeled.classes)),
            settings=settings,
        )
        self._tell(
            total_steps=trainer.total_steps,
            total_epochs=settings.epochs,
            settings={**describe(settings, start), "n_train": len(split.train), "n_validation": len(split.validation)},
        )
        return trainer, compact, tables["held out"]

    def _progress(self, progress: Progress, trainer: Trainer, start: Start, compact: Compact) -> None:
        if progress.kind == "resumed":
            self._run.log(kind="resumed", step=progress.step, epoch=progress.epoch)
        else:
            self._run.log(
                step=progress.step,
                epoch=progress.epoch,
                kind=progress.kind,
                loss=round(progress.loss, 5),
                macro_f1=None if progress.macro_f1 is None else round(progress.macro_f1, 5),
            )
        if progress.best and time.monotonic() - self._saved > _SAVE_SECONDS:
            self._save(start, compact.restore(trainer.best_params()))
        self._tell(
            phase="Training",
            step=progress.step,
            epoch=int(progress.epoch),
            seconds_left=progress.seconds_left,
            best_macro_f1=progress.macro_f1 if progress.best else self._state.best_macro_f1,
        )

    def _tell(self, **changes: Any) -> RunState:
        elapsed = round(time.monotonic() - self._began, 1)
        self._state = dataclasses.replace(self._state, elapsed=elapsed, **changes)
        self._run.write_state(self._state)
        self._on_state(self._state)
        return self._state

    def _save(self, start: Start, params: dict[str, Any]) -> None:
        info = self._run.info
        extra = {
            "run": {"id": info.id, "name": info.name, "base": info.config.base, "dataset": info.dataset.name},
            "languages": [info.language],
        }
        model = ModelFolder(params, start.encoder, info.classes, start.tokenizer, self._config.max_length, extra)
        save_model(self._run.folder / "model", model)
        self._saved = time.monotonic()

    def _write_split(self, labeled: _Labeled) -> None:
        """Notes which rows went where, and hashes of the training texts, so that others can tell them again."""
        rows = labeled.frame["row"].to_numpy(np.int64)
        split = labeled.split
        trained = np.concatenate([split.train, split.validation])
        np.savez(
            self._run.folder / "split.npz",
            train=rows[split.train],
            validation=rows[split.validation],
            test=rows[split.test],
            trained_on=hash_texts(labeled.frame["text"].iloc[trained]),
        )

    def _with_baselines(self, labeled: _Labeled) -> pd.DataFrame:
        """The predictions so far with those of the majority class and of TF-IDF with logistic regression."""
        table = self._run.predictions()
        assert table is not None
        train, n_classes = labeled.split.train, len(labeled.classes)
        texts, labels = labeled.texts(train), labeled.labels[train]
        spaces = self._dataset.language not in _NO_SPACES
        fits: dict[str, Callable[[], PredictFn]] = {
            "majority": lambda: fit_majority(labels, n_classes=n_classes),
            "tfidf": lambda: fit_tfidf(texts, labels, n_classes=n_classes, spaces=spaces),
        }
        for name, fit in fits.items():
            table = add_predictions(table, name, fit()(table["text"].tolist()), labeled.classes)
        return table

    def _outcome(self, stopped: str) -> str:
        score = self._state.best_macro_f1
        reached = "" if score is None else f" Best validation macro-F1: {100 * score:.1f}."
        words = {
            "asked": f"Stopped after {self._state.step} steps; the best weights so far are kept.",
            "early": f"Ended after {self._state.step} steps, when more training no longer helped.",
            "finished": f"Finished all {self._state.step} steps.",
        }
        return words[stopped] + reached


def split_labeled(dataset: Dataset, config: FinetuneConfig) -> _Labeled:
    """The labeled rows of a dataset, split by the run's settings.

    Raises:
        DataError: if the labels do not allow it, in words.
    """
    frame = dataset.labeled.reset_index(drop=True)
    groups = group_duplicates(frame["text"])
    if dataset.group_column is not None:
        groups = combine_groups(groups, frame["group"])
    split = split_rows(
        frame["label"],
        groups=groups,
        test_fraction=config.test_fraction,
        validation_fraction=config.validation_fraction,
        seed=config.seed,
    )
    positions = {name: position for position, name in enumerate(dataset.classes)}
    return _Labeled(frame, frame["label"].map(positions).to_numpy().astype(np.int64), split, dataset.classes)


def held_out_positions(split: Split) -> NDArray[np.int64]:
    """The rows that a run is judged on: the test rows, or the validation rows where none were held out."""
    return split.test if len(split.test) else split.validation


def held_out_table(labeled: _Labeled) -> pd.DataFrame:
    """The held-out rows: columns row, text, label, group, split."""
    positions = held_out_positions(labeled.split)
    table = labeled.frame[["row", "text", "label", "group"]].iloc[positions].reset_index(drop=True)
    return table.assign(split="test" if len(labeled.split.test) else "validation")


def add_predictions(
    table: pd.DataFrame, model: str, probs: NDArray[np.float32], classes: tuple[str, ...]
) -> pd.DataFrame:
    """The table with columns "<model>:prediction" and "<model>:prob:<class>" added."""
    columns = {f"{model}:prediction": np.array(classes, object)[probs.argmax(axis=1)]}
    columns |= {f"{model}:prob:{name}": probs[:, position] for position, name in enumerate(classes)}
    return pd.concat([table, pd.DataFrame(columns, index=table.index)], axis=1)


def fit_settings(config: FinetuneConfig, *, n_train: int, pretrained: bool) -> FitSettings:
    """The loop's settings: as configured, and where that is open, by the number of training rows and the start."""
    return FitSettings(
        epochs=choose_epochs(config, n_train),
        batch_size=choose_batch_size(config, n_train),
        learning_rate=config.learning_rate or choose_learning_rate(n_train, pretrained=pretrained),
        encoder_rate=1.0,
        embedding_rate=0.3 if pretrained else 1.0,
        patience=config.patience,
        max_length=config.max_length,
        seed=config.seed,
    )


def describe(settings: FitSettings, start: Start) -> dict[str, Any]:
    """What was chosen, for the page: plain values."""
    kept = f"the base model's head for {', '.join(start.kept_classes)}" if start.kept_classes else "a fresh head"
    return {
        "epochs": settings.epochs,
        "batch_size": settings.batch_size,
        "learning_rate": settings.learning_rate,
        "head": kept,
    }


def hash_texts(texts: "pd.Series[str]") -> NDArray[np.uint64]:
    """A hash uint64[n] of each text; case, white space and punctuation aside."""
    return pd.util.hash_array(np.asarray(normalise_texts(texts), object)).astype(np.uint64)
