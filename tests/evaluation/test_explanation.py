"""Words of a text, what they add up to, edits of a text: with models made up for the purpose."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sentiment.evaluation.explanation import log_odds, occlude, share_out
from sentiment.evaluation.explanation_faithfulness import deletion_area, deletion_curve
from sentiment.evaluation.explanation_flip import apply_edits, find_flip
from sentiment.evaluation.explanation_words import (
    find_words,
    keep_ends,
    merge_spans,
    replaced,
    sum_by_span,
    without,
)

WEIGHTS = {"good": 2.0, "great": 3.0, "bad": -2.0, "awful": -3.0, "not": -1.0}


def bag_of_words(texts):
    """A model whose log-odds are the sum of its words' weights, less a half."""
    odds = np.array([sum(WEIGHTS.get(word.strip(".,!"), 0.0) for word in text.lower().split()) for text in texts]) - 0.5
    positive = 1 / (1 + np.exp(-odds))
    return np.stack([1 - positive, positive], axis=1).astype(np.float32)


def words_of(text: str) -> list[str]:
    return [text[start:end] for start, end in find_words(text)]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("I don't like it!!!", ["I", "don't", "like", "it", "!!!"]),
        ("It’s 4.5 stars, OK?", ["It’s", "4.5", "stars", ",", "OK", "?"]),
        ("'quoted'", ["'", "quoted", "'"]),
        ("<b>x</b> :red[y] $$", ["<", "b", ">", "x", "<", "/", "b", ">", ":", "red", "[", "y", "]", "$$"]),
        ("质量很好，我喜欢", ["质量", "很", "好", "，", "我", "喜欢"]),
        ("שלום עולם", ["שלום", "עולם"]),
        ("مرحبا بالعالم", ["مرحبا", "بالعالم"]),
        ("کتاب\u200cها", ["کتاب\u200cها"]),
        ("हिन्दी भाषा", ["हिन्दी", "भाषा"]),
        ("cafe\u0301 café", ["cafe\u0301", "café"]),
        ("👍🏽 👨‍👩‍👧 ❤️ 🇩🇪🇫🇷", ["👍🏽", "👨‍👩‍👧", "❤️", "🇩🇪", "🇫🇷"]),
        ("hid\u00adden a\u200bb", ["hid\u00adden", "a\u200bb"]),
        ("a\ud800b", ["a", "\ud800", "b"]),
        ("", []),
        (" \n\t", []),
    ],
)
def test_words_stay_whole_in_any_script(text, words):
    assert words_of(text) == words


@given(st.text(max_size=60))
def test_words_and_white_space_make_up_the_whole_text(text):
    spans = find_words(text)
    assert [start for start, _ in spans[1:]] >= [end for _, end in spans[:-1]]
    assert all(start < end for start, end in spans)
    places = {place for start, end in spans for place in range(start, end)}
    assert all(text[place].isspace() for place in range(len(text)) if place not in places)


@given(st.text(alphabet="ab 质量很好'!", max_size=20), st.data())
def test_no_token_reaches_over_a_unit_and_none_is_cut(text, data):
    spans = find_words(text)
    inside = [place for start, end in spans for place in range(start, end)]
    tokens = []
    for _ in range(data.draw(st.integers(0, 4)) if inside else 0):
        start = data.draw(st.sampled_from(inside))
        tokens.append((start, start + data.draw(st.integers(1, 3))))
    units = merge_spans(spans, tokens)
    unit_of = {place: unit for unit in units for place in range(*unit)}
    for start, end in [*spans, *tokens]:
        assert len({unit_of[place] for place in range(start, end) if place in inside}) == 1


def test_a_token_over_two_words_makes_them_one():
    assert merge_spans([(0, 2), (2, 3), (3, 4)], [(1, 3)]) == [(0, 3), (3, 4)]
    assert merge_spans([(0, 2), (3, 5)], [(0, 1), (1, 2), (3, 5)]) == [(0, 2), (3, 5)]


def test_pieces_of_a_word_are_summed():
    scores = np.array([1.0, 2.0, 4.0])
    assert sum_by_span([(0, 4), (5, 8)], [(0, 2), (2, 4), (5, 8)], scores).tolist() == [3.0, 4.0]
    assert sum_by_span([], [], np.zeros(0)).tolist() == []


