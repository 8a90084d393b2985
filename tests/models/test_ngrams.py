"""N-grams: the same counts as scikit-learn's, in every script, and a vocabulary that comes back as it was."""

import re

import numpy as np
import pytest
from sklearn.feature_extraction.text import CountVectorizer

from sentiment.models import ngrams
from sentiment.models.ngrams import GramSettings, learn_vocabulary, restore_vocabulary

TEXTS = [
    "Good, GOOD film!! I don't",
    "",
    " \t ",
    "a  b\n\n c",
    "😀good😀",
    "好吃 不好吃",
    "नमस्ते दुनिया",
    "naïve façade",
    "zero\u200bwidth",
    "lone \ud800 surrogate",
]
WORDS, CHARS = GramSettings("word", 1, 2), GramSettings("char", 1, 3)


def count(texts, settings, **limits):
    vocabulary = learn_vocabulary(texts, settings, **{"min_texts": 1, "max_terms": 10_000, **limits})
    return vocabulary, vocabulary.count(texts).toarray()


@pytest.mark.parametrize(
    ("settings", "options"),
    [
        (WORDS, {"token_pattern": r"[a-z0-9_]+|[!?]", "ngram_range": (1, 2)}),
        (CHARS, {"analyzer": "char", "ngram_range": (1, 3)}),
        (GramSettings("char", 2, 5), {"analyzer": "char", "ngram_range": (2, 5)}),
    ],
)
def test_counts_equal_those_of_scikit_learn(settings, options):
    texts = ["Good, good film!! Not bad.", "", "x", "not good at all", "Bad  bad film; 3.5 of 10", "!!"]
    vocabulary, counts = count(texts, settings)
    theirs = CountVectorizer(**options).fit(texts)
    spelled = (lambda term: re.sub(r"[^\w!?]", "", term)) if settings.unit == "word" else str
    table = theirs.transform(texts).toarray()
    expected = {spelled(term): table[:, place] for term, place in theirs.vocabulary_.items()}
    assert {spelled(term) for term in vocabulary.terms} == set(expected)
    for place, term in enumerate(vocabulary.terms):
        np.testing.assert_array_equal(counts[:, place], expected[spelled(term)], term)


def test_no_gram_reaches_from_one_text_into_the_next():
    vocabulary, _ = count(["good", "film", "很", "好"], WORDS)
    assert set(vocabulary.terms) == {"good", "film", "很", "好"}


def test_marks_that_tell_count_and_others_separate():
    vocabulary, _ = count(["So,good!? 😀 :("], GramSettings("word", 1, 1))
    assert set(vocabulary.terms) == {"so", "good", "!", "?", "😀"}


def test_what_is_written_without_spaces_is_counted_by_character_and_a_word_keeps_its_marks():
    vocabulary, _ = count(["不好吃", "दुनिया"], WORDS)
    assert set(vocabulary.terms) == {"不", "好", "吃", "不好", "好吃", "दुनिया"}


@pytest.mark.parametrize("settings", [WORDS, CHARS])
def test_a_vocabulary_comes_back_from_its_terms(settings):
    vocabulary, counts = count(TEXTS, settings)
    again = restore_vocabulary(vocabulary.terms, settings)
    np.testing.assert_array_equal(again.codes, vocabulary.codes)
    np.testing.assert_array_equal(again.count(TEXTS).toarray(), counts)


@pytest.mark.parametrize("terms", [["a b c"], ["good", "good"], [""], ["good", "GOOD film now"]])
def test_terms_that_are_no_vocabulary_are_refused(terms):
    with pytest.raises(ValueError, match="no vocabulary"):
        restore_vocabulary(terms, WORDS)


def test_chunks_change_nothing(monkeypatch):
    whole, counts = count(TEXTS * 5, CHARS, min_texts=2)
    monkeypatch.setattr(ngrams, "_CHUNK_CHARS", 7)
    parts, again = count(TEXTS * 5, CHARS, min_texts=2)
    assert parts.terms == whole.terms
    np.testing.assert_array_equal(counts, again)


def test_rare_terms_are_left_out_and_the_most_widespread_kept():
    texts = ["a b", "a c", "a b", "a a d"]
    assert set(count(texts, GramSettings("word", 1, 1), min_texts=2)[0].terms) == {"a", "b"}
    assert count(texts, GramSettings("word", 1, 1), max_terms=1)[0].terms == ("a",)


def test_of_a_very_long_text_start_and_end_are_read():
    vocabulary, _ = count(["first " + "x " * 20_000 + "last"], GramSettings("word", 1, 1))
    assert set(vocabulary.terms) == {"first", "x", "last"}
