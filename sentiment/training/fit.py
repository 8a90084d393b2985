"""The training loop: jit-compiled steps over a classifier's weights, with early stopping and resuming.

It knows nothing of files, datasets or base models: token tables and labels in, the best weights out.
"""

import dataclasses
import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import f1_score

from sentiment.models.batching import batches, fill, plan_batches
from sentiment.models.classifier import Params
from sentiment.models.tokenizer import TokenTable
from sentiment.training.checkpoint import load_checkpoint, save_checkpoint
from sentiment.training.imbalance import ImbalancePlan, draw_epoch
from sentiment.training.losses import adjust_logits, cross_entropy, focal, weighted_mean
from sentiment.training.optimizer import FitSettings, learning_rates, make_optimizer

_EVALUATION_BATCH = 256
_REPORT_SECONDS = 0.5
_CHECKPOINT_SECONDS = 15.0


@dataclass(frozen=True)
class Examples:
    """Texts as tokens, with their labels.

    Attributes:
        tokens: the texts.
        labels: int64[n], positions in the list of classes.
        weights: float32[n] or None for 1 each.
    """

    tokens: TokenTable
    labels: NDArray[np.int64]
    weights: NDArray[np.float32] | None = None


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
    """The part of the loop that changes, and that a checkpoint holds."""

    params: Any
    optimizer: Any
    average: Any
    best: Any
    step: int = 0
    best_step: int = 0
    best_macro_f1: float | None = None
    best_loss: float | None = None
    stale: int = 0

    def trees(self) -> dict[str, Any]:
        return {"params": self.params, "optimizer": self.optimizer, "average": self.average, "best": self.best}

    def meta(self) -> dict[str, Any]:
        names = ("step", "best_step", "best_macro_f1", "best_loss", "stale")
        return {name: getattr(self, name) for name in names}


class _StepInputs(NamedTuple):
    """What differs between runs and steps. As arguments, not constants, so that another run finds the program."""

    seed: np.uint32
    step: np.uint32
    rate: np.float32
    log_prior: NDArray[np.float32]


