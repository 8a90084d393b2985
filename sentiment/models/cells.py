"""One step of each recurrence, forwards and backwards, without the products with the recurrent kernel.

The gradients are written out by hand. What they need of a step is made in it, while its numbers are at hand, and not
when the loop runs backwards: this took three quarters of the time, and automatic differentiation twice as long again.
"""

from collections.abc import Callable
from typing import NamedTuple

import jax
import jax.numpy as jnp

State = tuple[jax.Array, ...]  # what a step hands to the next: its output first, each float32[batch, units]


class Cell(NamedTuple):
    """A step of a recurrence.

    Attributes:
        gates: blocks of `units` columns in the kernels.
        carried: arrays in a state.
        forward: W x_t + b and U h_{t-1}, both float32[batch, gates * units], and the state before → the state after,
            and what `backward` needs to know.
        backward: the gradient of the state after, and what was kept → the gradient of W x_t + b, and that of the
            state before as far as it does not run through U h_{t-1}.
        to_product: the gradient of W x_t + b, and what was kept → the gradient of U h_{t-1}.
    """

    gates: int
    carried: int
    forward: Callable[[jax.Array, jax.Array, State], tuple[State, State]]
    backward: Callable[[State, State], tuple[jax.Array, State]]
    to_product: Callable[[jax.Array, State], jax.Array] = lambda to_given, kept: to_given


def _activate(gates: jax.Array, *, units: int, tanh_block: int) -> jax.Array:
    """Sigmoid of all blocks of columns but one, and tanh of that: one pass over the columns, with one function.

    sigmoid(x) = (1 + tanh(x / 2)) / 2.
    """
    is_tanh = jnp.arange(gates.shape[-1]) // units == tanh_block
    scale = jnp.where(is_tanh, 1.0, 0.5)
    return scale * jnp.tanh(scale * gates) + (1.0 - scale)


def _lstm_forward(given: jax.Array, product: jax.Array, state: State) -> tuple[State, State]:
    gates = _activate(given + product, units=state[0].shape[-1], tanh_block=2)
    entry, forget, candidate, exit_ = jnp.split(gates, 4, axis=-1)
    cell = forget * state[1] + entry * candidate
    shown = jnp.tanh(cell)
    slopes = jnp.concatenate(
        [
            candidate * entry * (1.0 - entry),
            state[1] * forget * (1.0 - forget),
            entry * (1.0 - candidate * candidate),
            shown * exit_ * (1.0 - exit_),
        ],
        axis=-1,
    )
    return (exit_ * shown, cell), (slopes, exit_ * (1.0 - shown * shown), forget)


def _lstm_backward(gradient: State, kept: State) -> tuple[jax.Array, State]:
    slopes, exit_slope, forget = kept
    to_cell = gradient[1] + gradient[0] * exit_slope
    to_gates = jnp.concatenate([to_cell, to_cell, to_cell, gradient[0]], axis=-1) * slopes
    return to_gates, (jnp.zeros_like(forget), to_cell * forget)


def _gru_forward(given: jax.Array, product: jax.Array, state: State) -> tuple[State, State]:
    both = 2 * state[0].shape[-1]
    gates = _activate(given[..., :both] + product[..., :both], units=both, tanh_block=1)
    reset, update = jnp.split(gates, 2, axis=-1)
    drawn = product[..., both:]
    candidate = jnp.tanh(given[..., both:] + reset * drawn)
    slope = (1.0 - update) * (1.0 - candidate * candidate)
    slopes = jnp.concatenate(
        [slope * drawn * reset * (1.0 - reset), (state[0] - candidate) * update * (1.0 - update), slope], axis=-1
    )
    return (candidate + update * (state[0] - candidate),), (slopes, reset, update)


def _gru_backward(gradient: State, kept: State) -> tuple[jax.Array, State]:
    slopes, _, update = kept
    to_given = jnp.concatenate([gradient[0], gradient[0], gradient[0]], axis=-1) * slopes
    return to_given, (gradient[0] * update,)


def _gru_to_product(to_given: jax.Array, kept: State) -> jax.Array:
    to_reset, to_update, to_candidate = jnp.split(to_given, 3, axis=-1)
    return jnp.concatenate([to_reset, to_update, to_candidate * kept[1]], axis=-1)


def _tanh_forward(given: jax.Array, product: jax.Array, state: State) -> tuple[State, State]:
    output = jnp.tanh(given + product)
    return (output,), (output,)


def _tanh_backward(gradient: State, kept: State) -> tuple[jax.Array, State]:
    to_sum = gradient[0] * (1.0 - kept[0] * kept[0])
    return to_sum, (jnp.zeros_like(to_sum),)


CELLS = {
    "lstm": Cell(4, 2, _lstm_forward, _lstm_backward),
    "gru": Cell(3, 1, _gru_forward, _gru_backward, _gru_to_product),
    "rnn": Cell(1, 1, _tanh_forward, _tanh_backward),
}
