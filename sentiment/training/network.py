"""The fit of a network: a base model and labeled rows → the best weights in the run folder, and what they predict."""

import time
from typing import Any

import jax
import numpy as np
from numpy.typing import NDArray

from sentiment.models.batching import batches
from sentiment.models.classifier import apply_fn
from sentiment.models.device import prepare_device
from sentiment.models.store import ModelFolder, save_model
from sentiment.models.tokenizer import TokenTable, encode, word_starts
from sentiment.training.augmentation import Augmenter
from sentiment.training.config import FinetuneConfig
from sentiment.training.estimate import choose_batch_size, choose_epochs, choose_learning_rate, choose_strategy
from sentiment.training.fit import Examples, Progress, Trainer
from sentiment.training.head import fit_head
from sentiment.training.held_out import Labeled
from sentiment.training.imbalance import adjust_head, plan_imbalance
from sentiment.training.journal import Journal, Outcome
from sentiment.training.optimizer import FitSettings, split_groups
from sentiment.training.scores import macro_f1
from sentiment.training.start import Compact, Start, load_start
from sentiment.training.steps import make_encoding

_VECTOR_BATCH = 64
_SAVE_SECONDS = 5.0  # between two writes of the best weights so far


def fit_network(labeled: Labeled, journal: Journal) -> Outcome:
    """Trains the run's base model, or goes on where it was left, and saves the best weights.

    Args:
        labeled: the rows and their split.
        journal: of the run, whose settings are followed.

    Raises:
        DataError: if the labels do not allow a training, in words.
        ModelError: if the base model is not there or damaged.
    """
    config = journal.run.info.config
    journal.tell(phase="Loading the base model", device=prepare_device())
    start = load_start(
        config.base, classes=labeled.classes, train_texts=labeled.texts(labeled.split.train), seed=config.seed
    )
    return _NetworkFit(labeled, journal, start).run()