class Trainer:
    """A training loop over one model and one split.

    Args:
        apply: pure function `(params, ids, **dropout) → logits` (see `apply_fn`).
        params: the weights to start from.
        train: training rows.
        validation: rows that choose the best weights; None to keep the last.
        plan: what is done against imbalance.
        settings: see `FitSettings`.
    """

    def __init__(
        self,
        apply: Callable[..., jax.Array],
        params: Params,
        *,
        train: Examples,
        validation: Examples | None,
        plan: ImbalancePlan,
        settings: FitSettings,
    ) -> None:
        self._train, self._validation, self._plan, self._settings = train, validation, plan, settings
        self.steps_per_epoch = max(1, -(-plan.rows_per_epoch // settings.batch_size))
        self.total_steps = self.steps_per_epoch * settings.epochs
        self._rates = learning_rates(settings, total_steps=self.total_steps)
        self._optimizer = make_optimizer(settings)
        self._step_fn = jax.jit(self._make_step(apply), donate_argnums=(0, 1, 2))
        self._evaluate_fn = jax.jit(_make_evaluation(apply))
        params = jax.tree.map(jnp.array, dict(params))
        self._state = _State(params, self._optimizer.init(params), _copy(params), _copy(params))

    def run(
        self,
        *,
        on_progress: Callable[[Progress, "Trainer"], None] = lambda progress, trainer: None,
        should_stop: Callable[[], bool] = lambda: False,
        checkpoints: Path | None = None,
    ) -> FitResult:
        """Trains to the end, to early stopping, or until asked to stop.

        Args:
            on_progress: called about twice a second and at every validation.
            should_stop: asked before every step.
            checkpoints: folder to write checkpoints to and to resume from.
        """
        if checkpoints is not None:
            self._restore(checkpoints, on_progress)
        stopped = self._loop(on_progress, should_stop, checkpoints)
        if self._validation is not None and self._state.best_macro_f1 is None and self._state.step:
            self._validate(on_progress, None)  # stopped before the first validation: keep what there is
        if checkpoints is not None:
            self._save(checkpoints)
        state = self._state
        best = state.best if state.best_macro_f1 is not None else state.average
        return FitResult(jax.tree.map(np.asarray, best), state.best_macro_f1, state.best_loss, state.best_step, stopped)

    def best_params(self) -> dict[str, Any]:
        """The best averaged weights so far, as numpy arrays."""
        return jax.tree.map(np.asarray, self._state.best)

    def _loop(self, on_progress: Any, should_stop: Callable[[], bool], checkpoints: Path | None) -> str:
        state, settings = self._state, self._settings
        clock = _Clock()
        losses: list[jax.Array] = []
        saved = time.monotonic()
        for epoch in range(state.step // self.steps_per_epoch, settings.epochs):
            for ids, labels, weights in self._epoch(epoch, skip=state.step - epoch * self.steps_per_epoch):
                if should_stop():
                    return "asked"
                losses.append(self._advance(ids, labels, weights))
                if clock.due() and not self._at_validation():
                    on_progress(self._progress("train", _mean(losses), clock), self)
                    losses = []
                if self._at_validation():
                    on_progress(self._progress("train", _mean(losses), clock), self)
                    losses = []
                    self._validate(on_progress, clock)
                    if checkpoints is not None and time.monotonic() - saved > _CHECKPOINT_SECONDS:
                        self._save(checkpoints)
                        saved = time.monotonic()
                    if self._validation is not None and state.stale >= settings.patience:
                        return "early"
        return "finished"

    def _at_validation(self) -> bool:
        """Validations come at the end of each epoch, and within long epochs every `validate_every` steps."""
        within = self._state.step % self.steps_per_epoch
        return within == 0 or within % self._settings.validate_every == 0

    def _advance(self, ids: Any, labels: Any, weights: Any) -> jax.Array:
        state = self._state
        state.params, state.optimizer, state.average, loss = self._step_fn(
            state.params, state.optimizer, state.average, ids, labels, weights, self._inputs()
        )
        state.step += 1
        return loss

    def _epoch(self, epoch: int, *, skip: int) -> Iterator[tuple[Any, Any, Any]]:
        """The batches of an epoch, (ids, labels, weights) each, the same for the same seed; the first are skipped."""
        settings, train = self._settings, self._train
        rng = np.random.default_rng((settings.seed, epoch))
        rows = draw_epoch(self._plan, train.labels, rng=rng)
        plan = plan_batches(
            rows, train.tokens.lengths, batch_size=settings.batch_size, max_length=settings.max_length, rng=rng
        )
        for length, members in plan[skip:]:
            missing = settings.batch_size - len(members)
            weights = self._plan.class_weights[train.labels[members]]
            if train.weights is not None:
                weights = weights * train.weights[members]
            yield (
                fill(train.tokens.padded(members, length), settings.batch_size),
                np.pad(train.labels[members], (0, missing)).astype(np.int32),
                np.pad(weights, (0, missing)).astype(np.float32),
            )

    def _inputs(self) -> "_StepInputs":
        step = self._state.step
        return _StepInputs(
            np.uint32(self._settings.seed & 0xFFFFFFFF), np.uint32(step), self._rates[step], self._plan.log_prior
        )

    def _make_step(self, apply: Callable[..., jax.Array]) -> Callable[..., Any]:
        settings, gamma, optimizer = self._settings, self._plan.gamma, self._optimizer

        def loss_fn(params: Any, ids: Any, labels: Any, weights: Any, key: Any, log_prior: Any) -> jax.Array:
            logits = apply(params, ids, key=key, dropout=settings.dropout, word_dropout=settings.word_dropout)
            return weighted_mean(focal(adjust_logits(logits, log_prior), labels, gamma=gamma), weights)

        def step_fn(
            params: Any, state: Any, average: Any, ids: Any, labels: Any, weights: Any, inputs: _StepInputs
        ) -> Any:
            key = jax.random.fold_in(jax.random.key(inputs.seed), inputs.step)
            loss, gradient = jax.value_and_grad(loss_fn)(params, ids, labels, weights, key, inputs.log_prior)
            updates, state = optimizer.update(gradient, state, params)
            params = jax.tree.map(lambda p, u: p + inputs.rate * u, params, updates)
            # A young average follows the weights closely: it would otherwise remember where they started.
            decay = jnp.minimum(settings.average, (1.0 + inputs.step) / (10.0 + inputs.step))
            average = jax.tree.map(lambda a, p: decay * a + (1.0 - decay) * p, average, params)
            return params, state, average, loss

        return step_fn

    def _validate(self, on_progress: Any, clock: "_Clock | None") -> None:
        """Scores the averaged weights and keeps them if no earlier ones were better."""
        state = self._state
        if self._validation is None:
            return
        loss, macro_f1 = self._score(self._validation)
        better = state.best_macro_f1 is None or (macro_f1, -loss) > (state.best_macro_f1, -(state.best_loss or 0.0))
        if better:
            state.best, state.best_step = _copy(state.average), state.step
            state.best_macro_f1, state.best_loss, state.stale = macro_f1, loss, 0
        else:
            state.stale += 1
        progress = self._progress("validation", loss, clock)
        on_progress(dataclasses.replace(progress, macro_f1=macro_f1, best=better), self)

    def _score(self, examples: Examples) -> tuple[float, float]:
        """Mean loss and macro-F1 of the averaged weights."""
        probs, losses = self._evaluate(self._state.average, examples)
        present = np.unique(examples.labels)
        macro_f1 = f1_score(examples.labels, probs.argmax(1), labels=present, average="macro", zero_division=0.0)
        return float(losses.mean()), float(macro_f1)

    def predict(self, params: Params, tokens: TokenTable) -> NDArray[np.float32]:
        """Probabilities float32[n, n_classes] of texts under some weights, by the program that validates."""
        return self._evaluate(params, Examples(tokens, np.zeros(len(tokens.starts) - 1, np.int64)))[0]

    def _evaluate(self, params: Params, examples: Examples) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Probabilities float32[n, n_classes] and losses float32[n]."""
        n = len(examples.labels)
        probs = np.zeros((n, len(self._plan.class_weights)), np.float32)
        losses = np.zeros(n, np.float32)
        for batch in batches(examples.tokens, batch_size=_EVALUATION_BATCH, max_length=self._settings.max_length):
            used = len(batch.rows)
            labels = np.pad(examples.labels[batch.rows], (0, _EVALUATION_BATCH - used)).astype(np.int32)
            part, loss = self._evaluate_fn(params, batch.ids, labels)
            probs[batch.rows], losses[batch.rows] = np.asarray(part)[:used], np.asarray(loss)[:used]
        return probs, losses

    def _progress(self, kind: str, loss: float, clock: "_Clock | None") -> Progress:
        step = self._state.step
        left = clock.seconds_left(step, self.total_steps) if clock else None
        epoch = step / self.steps_per_epoch
        return Progress(kind, step, self.total_steps, epoch, self._settings.epochs, loss, seconds_left=left)

    def _save(self, folder: Path) -> None:
        save_checkpoint(folder, step=self._state.step, trees=self._state.trees(), meta=self._state.meta())

    def _restore(self, folder: Path, on_progress: Any) -> None:
        found = load_checkpoint(folder, like=self._state.trees())
        if found is None:
            return
        trees, meta = found
        trees = jax.tree.map(jnp.asarray, trees)
        for name, value in {**trees, **meta}.items():
            setattr(self._state, name, value)
        on_progress(self._progress("resumed", 0.0, None), self)


class _Clock:
    """Paces reports, and estimates the time left by the usual pace of the last ones, so that compiling counts once."""

    def __init__(self) -> None:
        self._last = time.monotonic()
        self._mark: tuple[float, int] | None = None
        self._paces: deque[float] = deque(maxlen=9)  # seconds per step between two reports

    def due(self) -> bool:
        """Whether the last report was long enough ago."""
        if time.monotonic() - self._last < _REPORT_SECONDS:
            return False
        self._last = time.monotonic()
        return True

    def seconds_left(self, step: int, total: int) -> float | None:
        """Seconds for the remaining steps; None until there were two reports."""
        now = time.monotonic()
        if self._mark is not None and step > self._mark[1]:
            self._paces.append((now - self._mark[0]) / (step - self._mark[1]))
        self._mark = (now, step)
        return float(np.median(self._paces)) * (total - step) if self._paces else None


def _make_evaluation(apply: Callable[..., jax.Array]) -> Callable[..., Any]:
    def evaluation(params: Any, ids: Any, labels: Any) -> tuple[jax.Array, jax.Array]:
        logits = apply(params, ids)
        return jax.nn.softmax(logits), cross_entropy(logits, labels)

    return evaluation


def _mean(losses: list[jax.Array]) -> float:
    return float(np.mean(jax.device_get(losses))) if losses else float("nan")


def _copy(tree: Any) -> Any:
    return jax.tree.map(jnp.array, tree)
