"""Recurrences with a gradient rule of their own: LSTM, GRU and the plain tanh recurrence.

Only what depends on the step before stands in the loop. The products with the inputs are made for all steps at once
by the caller. Backwards, the gradient of the recurrent kernel is one product after the loop, where automatic
differentiation would add up one product per step.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
from jax import lax

State = tuple[jax.Array, ...]  # what a step hands to the next: the output first, float32[directions, batch, units]
Cell = Callable[[jax.Array, jax.Array, State], State]

GATES = {"lstm": 4, "gru": 3, "rnn": 1}  # blocks of `units` columns in the kernels
_CARRIED = {"lstm": 2, "gru": 1, "rnn": 1}  # arrays in a state


def recur(kind: str, inputs: jax.Array, kernel: jax.Array) -> jax.Array:
    """The outputs h_1 … h_length of a recurrence that starts from zeros, float32[length, directions, batch, units].

    Args:
        kind: "lstm" (Gers et al. 2000), "gru" (Cho et al. 2014, with the reset gate after the recurrent product) or
            "rnn": h_t = tanh(inputs_t + U h_{t-1}).
        inputs: W x_t + b of every step, float32[length, directions, batch, gates * units].
        kernel: U, float32[directions, units, gates * units]. Blocks of columns: input, forget, candidate and output
            gate of an LSTM; reset, update and candidate of a GRU.
    """
    return _recur(kind, inputs, kernel)


@partial(jax.custom_vjp, nondiff_argnums=(0,))
def _recur(kind: str, inputs: jax.Array, kernel: jax.Array) -> jax.Array:
    cell = _CELLS[kind]

    def step(state: State, given: jax.Array) -> tuple[State, jax.Array]:
        state = cell(given, _product(state[0], kernel), state)
        return state, state[0]

    return lax.scan(step, _zeros(kind, inputs, kernel), inputs)[1]


def _forward(kind: str, inputs: jax.Array, kernel: jax.Array) -> tuple[jax.Array, Any]:
    cell = _CELLS[kind]

    def step(state: State, given: jax.Array) -> tuple[State, Any]:
        state, pull_back = jax.vjp(cell, given, _product(state[0], kernel), state)
        return state, (state[0], pull_back)

    _, (outputs, pull_backs) = lax.scan(step, _zeros(kind, inputs, kernel), inputs)
    return outputs, (outputs, pull_backs, kernel)


def _backward(kind: str, kept: Any, gradient: jax.Array) -> tuple[jax.Array, jax.Array]:
    outputs, pull_backs, kernel = kept

    def step(carried: State, given: Any) -> tuple[State, tuple[jax.Array, jax.Array]]:
        from_output, pull_back = given
        to_inputs, to_product, before = pull_back((carried[0] + from_output, *carried[1:]))
        through = jnp.einsum("dbg,dug->dbu", to_product, kernel)
        return (before[0] + through, *before[1:]), (to_inputs, to_product)

    zeros = tuple(jnp.zeros_like(outputs[0]) for _ in range(_CARRIED[kind]))
    _, (to_inputs, to_products) = lax.scan(step, zeros, (gradient, pull_backs), reverse=True)
    # The output of each step but the last met the kernel in the next step; the zeros before the first one add nothing.
    to_kernel = jnp.einsum("tdbu,tdbg->dug", outputs[:-1], to_products[1:])
    return to_inputs, to_kernel


_recur.defvjp(_forward, _backward)


def _zeros(kind: str, inputs: jax.Array, kernel: jax.Array) -> State:
    shape = (*inputs.shape[1:3], kernel.shape[1])
    return tuple(jnp.zeros(shape, inputs.dtype) for _ in range(_CARRIED[kind]))


def _product(output: jax.Array, kernel: jax.Array) -> jax.Array:
    return jnp.einsum("dbu,dug->dbg", output, kernel)


def _lstm(given: jax.Array, product: jax.Array, state: State) -> State:
    entry, forget, candidate, exit_ = jnp.split(given + product, 4, axis=-1)
    cell = jax.nn.sigmoid(forget) * state[1] + jax.nn.sigmoid(entry) * jnp.tanh(candidate)
    return jax.nn.sigmoid(exit_) * jnp.tanh(cell), cell


def _gru(given: jax.Array, product: jax.Array, state: State) -> State:
    units = state[0].shape[-1]
    reset, update = jnp.split(jax.nn.sigmoid(given[..., : 2 * units] + product[..., : 2 * units]), 2, axis=-1)
    candidate = jnp.tanh(given[..., 2 * units :] + reset * product[..., 2 * units :])
    return ((1.0 - update) * candidate + update * state[0],)


def _tanh(given: jax.Array, product: jax.Array, state: State) -> State:
    return (jnp.tanh(given + product),)


_CELLS: dict[str, Cell] = {"lstm": _lstm, "gru": _gru, "rnn": _tanh}
