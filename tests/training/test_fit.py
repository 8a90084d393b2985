"""The loop: it learns, it freezes what it should, it stops when asked, and resuming equals never having stopped."""

import dataclasses

import jax
import numpy as np
import pytest
from jax.experimental.compilation_cache import compilation_cache
from safetensors.numpy import load_file
from sklearn.metrics import f1_score

from sentiment.errors import RunError
from sentiment.models.classifier import apply_fn, flatten, fresh_params
from sentiment.models.encoders import EncoderConfig
from sentiment.models.tokenizer import TokenTable
from sentiment.training.checkpoint import load_checkpoint, save_checkpoint
from sentiment.training.fit import Examples, Trainer
from sentiment.training.imbalance import plan_imbalance
from sentiment.training.optimizer import AT_ONCE, NEVER, TOP_DOWN, FitSettings
from sentiment.training.scores import macro_f1
from tests.training.random_texts import random_texts

CONFIG = EncoderConfig(vocab_size=40, embed=8, widths=(1, 2), filters=6)
SETTINGS = FitSettings(epochs=4, batch_size=16, learning_rate=5e-3, max_length=16, patience=100, seed=3)


@pytest.fixture(autouse=True, scope="module")
def compiled_once(tmp_path_factory):
    """Trainers of the same shapes find each other's programs, as runs do."""
    names = ("jax_compilation_cache_dir", "jax_persistent_cache_min_compile_time_secs")
    before = {name: getattr(jax.config, name) for name in names}
    for name, value in zip(names, (str(tmp_path_factory.mktemp("programs")), 0.0), strict=True):
        jax.config.update(name, value)
    compilation_cache.reset_cache()
    yield
    for name, value in before.items():
        jax.config.update(name, value)
    compilation_cache.reset_cache()


def examples(n: int, *, seed: int) -> Examples:
    return Examples(*random_texts(n, seed=seed, n_ids=40))


def trainer(*, apply=None, params=None, validation="some", vary=None, **changes) -> Trainer:
    train = examples(96, seed=0)
    return Trainer(
        apply or apply_fn(CONFIG, 2),
        params or fresh_params(CONFIG, 2, seed=0),
        train=train,
        validation=validation and examples(40, seed=1),
        plan=plan_imbalance("none", train.labels, n_classes=2),
        settings=dataclasses.replace(SETTINGS, **changes),
        vary=vary,
    )


def equal(one, other) -> bool:
    return all(np.array_equal(a, b) for a, b in zip(jax.tree.leaves(one), jax.tree.leaves(other), strict=True))


def test_it_finds_the_word_that_decides():
    result = trainer(epochs=25, learning_rate=3e-2).run()
    assert result.macro_f1 > 0.9
    assert result.stopped == "finished"


def test_the_same_seed_gives_the_same_weights_and_another_seed_others():
    one, again, other = trainer().run(), trainer().run(), trainer(seed=4).run()
    assert equal(one.params, again.params)
    assert not equal(one.params, other.params)


@pytest.mark.parametrize("frozen", [{"encoder_rate": 0.0, "embedding_rate": 0.0}, {"unfreeze": NEVER}])
def test_a_frozen_part_stays_bit_identical_and_has_no_state_and_the_head_moves(tmp_path, frozen):
    start = flatten(fresh_params(CONFIG, 2, seed=0))
    after = flatten(trainer(average=0.0, **frozen).run(checkpoints=tmp_path).params)
    for path, value in start.items():
        assert np.array_equal(value, after[path]) == (not path.startswith("head/")), path
    kept = load_file(max(tmp_path.glob("*.safetensors")))
    assert len([name for name in kept if name.startswith("adam/")]) == 5  # a count, and two moments of kernel and bias


def test_the_starting_weights_are_left_as_they_were():
    start = jax.tree.map(np.array, fresh_params(CONFIG, 2, seed=0))
    before = jax.tree.map(np.copy, start)
    trainer(params=start).run()
    assert equal(start, before)


def test_with_the_encoder_frozen_each_text_is_read_once():
    read = []
    plain = apply_fn(CONFIG, 2)

    def counting(params, inputs, *, method="__call__", **options):
        jax.debug.callback(lambda: read.append(method))
        return plain(params, inputs, method=method, **options)

    trainer(apply=counting, unfreeze=NEVER).run()
    jax.effects_barrier()
    assert read.count("vectors") == 3  # 96 training rows and 40 for validation, 64 at once
    assert read.count("__call__") == 0
    assert read.count("logits_from_vectors") == 24 + 4  # each step, and each of four validations


def test_the_head_on_kept_vectors_learns_what_it_learns_on_texts(monkeypatch):
    plain = {"unfreeze": NEVER, "dropout": 0.0, "word_dropout": 0.0}
    kept = trainer(**plain).run()
    monkeypatch.setattr("sentiment.training.fit._VECTOR_BYTES", 0)
    made = trainer(**plain).run()
    for one, other in zip(jax.tree.leaves(kept.params), jax.tree.leaves(made.params), strict=True):
        np.testing.assert_allclose(one, other, atol=1e-5)
    assert kept.macro_f1 == made.macro_f1


