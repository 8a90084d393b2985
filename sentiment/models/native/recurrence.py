"""The loops of an LSTM, forwards and backwards: what `cells` says of one step, for all steps in one go.

A step's product with the recurrent kernel is made four texts by sixteen columns at a time, which stay in the
processor's registers. Texts do not depend on each other, so the threads share them.
"""

import jax
import numpy as np

from sentiment.models.native.calls import argument, floats2, floats3, is_question, operation, result, task_symbol
from sentiment.models.native.sharing import (
    address_by,
    call_of,
    count_threads,
    done,
    fail,
    leave,
    parts_of,
    share,
    take,
    within,
)
from sentiment.models.native.simd import LANES, all8, at, clamp, keep, load8, multiply_add, pointer_to, store8

_ROWS, _COLUMNS = 4, 2 * LANES  # of a product that are made at once
_PARTS = 2  # for each thread, so that one that is held up has less to do

# tanh(x) = x p(x²) / q(x²) between ± _LIMIT, and ± 1 outside: the coefficients of Eigen (MPL-2.0), which XLA uses too;
# right to a few units in the last place of a float.
_LIMIT = np.float32(7.90531110763549805)
_P = tuple(
    np.float32(x)
    for x in (
        4.89352455891786e-03,
        6.37261928875436e-04,
        1.48572235717979e-05,
        5.12229709037114e-08,
        -8.60467152213735e-11,
        2.00018790482477e-13,
        -2.76076847742355e-16,
    )
)
_Q = tuple(
    np.float32(x) for x in (4.89352518554385e-03, 2.26843463243900e-03, 1.18534705686654e-04, 1.19825839466702e-06)
)
_ZERO, _HALF, _ONE = np.float32(0.0), np.float32(0.5), np.float32(1.0)


def fits(kind: str, by_step: jax.Array, kernel: jax.Array) -> bool:
    """Whether there is a loop for a recurrence of this kind, for arrays [length, batch, …] and this kernel."""
    whole = by_step.shape[1] % _ROWS == 0 and len(kernel) % _COLUMNS == 0
    return kind == "lstm" and whole and by_step.dtype == np.float32


@within
def _add_product(x, w, y, rows, inner, columns):
    """Adds float32[rows, inner] times float32[inner, columns] to float32[rows, columns], all given as pointers.

    Rows come in fours, columns in sixteens.
    """
    for row in range(0, rows, _ROWS):
        x0 = row * inner
        x1, x2, x3 = x0 + inner, x0 + 2 * inner, x0 + 3 * inner
        for column in range(0, columns, _COLUMNS):
            y0 = row * columns + column
            y1, y2, y3 = y0 + columns, y0 + 2 * columns, y0 + 3 * columns
            a0, b0 = load8(y, y0), load8(y, y0 + LANES)
            a1, b1 = load8(y, y1), load8(y, y1 + LANES)
            a2, b2 = load8(y, y2), load8(y, y2 + LANES)
            a3, b3 = load8(y, y3), load8(y, y3 + LANES)
            for k in range(inner):
                place = k * columns + column
                left, right = load8(w, place), load8(w, place + LANES)
                number = all8(x[x0 + k])
                a0, b0 = multiply_add(number, left, a0), multiply_add(number, right, b0)
                number = all8(x[x1 + k])
                a1, b1 = multiply_add(number, left, a1), multiply_add(number, right, b1)
                number = all8(x[x2 + k])
                a2, b2 = multiply_add(number, left, a2), multiply_add(number, right, b2)
                number = all8(x[x3 + k])
                a3, b3 = multiply_add(number, left, a3), multiply_add(number, right, b3)
            store8(y, y0, a0)
            store8(y, y0 + LANES, b0)
            store8(y, y1, a1)
            store8(y, y1 + LANES, b1)
            store8(y, y2, a2)
            store8(y, y2 + LANES, b2)
            store8(y, y3, a3)
            store8(y, y3 + LANES, b3)


@within
def _zeros(n):
    return np.zeros(n, np.float32)


