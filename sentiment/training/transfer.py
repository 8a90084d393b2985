"""A base model on its way to a dataset's classes: what every way of fine-tuning a network shares."""

import functools
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import jax
import numpy as np
from numpy.typing import NDArray

from sentiment.models.batching import batches
from sentiment.models.classifier import apply_fn
from sentiment.models.splitting import LATEST
from sentiment.models.store import ModelFolder, save_model
from sentiment.models.tokenizer import TokenTable, encode, load_tokenizer, unknown_share
from sentiment.numbers import percent
from sentiment.training.config import BEFORE
from sentiment.training.estimate import choose_strategy
from sentiment.training.head import fit_head, guess_targets
from sentiment.training.held_out import Labeled, about_rows
from sentiment.training.imbalance import ImbalancePlan, plan_imbalance
from sentiment.training.journal import Journal
from sentiment.training.languages import weigh_languages
from sentiment.training.optimizer import split_groups
from sentiment.training.parallel import current_placement
from sentiment.training.runs import Run
from sentiment.training.start import Start, changed, hash_given, keep_words, load_start
from sentiment.training.steps import make_encoding

_VECTOR_BATCH = 64
MOST_FOR_HEAD = 20_000  # rows that a head is fitted to: a thousand numbers per text need no more, and have no room
_TOO_UNKNOWN = 0.3  # share of the tokens
_GUESS_WEIGHT = 0.1  # of a row whose label is a guess, at most: together they weigh no more than the labeled rows


