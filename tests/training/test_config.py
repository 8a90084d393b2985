"""Settings are checked when they are made, and survive being written down."""

import dataclasses

import pytest

from sentiment.errors import UsageError
from sentiment.training.allowed import check_settings, strategies_for
from sentiment.training.config import BEFORE, STRATEGIES, FinetuneConfig
from sentiment.training.estimate import choose_batch_size, choose_epochs, choose_strategy, estimate_seconds, tune_alike


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"epochs": 0}, "epochs is 0"),
        ({"learning_rate": 5.0}, "learning_rate is 5"),
        ({"imbalance": "magic"}, "magic.* not known.*oversample"),
        ({"test_fraction": 0.95}, "test_fraction"),
        ({"test_fraction": 0.6, "validation_fraction": 0.4}, "Test and validation together take 100\u202f%"),
        ({"base": ""}, "No base model"),
        ({"seed": -1}, "seed is -1"),
    ],
)
def test_a_setting_outside_its_range_is_named(settings, words):
    with pytest.raises(UsageError, match=words):
        FinetuneConfig(**settings)


def test_settings_round_trip_and_unknown_ones_are_left_out():
    config = FinetuneConfig(base="en-cnn-news", epochs=3, imbalance="focal")
    assert FinetuneConfig.from_dict({**config.to_dict(), "of_a_newer_version": 1}) == config


def test_settings_from_before_rows_had_languages_stay_as_they_were():
    config = FinetuneConfig(base="en-cnn-news", languages="as-they-are")
    values = config.to_dict()
    del values["languages"], values["vectors"]
    before = FinetuneConfig.from_dict(values)
    assert (before.languages, before.vectors) == (BEFORE, "")
    assert FinetuneConfig.from_dict(before.to_dict()) == before


def test_fewer_rows_get_more_passes_and_smaller_batches():
    config = FinetuneConfig()
    epochs = [choose_epochs(config, n) for n in (40, 2_000, 30_000, 1_000_000)]
    assert epochs == sorted(epochs, reverse=True)
    assert (epochs[0], epochs[-1]) == (40, 2)
    assert choose_epochs(FinetuneConfig(epochs=7), 40) == 7
    assert [choose_batch_size(config, n) for n in (10, 100, 2_000)] == [4, 8, 64]
    assert choose_batch_size(FinetuneConfig(batch_size=2), 2_000) == 2  # as it was asked for


def test_runs_that_are_compared_differ_in_the_strategy_alone():
    config = FinetuneConfig()
    assert tune_alike(config, ["none", "class-weights"]) == config
    for strategy in ("focal", "augment"):
        alike = tune_alike(config, ["none", strategy])
        tuned = {
            choose_strategy(dataclasses.replace(alike, imbalance=name), n_train=500, pretrained=True)[0]
            for name in ("none", strategy)
        }
        assert tuned == {"full"}
        check_settings(dataclasses.replace(alike, imbalance=strategy))
    gradual = FinetuneConfig(strategy="gradual")
    assert tune_alike(gradual, ["none", "focal"]) == gradual
    scratch = FinetuneConfig(base="scratch-cnn")
    assert tune_alike(scratch, ["none", "focal"]) == scratch


def test_the_estimate_is_a_range_that_grows_and_learns_from_the_past():
    config = FinetuneConfig()
    small, large = (estimate_seconds(n, mean_tokens=20, config=config) for n in (500, 50_000))
    assert small[0] < small[1] < large[1]
    slow = estimate_seconds(50_000, mean_tokens=20, config=config, past=(3.0, 2.9, 3.1))
    assert slow[1] - 20 == pytest.approx(3.0 * (large[1] - 20))


def test_a_brought_base_whose_name_begins_with_scratch_is_a_pretrained_one():
    """Only two names begin from nothing; people may call what they bring as they like."""
    assert strategies_for("scratch-shop") == strategies_for("en-cnn-reviews") == tuple(STRATEGIES)
    assert strategies_for("scratch-cnn") == strategies_for("scratch-rnn") == ()
    check_settings(FinetuneConfig(base="scratch-shop", strategy="head"))
    with pytest.raises(UsageError, match="does not go with scratch-rnn"):
        check_settings(FinetuneConfig(base="scratch-rnn", strategy="head"))
    brought, shipped, nothing = (
        estimate_seconds(500, mean_tokens=20, config=FinetuneConfig(base=base))
        for base in ("scratch-shop", "en-cnn-reviews", "scratch-cnn")
    )
    assert brought == shipped < nothing
