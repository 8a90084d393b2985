"""What tokens add to the log-odds: they sum to the whole, stand at their places, and name the word that decides."""

import numpy as np
import pytest

from sentiment.models.attribution import attribute
from sentiment.models.baselines import LinearModel, Rows, fit_baseline
from sentiment.models.linear_attribution import attribute_linear
from sentiment.models.neighbours import find_neighbours
from sentiment.models.registry import BASELINES
from tests import planted

TEXTS = ["the phone came with zorgle and two cables", "i use this blefty at work", "the box", "zorglex box"]


def odds_of(probs: np.ndarray, target: int) -> float:
    return float(np.log(probs[target]) - np.log(1 - probs[target].astype(np.float64)))


@pytest.mark.parametrize("kind", ["cnn", pytest.param("lstm", marks=pytest.mark.slow)])
def test_the_parts_of_a_network_sum_to_the_change_of_the_log_odds(kind):
    model = planted.network(kind)
    found = attribute(model, TEXTS, [1, 0, 1, -1])
    probs = model(TEXTS)
    for one, own, target in zip(found, probs, [1, 0, 1, int(probs[3].argmax())], strict=True):
        np.testing.assert_allclose(one.probs, own, atol=1e-5)
        assert one.reached == pytest.approx(odds_of(own, target), abs=1e-3)  # calibrated: the temperature is in it
        assert one.scores.sum() == pytest.approx(one.reached - one.blank, abs=0.05)


def test_more_steps_miss_less():
    model = planted.network("cnn")
    missed = []
    for steps in (2, 32):
        found = attribute(model, TEXTS, [-1] * len(TEXTS), steps=steps)
        missed.append(sum(abs(one.scores.sum() - one.reached + one.blank) for one in found))
    assert missed[1] < missed[0] / 4


@pytest.mark.parametrize("kind", ["cnn", pytest.param("lstm", marks=pytest.mark.slow)])
def test_padding_and_company_change_no_score(kind):
    model = planted.network(kind)
    (alone,) = attribute(model, TEXTS[:1], [1])
    among = attribute(model, [" ".join(planted.FILLING), *TEXTS[:2]], [1, 1, 0])[1]
    np.testing.assert_allclose(alone.scores, among.scores, atol=1e-4)


@pytest.mark.parametrize("kind", ["cnn", pytest.param("lstm", marks=pytest.mark.slow)])
def test_the_planted_word_is_found(kind):
    texts, labels = planted.texts_and_labels(40, seed=5)
    for text, found in zip(texts, attribute(planted.network(kind), texts, labels.tolist(), steps=8), strict=True):
        start, end = found.spans[int(found.scores.argmax())]
        assert text[start:end] in ("zorgle", "blefty")


def test_tokens_stand_where_they_are_in_the_text():
    text = "👍🏽 İ <br />ZORGLE\ud800 the http://x.y/zorgle\u200b café box"
    (found,) = attribute(planted.network("cnn"), [text], [1])
    read = [text[start:end] for start, end in found.spans]
    assert [word for word in read if word.isascii() and word.isalpha()] == ["ZORGLE", "the", "box"]
    assert "<" not in "".join(read)


def test_of_a_long_text_both_ends_are_read_and_the_rest_is_counted():
    text = " ".join(["zorgle", *["the"] * 30, "blefty"])
    (found,) = attribute(planted.network("cnn"), [text], [1])
    assert len(found.spans) == 16
    assert found.n_cut == 16
    assert text[slice(*found.spans[0])] == "zorgle"
    assert text[slice(*found.spans[-1])] == "blefty"


def test_a_text_without_a_word_has_no_scores():
    (found,) = attribute(planted.network("cnn"), [""], [1])
    assert (found.spans, len(found.scores)) == ([], 0)
    assert found.reached == pytest.approx(found.blank, abs=1e-5)


@pytest.fixture(scope="module")
def three_classes() -> dict[str, LinearModel]:
    texts = ["good film", "a good good one", "bad film", "so bad", "just a film", "a film on the one film"] * 3
    rows = Rows(texts, np.array([1, 1, 0, 0, 2, 2] * 3))
    return {name: fit_baseline(name, rows, classes=("negative", "positive", "neutral")) for name in BASELINES}


@pytest.mark.parametrize("name", BASELINES)
@pytest.mark.parametrize("text", ["A good film, not bad. GOOD film!", "İ good", "", "x " * 6_000 + "good"])
@pytest.mark.parametrize("target", [0, 1, 2])
def test_a_simple_model_is_explained_exactly(three_classes, name, text, target):
    model = three_classes[name]
    found = attribute_linear(model, text, target)
    probs, empty = model([text, ""]).astype(np.float64)
    np.testing.assert_allclose(found.probs, probs, atol=1e-5)
    assert found.scores.sum() == pytest.approx(found.reached - found.blank, abs=1e-6)
    assert found.reached == pytest.approx(odds_of(probs, target), abs=2e-3)
    assert found.blank == pytest.approx(odds_of(empty, target), abs=2e-3)


def test_n_grams_stand_where_they_are_in_the_text(three_classes):
    vocabulary = three_classes["tfidf-words"].features.vocabulary
    text = "İ İ Good  FILM, a good film"
    columns, starts, stops = vocabulary.find(text)
    found = [
        (vocabulary.terms[column], text[start:stop]) for column, start, stop in zip(columns, starts, stops, strict=True)
    ]
    assert ("good", "Good") in found
    assert ("good film", "Good  FILM") in found
    assert all(term == " ".join(place.lower().split()) for term, place in found)
    assert [len(part) for part in vocabulary.find("")] == [0, 0, 0]


def test_of_very_long_texts_the_places_are_those_of_both_ends(three_classes):
    text = "good " + "x" * 20_000 + " bad"
    vocabulary = three_classes["tfidf-words"].features.vocabulary
    columns, starts, stops = vocabulary.find(text)
    found = {
        vocabulary.terms[column]: text[start:stop] for column, start, stop in zip(columns, starts, stops, strict=True)
    }
    assert found == {"good": "good", "bad": "bad"}


def test_near_words_are_others_of_the_vocabulary():
    names = find_neighbours(planted.network("cnn"), ["Zorgle", "unheard", "the"])
    assert names[1] == []
    known = set(planted.FILLING) | {"blefty", "fine"}
    assert set(names[0]) <= known
    assert "the" not in names[2]
    assert find_neighbours(planted.linear("tfidf-words"), ["zorgle"]) == [[]]
