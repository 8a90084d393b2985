"""The highest answer of each filter over a text, with a gradient rule of its own.

The gradient of a maximum runs through one window per text and filter. Taking these windows alone is faster than
convolving twice more over all windows, nearly all of them with zeros, as automatic differentiation does: with a loop of
our own always, by XLA in long texts. In short ones there are hardly more windows than filters, and XLA takes longer for
the few of them.
"""

from collections.abc import Callable
from functools import partial

import jax
import jax.numpy as jnp
from jax import lax

from sentiment.models import native

_SHORT = 48  # words up to which all windows are convolved; measured on two cores with 50 numbers per word, 100 filters


@jax.custom_vjp
def convolve_max(words: jax.Array, mask: jax.Array, kernel: jax.Array) -> jax.Array:
    """The highest product of each filter with a window that ends at a word, float32[batch, filters].

    A text without words gets minus infinity. Where several windows are equally high, the gradient is the first one's.

    Args:
        words: word vectors float32[batch, length, embed].
        mask: bool[batch, length], True at words.
        kernel: float32[width, embed, filters]; a window reaches to the left, past the start of the text into zeros.
    """
    return _answers(words, mask, kernel).max(axis=1)


def _convolve(words: jax.Array, kernel: jax.Array) -> jax.Array:
    """The product of each filter with the window that ends at each place, float32[batch, length, filters]."""
    return lax.conv_general_dilated(
        words, kernel, (1,), [(len(kernel) - 1, 0)], dimension_numbers=("NWC", "WIO", "NWC")
    )


def _answers(words: jax.Array, mask: jax.Array, kernel: jax.Array) -> jax.Array:
    return jnp.where(mask[..., None], _convolve(words, kernel), -jnp.inf)


def _forward(words: jax.Array, mask: jax.Array, kernel: jax.Array) -> tuple[jax.Array, tuple[jax.Array, ...]]:
    answers = _answers(words, mask, kernel)
    highest = answers.max(axis=1)
    # The first place of the maximum by two plain reductions, which are several times as fast as argmax.
    places = jnp.arange(answers.shape[1], dtype=jnp.int32)[:, None]
    first = jnp.where(answers == highest[:, None], places, jnp.int32(answers.shape[1] - 1)).min(axis=1)
    return highest, (words, kernel, first)


def _backward(kept: tuple[jax.Array, ...], gradient: jax.Array) -> tuple[jax.Array, None, jax.Array]:
    words, kernel, first = kept
    to_words, to_kernel = _choose_way(words)(words, kernel, first, gradient)
    return to_words, None, to_kernel


def _choose_way(words: jax.Array) -> Callable[..., tuple[jax.Array, jax.Array]]:
    if native.in_use() and words.dtype == jnp.float32:
        from sentiment.models.native.windows import window_gradients  # loads a compiler

        return window_gradients
    return _through_all if words.shape[1] <= _SHORT else _through_first


def _through_all(
    words: jax.Array, kernel: jax.Array, first: jax.Array, gradient: jax.Array
) -> tuple[jax.Array, jax.Array]:
    """Gradients of words and kernel by convolutions over all windows."""
    places = jnp.arange(words.shape[1])[:, None]
    _, transposed = jax.vjp(_convolve, words, kernel)
    return transposed(jnp.where(places == first[:, None], gradient[:, None], 0.0))


def _through_first(
    words: jax.Array, kernel: jax.Array, first: jax.Array, gradient: jax.Array
) -> tuple[jax.Array, jax.Array]:
    """Gradients of words and kernel by the windows that end at `first`, alone."""
    width, embed, filters = kernel.shape
    # Laid out as one row of numbers, a window is a run of width * embed of them that starts at first * embed.
    rows = jnp.pad(words, ((0, 0), (width - 1, 0), (0, 0))).reshape(len(words), -1)
    starts = first * embed
    windows = jax.vmap(jax.vmap(partial(_run, size=width * embed), in_axes=(None, 0)))(rows, starts)
    to_kernel = (gradient[..., None] * windows).sum(axis=0).T  # from [batch, filters, width * embed]
    to_windows = gradient[..., None] * kernel.reshape(-1, filters).T
    to_rows = jax.vmap(_add_runs)(jnp.zeros_like(rows), starts, to_windows)
    to_words = to_rows.reshape(len(words), -1, embed)[:, width - 1 :]
    return to_words, to_kernel.reshape(kernel.shape)


def _run(row: jax.Array, start: jax.Array, *, size: int) -> jax.Array:
    return lax.dynamic_slice(row, (start,), (size,))


def _add_runs(row: jax.Array, starts: jax.Array, runs: jax.Array) -> jax.Array:
    """The row with each of the runs added from its start on."""
    numbers = lax.ScatterDimensionNumbers((1,), (), (0,))
    return lax.scatter_add(row, starts[:, None], runs, numbers, mode="promise_in_bounds")


convolve_max.defvjp(_forward, _backward)
