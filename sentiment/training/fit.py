"""The training loop: compiled steps over a classifier's weights, with early stopping and resuming.

It knows nothing of files, datasets or base models: token tables and labels in, the best weights out.
"""

import dataclasses
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jax
import numpy as np
from numpy.typing import NDArray

from sentiment.models.batching import batches
from sentiment.models.classifier import Params
from sentiment.models.tokenizer import TokenTable
from sentiment.training.checkpoint import load_checkpoint, save_checkpoint
from sentiment.training.clock import Clock
from sentiment.training.feed import Epoch, Examples, Feed, Vary, filled
from sentiment.training.imbalance import ImbalancePlan, adjust_head, adjust_log_probs
from sentiment.training.optimizer import (
    FitSettings,
    Groups,
    Knobs,
    init_adam,
    join_groups,
    learning_rates,
    split_groups,
    start_steps,
)
from sentiment.training.parallel import Placement, current_placement
from sentiment.training.scores import macro_f1
from sentiment.training.steps import (
    Apply,
    Moment,
    Moving,
    Still,
    make_encoding,
    make_judging,
    make_train_step,
)

__all__ = ["Examples", "FitResult", "Progress", "Trainer"]

_EVALUATION_BATCH = 64
_CHECKPOINT_SECONDS = 15.0
_AGREE_STEPS = 8  # between two times that several processes ask the first whether to stop
_VECTOR_BYTES = 2**29  # text vectors of a frozen encoder are kept up to this size, and otherwise made at every step


@dataclass(frozen=True)
class Progress:
    """Where the loop is: what a page or a terminal shows.

    Attributes:
        kind: "train" (loss is the mean since the last report), "validation", or "resumed".
        step, total_steps: steps done and steps in all.
        epoch: passes done, with a fraction; total_epochs: in all.
        loss: mean loss of the rows.
        macro_f1: of the validation rows; None in training.
        best: whether this validation is the best so far.
        seconds_left: estimate for the remaining steps; None while unknown.
    """

    kind: str
    step: int
    total_steps: int
    epoch: float
    total_epochs: int
    loss: float
    macro_f1: float | None = None
    best: bool = False
    seconds_left: float | None = None


@dataclass(frozen=True)
class FitResult:
    """What came of it.

    Attributes:
        params: the best averaged weights, as numpy arrays.
        macro_f1: their validation macro-F1; None without validation rows.
        loss: their validation loss; None likewise.
        step: the step that they are from.
        stopped: "finished", "early" (no better score for `patience` validations) or "asked".
    """

    params: dict[str, Any]
    macro_f1: float | None
    loss: float | None
    step: int
    stopped: str


@dataclass
class _State:
    """The part of the loop that changes, and that a checkpoint holds; all but `params` for groups that train alone."""

    params: Groups
    adam: dict[str, Any]
    average: Groups
    best: Groups
    step: int = 0
    best_step: int = 0
    best_macro_f1: float | None = None
    best_loss: float | None = None
    stale: int = 0

    def trees(self) -> dict[str, Any]:
        return {"params": self.params, "adam": self.adam, "average": self.average, "best": self.best}

    def meta(self) -> dict[str, Any]:
        names = ("step", "best_step", "best_macro_f1", "best_loss", "stale")
        return {name: getattr(self, name) for name in names}

    def moving(self, groups: list[str]) -> Moving:
        """The part that a step changes, if these groups train."""
        return Moving(*({g: tree[g] for g in groups} for tree in (self.params, self.adam, self.average)))

    def averaged(self) -> Groups:
        """The averaged weights, and those that never train."""
        return {**self.params, **self.average}


