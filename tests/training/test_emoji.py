"""Emoji start from what they mean, and change nothing for texts without any."""

import dataclasses

import numpy as np
import pytest

from sentiment.models.classifier import EMBEDDING, flatten, unflatten
from sentiment.models.predictor import Predictor, load_predictor
from sentiment.models.registry import SHIPPED
from sentiment.models.store import load_model
from sentiment.models.tokenizer import UNKNOWN
from sentiment.training.emoji import add_emoji, emoji_meanings
from tests.planted import FILLING, network

NAMES = ("en-cnn-news", "en-cnn-reviews", "en-rnn-reviews")
FRAMES = ("{}", "It arrived today {}", "my order {} {}")


def test_every_emoji_is_one_character_with_a_meaning():
    meanings = emoji_meanings()
    assert len(meanings) >= 350
    assert all(len(emoji) == 1 and name for emoji, (_, name) in meanings.items())
    assert meanings["👍"] == ("excellent good recommend", "thumbs up")


def test_texts_without_emoji_get_the_same_logits_bit_for_bit():
    model = network("cnn").model
    more = add_emoji(model)
    texts = [" ".join(FILLING[:6]), "zorgle fine", "unheard of", ""]
    np.testing.assert_array_equal(Predictor(model)(texts), Predictor(more)(texts))
    assert more.encoder.vocab_size == model.encoder.vocab_size + len(emoji_meanings())


def test_an_emoji_without_a_known_word_is_unknown():
    table = flatten(add_emoji(network("cnn").model).params)[EMBEDDING].astype(np.float16)
    np.testing.assert_array_equal(table[-1], table[UNKNOWN])


def test_what_is_kept_in_half_the_bytes_gives_the_same_again():
    once = add_emoji(network("cnn").model)
    kept = {
        name: np.asarray(value).astype(np.float16).astype(np.float32) for name, value in flatten(once.params).items()
    }
    twice = add_emoji(dataclasses.replace(once, params=unflatten(kept)))
    np.testing.assert_array_equal(flatten(twice.params)[EMBEDDING].astype(np.float16), kept[EMBEDDING])


@pytest.mark.parametrize("name", NAMES)
def test_the_shipped_models_hold_what_the_step_gives(name):
    """It gives the same again, so it can be checked and repeated."""
    model = load_model(SHIPPED / name)
    again = add_emoji(model)
    assert again.tokenizer.to_str() == model.tokenizer.to_str()
    table = flatten(again.params)[EMBEDDING].astype(np.float16)
    np.testing.assert_array_equal(table, flatten(model.params)[EMBEDDING].astype(np.float16))
    assert sum(file.stat().st_size for file in (SHIPPED / name).iterdir()) < 10_000_000


@pytest.mark.parametrize("name", NAMES)
def test_a_base_model_knows_good_signs_from_bad_ones(name):
    predict = load_predictor(SHIPPED / name)
    good, bad = (predict.classes.index(label) for label in ("positive", "negative"))
    for emoji, above in [*((one, True) for one in "😍👍❤🎉😊"), *((one, False) for one in "😡👎💔🤮🙄")]:
        probs = predict([frame.replace("{}", emoji) for frame in FRAMES])
        assert ((probs[:, good] - probs[:, bad]).mean() > 0) == above, emoji
    np.testing.assert_array_equal(*predict(["so 👍🏽 ❤️", "so 👍 ❤"]))
