"""The gradient of the maximum of a convolution, through the windows that are its maxima alone."""

import jax
import numpy as np

from sentiment.models.native.calls import (
    argument,
    floats2,
    floats3,
    ints2,
    is_question,
    operation,
    result,
    task_symbol,
)
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
from sentiment.models.native.simd import LANES, all8, keep, load8, multiply_add, pointer_to, store8


@within
def _add_scaled(scale, from_, a, to, b, n):
    """Adds `n` numbers, scaled, from place a of one array to those from place b of another."""
    whole, scales = n - n % LANES, all8(scale)
    for i in range(0, whole, LANES):
        store8(to, b + i, multiply_add(scales, load8(from_, a + i), load8(to, b + i)))
    for i in range(whole, n):
        to[b + i] += scale * from_[a + i]


@within
def _window(text, last, width, embed):
    """The place of a window's first number among all numbers, and how many reach past the start of the text.

    Those are not there: the place is that of the first one that is.
    """
    begins = last - width + 1  # in words of the text
    outside = max(0, -begins) * embed
    return (text + begins) * embed + outside, outside


@within
def _to_words(words, kernel, first, gradient, to_words, start, stop):
    """The gradient of the words of texts `start` to `stop`."""
    _, length, embed = words.shape
    width, _, filters = kernel.shape
    size = width * embed
    by_filter = _turned(kernel.reshape(size, filters), 0, filters)
    to_words[start:stop] = np.float32(0.0)
    numbers, to = pointer_to(by_filter), pointer_to(to_words)
    for b in range(start, stop):
        for f in range(filters):
            slope = gradient[b, f]
            if slope != 0.0:  # else it did not fire, or was dropped out
                place, outside = _window(b * length, first[b, f], width, embed)
                _add_scaled(slope, numbers, f * size + outside, to, place, size - outside)
    keep(by_filter)


@within
def _to_kernel(words, kernel, first, gradient, to_kernel, start, stop):
    """The gradient of filters `start` to `stop` of the kernel."""
    batch, length, embed = words.shape
    width, _, filters = kernel.shape
    size = width * embed
    by_filter = np.zeros((stop - start, size), np.float32)
    given, to = pointer_to(words), pointer_to(by_filter)
    for b in range(batch):
        for f in range(start, stop):
            slope = gradient[b, f]
            if slope != 0.0:
                place, outside = _window(b * length, first[b, f], width, embed)
                _add_scaled(slope, given, place, to, (f - start) * size + outside, size - outside)
    flat = to_kernel.reshape(size, filters)
    for i in range(size):
        for f in range(start, stop):
            flat[i, f] = by_filter[f - start, i]


@within
def _turned(flat, start, stop):
    """A filter's numbers side by side, as those of a window are: float32[filters, size] of float32[size, filters]."""
    turned = np.empty((stop - start, len(flat)), np.float32)
    for i in range(len(flat)):
        for f in range(start, stop):
            turned[f - start, i] = flat[i, f]
    return turned


@within
def _do(call, part, n_parts):
    """One of the parts: the first half of them share the texts, the others the filters."""
    words, kernel = floats3(argument(call, 0)), floats3(argument(call, 1))
    first, gradient = ints2(argument(call, 2)), floats2(argument(call, 3))
    half = n_parts // 2
    if part < half:
        start, stop = part * len(words) // half, (part + 1) * len(words) // half
        _to_words(words, kernel, first, gradient, floats3(result(call, 0)), start, stop)
    else:
        filters, place = kernel.shape[2], part - half
        start, stop = place * filters // half, (place + 1) * filters // half
        _to_kernel(words, kernel, first, gradient, floats3(result(call, 1)), start, stop)


_NAME = "sentiment_window_gradients"
_task_address = address_by(task_symbol(_NAME))


def _task(job):
    part = take(job)
    while part >= 0:
        try:
            _do(call_of(job), part, parts_of(job))
        except Exception:  # noqa: BLE001 that is all that numba knows; nothing but memory can run out
            fail(job)
        done(job)
        part = take(job)
    leave(job)


def _answer(call):
    return 0 if is_question(call) else share(call, 2 * count_threads(call), _task_address())


operation(_NAME, task=_task, answer=_answer)


def window_gradients(
    words: jax.Array, kernel: jax.Array, first: jax.Array, gradient: jax.Array
) -> tuple[jax.Array, jax.Array]:
    """Gradients of words and kernel.

    Args:
        words: float32[batch, length, embed].
        kernel: float32[width, embed, filters]; a window reaches to the left, past the start of the text into zeros.
        first: int32[batch, filters], where the window ends that is the maximum of each filter.
        gradient: float32[batch, filters], of the maxima.
    """
    shapes = (jax.ShapeDtypeStruct(words.shape, words.dtype), jax.ShapeDtypeStruct(kernel.shape, kernel.dtype))
    to_words, to_kernel = jax.ffi.ffi_call(_NAME, shapes)(words, kernel, first, gradient)
    return to_words, to_kernel
