"""Keras's recurrences over sequences that may have masked places: SimpleRNN, LSTM, GRU, and both directions."""

from collections.abc import Callable
from functools import partial

import jax
import jax.numpy as jnp
from jax import lax

from sentiment.models.keras_import.functions import Weights, activate
from sentiment.models.keras_import.layers import Layer
from sentiment.models.recurrence import recur

State = tuple[jax.Array, ...]  # the output first
Step = Callable[[State, jax.Array], State]


def run_recurrence(layer: Layer, weights: Weights, values: jax.Array, mask: jax.Array | None) -> jax.Array:
    """The outputs float32[batch, length, units] of a recurrence, or its last one float32[batch, units].

    At a masked place the state stays what it was, and what comes out is the output before or, if the layer says so,
    zeros. A recurrence that reads backwards gives its outputs in the order in which it made them.

    Args:
        layer: a simple_rnn, an lstm or a gru.
        weights: in Keras's own layout.
        values: float32[batch, length, numbers].
        mask: bool[batch, length], False at masked places; None for none.
    """
    steps = jnp.swapaxes(values, 0, 1)
    inside = None if mask is None else mask.T
    if layer["go_backwards"]:
        steps, inside = steps[::-1], None if inside is None else inside[::-1]
    given = steps @ weights["kernel"] + _input_bias(layer, weights)  # [length, batch, gates * units]
    if inside is None and _is_usual(layer):
        outputs = recur(_USUAL[layer.kind], (given,), (weights["recurrent_kernel"],))[0]
    else:
        outputs = _scan(_step_of(layer, weights), given, inside, layer=layer)
    return jnp.swapaxes(outputs, 0, 1) if layer["return_sequences"] else outputs[-1]


def run_bidirectional(layer: Layer, weights: Weights, values: jax.Array, mask: jax.Array | None) -> jax.Array:
    """The outputs of both directions, merged; those of the second in the order of the text."""
    one, other = (
        run_recurrence(layer[direction], _part(weights, direction), values, mask)
        for direction in ("forward", "backward")
    )
    if layer["forward"]["return_sequences"]:
        other = other[:, ::-1]
    if layer["merge"] == "concat":
        return jnp.concatenate([one, other], axis=-1)
    merged = one * other if layer["merge"] == "mul" else one + other
    return merged / 2 if layer["merge"] == "ave" else merged


_USUAL = {"lstm": "lstm", "simple_rnn": "rnn"}


def _is_usual(layer: Layer) -> bool:
    """Whether the recurrence has a gradient rule of its own, which is several times as fast."""
    gates = layer.kind == "simple_rnn" or (layer.kind == "lstm" and layer["recurrent_activation"] == "sigmoid")
    return gates and layer["activation"] == "tanh"


def _scan(step: Step, given: jax.Array, inside: jax.Array | None, *, layer: Layer) -> jax.Array:
    """The outputs float32[length, batch, units] of a recurrence that starts from zeros."""
    n_states = 2 if layer.kind == "lstm" else 1
    zeros = tuple(jnp.zeros((given.shape[1], layer["units"]), given.dtype) for _ in range(n_states))

    def move(state: State, now: tuple[jax.Array, ...]) -> tuple[State, jax.Array]:
        after = step(state, now[0])
        if inside is None:
            return after, after[0]
        here = now[1][:, None]
        kept = tuple(jnp.where(here, new, old) for new, old in zip(after, state, strict=True))
        return kept, jnp.where(here, after[0], 0.0) if layer["zero_output"] else kept[0]

    return lax.scan(move, zeros, (given,) if inside is None else (given, inside))[1]


def _step_of(layer: Layer, weights: Weights) -> Step:
    kernel, act = weights["recurrent_kernel"], partial(activate, layer["activation"])
    if layer.kind == "simple_rnn":
        return lambda state, given: (act(given + state[0] @ kernel),)
    gate = partial(activate, layer["recurrent_activation"])
    if layer.kind == "lstm":
        return partial(_lstm_step, kernel=kernel, act=act, gate=gate)
    if layer["reset_after"]:
        bias = weights["bias"][1] if layer["use_bias"] else jnp.zeros((), kernel.dtype)
        return partial(_gru_step_after, kernel=kernel, bias=bias, act=act, gate=gate)
    return partial(_gru_step_before, kernel=kernel, act=act, gate=gate)


Function = Callable[[jax.Array], jax.Array]


def _lstm_step(state: State, given: jax.Array, *, kernel: jax.Array, act: Function, gate: Function) -> State:
    entry, forget, candidate, exit_ = jnp.split(given + state[0] @ kernel, 4, axis=-1)
    cell = gate(forget) * state[1] + gate(entry) * act(candidate)
    return gate(exit_) * act(cell), cell


def _gru_step_after(
    state: State, given: jax.Array, *, kernel: jax.Array, bias: jax.Array, act: Function, gate: Function
) -> State:
    """The reset gate acts after the recurrent product."""
    update, reset, candidate = jnp.split(given, 3, axis=-1)
    to_update, to_reset, to_candidate = jnp.split(state[0] @ kernel + bias, 3, axis=-1)
    drawn = act(candidate + gate(reset + to_reset) * to_candidate)
    kept = gate(update + to_update)
    return (kept * state[0] + (1.0 - kept) * drawn,)


def _gru_step_before(state: State, given: jax.Array, *, kernel: jax.Array, act: Function, gate: Function) -> State:
    """The reset gate acts before it."""
    update, reset, candidate = jnp.split(given, 3, axis=-1)
    of_update, of_reset, of_candidate = jnp.split(kernel, 3, axis=-1)
    kept = gate(update + state[0] @ of_update)
    drawn = act(candidate + (gate(reset + state[0] @ of_reset) * state[0]) @ of_candidate)
    return (kept * state[0] + (1.0 - kept) * drawn,)


def _input_bias(layer: Layer, weights: Weights) -> jax.Array | float:
    if not layer["use_bias"]:
        return 0.0
    bias = weights["bias"]
    return bias[0] if bias.ndim == 2 else bias


def _part(weights: Weights, direction: str) -> dict[str, jax.Array]:
    return {name.removeprefix(f"{direction}_"): value for name, value in weights.items() if name.startswith(direction)}