@within
def _tanh(x):
    x = clamp(x, all8(-_LIMIT), all8(_LIMIT))
    z = x * x
    p = multiply_add(all8(_P[6]), z, all8(_P[5]))
    p = multiply_add(p, z, all8(_P[4]))
    p = multiply_add(p, z, all8(_P[3]))
    p = multiply_add(p, z, all8(_P[2]))
    p = multiply_add(p, z, all8(_P[1]))
    p = multiply_add(p, z, all8(_P[0]))
    q = multiply_add(all8(_Q[3]), z, all8(_Q[2]))
    q = multiply_add(q, z, all8(_Q[1]))
    q = multiply_add(q, z, all8(_Q[0]))
    return x * p / q


@within
def _sigmoid(x):
    half = all8(_HALF)
    return half + half * _tanh(half * x)


@within
def _lstm_forward(inputs, kernel, outputs, slopes, exit_slopes, forgets, start, stop):
    """All steps of texts `start` to `stop`."""
    length, batch, columns = inputs.shape
    units, rows = columns // 4, stop - start
    states, cells, sums = _zeros(rows * units), _zeros(rows * units), _zeros(rows * columns)
    h, c, s, one = pointer_to(states), pointer_to(cells), pointer_to(sums), all8(_ONE)
    x, w = pointer_to(inputs), pointer_to(kernel)
    to_h, to_slope = pointer_to(outputs), pointer_to(slopes)
    to_exit, to_forget = pointer_to(exit_slopes), pointer_to(forgets)
    for t in range(length):
        first = (t * batch + start) * columns
        for i in range(0, rows * columns, LANES):
            store8(s, i, load8(x, first + i))
        _add_product(h, w, s, rows, units, columns)
        for row in range(rows):
            text = t * batch + start + row
            for unit in range(0, units, LANES):
                u, gate = row * units + unit, row * columns + unit
                entry, forget = _sigmoid(load8(s, gate)), _sigmoid(load8(s, gate + units))
                candidate, exit_ = _tanh(load8(s, gate + 2 * units)), _sigmoid(load8(s, gate + 3 * units))
                before = load8(c, u)
                cell = forget * before + entry * candidate
                shown = _tanh(cell)
                store8(c, u, cell)
                store8(h, u, exit_ * shown)
                u, gate = text * units + unit, text * columns + unit
                store8(to_h, u, exit_ * shown)
                store8(to_slope, gate, candidate * entry * (one - entry))
                store8(to_slope, gate + units, before * forget * (one - forget))
                store8(to_slope, gate + 2 * units, entry * (one - candidate * candidate))
                store8(to_slope, gate + 3 * units, shown * exit_ * (one - exit_))
                store8(to_exit, u, exit_ * (one - shown * shown))
                store8(to_forget, u, forget)
    keep(states)
    keep(cells)
    keep(sums)


@within
def _lstm_backward(gradient, slopes, exit_slopes, forgets, turned, to_inputs, start, stop):
    """All steps of texts `start` to `stop`, the last first."""
    length, batch, units = gradient.shape
    columns, rows = 4 * units, stop - start
    to_states, to_cells = _zeros(rows * units), _zeros(rows * units)
    h, c, w, zero = pointer_to(to_states), pointer_to(to_cells), pointer_to(turned), all8(_ZERO)
    given, slope, to = pointer_to(gradient), pointer_to(slopes), pointer_to(to_inputs)
    exit_slope, forget = pointer_to(exit_slopes), pointer_to(forgets)
    for t in range(length - 1, -1, -1):
        for row in range(rows):
            text = t * batch + start + row
            for unit in range(0, units, LANES):
                own, u, gate = row * units + unit, text * units + unit, text * columns + unit
                to_h = load8(h, own) + load8(given, u)
                to_cell = load8(c, own) + to_h * load8(exit_slope, u)
                store8(to, gate, to_cell * load8(slope, gate))
                store8(to, gate + units, to_cell * load8(slope, gate + units))
                store8(to, gate + 2 * units, to_cell * load8(slope, gate + 2 * units))
                store8(to, gate + 3 * units, to_h * load8(slope, gate + 3 * units))
                store8(c, own, to_cell * load8(forget, u))
                store8(h, own, zero)
        _add_product(at(to, (t * batch + start) * columns), w, h, rows, columns, units)
    keep(to_states)
    keep(to_cells)


