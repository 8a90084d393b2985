"""The network: padding, neighbours, dropout, and the compiler's fault that it must not meet."""

import os
import subprocess
import sys

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from sentiment.models.classifier import apply_fn, flatten, fresh_params, unflatten
from sentiment.models.encoders import EncoderConfig

CONFIG = EncoderConfig(vocab_size=60, embed=8, widths=(1, 2, 3, 4), filters=5)
ALL_POOLINGS = ("max", "mean", "last")
CONFIGS = {
    "cnn": CONFIG,
    "cnn, max alone": EncoderConfig(vocab_size=60, embed=8, widths=(2, 3), filters=5, pooling=("max",)),
    "lstm": EncoderConfig(vocab_size=60, embed=8, kind="lstm", units=6, pooling=ALL_POOLINGS),
    "lstm, one way": EncoderConfig(vocab_size=60, embed=8, kind="lstm", units=6, bidirectional=False),
    "gru": EncoderConfig(vocab_size=60, embed=8, kind="gru", units=6, pooling=ALL_POOLINGS),
    "rnn": EncoderConfig(vocab_size=60, embed=8, kind="rnn", units=6, pooling=ALL_POOLINGS),
}


@pytest.fixture(scope="module", params=CONFIGS)
def model(request):
    config = CONFIGS[request.param]
    params = fresh_params(config, 3, seed=1)
    return params, jax.jit(apply_fn(config, 3))


def random_ids(*lengths: int, width: int) -> np.ndarray:
    rng = np.random.default_rng(0)
    ids = np.zeros((len(lengths), width), np.int32)
    for row, length in enumerate(lengths):
        ids[row, :length] = rng.integers(1, CONFIG.vocab_size, length)
    return ids


def test_more_padding_changes_no_logit(model):
    params, apply = model
    ids = random_ids(1, 2, 3, 9, width=9)
    wide = np.pad(ids, ((0, 0), (0, 23)))
    np.testing.assert_allclose(apply(params, ids), apply(params, wide), atol=1e-6)


def test_a_row_does_not_see_its_neighbours(model):
    params, apply = model
    ids = random_ids(4, 9, 2, width=9)
    together = apply(params, ids)
    for row in range(3):
        alone = np.where(np.arange(3)[:, None] == row, ids, 0).astype(np.int32)
        np.testing.assert_allclose(apply(params, alone)[row], together[row], atol=1e-6)


def test_the_order_of_words_matters(model):
    params, apply = model
    ids = random_ids(6, width=6)
    assert np.abs(apply(params, ids) - apply(params, ids[:, ::-1].copy())).max() > 1e-3


def test_a_text_without_words_gets_the_bias_of_the_head(model):
    params, apply = model
    np.testing.assert_allclose(apply(params, np.zeros((1, 5), np.int32))[0], params["head"]["bias"], atol=1e-6)


def test_dropout_needs_a_key_and_differs_by_it(model):
    params, apply = model
    ids = random_ids(9, width=9)
    still = apply(params, ids)
    np.testing.assert_array_equal(still, apply(params, ids))
    noisy = jax.jit(apply.__wrapped__, static_argnames=("dropout", "word_dropout"))
    one = noisy(params, ids, key=jax.random.key(0), dropout=0.5, word_dropout=0.2)
    other = noisy(params, ids, key=jax.random.key(1), dropout=0.5, word_dropout=0.2)
    assert np.abs(one - other).max() > 1e-3


def test_weights_round_trip_through_their_paths(model):
    params, apply = model
    ids = random_ids(5, width=7)
    again = unflatten(flatten(params))
    np.testing.assert_array_equal(apply(params, ids), apply(again, ids))


def test_the_same_seed_gives_the_same_weights():
    one, other = fresh_params(CONFIG, 2, seed=3), fresh_params(CONFIG, 2, seed=3)
    assert all(np.array_equal(a, b) for a, b in zip(jax.tree.leaves(one), jax.tree.leaves(other), strict=True))
    different = fresh_params(CONFIG, 2, seed=4)
    assert not np.array_equal(one["head"]["kernel"], different["head"]["kernel"])


def test_the_compiler_reduces_every_row_right():
    """jaxlib 0.10 gave thousands of wrong rows in this very computation without our flag (jax issue 39103)."""
    rng = np.random.default_rng(0)
    rows, matrix = rng.normal(size=(40_000, 3)).astype(np.float32), rng.normal(size=(3, 3)).astype(np.float32)
    got = jax.jit(jax.vmap(lambda row: ((jnp.asarray(matrix) @ row) ** 2).sum()))(rows)
    np.testing.assert_allclose(got, ((rows @ matrix.T) ** 2).sum(axis=1), rtol=1e-4)


def test_the_flag_is_set_before_jax_and_keeps_what_the_user_set():
    program = "import sentiment, os; print(os.environ['XLA_FLAGS'])"
    environment = {**os.environ, "XLA_FLAGS": "--xla_cpu_enable_fast_math=false"}
    answer = subprocess.run(
        [sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True
    )
    assert answer.stdout.split() == ["--xla_cpu_enable_fast_math=false", "--xla_cpu_experimental_ynn_fusion_type="]
