"""The recurrences: against their formulas, step by step, and against automatic differentiation of a plain loop."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx

from sentiment.models.cells import CELLS
from sentiment.models.encoders import EncoderConfig, TextRNN
from sentiment.models.recurrence import recur
from sentiment.models.rnn import reverse_words

LENGTH, DIRECTIONS, BATCH, UNITS = 7, 2, 3, 4


def sigmoid(x):
    return 1.0 / (1.0 + jnp.exp(-x))


def plain(kind, inputs, kernel):
    """Every step written out by its formula, one after another: slow, and easy to read."""
    h = cell = jnp.zeros((DIRECTIONS, BATCH, UNITS))
    outputs = []
    for given in inputs:
        x = [given[..., i * UNITS : (i + 1) * UNITS] for i in range(CELLS[kind].gates)]
        u = [jnp.matmul(h, kernel[..., i * UNITS : (i + 1) * UNITS]) for i in range(CELLS[kind].gates)]
        if kind == "lstm":
            cell = sigmoid(x[1] + u[1]) * cell + sigmoid(x[0] + u[0]) * jnp.tanh(x[2] + u[2])
            h = sigmoid(x[3] + u[3]) * jnp.tanh(cell)
        elif kind == "gru":
            update = sigmoid(x[1] + u[1])
            h = (1 - update) * jnp.tanh(x[2] + sigmoid(x[0] + u[0]) * u[2]) + update * h
        else:
            h = jnp.tanh(x[0] + u[0])
        outputs.append(h)
    return jnp.stack(outputs)


@pytest.fixture(params=CELLS)
def given(request):
    rng = np.random.default_rng(0)
    wide = CELLS[request.param].gates * UNITS
    inputs = rng.normal(size=(LENGTH, DIRECTIONS, BATCH, wide)).astype(np.float32)
    kernel = rng.normal(size=(DIRECTIONS, UNITS, wide)).astype(np.float32)
    return request.param, jnp.asarray(inputs), jnp.asarray(kernel)


def ours(kind, inputs, kernel):
    return jnp.stack(recur(kind, tuple(jnp.unstack(inputs, axis=1)), tuple(kernel)), axis=1)


def test_every_step_follows_the_formula(given):
    kind, inputs, kernel = given
    np.testing.assert_allclose(jax.jit(ours, static_argnums=0)(*given), plain(kind, inputs, kernel), atol=1e-5)


def test_the_gradient_is_that_of_the_plain_loop(given):
    kind, inputs, kernel = given
    weights = jnp.asarray(np.random.default_rng(1).normal(size=(LENGTH, DIRECTIONS, BATCH, UNITS)))

    def loss(recurrence):
        return lambda inputs, kernel: (weights * recurrence(kind, inputs, kernel)).sum()

    got = jax.jit(jax.grad(loss(ours), argnums=(0, 1)))(inputs, kernel)
    expected = jax.grad(loss(plain), argnums=(0, 1))(inputs, kernel)
    for one, other in zip(got, expected, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-5)


def test_one_step_has_no_gradient_for_the_recurrent_kernel(given):
    kind, inputs, kernel = given
    gradient = jax.grad(lambda kernel: ours(kind, inputs[:1], kernel).sum())(kernel)
    np.testing.assert_array_equal(gradient, np.zeros_like(kernel))


def test_words_turn_round_and_padding_stays():
    words = jnp.array([[1, 2, 3, 0], [4, 0, 0, 0], [0, 0, 0, 0]])[..., None]
    words = jnp.swapaxes(words, 0, 1)
    turned = reverse_words(words, words[..., 0] > 0)[..., 0]
    assert turned.T.tolist() == [[3, 2, 1, 0], [4, 0, 0, 0], [0, 0, 0, 0]]


def test_the_second_direction_reads_the_words_backwards():
    """With the kernels of the directions exchanged, a reversed text gives the same last states, exchanged."""
    config = EncoderConfig(vocab_size=9, embed=5, kind="lstm", units=3, pooling=("last",))
    model = TextRNN(config, rngs=nnx.Rngs(0))
    ids = jnp.array([[3, 5, 7, 0, 0]])
    forwards = model.encode(model.embed(ids), ids > 0)
    model.input_kernel[...] = model.input_kernel[...][:, ::-1]
    model.recurrent_kernel[...] = model.recurrent_kernel[...][::-1]
    ids = jnp.array([[7, 5, 3, 0, 0]])
    backwards = model.encode(model.embed(ids), ids > 0)
    np.testing.assert_allclose(jnp.roll(backwards, 3, axis=1), forwards, atol=1e-6)