class Transfer:
    """A base model, the rows it is fine-tuned on, and the run folder that the result goes to.

    Attributes:
        labeled: the rows and their split.
        journal: of the run.
        start: the base model, with a fresh head.
        plan: what is done against imbalance among the training rows.
        strategy: how it is fine-tuned, one of `STRATEGIES`.
        max_length: tokens of a text that are read: as many as the base model always reads, else as the run's settings
            say.

    Raises:
        ModelError: if the base model is not there or damaged.
        RunError: if the run goes on, and the base model has not all of its words any more.
    """

    def __init__(self, labeled: Labeled, journal: Journal) -> None:
        self.labeled, self.journal = labeled, journal
        config, train, n_classes = journal.run.info.config, labeled.split.train, len(labeled.classes)
        self.config = config
        start = load_start(
            config.base,
            classes=labeled.classes,
            train_texts=labeled.texts(train),
            seed=config.seed,
            vectors=config.vectors,
            splitting=1 if config.languages == BEFORE else LATEST,
        )
        self.start: Start = _as_it_began(start, journal.run)
        self.max_length = self.start.encoder.fixed_length or config.max_length
        self.plan = plan_imbalance(config.imbalance, labeled.labels[train], n_classes=n_classes)
        self.strategy, self._why = choose_strategy(config, n_train=len(train), pretrained=self.start.pretrained)
        self._encode = jax.jit(make_encoding(apply_fn(self.start.encoder, n_classes)))

    def check_start(self) -> None:
        """Notes which weights a new run starts from. One that goes on must start from the same.

        Words that do not occur in its texts keep the vectors of the start, which belong to an encoder of the same make.

        Raises:
            RunError: if the run goes on, and the base model or its word vectors have other weights by now; in every
                process of the run.
        """
        run, given, goes_on = self.journal.run, hash_given(self.start), _goes_on(self.journal.run)
        if not current_placement().agree(not goes_on or run.started_from in (None, given)):
            raise changed("its weights")
        if not goes_on:
            run.note_start(given)

    def rows_for_head(self, positions: NDArray[np.int64]) -> NDArray[np.int64]:
        """The rows that a head is fitted to, of the rows at these positions: all, or as many as are of use, drawn."""
        if len(positions) <= MOST_FOR_HEAD:
            return positions
        return np.sort(np.random.default_rng(self.config.seed).choice(positions, MOST_FOR_HEAD, replace=False))

    def tokens(self, texts: Sequence[str]) -> TokenTable:
        """Texts as the base model reads them."""
        return encode(self.start.tokenizer, texts, max_length=self.max_length)

    def vectors(self, tokens: TokenTable) -> NDArray[np.float32]:
        """Text vectors float32[n, hidden] of the base model."""
        groups = jax.device_put(split_groups(self.start.params))
        vectors = np.zeros((len(tokens.starts) - 1, self.start.encoder.hidden), np.float32)
        for batch in batches(tokens, batch_size=_VECTOR_BATCH, max_length=self.max_length):
            vectors[batch.rows] = np.asarray(self._encode(groups, batch.ids))[: len(batch.rows)]
        return vectors

    def unlabeled_vectors(self) -> NDArray[np.float32] | None:
        """Text vectors of rows without a label, if the run is to learn from them and there are any."""
        if not (self.config.self_training and self.labeled.unlabeled):
            return None
        return self.vectors(self.tokens(self.labeled.unlabeled))

    def plan_for(self, labels: NDArray[np.int64]) -> ImbalancePlan:
        """What the plan's strategy does about imbalance among some rows with these labels int64[n]."""
        return plan_imbalance(self.plan.strategy, labels, n_classes=len(self.labeled.classes))

    def language_weights(self, positions: NDArray[np.int64]) -> NDArray[np.float32] | None:
        """By how much the rows at these positions count for their language, float32[n]; None for all the same."""
        labels = self.labeled.labels[positions]
        return weigh_languages(self.labeled.languages(positions), labels, setting=self.config.languages)

    def fit_head(
        self, vectors: NDArray[np.float32], positions: NDArray[np.int64], *, unlabeled: NDArray[np.float32] | None
    ) -> dict[str, Any]:
        """The head that fits these rows best, and stays near the base model's where they say little.

        An adjustment after training is not in it: whoever saves the head adds it.

        Args:
            vectors: text vectors float32[n, hidden].
            positions: int64[n], of the rows that they are the vectors of.
            unlabeled: text vectors of rows without a label, which then count with a guessed one; None for none.
        """
        n_classes, labels = len(self.labeled.classes), self.labeled.labels[positions]
        plan = self.plan_for(labels)
        counts = np.maximum(np.bincount(labels, minlength=n_classes), 1)
        weights = (plan.class_weights * plan.rows_per_class / counts)[labels].astype(np.float32)
        by_language = self.language_weights(positions)
        if by_language is not None:
            weights *= by_language
        targets = np.eye(n_classes, dtype=np.float32)[labels]
        fit = functools.partial(
            fit_head,
            base_head=self.start.base_head,
            matches=self.start.matches,
            log_prior=plan.log_prior,
            free_bias=bool(plan.posthoc.any()),
            should_stop=self.journal.should_stop,
        )
        head = fit(vectors, targets, row_weights=weights)
        if unlabeled is not None:
            # Guessed as the rows are seen in the fit, with the shares of the classes that a margin takes off.
            guessed = guess_targets(unlabeled, {**head, "bias": head["bias"] + plan.log_prior})
            weight = min(_GUESS_WEIGHT, len(labels) / len(guessed))
            head = fit(
                np.concatenate([vectors, unlabeled]),
                np.concatenate([targets, guessed]),
                row_weights=np.concatenate([weights, np.full(len(guessed), weight, np.float32)]),
            )
        return head

    def save(self, params: dict[str, Any]) -> None:
        """Writes weights as the run's model; with others than before, what was found with those is forgotten."""
        folder = self.journal.run.folder / "model"
        model = ModelFolder(
            params,
            self.start.encoder,
            self.labeled.classes,
            self.start.tokenizer,
            self.max_length,
            self.journal.describe_model(),
        )
        weights = folder / "weights.safetensors"
        before = weights.read_bytes() if weights.exists() else None
        save_model(folder, model)
        if before is not None and before != weights.read_bytes():
            self.journal.forget_judgement()

    def describe(self, train: TokenTable, *, n_unlabeled: int) -> dict[str, Any]:
        """What was chosen, for the page: plain values.

        Args:
            train: the training texts.
            n_unlabeled: rows without a label that count.
        """
        return {
            "strategy": self.strategy,
            "strategy_reason": self._why,
            "imbalance": self.plan.strategy,
            "imbalance_reason": self.plan.reason,
            **about_rows(self.labeled, setting=self.config.languages),
            "n_unlabeled": n_unlabeled,
            "warning": _warn(unknown_share(self.start.tokenizer, train)),
        }


def _warn(unknown: float) -> str:
    """What to say of texts that the base model can hardly read, by the share that it does not know; "" if it can."""
    if unknown <= _TOO_UNKNOWN:
        return ""
    return (
        f"{percent(unknown)} of what the texts are made of is unknown to this model, which can hardly read them. "
        "Is it the right column, and a model for this language?"
    )


def _as_it_began(start: Start, run: Run) -> Start:
    """The start of a run, with the words that it began with if it has a checkpoint to go on from."""
    return keep_words(start, load_tokenizer(_words_of(run))) if _goes_on(run) else start


def _goes_on(run: Run) -> bool:
    return _words_of(run).exists() and any((run.folder / "checkpoint").glob("*.safetensors"))


def _words_of(run: Run) -> Path:
    return run.folder / "model" / "tokenizer.json"
