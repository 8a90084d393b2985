"""The simple models: their figures by hand and beside scikit-learn's, and what a class without rows gets."""

import numpy as np
import pytest
from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import ComplementNB

from sentiment.models.baselines import Rows, fit_baseline
from sentiment.models.features import average_vectors, learn_vectors
from sentiment.models.linear_store import load_linear, save_linear
from sentiment.models.registry import BASELINES
from sentiment.models.tokenizer import build_tokenizer, encode

TEXTS = ["good film", "a good good one", "bad film", "so bad", "just a film", "a film on the one film"] * 3
LABELS = np.array([1, 1, 0, 0, 2, 2] * 3)
CLASSES = ("negative", "positive", "neutral")
UNSEEN = ["good", "bad one", "", "nothing known ?", "GOOD FILM", "film film film"]


def fit(name: str, labels=LABELS, classes=CLASSES, texts=TEXTS, **options):
    return fit_baseline(name, Rows(texts, np.asarray(labels), **options), classes=classes)


@pytest.mark.parametrize("name", BASELINES)
def test_probabilities_are_whole_rows_for_any_text(name):
    model = fit(name)
    probs = model(UNSEEN)
    assert probs.shape == (len(UNSEEN), 3)
    assert probs.dtype == np.float32
    np.testing.assert_allclose(probs.sum(axis=1), 1.0, rtol=1e-5)
    np.testing.assert_allclose(model(UNSEEN[:1]), probs[:1], rtol=1e-5)
    assert model([]).shape == (0, 3)


@pytest.mark.parametrize("name", [name for name in BASELINES if name not in ("majority", "word-vectors")])
def test_the_word_that_decides_is_found(name):
    assert fit(name)(["good", "bad"]).argmax(axis=1).tolist() == [1, 0]


@pytest.mark.parametrize("name", BASELINES)
def test_a_class_without_a_training_row_is_never_said_and_the_others_keep_their_places(name):
    labels = np.where(LABELS == 1, 3, LABELS)
    probs = fit(name, labels, ("negative", "unseen", "neutral", "positive"))(["good", "bad", ""])
    assert not probs[:, 1].any()
    np.testing.assert_allclose(np.delete(probs, 1, axis=1), fit(name)(["good", "bad", ""])[:, [0, 2, 1]], atol=1e-3)


@pytest.mark.parametrize("name", BASELINES)
def test_texts_that_have_nothing_in_common_teach_the_shares_of_the_classes(name, tmp_path):
    strangers = ["".join(chr(0x13000 + (7 * i + j) % 1000) for j in range(5)) for i in range(60)]
    model = fit(name, [0] * 45 + [1] * 15, ("a", "b"), strangers)
    save_linear(tmp_path, model)
    probs = load_linear(tmp_path)(["anything", strangers[0]])
    np.testing.assert_allclose(probs.sum(axis=1), 1.0, rtol=1e-5)
    if name.startswith("tfidf"):
        np.testing.assert_allclose(probs, [[0.75, 0.25]] * 2, rtol=1e-5)


def test_the_majority_says_the_shares_of_the_weighted_rows():
    probs = fit("majority", [0, 0, 0, 1], ("a", "b"), ["x"] * 4)(["", "anything"])
    np.testing.assert_allclose(probs, [[0.75, 0.25]] * 2, rtol=1e-6)
    weighted = fit("majority", [0, 0, 0, 1], ("a", "b"), ["x"] * 4, weights=np.array([1, 1, 1, 3], np.float32))
    np.testing.assert_allclose(weighted([""]), [[0.5, 0.5]], rtol=1e-6)


@pytest.mark.parametrize(("labels", "classes"), [(LABELS, CLASSES), (np.minimum(LABELS, 1), CLASSES[:2])])
def test_tfidf_equals_that_of_scikit_learn(labels, classes):
    vectorizer = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True, min_df=2, token_pattern=r"\w+|[!?]")
    theirs = LogisticRegression(C=10, max_iter=1000).fit(vectorizer.fit_transform(TEXTS), labels)
    expected = theirs.predict_proba(vectorizer.transform(UNSEEN))
    np.testing.assert_allclose(fit("tfidf-words", labels, classes)(UNSEEN), expected, atol=2e-3)


def test_naive_bayes_equals_that_of_scikit_learn():
    vectorizer = CountVectorizer(ngram_range=(1, 2), binary=True, token_pattern=r"\w+|[!?]")
    theirs = ComplementNB(alpha=0.3).fit(vectorizer.fit_transform(TEXTS), LABELS)
    expected = theirs.predict_proba(vectorizer.transform(UNSEEN))
    np.testing.assert_allclose(fit("naive-bayes")(UNSEEN), expected, atol=1e-5)


def test_a_heavier_row_pulls_the_others_over():
    texts, labels = ["fine", "fine", "fine", "odd"], np.array([0, 0, 1, 1])
    heavy = np.array([1, 1, 9, 1], np.float32)
    plain = fit_baseline("tfidf-words", Rows(texts, labels), classes=("a", "b"))
    weighted = fit_baseline("tfidf-words", Rows(texts, labels, heavy), classes=("a", "b"))
    assert plain(["fine"]).argmax() == 0
    assert weighted(["fine"]).argmax() == 1


def test_word_vectors_are_averaged_over_the_words_of_a_text():
    tokenizer = build_tokenizer(["good", "film"])  # ids 2 and 3
    vectors = np.array([[0, 0], [5, 5], [1, 0], [3, 2]], np.float32)
    table = encode(tokenizer, ["good film film", "", "film"], max_length=9)
    np.testing.assert_allclose(average_vectors(table, vectors), [[7 / 3, 4 / 3], [0, 0], [3, 2]], rtol=1e-6)
    features, rows = learn_vectors(["good film", "film", "good"], tokenizer, vectors)
    np.testing.assert_allclose(rows.mean(axis=0), 0, atol=1e-6)
    np.testing.assert_allclose(rows.std(axis=0), 1, rtol=1e-5)
    assert not features([""]).any()


def test_characters_reach_further_where_words_are_apart():
    def longest(spaces: bool) -> int:
        rows = Rows(["很好吃 的面"] * 2 + ["不好吃 的饭"] * 2, np.array([0, 0, 1, 1]))
        model = fit_baseline("tfidf-chars", rows, classes=("a", "b"), spaces=spaces)
        return max(map(len, model.features.vocabulary.terms))

    assert (longest(True), longest(False)) == (5, 3)
