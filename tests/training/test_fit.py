"""The loop: it learns, it freezes what it should, it stops when asked, and resuming equals never having stopped."""

import dataclasses

import jax
import numpy as np
import optax
import pytest

from sentiment.errors import RunError
from sentiment.models.classifier import apply_fn, flatten, fresh_params
from sentiment.models.encoders import EncoderConfig
from sentiment.models.tokenizer import TokenTable
from sentiment.training.checkpoint import load_checkpoint, save_checkpoint
from sentiment.training.fit import Examples, Trainer
from sentiment.training.imbalance import plan_imbalance
from sentiment.training.optimizer import FitSettings, make_optimizer

CONFIG = EncoderConfig(vocab_size=40, embed=8, widths=(1, 2), filters=6)
SETTINGS = FitSettings(epochs=4, batch_size=16, learning_rate=5e-3, max_length=16, patience=100, seed=3)


def examples(n: int, *, seed: int) -> Examples:
    """Texts of random words in which word 5 means class 1."""
    rng = np.random.default_rng(seed)
    lengths = rng.integers(3, 12, n)
    ids = rng.integers(6, 40, lengths.sum()).astype(np.int32)
    starts = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
    labels = rng.integers(0, 2, n)
    ids[starts[:-1][labels == 1]] = 5
    return Examples(TokenTable(ids, starts), labels)


def trainer(settings: FitSettings = SETTINGS, **changes) -> Trainer:
    train = examples(96, seed=0)
    return Trainer(
        apply_fn(CONFIG, 2),
        fresh_params(CONFIG, 2, seed=0),
        train=train,
        validation=examples(40, seed=1),
        plan=plan_imbalance("none", train.labels, n_classes=2),
        settings=dataclasses.replace(settings, **changes),
    )


def equal(one, other) -> bool:
    return all(np.array_equal(a, b) for a, b in zip(jax.tree.leaves(one), jax.tree.leaves(other), strict=True))


def test_it_finds_the_word_that_decides():
    result = trainer(epochs=40, learning_rate=2e-2).run()
    assert result.macro_f1 > 0.9
    assert result.stopped == "finished"


def test_the_same_seed_gives_the_same_weights_and_another_seed_others():
    one, again, other = trainer().run(), trainer().run(), trainer(seed=4).run()
    assert equal(one.params, again.params)
    assert not equal(one.params, other.params)


def test_a_frozen_part_stays_bit_identical_and_the_head_moves():
    start = flatten(fresh_params(CONFIG, 2, seed=0))
    after = flatten(trainer(encoder_rate=0.0, embedding_rate=0.0, average=0.0).run().params)
    for path, value in start.items():
        assert np.array_equal(value, after[path]) == (not path.startswith("head/")), path


@pytest.mark.parametrize("asked_at", [1, 7, 11])
def test_resuming_equals_never_having_stopped(tmp_path, asked_at):
    whole = trainer().run()
    calls = iter(range(1000))
    first = trainer().run(should_stop=lambda: next(calls) >= asked_at, checkpoints=tmp_path)
    assert first.stopped == "asked"
    kinds = []
    second = trainer().run(checkpoints=tmp_path, on_progress=lambda progress, _: kinds.append(progress.kind))
    assert kinds[0] == "resumed"
    assert equal(whole.params, second.params)
    assert (second.macro_f1, second.step) == (whole.macro_f1, whole.step)


def test_it_keeps_the_best_weights_and_ends_early():
    result = trainer(epochs=200, patience=3, learning_rate=3e-2).run()
    assert result.stopped == "early"
    assert result.step < trainer(epochs=200).total_steps
    scored = trainer()
    probs = scored.predict(result.params, examples(40, seed=1).tokens)
    assert probs.shape == (40, 2)
    np.testing.assert_allclose(probs.sum(axis=1), 1.0, rtol=1e-5)


def test_stopping_before_the_first_validation_still_gives_a_score():
    calls = iter(range(1000))
    result = trainer().run(should_stop=lambda: next(calls) >= 2)
    assert result.step == 2
    assert result.macro_f1 is not None


def test_weight_decay_shrinks_weights_at_zero_gradient_but_no_embedding():
    params = fresh_params(CONFIG, 2, seed=0)
    optimizer = make_optimizer(dataclasses.replace(SETTINGS, weight_decay=0.1))
    zeros = jax.tree.map(np.zeros_like, params)
    updates, _ = optimizer.update(zeros, optimizer.init(params), params)
    after, before = flatten(optax.apply_updates(params, updates)), flatten(params)
    assert np.linalg.norm(after["head/kernel"]) < np.linalg.norm(before["head/kernel"])
    assert np.linalg.norm(after["encoder/convolutions/0/kernel"]) < np.linalg.norm(
        before["encoder/convolutions/0/kernel"]
    )
    np.testing.assert_array_equal(after["encoder/embedding/embedding"], before["encoder/embedding/embedding"])


def test_progress_counts_up_and_reports_every_validation():
    seen = []
    trainer().run(on_progress=lambda progress, _: seen.append(progress))
    validations = [progress for progress in seen if progress.kind == "validation"]
    assert [progress.epoch for progress in validations] == [1, 2, 3, 4]
    assert all(progress.total_steps == 24 for progress in seen)
    assert [progress.step for progress in seen] == sorted(progress.step for progress in seen)


def test_a_damaged_checkpoint_is_noticed_and_the_one_before_is_used(tmp_path):
    tree = {"a": {"x": np.arange(3.0)}}
    for step in (1, 2, 3):
        save_checkpoint(tmp_path, step=step, trees=tree, meta={"note": step})
    files = sorted(tmp_path.glob("*.safetensors"))
    assert len(files) == 2
    content = bytearray(files[-1].read_bytes())
    content[-1] ^= 1
    files[-1].write_bytes(content)
    trees, meta = load_checkpoint(tmp_path, like=tree)
    assert meta == {"note": 2, "step": 2}
    np.testing.assert_array_equal(trees["a"]["x"], np.arange(3.0))


def test_a_checkpoint_of_another_model_names_both_sides(tmp_path):
    save_checkpoint(tmp_path, step=1, trees={"a": np.zeros(3)}, meta={})
    with pytest.raises(RunError, match=r"\(3,\), expected \(4,\)"):
        load_checkpoint(tmp_path, like={"a": np.zeros(4)})
    assert load_checkpoint(tmp_path / "none", like={"a": np.zeros(4)}) is None