@within
def _texts(n, part, n_parts):
    """The first text of a part and the one after its last, in fours."""
    fours = n // _ROWS
    return part * fours // n_parts * _ROWS, (part + 1) * fours // n_parts * _ROWS


@within
def _do_forward(call, part, n_parts):
    inputs = floats3(argument(call, 0))
    start, stop = _texts(inputs.shape[1], part, n_parts)
    if start < stop:
        _lstm_forward(
            inputs,
            floats2(argument(call, 1)),
            floats3(result(call, 0)),
            floats3(result(call, 1)),
            floats3(result(call, 2)),
            floats3(result(call, 3)),
            start,
            stop,
        )


@within
def _do_backward(call, part, n_parts):
    gradient = floats3(argument(call, 0))
    start, stop = _texts(gradient.shape[1], part, n_parts)
    if start < stop:
        _lstm_backward(
            gradient,
            floats3(argument(call, 1)),
            floats3(argument(call, 2)),
            floats3(argument(call, 3)),
            floats2(argument(call, 4)),
            floats3(result(call, 0)),
            start,
            stop,
        )


_FORWARD, _BACKWARD = "sentiment_lstm_forward", "sentiment_lstm_backward"
_forward_address, _backward_address = address_by(task_symbol(_FORWARD)), address_by(task_symbol(_BACKWARD))


def _task_forward(job):
    part = take(job)
    while part >= 0:
        try:
            _do_forward(call_of(job), part, parts_of(job))
        except Exception:  # noqa: BLE001 that is all that numba knows; nothing but memory can run out
            fail(job)
        done(job)
        part = take(job)
    leave(job)


def _answer_forward(call):
    return 0 if is_question(call) else share(call, _PARTS * count_threads(call), _forward_address())


def _task_backward(job):
    part = take(job)
    while part >= 0:
        try:
            _do_backward(call_of(job), part, parts_of(job))
        except Exception:  # noqa: BLE001 that is all that numba knows; nothing but memory can run out
            fail(job)
        done(job)
        part = take(job)
    leave(job)


def _answer_backward(call):
    return 0 if is_question(call) else share(call, _PARTS * count_threads(call), _backward_address())


operation(_FORWARD, task=_task_forward, answer=_answer_forward)
operation(_BACKWARD, task=_task_backward, answer=_answer_backward)


def lstm_forward(inputs: jax.Array, kernel: jax.Array) -> tuple[jax.Array, tuple[jax.Array, jax.Array, jax.Array]]:
    """Outputs float32[length, batch, units], and what `cells` keeps of each step of an LSTM for its gradient.

    Args:
        inputs: float32[length, batch, 4 * units].
        kernel: float32[units, 4 * units].
    """
    length, batch, columns = inputs.shape
    wide = jax.ShapeDtypeStruct(inputs.shape, inputs.dtype)
    narrow = jax.ShapeDtypeStruct((length, batch, columns // 4), inputs.dtype)
    outputs, *kept = jax.ffi.ffi_call(_FORWARD, (narrow, wide, narrow, narrow))(inputs, kernel)
    slopes, exit_slopes, forgets = kept
    return outputs, (slopes, exit_slopes, forgets)


def lstm_backward(gradient: jax.Array, kept: tuple[jax.Array, ...], kernel: jax.Array) -> jax.Array:
    """The gradient of the inputs, float32[length, batch, 4 * units].

    Args:
        gradient: of the outputs, float32[length, batch, units].
        kept: what `lstm_forward` kept.
        kernel: float32[units, 4 * units].
    """
    slopes = kept[0]
    to_inputs: jax.Array = jax.ffi.ffi_call(_BACKWARD, jax.ShapeDtypeStruct(slopes.shape, slopes.dtype))(
        gradient, *kept, kernel.T
    )
    return to_inputs
