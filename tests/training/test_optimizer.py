"""AdamW by groups: rates, decay and pull, by hand."""

import dataclasses

import jax
import numpy as np
import pytest

from sentiment.models.classifier import flatten, fresh_params
from sentiment.models.encoders import EncoderConfig
from sentiment.training.optimizer import (
    GROUPS,
    NEVER,
    TOP_DOWN,
    FitSettings,
    Knobs,
    init_adam,
    join_groups,
    learning_rates,
    split_groups,
    start_steps,
    update,
)

PARAMS = fresh_params(EncoderConfig(vocab_size=40, embed=8, widths=(1, 2), filters=6), 2, seed=0)
SETTINGS = FitSettings(epochs=1, learning_rate=1e-2, encoder_rate=0.5, embedding_rate=0.1)


def floats(*values: float) -> np.ndarray:
    return np.array(values, np.float32)


RATES = floats(0.1, 0.1, 0.1)


def test_groups_are_taken_apart_and_put_together_without_a_loss():
    groups = split_groups(PARAMS)
    assert set(groups["head"]) == {"head/kernel", "head/bias"}
    assert set(groups["embedding"]) == {"encoder/embedding/embedding"}
    joined = flatten(join_groups(groups))
    assert joined.keys() == flatten(PARAMS).keys()
    assert all(joined[path] is value for path, value in flatten(PARAMS).items())


def test_weight_decay_shrinks_weights_at_zero_gradient_but_no_embedding():
    groups = split_groups(PARAMS)
    zeros = jax.tree.map(np.zeros_like, groups)
    knobs = Knobs.of(dataclasses.replace(SETTINGS, weight_decay=0.1))
    after, _ = update(zeros, init_adam(groups), groups, anchor={}, rates=RATES, knobs=knobs)
    np.testing.assert_allclose(after["head"]["head/kernel"], 0.99 * groups["head"]["head/kernel"], rtol=1e-5)
    for path, value in groups["encoder"].items():
        np.testing.assert_allclose(after["encoder"][path], 0.99 * value, rtol=1e-5)
    path = "encoder/embedding/embedding"
    np.testing.assert_array_equal(after["embedding"][path], groups["embedding"][path])


def test_the_first_step_is_as_long_as_the_rate_of_its_group():
    groups = split_groups(PARAMS)
    ones = jax.tree.map(np.ones_like, groups)
    knobs = Knobs.of(dataclasses.replace(SETTINGS, weight_decay=0.0))
    after, _ = update(ones, init_adam(groups), groups, anchor={}, rates=floats(0.3, 0.2, 0.0), knobs=knobs)
    for group, rate in zip(GROUPS, (0.3, 0.2, 0.0), strict=True):
        for path, value in groups[group].items():
            np.testing.assert_allclose(value - after[group][path], rate, rtol=1e-3)


def test_the_pull_is_the_gradient_of_the_squared_distance():
    weights, start = {"head": {"head/bias": floats(3.0, 1.0)}}, {"head": {"head/bias": floats(1.0, 1.0)}}
    knobs = Knobs.of(dataclasses.replace(SETTINGS, weight_decay=0.0, pull=0.05))
    gradient = {"head": {"head/bias": floats(-0.2, 0.0)}}
    # 2 · 0.05 · (3 - 1) = 0.2 outweighs the loss's gradient exactly; at the start there is no pull.
    _, adam = update(gradient, init_adam(weights), weights, anchor=start, rates=RATES, knobs=knobs)
    np.testing.assert_allclose(adam["head"].mu["head/bias"], 0.0, atol=1e-7)


def test_a_large_gradient_is_clipped_over_all_groups_together():
    weights = {"head": {"head/bias": floats(0.0)}, "encoder": {"encoder/x": floats(0.0)}}
    gradient = {"head": {"head/bias": floats(3.0)}, "encoder": {"encoder/x": floats(4.0)}}
    _, adam = update(gradient, init_adam(weights), weights, anchor={}, rates=RATES, knobs=Knobs.of(SETTINGS))
    np.testing.assert_allclose(adam["head"].mu["head/bias"], 0.1 * 0.6, rtol=1e-5)
    np.testing.assert_allclose(adam["encoder"].mu["encoder/x"], 0.1 * 0.8, rtol=1e-5)


def test_the_rate_rises_from_a_tenth_and_falls_to_a_twentieth_and_the_groups_have_their_shares():
    rates = learning_rates(dataclasses.replace(SETTINGS, warmup=0.1), total_steps=1001)
    head, encoder, embedding = rates.T
    assert head[0] == pytest.approx(1e-3)
    assert head.argmax() == 100
    assert head[100] == pytest.approx(1e-2)
    assert head[-1] == pytest.approx(5e-4, rel=1e-2)
    assert (np.diff(head[100:]) <= 0).all()
    np.testing.assert_allclose(encoder, 0.5 * head, rtol=1e-6)
    np.testing.assert_allclose(embedding, 0.1 * head, rtol=1e-6)


def test_a_group_that_starts_late_rises_from_there_and_a_frozen_one_stays_at_zero():
    rates = learning_rates(dataclasses.replace(SETTINGS, unfreeze=(0.5, 1.0)), total_steps=100)
    head, encoder, embedding = rates.T
    assert not encoder[:50].any()
    assert 0 < encoder[50] < encoder[55]
    np.testing.assert_allclose(encoder[60:], 0.5 * head[60:], rtol=1e-6)
    assert not embedding.any()


def test_which_groups_train_and_from_when():
    def starts(**changes):
        return start_steps(dataclasses.replace(SETTINGS, **changes), total_steps=200)

    assert starts() == {"head": 0, "encoder": 0, "embedding": 0}
    assert starts(unfreeze=NEVER) == {"head": 0}
    assert starts(unfreeze=TOP_DOWN) == {"head": 0, "encoder": 40, "embedding": 80}
    assert starts(embedding_rate=0.0) == {"head": 0, "encoder": 0}
