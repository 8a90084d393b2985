"""What each token of a text adds to the log-odds of a class, by the model's own arithmetic.

Log-odds are log(p / (1 - p)) of the calibrated probability. What is added is measured from a blank text: for a network
one of as many words without meaning (zero vectors, which is what word dropout shows it in training), for a simple model
an empty one. The parts sum to the log-odds of the text less those of the blank.

Networks: integrated gradients (Sundararajan et al. 2017, equation 3) along the straight line from the blank to the
text, through `Classifier.logits_from_embedded`. Simple models: the same, exactly, because they are linear up to the
softmax (`linear_attribution.py`).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from threading import Lock
from typing import Any
from weakref import WeakKeyDictionary

import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray

from sentiment.models.classifier import apply_fn
from sentiment.models.predictor import Predictor
from sentiment.models.tokenizer import PAD, clean, cut_tokens

STEPS = 32  # points on the line, where the parts miss the whole by half a per cent on average (benchmarks/explain.py)
_LENGTHS = (32, 128, 512)  # padded lengths: few, because each is compiled once
_USUAL = 128  # lengths up to which all are compiled at the first text, so that no later one waits
_ROWS = 64  # rows of a batch: texts times points

Span = tuple[int, int]


@dataclass(frozen=True)
class TokenScores:
    """What the tokens of one text add to the log-odds of a class.

    Attributes:
        spans: [start, end) of each token in characters of the text; tokens that were not read are left out.
        scores: float64[n_tokens], in log-odds.
        blank: log-odds of the blank text.
        reached: log-odds of the text.
        probs: float32[n_classes], the probabilities of the text.
        n_cut: tokens that were not read because the text is too long.
    """

    spans: list[Span]
    scores: NDArray[np.float64]
    blank: float
    reached: float
    probs: NDArray[np.float32]
    n_cut: int = 0


def attribute(
    predictor: Predictor, texts: Sequence[str], targets: Sequence[int], *, steps: int = STEPS, last: bool = False
) -> list[TokenScores]:
    """The token scores of texts under a network, one for each text.

    Args:
        predictor: the network.
        texts: the texts.
        targets: for each, the position of the class that is asked about; -1 for the most probable one.
        steps: points on the line at which gradients are taken (midpoint rule).
        last: takes the gradient at the text itself instead, which is gradient × input.
    """
    read = _read(predictor, tuple(texts))
    found: list[TokenScores | None] = [None] * len(texts)
    for rows, length in _batches([len(ids) for ids, _, _ in read], predictor, steps=steps):
        n_lines = max(_ROWS // steps, 1) if len(texts) > 1 else 1
        ids = np.full((n_lines, length), PAD, np.int32)
        for line, row in enumerate(rows):
            ids[line, : len(read[row][0])] = read[row][0]
        wanted = np.zeros(n_lines, np.int32)
        wanted[: len(rows)] = [targets[row] for row in rows]
        scores, blank, reached, probs = map(np.asarray, _program(predictor, steps, last=last)(ids, wanted))
        for line, row in enumerate(rows):
            spans, n_cut = read[row][1:]
            parts = scores[line, : len(spans)].astype(np.float64)
            found[row] = TokenScores(spans, parts, float(blank[line]), float(reached[line]), probs[line], n_cut)
    return [one for one in found if one is not None]


def warm_up(predictor: Predictor) -> None:
    """Compiles what single texts of usual lengths need, once."""
    program = _program(predictor, STEPS)
    with _lock:
        if _warm.get(predictor):
            return
        for length in _padded_lengths(predictor):
            if length <= _USUAL:
                program(np.full((1, length), PAD, np.int32), np.zeros(1, np.int32))
        _warm[predictor] = True


def _padded_lengths(predictor: Predictor) -> list[int]:
    longest = predictor.model.max_length
    return sorted({*(length for length in _LENGTHS if length < longest), longest})


def _read(predictor: Predictor, texts: tuple[str, ...]) -> list[tuple[list[int], list[Span], int]]:
    """For each text its token ids, their places in the text, and how many were left out."""
    model = predictor.model
    encodings = model.tokenizer.encode_batch([clean(text) for text in texts], add_special_tokens=False)
    cut = [(cut_tokens(e.ids, max_length=model.max_length), e) for e in encodings]
    return [
        (ids, cut_tokens(e.offsets, max_length=model.max_length), len(e.ids) - len(ids) + getattr(e, "n_cut", 0))
        for ids, e in cut
    ]


def _batches(lengths: Sequence[int], predictor: Predictor, *, steps: int) -> Iterator[tuple[list[int], int]]:
    """Which rows are computed together, and at what padded length."""
    padded = _padded_lengths(predictor)
    bucket = [next(length for length in padded if length >= n) for n in lengths]
    size = max(_ROWS // steps, 1)
    for length in sorted(set(bucket)):
        rows = [row for row, own in enumerate(bucket) if own == length]
        yield from ((rows[start : start + size], length) for start in range(0, len(rows), size))


_programs: "WeakKeyDictionary[Predictor, dict[tuple[int, bool], Any]]" = WeakKeyDictionary()
_warm: "WeakKeyDictionary[Predictor, bool]" = WeakKeyDictionary()
_lock = Lock()


def _program(predictor: Predictor, steps: int, *, last: bool = False) -> Any:
    """The compiled function of a predictor, made once."""
    with _lock:
        made = _programs.setdefault(predictor, {})
        if (steps, last) not in made:
            made[steps, last] = _compile(predictor, 1 if last else steps, last=last)
        return made[steps, last]


def _compile(predictor: Predictor, steps: int, *, last: bool) -> Any:
    model, temperature = predictor.model, predictor.temperature
    params = predictor.params
    apply = apply_fn(model.encoder, len(model.classes))

    @jax.jit
    def integrate(params: Any, ids: jax.Array, targets: jax.Array) -> tuple[jax.Array, ...]:
        mask = ids != PAD
        words = params["encoder"]["embedding"]["embedding"][ids] * mask[..., None]  # [batch, length, embed]

        def logits_at(part: jax.Array) -> jax.Array:
            return apply(params, part, method="logits_from_embedded", mask=mask) / temperature

        ends = logits_at(words)
        asked = jnp.where(targets < 0, ends.argmax(axis=1), targets)

        def summed(inputs: jax.Array) -> jax.Array:
            flat = inputs.reshape(-1, *inputs.shape[2:])  # [steps * batch, length, embed]
            many = jnp.tile(mask, (steps, 1))
            logits = apply(params, flat, method="logits_from_embedded", mask=many) / temperature
            return _log_odds(logits, jnp.tile(asked, steps)).sum()

        points = jnp.ones(1) if last else (jnp.arange(steps) + 0.5) / steps
        gradients = jax.grad(summed)(points[:, None, None, None] * words).mean(axis=0)
        blank = _log_odds(logits_at(jnp.zeros_like(words)), asked)
        return (gradients * words).sum(axis=-1), blank, _log_odds(ends, asked), jax.nn.softmax(ends)

    return lambda ids, targets: integrate(params, ids, targets)


def _log_odds(logits: jax.Array, targets: jax.Array) -> jax.Array:
    """Log-odds float32[batch] of one class each: its logit less the log-sum-exp of the others."""
    own = jnp.take_along_axis(logits, targets[:, None], axis=1)[:, 0]
    others = jnp.where(jnp.arange(logits.shape[1]) == targets[:, None], -jnp.inf, logits)
    return own - jax.nn.logsumexp(others, axis=1)
