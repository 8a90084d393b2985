"""The maximum of a convolution and its own gradient rule, against automatic differentiation."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from sentiment.models.classifier import apply_fn, fresh_params
from sentiment.models.convolution import convolve_max
from sentiment.models.encoders import EncoderConfig
from sentiment.models.pooling import pool

LENGTHS = (9, 60)  # short texts take another way to the gradient than long ones


def plain(words, mask, kernel):
    """Every window written out, and the highest of those that end at a word."""
    width = len(kernel)
    padded = jnp.pad(words, ((0, 0), (width - 1, 0), (0, 0)))
    answers = [jnp.einsum("bwe,wef->bf", padded[:, end : end + width], kernel) for end in range(words.shape[1])]
    return jnp.where(mask[..., None], jnp.stack(answers, axis=1), -jnp.inf).max(axis=1)


@pytest.mark.parametrize("length", LENGTHS)
@pytest.mark.parametrize("width", [1, 2, 4])
def test_values_and_gradients_are_those_of_the_written_out_windows(width, length):
    rng = np.random.default_rng(width)
    mask = jnp.arange(length) < jnp.array([length, 4, 1])[:, None]
    words = jnp.asarray(rng.normal(size=(3, length, 5)).astype(np.float32)) * mask[..., None]
    kernel = jnp.asarray(rng.normal(size=(width, 5, 6)).astype(np.float32))
    weights = jnp.asarray(rng.normal(size=(3, 6)).astype(np.float32))

    def gradients(function):
        return jax.grad(lambda words, kernel: (weights * function(words, mask, kernel)).sum(), argnums=(0, 1))

    np.testing.assert_allclose(convolve_max(words, mask, kernel), plain(words, mask, kernel), atol=1e-5)
    for one, other in zip(gradients(convolve_max)(words, kernel), gradients(plain)(words, kernel), strict=True):
        np.testing.assert_allclose(one, other, atol=1e-5)


@pytest.mark.parametrize("length", LENGTHS)
def test_of_equal_windows_the_first_gets_the_whole_gradient(length):
    words, mask = jnp.ones((1, length, 1)), jnp.ones((1, length), bool)
    gradient = jax.grad(lambda words: convolve_max(words, mask, jnp.ones((1, 1, 1))).sum())(words)
    assert gradient[0, :, 0].tolist() == [1.0] + [0.0] * (length - 1)


def test_an_empty_text_sends_back_nothing_and_no_nan():
    config = EncoderConfig(vocab_size=9, embed=4, widths=(2,), filters=3, pooling=("max",))
    params = fresh_params(config, 2, seed=0)
    gradient = jax.grad(lambda params: apply_fn(config, 2)(params, np.zeros((2, 5), np.int32))[:, 0].sum())(params)
    encoder = jax.tree.leaves(gradient["encoder"])
    assert all(not np.any(leaf) for leaf in encoder)


def test_the_maximum_is_that_of_pooling_by_maximum_and_mean():
    """The short way for the maximum alone gives what the long way gives beside a mean."""
    both = EncoderConfig(vocab_size=9, embed=4, widths=(1, 3), filters=3)
    params = fresh_params(both, 2, seed=0)
    alone = EncoderConfig(vocab_size=9, embed=4, widths=(1, 3), filters=3, pooling=("max",))
    kernel = np.asarray(params["head"]["kernel"]).reshape(2, 2, 3, 2)  # width, pooling, filter, class
    only_max = {**params, "head": {**params["head"], "kernel": kernel[:, 0].reshape(6, 2)}}
    without_mean = kernel.copy()
    without_mean[:, 1] = 0.0
    params["head"]["kernel"] = without_mean.reshape(12, 2)
    ids = np.array([[1, 5, 7, 2, 0, 0], [3, 0, 0, 0, 0, 0]], np.int32)
    np.testing.assert_allclose(apply_fn(alone, 2)(only_max, ids), apply_fn(both, 2)(params, ids), atol=1e-6)


def test_pooling_by_hand():
    values = jnp.array([[[-3.0], [-1.0], [9.0]], [[4.0], [5.0], [6.0]]])
    mask = jnp.array([[True, True, False], [False, False, False]])
    assert pool(values, mask, ("max", "mean", "last")).tolist() == [[-1.0, -2.0, -1.0], [0.0, 0.0, 0.0]]
    turned = pool(jnp.swapaxes(values, 0, 1), mask.T, ("last", "max"), axis=0)
    assert turned.tolist() == [[-1.0, -1.0], [0.0, 0.0]]