def test_an_n_gram_is_shared_by_its_words_or_by_its_characters():
    spans, pieces, scores = [(0, 1), (2, 11)], [(0, 11)], np.array([1.0])
    assert share_out(spans, pieces, scores, by_word=True).tolist() == [0.5, 0.5]
    assert share_out(spans, pieces, scores, by_word=False).tolist() == [0.1, 0.9]
    assert share_out(spans, [(1, 2)], scores, by_word=False).tolist() == [1.0, 0.0]  # a space alone
    assert share_out([], [(0, 1)], scores, by_word=True).tolist() == []


def test_occlusion_gives_every_word_its_own_weight():
    text = "The price is great but not good, awful."
    spans = find_words(text)
    scores = occlude(bag_of_words, text, spans, 1)
    expected = [WEIGHTS.get(text[start:end], 0.0) for start, end in spans]
    np.testing.assert_allclose(scores, expected, atol=1e-4)
    np.testing.assert_allclose(occlude(bag_of_words, text, spans, 0), -np.array(expected), atol=1e-4)


def test_log_odds_of_certainty_are_finite():
    assert np.isfinite(log_odds(np.array([0.0, 1.0], np.float32))).all()


@pytest.mark.parametrize(
    ("text", "word", "rest"),
    [
        ("a good film", "good", "a film"),
        ("good film", "good", "film"),
        ("a film good", "good", "a film"),
        ("a film good!", "good", "a film!"),
        ("很好的", "好", "很的"),
        ("good", "good", ""),
    ],
)
def test_a_word_is_left_out_with_one_of_its_spaces(text, word, rest):
    start = text.index(word)
    assert without(text, [(start, start + len(word))]) == rest


def test_several_edits_keep_their_places():
    assert replaced("a good long film", [((2, 6), "bad"), ((7, 11), ""), ((0, 1), "one")]) == "one bad film"


def flip_of(text, replacements=lambda words: [[] for _ in words]):
    spans = find_words(text)
    scores = occlude(bag_of_words, text, spans, int(bag_of_words([text]).argmax()))
    return find_flip(bag_of_words, text, spans, scores, replacements=replacements)


def test_one_word_is_enough_where_one_word_is():
    flip = flip_of("a great phone")
    assert [(edit.word, edit.instead) for edit in flip.edits] == [("great", "")]
    assert (flip.said, flip.says, flip.minimal) == (1, 0, True)
    assert flip.text == "a phone"


def test_a_replacement_is_tried_and_written_in_the_same_case():
    flip = flip_of("Bad", lambda words: [["good", "poor"] for _ in words])
    assert [(edit.word, edit.instead) for edit in flip.edits] == [("Bad", "Good")]


def test_two_words_are_found_where_one_is_not_enough_and_no_third_is_taken():
    flip = flip_of("good and good and great , not")
    assert len(flip.edits) == 3
    assert flip.minimal
    before = bag_of_words([flip.text])[0].argmax()
    for edit in flip.edits:
        fewer = [other for other in flip.edits if other != edit]
        assert bag_of_words([apply_edits("good and good and great , not", fewer)])[0].argmax() != before


def test_a_text_that_is_too_long_keeps_both_ends():
    assert keep_ends("abcdefghij", most=10) == "abcdefghij"
    assert keep_ends("abcdefghijk", most=10) == "abcd … ijk"
    assert len(keep_ends("x" * 50_000)) == 20_000


def test_what_cannot_be_flipped_is_left_as_it_is():
    for text in ("phone", "", "the the the"):
        flip = flip_of(text)
        assert (flip.edits, flip.text, flip.says) == ((), text, flip.said)


def test_deleting_what_counts_costs_more_than_deleting_what_does_not():
    text = "the phone is great and good in my hand today"
    spans = find_words(text)
    scores = occlude(bag_of_words, text, spans, 1)
    curve = deletion_curve(bag_of_words, text, spans, scores, target=1)
    assert curve[0] == pytest.approx(bag_of_words([text])[0, 1])
    assert (np.diff(curve) <= 1e-9).all()
    other_way = deletion_curve(bag_of_words, text, spans, -scores, target=1)
    assert deletion_area(curve) > 0.3
    assert deletion_area(other_way) == pytest.approx(0.0, abs=1e-6)
