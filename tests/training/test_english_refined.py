"""The second teacher of the English base models: what it reads, and that the model learns from it."""

import dataclasses

import numpy as np
import pytest

from sentiment.models.classifier import fresh_params
from sentiment.models.encoders import EncoderConfig
from sentiment.models.predictor import Predictor
from sentiment.models.store import ModelFolder
from sentiment.models.tokenizer import build_tokenizer
from sentiment.training import english_refined
from sentiment.training.corpora import SENTIMENT, Corpus, CorpusSplit
from sentiment.training.distill import DistillSettings
from sentiment.training.english_refined import RefineSettings, choose_texts, labeled_sentences, refine
from sentiment.training.teacher import WIDTH
from sentiment.training.unlabeled import split_sentences

GOOD, BAD = ("great", "lovely", "superb"), ("awful", "broken", "dreadful")
FILLING = ("plot", "camera", "actor", "handle", "story", "screen")
WORDS = [*(f"word{chr(97 + place // 26)}{chr(97 + place % 26)}" for place in range(400)), *GOOD, *BAD, *FILLING]


class Glove:
    words = WORDS


class Moody:
    """A teacher whose first number says how many good words a text has more than bad ones."""

    asked: tuple[str, ...] = ()

    def __init__(self, *_):
        pass

    def __call__(self, texts):
        type(self).asked = tuple(texts)
        rows = [np.random.default_rng(sum(map(ord, text))).normal(size=WIDTH) for text in texts]
        moods = [sum(word in text for word in GOOD) - sum(word in text for word in BAD) for text in texts]
        return (np.stack(rows) / 40 + np.eye(WIDTH)[0] * np.array(moods)[:, None]).astype(np.float16)


def sentences(n, *, seed, first=0):
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, 2, n) * 2  # negative or positive
    texts = [
        f"The {thing} was {rng.choice(GOOD if label else BAD)} and the {other} number {first + place}."
        for place, (label, thing, other) in enumerate(zip(labels, *rng.choice(FILLING, (2, n)), strict=True))
    ]
    return texts, labels


def corpus(name, texts, labels):
    """A corpus of which every fourth row is held out."""
    side = np.array(["test" if place % 4 == 0 else "train" for place in range(len(texts))])
    return CorpusSplit(Corpus(name, "", name, name, "MIT"), np.array(texts, object), np.array(labels), side)


@pytest.fixture
def corpora(monkeypatch):
    monkeypatch.setattr(english_refined, "WordVectors", Glove)
    monkeypatch.setattr(english_refined, "Teacher", Moody)
    texts, labels = sentences(120, seed=0)
    long = [" ".join(sentences(9, seed=place, first=1000 * (place + 1))[0]) for place in range(12)]
    return [corpus("long", long, [0, 2] * 6), corpus("short", texts, labels)]


SMALL = RefineSettings(n_sentences=60, n_again=20, n_words=30, n_texts=500)


def test_only_training_rows_are_read_and_long_texts_have_no_labels_for_sentences(corpora):
    texts, n_single = choose_texts(corpora, SMALL)
    long, short = corpora
    assert labeled_sentences(corpora)[0] == short.texts[short.rows("train")].tolist()
    assert texts[:90] == short.texts[short.rows("train")].tolist()
    assert texts[90:n_single] == WORDS[:30]
    assert not set(texts) & set(short.texts[short.rows("test")])
    held = {sentence for text in long.texts[long.rows("test")] for sentence in split_sentences([text])}
    assert not set(texts) & held


def test_sentences_come_with_others_of_the_vocabulary_in_them_and_are_shuffled_and_cut(corpora):
    texts, n_single = choose_texts(corpora, SMALL)
    others = texts[n_single:]
    assert any("word" in text.split(" number")[0] for text in others)
    assert len(set(others)) == len(others)
    assert choose_texts(corpora, SMALL) == (texts, n_single)
    cut, _ = choose_texts(corpora, dataclasses.replace(SMALL, n_texts=130))
    assert cut == texts[:130]


def test_the_model_learns_what_the_teacher_feels(corpora):
    tokenizer = build_tokenizer([*map(str.lower, WORDS), "the", "was", "and", "number", "happy", "sad", *".0123456789"])
    encoder = EncoderConfig(vocab_size=tokenizer.get_vocab_size(), embed=8, widths=(1, 2), filters=16)
    model = ModelFolder(fresh_params(encoder, 3, seed=0), encoder, SENTIMENT, tokenizer, 64, extra={"card": "kept"})
    fast = {"learning_rate": 1e-2, "average": 0.9, "max_length": 32, "taught_length": 32}
    quick = DistillSettings(batch_size=16, epochs=10, labeled_epochs=10, **fast)
    refined = refine(model, corpora, dataclasses.replace(SMALL, imitation_epochs=2, settings=quick))
    assert refined.classes == SENTIMENT
    assert refined.extra == {"card": "kept"}
    assert np.shape(refined.params["head"]["kernel"]) == (encoder.hidden, 3)
    short = corpora[1]
    rows = short.rows("test")
    guesses = Predictor(refined)(list(short.texts[rows])).argmax(axis=1)
    assert (guesses == short.labels[rows]).mean() > 0.9
    assert not set(Moody.asked) & set(short.texts[rows])
