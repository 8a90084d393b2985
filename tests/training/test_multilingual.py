"""The parts of the multilingual base model: senses, translated sentences, one vocabulary, start vectors."""

import numpy as np
import pytest

from sentiment.models.classifier import flatten
from sentiment.models.encoders import EncoderConfig
from sentiment.models.tokenizer import UNKNOWN, build_likely_tokenizer
from sentiment.training.corpora import Corpus, CorpusSplit
from sentiment.training.distill import DistillSettings
from sentiment.training.multilingual import model
from sentiment.training.multilingual.lexicon import Lexicon, weigh_senses
from sentiment.training.multilingual.model import _centre
from sentiment.training.multilingual.texts import english_texts, unspaced_texts
from sentiment.training.multilingual.translation import Translator
from sentiment.training.multilingual.vocabulary import agree, choose_tokens, start_vectors
from sentiment.training.teacher import WIDTH

ENGLISH = {
    "good": 1e-3,
    "bad": 5e-4,
    "not": 5e-3,
    "battery": 1e-5,
    "well": 1e-3,
    "estate": 4e-5,
    "the": 5e-2,
    "gift": 1e-4,
}
RARE = {f"word{chr(97 + place // 26)}{chr(97 + place % 26)}": 1e-7 for place in range(200)}
GERMAN = Lexicon(
    "de",
    {"nicht": 1e-2, "gut": 1e-3, "schlecht": 2e-4, "akku": 1e-5, "gift": 1e-5, "der": 3e-2},
    {
        "nicht": {"not": 1.0},
        "gut": {"good": 0.7, "estate": 0.3},
        "schlecht": {"bad": 1.0},
        "akku": {"battery": 1.0},
        "gift": {"poison": 1.0},
        "der": {"the": 1.0},
    },
)
CHINESE = Lexicon(
    "zh",
    {"不": 1e-2, "好": 5e-3, "电池": 1e-5, "差": 1e-4},
    {"不": {"not": 1.0}, "好": {"good": 1.0}, "电池": {"battery": 1.0}, "差": {"bad": 1.0}},
)


class Glove:
    """Word vectors of four numbers, for a few words."""

    def __init__(self):
        rng = np.random.default_rng(0)
        self._vectors = {word: rng.normal(size=4).astype(np.float32) for word in (*ENGLISH, "poison", *RARE)}
        self.vectors = np.stack(list(self._vectors.values()))

    def __contains__(self, word):
        return word in self._vectors

    def __getitem__(self, word):
        return self._vectors[word]


def spaces():
    """Teacher's vectors of all words: a foreign word lies where its first sense does."""
    rng = np.random.default_rng(1)
    english = {word: rng.normal(size=8).astype(np.float32) for word in (*ENGLISH, "poison")}
    english = {word: vector / np.linalg.norm(vector) for word, vector in english.items()}
    found = {"en": english}
    for lexicon in (GERMAN, CHINESE):
        found[lexicon.language] = {word: english[next(iter(senses))] for word, senses in lexicon.senses.items()}
    return found


def test_a_frequent_gloss_outweighs_a_rare_one_and_a_phrase():
    weights = weigh_senses(["estate", "good", "not bad"], ENGLISH)
    assert next(iter(weights)) == "good"
    assert sum(weights.values()) == pytest.approx(1.0)
    assert weights["not bad"] < weights["good"]


def test_the_teacher_puts_the_sense_first_that_it_finds_alike():
    doubted = Lexicon("de", {"gut": 1e-3}, {"gut": {"estate": 0.8, "good": 0.2}})
    assert next(iter(agree(doubted, spaces()).senses["gut"])) == "good"


def test_english_becomes_the_other_language_word_by_word():
    said = Translator(GERMAN)(["The batteries aren't good."] * 40, seed=0)
    assert said == Translator(GERMAN)(["The batteries aren't good."] * 40, seed=0)
    assert "der akku are nicht gut ." in said
    assert any("good" in text for text in said)  # of some only half the words are exchanged


def test_chinese_is_written_without_spaces_and_names_keep_theirs():
    said = Translator(CHINESE)(["Not a good battery, John Smith!"] * 40, seed=0)
    assert "不好电池，john smith！" in said


def test_words_spelled_alike_are_one_token_of_both_languages():
    vocabulary = choose_tokens({"en": ENGLISH, "de": GERMAN.frequencies}, [".", "!"], n_pieces=5)
    assert vocabulary.languages["gift"] == {"en": 1e-4, "de": 1e-5}
    assert len(set(vocabulary.weights)) == len(vocabulary.weights)
    tokenizer = build_likely_tokenizer(vocabulary.weights)
    assert tokenizer.encode("Der Akku!").tokens == ["der", "akku", "!"]
    assert UNKNOWN not in tokenizer.encode("akkutest").ids  # letters that are known make any word of them