class Trainer:
    """A training loop over one model and one split.

    Args:
        apply: pure function of the classifier (see `apply_fn`).
        params: the weights to start from; they are left as they are.
        train: training rows.
        validation: rows that choose the best weights; None to keep the last.
        plan: what is done against imbalance.
        settings: see `FitSettings`.
        placement: the devices to train on; None for `current_placement`.
        vary: gives variations of rows that an epoch shows again (see `feed.Vary`).
    """

    def __init__(
        self,
        apply: Apply,
        params: Params,
        *,
        train: Examples,
        validation: Examples | None,
        plan: ImbalancePlan,
        settings: FitSettings,
        placement: Placement | None = None,
        vary: Vary | None = None,
    ) -> None:
        self._feed = Feed(train, plan=plan, settings=settings, vary=vary)
        self._validation, self._settings, self._posthoc = validation, settings, plan.posthoc
        self._placement = placement or current_placement()
        self.steps_per_epoch = max(1, -(-plan.rows_per_epoch // settings.batch_size))
        self.total_steps = self.steps_per_epoch * settings.epochs
        self._starts = start_steps(settings, total_steps=self.total_steps)
        self._rates = learning_rates(settings, total_steps=self.total_steps)
        self._compile(apply, gamma=plan.gamma)
        self._place(jax.tree.map(np.asarray, split_groups(params)), plan)
        self._vectors: dict[str, NDArray[np.float32]] = {}

    def _compile(self, apply: Apply, *, gamma: float) -> None:
        settings, everywhere = self._settings, self._placement.everywhere
        # One step at a time: with several in a `lax.scan`, XLA's convolutions on a CPU take five to ten times as long.
        step = make_train_step(apply, gamma=gamma, dropout=settings.dropout, word_dropout=settings.word_dropout)
        head_step = make_train_step(apply, gamma=gamma, dropout=settings.dropout, method="logits_from_vectors")
        self._step = jax.jit(step, donate_argnums=0, out_shardings=everywhere)
        self._head_step = jax.jit(head_step, donate_argnums=0, out_shardings=everywhere)
        self._encode = jax.jit(make_encoding(apply), out_shardings=everywhere)
        self._judge = jax.jit(make_judging(apply), out_shardings=everywhere)

    def _place(self, groups: Groups, plan: ImbalancePlan) -> None:
        """Puts the starting state onto the devices."""
        trained = {group: groups[group] for group in self._starts}
        put = self._placement.replicate
        self._state = _State(put(groups), put(init_adam(trained)), put(trained), jax.tree.map(np.array, trained))
        held = {g: weights for g, weights in trained.items() if self._settings.pull and g in self._settings.pulled}
        self._still = Still({}, put(held), put(Knobs.of(self._settings)), put(plan.log_prior.astype(np.float32)))
        self._seed = np.uint32(self._settings.seed & 0xFFFFFFFF)

    def run(
        self,
        *,
        on_progress: Callable[[Progress, "Trainer"], None] = lambda progress, trainer: None,
        should_stop: Callable[[], bool] = lambda: False,
        checkpoints: Path | None = None,
    ) -> FitResult:
        """Trains to the end, to early stopping, or until asked to stop.

        Args:
            on_progress: called about twice a second and at every validation; where there may be a checkpoint to go on
                from, first with the step that was found, of the kind "resumed".
            should_stop: asked before every step.
            checkpoints: folder to write checkpoints to and to resume from.
        """
        if checkpoints is not None:
            self._restore(checkpoints, on_progress)
        patient = self._validation is None or self._state.stale < self._settings.patience
        stopped = self._loop(on_progress, should_stop, checkpoints) if patient else "early"
        if self._validation is not None and self._state.best_macro_f1 is None and self._state.step:
            self._validate(on_progress, None)  # stopped before the first validation: keep what there is
        if checkpoints is not None and self._state.step:  # before the first step there is nothing to go on from
            self._save(checkpoints)
        state = self._state
        return FitResult(self.best_params(), state.best_macro_f1, state.best_loss, state.best_step, stopped)

    def best_params(self) -> dict[str, Any]:
        """The best averaged weights so far, or the last where nothing chooses, as numpy arrays.

        An adjustment after training stands in their head, so that whoever predicts with them has it.
        """
        state = self._state
        best = state.best if state.best_macro_f1 is not None else state.average
        params = join_groups(jax.tree.map(np.asarray, {**state.params, **best}))
        return adjust_head(params, self._posthoc) if self._posthoc.any() else params

    def predict(self, params: Params, tokens: TokenTable) -> NDArray[np.float32]:
        """Probabilities float32[n, n_classes] of texts under some weights, by the programs that validate."""
        groups = self._placement.replicate(jax.tree.map(np.asarray, split_groups(params)))
        return np.exp(self._log_probs(groups, self._encoded(groups, tokens)))

    def _loop(self, on_progress: Any, should_stop: Callable[[], bool], checkpoints: Path | None) -> str:
        state, settings = self._state, self._settings
        clock = Clock()
        losses: list[jax.Array] = []
        saved = time.monotonic()
        for epoch, position in self._positions():
            if self._asked(should_stop):
                return "asked"
            losses.append(self._advance(epoch, position))
            if clock.due() or self._at_validation():
                on_progress(self._progress("train", _mean(losses), clock), self)
                losses = []
            if self._at_validation():
                self._validate(on_progress, clock)
                if checkpoints is not None and time.monotonic() - saved > _CHECKPOINT_SECONDS:
                    self._save(checkpoints)
                    saved = time.monotonic()
                if self._validation is not None and state.stale >= settings.patience:
                    return "early"
        return "finished"

    def _positions(self) -> Iterator[tuple[Epoch, int]]:
        """The batches that are left, each as its epoch and its position in it."""
        begin, within = divmod(self._state.step, self.steps_per_epoch)
        for number in range(begin, self._settings.epochs):
            epoch = self._feed.epoch(number)
            for position in range(within, len(epoch.plan)):
                yield epoch, position
            within = 0

    def _asked(self, should_stop: Callable[[], bool]) -> bool:
        if not self._placement.shared:
            return should_stop()
        return self._state.step % _AGREE_STEPS == 0 and self._placement.agree(should_stop())

    def _at_validation(self) -> bool:
        """Validations come at the end of each epoch, and within long epochs every `validate_every` steps."""
        within = self._state.step % self.steps_per_epoch
        return within == 0 or within % self._settings.validate_every == 0

    def _advance(self, epoch: Epoch, position: int) -> jax.Array:
        """Makes one step and returns its loss."""
        state, size = self._state, self._placement.rows(self._settings.batch_size)
        training = [group for group, start in self._starts.items() if start <= state.step]
        vectors = self._train_vectors(training)
        batch = self._placement.spread(epoch.batch(position, size=size, vectors=vectors))
        still = self._still._replace(
            frozen={group: weights for group, weights in state.params.items() if group not in training},
            anchor={group: weights for group, weights in self._still.anchor.items() if group in training},
        )
        moment = Moment(self._seed, np.uint32(state.step), self._rates[state.step])
        step = self._step if vectors is None else self._head_step
        moved, loss = step(state.moving(training), still, batch, moment)
        for tree, news in zip((state.params, state.adam, state.average), moved, strict=True):
            tree.update(news)
        state.step += 1
        return loss

    def _train_vectors(self, training: list[str]) -> NDArray[np.float32] | None:
        """Vectors float32[n_texts, hidden] of the training texts while only the head trains; None where it pays not."""
        if training != ["head"] or self._feed.varied:
            self._vectors.clear()
            return None
        if not self._vectors:
            hidden = self._state.params["head"]["head/kernel"].shape[0]
            if 4 * hidden * len(self._feed.train.labels) > _VECTOR_BYTES:
                return None
            for side, examples in (("train", self._feed.train), ("validation", self._validation)):
                if examples is not None:
                    parts = self._encoded(self._state.params, examples.tokens)
                    self._vectors[side] = _table(parts, (len(examples.labels), hidden))
        return self._vectors["train"]

    def _validate(self, on_progress: Any, clock: Clock | None) -> None:
        """Scores the averaged weights and keeps them if no earlier ones were better."""
        state = self._state
        if self._validation is None:
            return
        loss, score = self._score(self._validation)
        better = state.best_macro_f1 is None or (score, -loss) > (state.best_macro_f1, -(state.best_loss or 0.0))
        if better:
            state.best, state.best_step = jax.tree.map(np.array, state.average), state.step
            state.best_macro_f1, state.best_loss, state.stale = score, loss, 0
        elif state.step > max(self._starts.values()):  # a group that starts later has not had its chance before
            state.stale += 1
        progress = self._progress("validation", loss, clock)
        on_progress(dataclasses.replace(progress, macro_f1=score, best=better), self)

    def _score(self, examples: Examples) -> tuple[float, float]:
        """Mean loss and macro-F1 of the averaged weights."""
        groups, vectors = self._state.averaged(), self._vectors.get("validation")
        parts = self._encoded(groups, examples.tokens) if vectors is None else self._kept(vectors)
        log_probs = adjust_log_probs(self._log_probs(groups, parts), self._posthoc)
        loss = -log_probs[np.arange(len(log_probs)), examples.labels].mean()
        return float(loss), macro_f1(examples.labels, log_probs.argmax(axis=1))

    def _encoded(self, groups: Groups, tokens: TokenTable) -> "Iterator[_Part]":
        """Rows of texts and their vectors [batch, hidden], filled up, batch by batch."""
        size = self._placement.rows(_EVALUATION_BATCH)
        for batch in batches(tokens, batch_size=size, max_length=self._settings.max_length):
            yield batch.rows, self._encode(groups, self._placement.spread(batch.ids))

    def _kept(self, vectors: NDArray[np.float32]) -> "Iterator[_Part]":
        """What `_encoded` gives, from vectors float32[n, hidden] that were kept."""
        size = self._placement.rows(_EVALUATION_BATCH)
        for start in range(0, len(vectors), size):
            part = vectors[start : start + size]
            yield np.arange(start, start + len(part)), self._placement.spread(filled(part, size))

    def _log_probs(self, groups: Groups, parts: "Iterator[_Part]") -> NDArray[np.float32]:
        """Log-probabilities float32[n, n_classes] of texts from their vectors."""
        judged = [(rows, self._judge(groups, vectors)) for rows, vectors in parts]  # all under way before one is read
        return _table(judged, (sum(len(rows) for rows, _ in judged), len(self._still.log_prior)))

    def _progress(self, kind: str, loss: float, clock: Clock | None) -> Progress:
        step = self._state.step
        left = clock.seconds_left(step, self.total_steps) if clock else None
        epoch = step / self.steps_per_epoch
        return Progress(kind, step, self.total_steps, epoch, self._settings.epochs, loss, seconds_left=left)

    def _save(self, folder: Path) -> None:
        if self._placement.first:
            save_checkpoint(folder, step=self._state.step, trees=self._state.trees(), meta=self._state.meta())

    def _restore(self, folder: Path, on_progress: Any) -> None:
        found = load_checkpoint(folder, like=self._state.trees(), share=self._placement.share)
        if found is not None:
            trees, meta = found
            best = trees.pop("best")
            for name, value in {**self._placement.replicate(trees), "best": best, **meta}.items():
                setattr(self._state, name, value)
        on_progress(self._progress("resumed", 0.0, None), self)


_Part = tuple[NDArray[np.int64], Any]  # rows, and an array [batch, …] whose first lines are theirs


def _table(parts: Iterable[_Part], shape: tuple[int, int]) -> NDArray[np.float32]:
    """The lines of some parts, each at its row, as float32 of this shape."""
    table = np.zeros(shape, np.float32)
    for rows, lines in parts:
        table[rows] = np.asarray(lines)[: len(rows)]
    return table


def _mean(losses: list[jax.Array]) -> float:
    return float(np.mean(jax.device_get(losses))) if losses else float("nan")