class _NetworkFit:
    def __init__(self, labeled: Labeled, journal: Journal, start: Start) -> None:
        self._labeled, self._journal, self._start = labeled, journal, start
        self._encode = jax.jit(make_encoding(apply_fn(start.encoder, len(labeled.classes))))
        self._config = journal.run.info.config
        self._strategy, self._why = choose_strategy(
            self._config, n_train=len(labeled.split.train), pretrained=start.pretrained
        )
        self._saved = -_SAVE_SECONDS

    def run(self) -> Outcome:
        """All of it, from the tokens to the probabilities of the held-out rows."""
        journal = self._journal
        if self._strategy == "head":
            return self._fit_head_alone()
        trainer, compact, tokens = self._prepare()
        journal.tell(status="running", phase="Compiling and training")
        result = trainer.run(
            on_progress=lambda progress, trainer: self._progress(progress, trainer, compact),
            should_stop=journal.should_stop,
            checkpoints=journal.run.folder / "checkpoint",
        )
        self._save(compact.restore(result.params))
        journal.tell(phase="Judging the held-out rows", seconds_left=None)
        probs = trainer.predict(result.params, tokens)
        return Outcome(probs, self._message(result.stopped), asked=result.stopped == "asked")

    def _fit_head_alone(self) -> Outcome:
        """The few-label way: a regression on the frozen encoder's text vectors, judged on the validation rows.

        Nothing is chosen by the validation rows, so once they have judged it, it learns from them as well.
        """
        labeled, journal, start = self._labeled, self._journal, self._start
        split, tables = labeled.split, self._tokens()
        journal.tell(
            status="running", phase="Fitting the head", total_steps=1, total_epochs=1, settings=self._describe()
        )
        vectors = {side: self._vectors(start.params, table) for side, table in tables.items()}
        head = self._adjusted_head(vectors["train"], labeled.labels[split.train])
        guess = (vectors["validation"] @ head["kernel"] + head["bias"]).argmax(axis=1)
        score = macro_f1(labeled.labels[split.validation], guess)
        loss = float(_losses(vectors["validation"], head, labeled.labels[split.validation]).mean())
        journal.run.log(step=1, epoch=1.0, kind="validation", loss=round(loss, 5), macro_f1=round(score, 5))
        judge = f"Validation macro-F1 {100 * score:.1f}, before it learned from the validation rows as well."
        both = np.concatenate([split.train, split.validation])
        head = self._adjusted_head(np.concatenate([vectors["train"], vectors["validation"]]), labeled.labels[both])
        self._save({**start.params, "head": head})
        journal.tell(step=1, epoch=1, best_macro_f1=score, phase="Judging the held-out rows")
        logits = vectors["held out"] @ head["kernel"] + head["bias"]
        return Outcome(np.asarray(jax.nn.softmax(logits), np.float32), f"Fitted the head. {judge}")

    def _head(self, vectors: NDArray[np.float32], labels: NDArray[np.int64]) -> dict[str, Any]:
        n_classes = len(self._labeled.classes)
        plan = plan_imbalance(self._config.imbalance, labels, n_classes=n_classes)
        counts = np.maximum(np.bincount(labels, minlength=n_classes), 1)
        head = fit_head(
            vectors,
            labels,
            n_classes=n_classes,
            base_head=self._start.base_head,
            matches=self._start.matches,
            row_weights=(plan.class_weights * plan.rows_per_class / counts)[labels].astype(np.float32),
        )
        # A margin asked for in the loss is, for a regression, the same as one taken off afterwards.
        return {**head, "bias": head["bias"] - plan.log_prior}

    def _adjusted_head(self, vectors: NDArray[np.float32], labels: NDArray[np.int64]) -> dict[str, Any]:
        """The head as it is saved; the loop adds an adjustment after training by itself."""
        plan = plan_imbalance(self._config.imbalance, labels, n_classes=len(self._labeled.classes))
        return dict(adjust_head({"head": self._head(vectors, labels)}, plan.posthoc)["head"])

    def _tokens(self) -> dict[str, TokenTable]:
        labeled, split = self._labeled, self._labeled.split
        sides = {"train": split.train, "validation": split.validation, "held out": labeled.held_out}
        return {
            side: encode(self._start.tokenizer, labeled.texts(positions), max_length=self._config.max_length)
            for side, positions in sides.items()
        }

    def _vectors(self, params: dict[str, Any], tokens: TokenTable) -> NDArray[np.float32]:
        """Text vectors float32[n, hidden] under some weights."""
        groups = jax.device_put(split_groups(params))
        vectors = np.zeros((len(tokens.starts) - 1, self._start.encoder.hidden), np.float32)
        for batch in batches(tokens, batch_size=_VECTOR_BATCH, max_length=self._config.max_length):
            vectors[batch.rows] = np.asarray(self._encode(groups, batch.ids))[: len(batch.rows)]
        return vectors

    def _prepare(self) -> tuple[Trainer, Compact, TokenTable]:
        """The trainer, the cut of the vocabulary, and the held-out rows as tokens."""
        config, labeled, split, start = self._config, self._labeled, self._labeled.split, self._start
        settings = fit_settings(config, n_train=len(split.train), pretrained=start.pretrained)
        tables = self._tokens()
        compact = Compact.over(list(tables.values()), start.params)
        tables = {side: table.mapped(compact.new_ids) for side, table in tables.items()}
        train = Examples(tables["train"], labeled.labels[split.train])
        plan = plan_imbalance(config.imbalance, train.labels, n_classes=len(labeled.classes))
        params = compact.cut(start.params)
        if start.pretrained:  # tuning from a head that fits does not bend the encoder to a random one (Kumar 2022)
            params["head"] = self._head(self._vectors(params, train.tokens), train.labels)
        trainer = Trainer(
            apply_fn(start.encoder, len(labeled.classes)),
            params,
            train=train,
            validation=Examples(tables["validation"], labeled.labels[split.validation]),
            plan=plan,
            settings=settings,
            vary=self._augmenter(train, compact).vary_repeats if plan.augments else None,
        )
        self._journal.tell(
            total_steps=trainer.total_steps,
            total_epochs=settings.epochs,
            settings={**describe(settings), **self._describe()},
        )
        return trainer, compact, tables["held out"]

    def _describe(self) -> dict[str, Any]:
        """What was chosen, for the page: plain values."""
        labeled, split = self._labeled, self._labeled.split
        labels = labeled.labels[split.train]
        plan = plan_imbalance(self._config.imbalance, labels, n_classes=len(labeled.classes))
        return {
            "strategy": self._strategy,
            "strategy_reason": self._why,
            "imbalance": plan.strategy,
            "imbalance_reason": plan.reason,
            "n_train": len(split.train),
            "n_validation": len(split.validation),
        }

    def _augmenter(self, train: Examples, compact: Compact) -> Augmenter:
        """What varies the training texts, by the words and the vectors of the start."""
        start, texts = self._start, self._labeled.texts(self._labeled.split.train)
        return Augmenter(
            train.tokens,
            train.labels,
            starts=word_starts(start.tokenizer, texts, max_length=self._config.max_length),
            names=[start.tokenizer.id_to_token(token) or "" for token in compact.used.tolist()],
            vectors=compact.full_table[compact.used] if start.pretrained else None,
        )

    def _progress(self, progress: Progress, trainer: Trainer, compact: Compact) -> None:
        run, journal = self._journal.run, self._journal
        if progress.kind == "resumed":
            run.log(kind="resumed", step=progress.step, epoch=progress.epoch)
        else:
            run.log(
                step=progress.step,
                epoch=progress.epoch,
                kind=progress.kind,
                loss=round(progress.loss, 5),
                macro_f1=None if progress.macro_f1 is None else round(progress.macro_f1, 5),
            )
        if progress.best and time.monotonic() - self._saved > _SAVE_SECONDS:
            self._save(compact.restore(trainer.best_params()))
        journal.tell(
            phase="Training",
            step=progress.step,
            epoch=int(progress.epoch),
            seconds_left=progress.seconds_left,
            best_macro_f1=progress.macro_f1 if progress.best else journal.state.best_macro_f1,
        )

    def _save(self, params: dict[str, Any]) -> None:
        start, journal = self._start, self._journal
        model = ModelFolder(
            params,
            start.encoder,
            self._labeled.classes,
            start.tokenizer,
            self._config.max_length,
            journal.describe_model(),
        )
        save_model(journal.run.folder / "model", model)
        self._saved = time.monotonic()

    def _message(self, stopped: str) -> str:
        state = self._journal.state
        score = state.best_macro_f1
        reached = "" if score is None else f" Best validation macro-F1: {100 * score:.1f}."
        words = {
            "asked": f"Stopped after {state.step} steps; the best weights so far are kept.",
            "early": f"Ended after {state.step} steps, when more training no longer helped.",
            "finished": f"Finished all {state.step} steps.",
        }
        return words[stopped] + reached


def _losses(vectors: NDArray[np.float32], head: dict[str, Any], labels: NDArray[np.int64]) -> NDArray[np.float32]:
    """Cross-entropy float32[n] of texts under a head, in nats."""
    log_probs = jax.nn.log_softmax(vectors @ head["kernel"] + head["bias"])
    return -np.asarray(log_probs)[np.arange(len(labels)), labels]


def fit_settings(config: FinetuneConfig, *, n_train: int, pretrained: bool) -> FitSettings:
    """The loop's settings: as configured, and where that is open, by the number of training rows and the start."""
    return FitSettings(
        epochs=choose_epochs(config, n_train),
        batch_size=choose_batch_size(config, n_train),
        learning_rate=config.learning_rate or choose_learning_rate(pretrained=pretrained),
        encoder_rate=1.0,
        embedding_rate=0.3 if pretrained else 1.0,
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