def test_a_foreign_word_starts_where_its_sense_does_and_a_false_friend_in_between():
    vocabulary = choose_tokens({"en": {**ENGLISH, "poison": 1e-5}, "de": GERMAN.frequencies}, ["."], n_pieces=5)
    vectors = start_vectors(vocabulary, lexicons={"de": GERMAN}, spaces=spaces(), glove=Glove(), width=6)
    row = {token: place for place, token in enumerate(vocabulary.weights)}

    def near(first, second):
        a, b = vectors[row[first]], vectors[row[second]]
        return a @ b / np.linalg.norm(a) / np.linalg.norm(b)

    assert vectors.shape == (len(vocabulary.weights), 6)
    assert near("akku", "battery") > 0.99
    assert near("akku", "bad") < 0.9
    assert near("schlecht", "bad") > 0.99
    assert near("gift", "poison") < 0.99


def test_sentences_without_spaces_are_cut_at_their_ends():
    text = "房间很干净，服务也好。早餐太差了！不推荐"
    assert unspaced_texts([text, text]) == [text, "房间很干净，服务也好。", "早餐太差了！"]


def test_what_all_vectors_have_in_common_is_taken_away():
    rng = np.random.default_rng(0)
    vectors = rng.normal(size=(50, 8)) + 10.0
    centred = _centre(vectors)
    assert np.allclose(np.linalg.norm(centred, axis=1), 1.0, atol=1e-5)
    assert abs(centred.mean()) < 0.1


def test_english_sentences_come_with_words_exchanged_and_from_the_training_side_alone():
    class Corpus:
        texts = np.array(["The battery is very good indeed.", "Held out and never to be read here."], object)

        def rows(self, side):
            return np.array([0] if side == "train" else [1])

    words = [f"word{place}" for place in range(400)]
    found = english_texts([Corpus()], ["battery", *words], n_sentences=10, seed=0)
    assert found[0] == "The battery is very good indeed."
    assert not any("Held out" in text for text in found)


def corpus(name, language, texts, labels):
    """A corpus of which every fifth row is for tests."""
    about = Corpus(name, f"{name}.csv", name, name, "MIT", language=language)
    side = np.array(["test" if place % 5 == 0 else "train" for place in range(len(texts))])
    return CorpusSplit(about, np.array(texts, object), np.array(labels), side)


@pytest.fixture
def small(monkeypatch):
    """A recipe that takes seconds, with a teacher that hashes words, and the corpora for it."""

    class Hashing:
        def __init__(self, *_):
            pass

        def __call__(self, texts):
            rows = [np.random.default_rng(sum(map(ord, text))).normal(size=WIDTH) for text in texts]
            return np.stack(rows).astype(np.float16)

    monkeypatch.setattr(model, "Teacher", Hashing)
    monkeypatch.setattr(model, "WordVectors", Glove)
    monkeypatch.setattr(model, "read_lexicon", lambda language, n_words: GERMAN if language == "de" else CHINESE)
    monkeypatch.setattr(model, "read_frequencies", lambda language, n_words: {**ENGLISH, "poison": 1e-5, **RARE})
    rng = np.random.default_rng(0)
    english = [" ".join(rng.choice(list(ENGLISH), 8)) for _ in range(60)]
    chinese = ["".join(rng.choice(["不", "好", "电池", "差"], 8)) for _ in range(40)]
    recipe = model.MultilingualRecipe(
        name="small",
        title="Small",
        description="",
        trained_on="",
        corpora=("films", "zh-reviews"),
        unlabeled=("zh-reviews",),
        languages=("en", "de", "zh"),
        encoder=EncoderConfig(vocab_size=0, widths=(1, 2), filters=32),
        settings=DistillSettings(batch_size=16, max_length=16, taught_length=16),
        embed=6,
        n_words={"en": 10, "de": 10, "zh": 10},
        min_count=1,
        n_pieces=5,
        n_sentences=40,
        imitation_epochs=1,
    )
    films = corpus("films", "en", english, rng.integers(0, 3, 60))
    return recipe, films, chinese


@pytest.mark.slow
def test_neither_labels_of_the_other_language_nor_held_out_texts_change_anything(small):
    recipe, films, chinese = small
    held_out = [text if place % 5 else "電視太貴" for place, text in enumerate(chinese)]
    others = [corpus("zh-reviews", "zh", chinese, [0] * 40), corpus("zh-reviews", "zh", held_out, [2] * 40)]
    made = [recipe.make([films, other], lambda progress: None) for other in others]
    first, second = (flatten(one.params) for one in made)
    assert all(np.array_equal(first[name], second[name]) for name in first)
    assert all(np.isfinite(weights).all() for weights in first.values())
    assert made[0].classes == ("negative", "neutral", "positive")
