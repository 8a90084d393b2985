"""Recurrences over many texts at once, with a gradient rule of their own: LSTM, GRU and the plain tanh recurrence.

Only what depends on the step before stands in the loop. The products with the inputs are made for all steps at once
by the caller. Backwards, the gradient of the recurrent kernel is one product after the loop, where automatic
differentiation would add up one product per step. On a CPU an LSTM that trains has loops of its own (`native`).
"""

from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
from jax import lax

from sentiment.models import native
from sentiment.models.cells import CELLS, State

Arrays = tuple[jax.Array, ...]  # one for each direction


@partial(jax.custom_vjp, nondiff_argnums=(0,))
def recur(kind: str, inputs: Arrays, kernels: Arrays) -> Arrays:
    """The outputs h_1 … h_length of recurrences that start from zeros, float32[length, batch, units] each.

    Args:
        kind: "lstm" (Gers et al. 2000), "gru" (Cho et al. 2014, with the reset gate after the recurrent product) or
            "rnn": h_t = tanh(W x_t + b + U h_{t-1}).
        inputs: W x_t + b of every step, float32[length, batch, gates * units] for each direction.
        kernels: U, float32[units, gates * units] for each direction. Blocks of columns: input, forget, candidate and
            output gate of an LSTM; reset, update and candidate of a GRU.
    """
    return _run(kind, inputs, kernels)[0]


def _run(kind: str, inputs: Arrays, kernels: Arrays) -> tuple[Arrays, tuple[State, ...]]:
    """The outputs, and what the gradient needs, both by direction."""
    cell = CELLS[kind]

    def step(states: tuple[State, ...], given: Arrays) -> tuple[tuple[State, ...], Any]:
        moved = [
            cell.forward(x, state[0] @ kernel, state) for x, state, kernel in zip(given, states, kernels, strict=True)
        ]
        after = tuple(state for state, _ in moved)
        return after, (tuple(state[0] for state in after), tuple(kept for _, kept in moved))

    return lax.scan(step, _zeros(kind, inputs, kernels), inputs)[1]


def _forward(kind: str, inputs: Arrays, kernels: Arrays) -> tuple[Arrays, Any]:
    outputs, kept = _run_native(inputs, kernels) if _is_native(kind, inputs, kernels) else _run(kind, inputs, kernels)
    return outputs, (outputs, kept, kernels)


def _backward(kind: str, residuals: Any, gradients: Arrays) -> tuple[Arrays, Arrays]:
    outputs, kept, kernels = residuals
    back = _back_native if _is_native(kind, gradients, kernels) else partial(_back, kind)
    to_inputs = back(gradients, kept, kernels)
    to_product = CELLS[kind].to_product
    to_kernels = tuple(
        _kernel_gradient(output, to_product(*each)) for output, *each in zip(outputs, to_inputs, kept, strict=True)
    )
    return to_inputs, to_kernels


recur.defvjp(_forward, _backward)


def _back(kind: str, gradients: Arrays, kept: tuple[State, ...], kernels: Arrays) -> Arrays:
    """The gradients of the inputs, by a loop that runs backwards."""
    cell = CELLS[kind]
    turned = tuple(kernel.T for kernel in kernels)  # once, here: a product with a matrix on its side takes longer

    def step_of(carried: State, from_output: jax.Array, kept: State, turned: jax.Array) -> tuple[State, jax.Array]:
        to_input, before = cell.backward((carried[0] + from_output, *carried[1:]), kept)
        return (before[0] + cell.to_product(to_input, kept) @ turned, *before[1:]), to_input

    def step(carried: tuple[State, ...], given: Any) -> tuple[tuple[State, ...], Arrays]:
        moved = [step_of(*each) for each in zip(carried, *given, turned, strict=True)]
        return tuple(state for state, _ in moved), tuple(to_input for _, to_input in moved)

    return lax.scan(step, _zeros(kind, gradients, kernels), (gradients, kept), reverse=True)[1]


def _is_native(kind: str, by_step: Arrays, kernels: Arrays) -> bool:
    if not native.in_use():
        return False
    from sentiment.models.native import recurrence  # loads a compiler

    return all(recurrence.fits(kind, *each) for each in zip(by_step, kernels, strict=True))


def _run_native(inputs: Arrays, kernels: Arrays) -> tuple[Arrays, tuple[State, ...]]:
    from sentiment.models.native.recurrence import lstm_forward

    outputs, kept = zip(*map(lstm_forward, inputs, kernels), strict=True)
    return outputs, kept


def _back_native(gradients: Arrays, kept: tuple[State, ...], kernels: Arrays) -> Arrays:
    from sentiment.models.native.recurrence import lstm_backward

    return tuple(map(lstm_backward, gradients, kept, kernels))


def _kernel_gradient(outputs: jax.Array, to_products: jax.Array) -> jax.Array:
    """The gradient of the recurrent kernel: what it met in each step, the output before, by what came of it."""
    before = jnp.concatenate([jnp.zeros_like(outputs[:1]), outputs[:-1]])
    return before.reshape(-1, before.shape[-1]).T @ to_products.reshape(-1, to_products.shape[-1])


def _zeros(kind: str, like: Arrays, kernels: Arrays) -> tuple[State, ...]:
    return tuple(
        tuple(jnp.zeros((x.shape[1], len(kernel)), x.dtype) for _ in range(CELLS[kind].carried))
        for x, kernel in zip(like, kernels, strict=True)
    )
