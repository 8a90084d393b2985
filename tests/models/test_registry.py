"""What a run can start from, and what is recommended."""

import dataclasses

import pytest

from sentiment.errors import ModelError
from sentiment.models import registry
from sentiment.models.registry import BASELINES, find_base, list_bases, recommend_base


def test_shipped_bases_have_figures_a_head_and_a_bounded_size():
    bases = {base.name: base for base in list_bases() if base.kind == "pretrained"}
    assert {"en-cnn-news", "en-cnn-reviews", "zh-cnn-reviews"} <= bases.keys()
    for base in bases.values():
        assert base.size_bytes < 10_000_000
        assert set(base.classes) - {"neutral"} == {"negative", "positive"}
        assert base.held_out["n_rows"] > 300
        assert 0.4 < base.held_out["macro_f1"] < 1.0


def test_those_pretrained_come_first_then_scratch_then_the_simple_ones():
    bases = list_bases()
    assert [base.kind for base in bases] == sorted(
        (base.kind for base in bases), key=["pretrained", "scratch", "baseline"].index
    )
    assert {base.name for base in bases if base.kind == "scratch"} == {"scratch-cnn", "scratch-rnn"}
    assert set(BASELINES) == {"majority", "naive-bayes", "tfidf-words", "tfidf-chars", "word-vectors"}
    assert len({base.name for base in bases}) == len(bases)
    assert find_base("word-vectors").languages == ("en",)


def test_a_name_that_is_none_lists_all():
    with pytest.raises(ModelError, match="tfidf-chars"):
        find_base("nothing")


def test_the_recommendation_reads_the_language_or_says_that_none_does():
    assert recommend_base("en")[0] == "en-cnn-reviews"
    assert recommend_base("zh")[0] == "zh-cnn-reviews"
    for n_labeled in (None, 50, 19_000, 100_000):
        name, why = recommend_base("ja", n_labeled=n_labeled)
        assert name == "tfidf-chars"
        assert "No base model reads Japanese" in why
        assert ("100\u202f000" in why) == (n_labeled == 100_000)
    assert "not recognised" in recommend_base("und")[1]
    assert "No base model reads Dutch yet" in recommend_base("nl")[1]
    assert "No base model reads “tlh” yet" in recommend_base("tlh")[1]


def test_the_recommendation_reads_every_language_with_a_tenth_of_the_rows(monkeypatch):
    bases = [base for base in list_bases() if base.kind != "pretrained"]
    english, several, german = (
        dataclasses.replace(find_base("en-cnn-reviews"), name=name, languages=languages)
        for name, languages in (("english", ("en",)), ("several", ("en", "de", "fr")), ("german", ("de",)))
    )
    monkeypatch.setattr(registry, "list_bases", lambda: [english, several, german, *bases])

    def chosen(language, **counts):
        return recommend_base(language, language_counts=counts)[0]

    assert chosen("en", en=900, de=99, und=1_000) == "english"
    assert chosen("en", en=900, de=101, und=1_000) == "several"
    assert chosen("de", en=50, de=950) == "several"  # the first that reads it
    assert chosen("en", en=500, zh=500) == "english"  # none reads both, so the main one counts
    assert chosen("zh", en=100, zh=900) == "tfidf-chars"
    assert chosen("en") == "english"
    assert "German and English" in recommend_base("de", language_counts={"en": 300, "de": 700})[1]
