"""Settings are checked when they are made, and survive being written down."""

import pytest

from sentiment.errors import UsageError
from sentiment.training.config import BEFORE, FinetuneConfig
from sentiment.training.estimate import choose_batch_size, choose_epochs, estimate_seconds


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"epochs": 0}, "epochs is 0"),
        ({"learning_rate": 5.0}, "learning_rate is 5"),
        ({"imbalance": "magic"}, "magic.* not known.*oversample"),
        ({"test_fraction": 0.95}, "test_fraction"),
        ({"test_fraction": 0.6, "validation_fraction": 0.4}, "Test and validation together take 100%"),
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


def test_the_estimate_is_a_range_that_grows_and_learns_from_the_past():
    config = FinetuneConfig()
    small, large = (estimate_seconds(n, mean_tokens=20, config=config) for n in (500, 50_000))
    assert small[0] < small[1] < large[1]
    slow = estimate_seconds(50_000, mean_tokens=20, config=config, past=(3.0, 2.9, 3.1))
    assert slow[1] - 20 == pytest.approx(3.0 * (large[1] - 20))
