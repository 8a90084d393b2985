"""Strategies against imbalance in the training loop, on texts in which one word decides."""

import dataclasses

import jax
import numpy as np

from sentiment.models.classifier import apply_fn, flatten, fresh_params
from sentiment.models.encoders import EncoderConfig
from sentiment.models.tokenizer import TokenTable
from sentiment.training.augmentation import Augmenter
from sentiment.training.fit import Examples, Trainer
from sentiment.training.imbalance import plan_imbalance
from sentiment.training.optimizer import FitSettings

CONFIG = EncoderConfig(vocab_size=40, embed=8, widths=(1, 2), filters=6)
SETTINGS = FitSettings(epochs=3, batch_size=16, learning_rate=5e-3, max_length=16, patience=100, seed=3)


def examples(n: int, *, rare: int, seed: int) -> Examples:
    rng = np.random.default_rng(seed)
    words = rng.integers(6, 40, (n, 8)).astype(np.int32)
    labels = (np.arange(n) < rare).astype(np.int64)
    words[labels == 1, 0] = 5
    return Examples(TokenTable(words.ravel(), np.arange(0, 8 * n + 1, 8)), labels)


def trainer(strategy: str, *, validated: bool = True, **changes) -> Trainer:
    train = examples(120, rare=8, seed=0)
    plan = plan_imbalance(strategy, train.labels, n_classes=2)
    names = [f"word{i}" for i in range(40)]
    augmenter = Augmenter(train.tokens, train.labels, starts=np.ones(960, bool), names=names, vectors=None)
    return Trainer(
        apply_fn(CONFIG, 2),
        fresh_params(CONFIG, 2, seed=0),
        train=train,
        validation=examples(60, rare=4, seed=1) if validated else None,
        plan=plan,
        settings=dataclasses.replace(SETTINGS, **changes),
        vary=augmenter.vary_repeats if plan.augments else None,
    )


def test_adjusting_afterwards_changes_the_head_s_bias_and_nothing_else():
    """Without validation the last weights are kept in both, so all else must be bit-identical."""
    runs = {name: flatten(trainer(name, validated=False).run().params) for name in ("none", "posthoc-adjustment")}
    plain, adjusted = runs["none"], runs["posthoc-adjustment"]
    for path, value in plain.items():
        assert np.array_equal(value, adjusted[path]) == (path != "head/bias"), path
    np.testing.assert_allclose(adjusted["head/bias"] - plain["head/bias"], [0.0, np.log(112 / 8)], rtol=1e-4)


def test_validation_judges_what_will_predict():
    """The score of the kept weights is the one that their own predictions give."""
    made = trainer("posthoc-adjustment", epochs=12, learning_rate=2e-2)
    result = made.run()
    validation = examples(60, rare=4, seed=1)
    probs = made.predict(result.params, validation.tokens)
    loss = -np.log(probs[np.arange(60), validation.labels]).mean()
    np.testing.assert_allclose(result.loss, loss, rtol=1e-4)
    best = made.best_params()
    assert all(np.array_equal(a, b) for a, b in zip(jax.tree.leaves(best), jax.tree.leaves(result.params), strict=True))


def test_an_augmented_run_resumes_as_if_it_had_never_stopped(tmp_path):
    whole = trainer("augment").run()
    calls = iter(range(1000))
    first = trainer("augment").run(should_stop=lambda: next(calls) >= 17, checkpoints=tmp_path)
    assert first.stopped == "asked"
    second = trainer("augment").run(checkpoints=tmp_path)
    assert all(
        np.array_equal(a, b) for a, b in zip(jax.tree.leaves(whole.params), jax.tree.leaves(second.params), strict=True)
    )


def test_augmentation_is_not_oversampling():
    same = [
        np.array_equal(a, b)
        for a, b in zip(
            jax.tree.leaves(trainer("augment").run().params),
            jax.tree.leaves(trainer("oversample").run().params),
            strict=True,
        )
    ]
    assert not all(same)