def test_gradual_unfreezing_moves_the_head_then_the_encoder_then_the_embeddings():
    seen = {}

    def look(progress, loop):
        seen[progress.step] = flatten(jax.tree.map(np.copy, loop.best_params()))

    # Without validation rows the weights of each epoch are looked at as they are.
    trainer(unfreeze=(0.5, 0.75), average=0.0, validation=None).run(on_progress=look)
    start = flatten(fresh_params(CONFIG, 2, seed=0))
    moved = {
        step: {path for path, value in weights.items() if not np.array_equal(value, start[path])}
        for step, weights in seen.items()
    }
    head = {path for path in start if path.startswith("head/")}
    assert moved[6] == moved[12] == head
    assert moved[18] == {path for path in start if not path.startswith("encoder/embedding/")}
    assert "encoder/embedding/embedding" in moved[24]


@pytest.mark.parametrize(
    ("unfreeze", "asked_at"), [(AT_ONCE, 1), (AT_ONCE, 7), (NEVER, 7), (TOP_DOWN, 3), (TOP_DOWN, 7), (TOP_DOWN, 11)]
)
def test_resuming_equals_never_having_stopped(tmp_path, unfreeze, asked_at):
    changes = {"unfreeze": unfreeze, "pull": 0.01}
    whole = trainer(**changes).run()
    calls = iter(range(1000))
    first = trainer(**changes).run(should_stop=lambda: next(calls) >= asked_at, checkpoints=tmp_path)
    assert first.stopped == "asked"
    kinds = []
    second = trainer(**changes).run(checkpoints=tmp_path, on_progress=lambda progress, _: kinds.append(progress.kind))
    assert kinds[0] == "resumed"
    assert equal(whole.params, second.params)
    assert (second.macro_f1, second.step) == (whole.macro_f1, whole.step)


def test_asked_before_the_first_step_it_leaves_nothing_to_go_on_from(tmp_path):
    assert trainer().run(should_stop=lambda: True, checkpoints=tmp_path).step == 0
    assert not list(tmp_path.iterdir())
    steps = []
    trainer().run(checkpoints=tmp_path, on_progress=lambda progress, _: steps.append((progress.kind, progress.step)))
    assert steps[0] == ("resumed", 0)


def test_it_keeps_the_best_weights_and_ends_early(tmp_path):
    settings = {"epochs": 200, "patience": 3, "learning_rate": 3e-2}
    result = trainer(**settings).run(checkpoints=tmp_path)
    assert result.stopped == "early"
    again = trainer(**settings).run(checkpoints=tmp_path)  # interrupted later, it has nothing left to learn
    assert (again.stopped, again.step) == ("early", result.step)
    assert equal(again.params, result.params)
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


def test_variations_are_shown_with_the_labels_of_the_texts_they_come_from():
    """Variations that say nothing of the class teach nothing; texts that are shown as they are teach what they did."""
    train = examples(96, seed=0)

    def nothing_left(rows, *, rng):
        blank = TokenTable(np.full(len(rows), 6, np.int32), np.arange(len(rows) + 1))
        ids = np.concatenate([train.tokens.ids, blank.ids])
        starts = np.concatenate([train.tokens.starts, len(train.tokens.ids) + blank.starts[1:]])
        return TokenTable(ids, starts), np.concatenate([np.arange(96), rows]), 96 + np.arange(len(rows))

    def as_they_are(rows, *, rng):
        return train.tokens, np.arange(96), rows

    plain = trainer(epochs=25, learning_rate=3e-2).run()
    assert equal(trainer(epochs=25, learning_rate=3e-2, vary=as_they_are).run().params, plain.params)
    assert trainer(epochs=25, learning_rate=3e-2, vary=nothing_left).run().loss > 0.6


def test_a_strong_pull_holds_the_weights_where_they_start():
    start = flatten(fresh_params(CONFIG, 2, seed=0))

    def moved(group: str, **changes) -> float:
        loop = trainer(epochs=15, learning_rate=1e-2, weight_decay=0.0, validation=None, **changes)
        after = flatten(loop.run().params)
        return sum(np.abs(after[path] - start[path]).sum() for path in start if path.startswith(group))

    assert moved("encoder/", pull=10.0) < 0.1 * moved("encoder/")
    assert moved("head/", pull=10.0, pulled=("encoder", "embedding")) > 0.5 * moved("head/")


def test_smoothed_labels_keep_a_model_from_being_sure():
    sure = trainer(epochs=25, learning_rate=3e-2)
    unsure = trainer(epochs=25, learning_rate=3e-2, label_smoothing=0.4)
    tokens = examples(40, seed=1).tokens
    probs = [loop.predict(loop.run().params, tokens).max(axis=1).mean() for loop in (sure, unsure)]
    assert probs[0] > 0.9
    assert probs[1] < 0.85  # the target is 0.8


def test_macro_f1_is_that_of_scikit_learn_over_the_classes_that_occur():
    rng = np.random.default_rng(0)
    labels, predictions = rng.integers(0, 3, 200), rng.integers(0, 5, 200)
    predictions[labels == 2] = 0
    expected = f1_score(labels, predictions, labels=[0, 1, 2], average="macro", zero_division=0.0)
    assert macro_f1(labels, predictions) == pytest.approx(expected)


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


def test_a_group_that_starts_late_has_its_chance_before_training_ends_early():
    """Nothing better comes while the head alone trains; that is no reason to end before the encoder does."""
    started = trainer(unfreeze=(0.5, 0.5), epochs=40, patience=2, learning_rate=1e-12)
    result = started.run()
    assert result.stopped == "early"
    assert started._state.step > 0.5 * started.total_steps
