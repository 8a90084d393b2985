"""The tokenizer does what Keras's own does, to the letter, and says where each token stands in the text."""

import json
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sentiment.errors import ModelError
from sentiment.models.keras_import.vocabulary import read_tokenizer
from sentiment.models.keras_tokenizer import STEPS
from sentiment.models.tokenizer import encode, load_tokenizer, word_starts
from tests.models import keras_made
from tests.models.keras_made import Tokenizer, pad_sequences, tokenizer_from_json

FITTED = [
    "The quick brown fox; don't panic, don't!",
    "A tab\tand a\nnew line. Über-cool İstanbul ΣΑΣ, ß and ﬁ",
    "good good bad <br /> not-bad 10/10 x_y",
    "很好 的 书, très bien",
]
KINDS = {
    "plain": {},
    "with a token for unknown words": {"oov_token": "<unk>"},
    "the most frequent words": {"num_words": 8},
    "both": {"num_words": 6, "oov_token": "<OOV>"},
    "fewer than the token for unknown words": {"num_words": 1, "oov_token": "<OOV>"},
    "as written": {"lower": False},
    "other filters": {"filters": "aeiou"},
    "no filters": {"filters": ""},
    "split at commas": {"split": ","},
    "split at two characters": {"split": "oo", "filters": ";"},
    "characters": {"char_level": True},
    "characters as written, the most frequent": {"char_level": True, "lower": False, "num_words": 12},
}
TEXTS = st.one_of(
    st.text(max_size=60),
    st.lists(
        st.sampled_from([*" ".join(FITTED).split(), ",", "\t", "\n", "oo", "zzz", " ", "I\u0307"]), max_size=20
    ).map(" ".join),
)


def both(tmp_path, *, maxlen=10_000, truncating="pre", clean=(), **options):
    """Keras's tokenizer and ours, from the same file."""
    fitted = Tokenizer(**options)
    fitted.fit_on_texts(FITTED)
    path = tmp_path / "keras.json"
    path.write_text(fitted.to_json(), encoding="utf-8")
    rows = len(fitted.word_index) + 1
    ours = read_tokenizer(path, rows=rows, maxlen=maxlen, truncating=truncating, clean=clean)
    return tokenizer_from_json(path.read_text(encoding="utf-8")), ours


@pytest.mark.parametrize("kind", KINDS)
def test_the_numbers_are_keras_numbers(tmp_path_factory, kind):
    keras, ours = both(tmp_path_factory.mktemp("t"), **KINDS[kind])

    @given(TEXTS)
    def check(text):
        assert ours.ids(text) == keras.texts_to_sequences([text])[0]

    check()
    for text in FITTED:
        assert ours.ids(text) == keras.texts_to_sequences([text])[0]


@pytest.mark.parametrize("kind", KINDS)
def test_with_and_without_places_the_tokens_are_the_same(tmp_path_factory, kind):
    _, ours = both(tmp_path_factory.mktemp("t"), clean=STEPS, **KINDS[kind])

    @given(TEXTS)
    def check(text):
        encoding = ours.encode(text)
        assert encoding.ids == ours.ids(text)
        ends = [end for _, end in encoding.offsets]
        assert all(0 <= start < end <= len(text) for start, end in encoding.offsets)
        assert ends == sorted(ends)

    check()


def test_tokens_stand_where_they_were_written(tmp_path):
    _, ours = both(tmp_path, clean=("tags",))
    text = "  Good <br /> and İstanbul: NOT-bad"
    words = [text[start:end] for start, end in ours.encode(text).offsets]
    assert words == ["Good", "and", "İstanbul", "NOT", "bad"]


def test_characters_belong_to_words(tmp_path):
    _, ours = both(tmp_path, char_level=True)
    encoding = ours.encode("no good")
    assert len(set(encoding.word_ids)) == 3
    assert list(word_starts(ours, ["no good"], max_length=99)) == [True, False, True, True, False, False, False]


@pytest.mark.parametrize("truncating", ["pre", "post"])
def test_longer_texts_are_cut_as_keras_cuts_them(tmp_path, truncating):
    keras, ours = both(tmp_path, maxlen=4, truncating=truncating)
    sequences = keras.texts_to_sequences(FITTED)
    for text, expected in zip(FITTED, pad_sequences(sequences, 4, truncating=truncating).tolist(), strict=True):
        assert ours.ids(text) == [number for number in expected if number]
        assert ours.encode(text).ids == ours.ids(text)
    assert ours.encode(FITTED[0]).n_cut == len(sequences[0]) - 4


def test_what_was_done_to_texts_before_is_done(tmp_path):
    words = ["film", "good", "don", "t", "br", "the"]
    path = keras_made.write_tokenizer(tmp_path / "t.json", words)
    text = "The film,<br />don't: good2good"

    def read(*clean):
        found = read_tokenizer(path, rows=7, maxlen=99, clean=clean)
        return [found.id_to_token(number) for number in found.ids(text)]

    assert read() == ["the", "film", "br"]
    assert read("tags") == ["the", "film"]
    assert read("tags", "letters") == ["the", "film", "don", "t", "good", "good"]
    assert read("tags", "letters", "stop-words") == ["film", "good", "good"]


def test_a_text_of_nothing_but_the_beginnings_of_tags_takes_no_time(tmp_path):
    path = keras_made.write_tokenizer(tmp_path / "t.json", ["film"])
    ours = read_tokenizer(path, rows=2, maxlen=99, clean=("tags",))
    began = time.perf_counter()
    assert ours.ids("film <b\n>" + "<" * 100_000 + " film") == [1, 1]
    assert time.perf_counter() - began < 1


def test_it_travels_with_the_model(tmp_path):
    """Any word may be in it, also one that JSON and UTF-8 have to take care of."""
    path = keras_made.write_tokenizer(tmp_path / "keras.json", ["gut", 'a"b', "\ud800", "很好", "\u2028"])
    ours = read_tokenizer(path, rows=6, maxlen=5, truncating="post", clean=("tags",))
    (tmp_path / "tokenizer.json").write_bytes(ours.to_str().encode())
    again = load_tokenizer(tmp_path / "tokenizer.json")
    assert again.to_str() == ours.to_str()
    assert again.get_vocab_size() == 6
    assert [again.id_to_token(number) for number in range(6)] == ["[PAD]", "gut", 'a"b', "\ud800", "很好", "\u2028"]
    assert again.token_to_id("很好") == 4
    table = encode(again, ["gut <b>很好</b>", "", "gut " * 9], max_length=5)
    assert table.padded(range(3), 5).tolist() == [[1, 4, 0, 0, 0], [0] * 5, [1] * 5]


@pytest.mark.parametrize(
    "change",
    [
        {"size": 2},
        {"words": {"a": 0}},
        {"words": {"a": "1"}},
        {"words": []},
        {"oov": 99},
        {"split": ""},
        {"split": " " * 10_000},
        {"filters": "!" * 10_000},
        {"lower": "yes"},
        {"clean": ["eval"]},
        {"maxlen": -1},
        {"truncating": "middle"},
    ],
)
def test_a_damaged_one_is_told(tmp_path, change):
    ours = read_tokenizer(keras_made.write_tokenizer(tmp_path / "k.json", ["a", "b"]), rows=3, maxlen=5)
    path = tmp_path / "tokenizer.json"
    path.write_text(json.dumps({**json.loads(ours.to_str()), **change}))
    with pytest.raises(ModelError, match="cannot be read"):
        load_tokenizer(path)


def test_one_that_was_dumped_twice_is_read(tmp_path):
    path = keras_made.write_tokenizer(tmp_path / "k.json", ["a", "b"])
    path.write_text(json.dumps(path.read_text()))
    assert read_tokenizer(path, rows=3, maxlen=5).words == {"a": 1, "b": 2}


@pytest.mark.parametrize(
    "config",
    [
        {"oov_token": "not there"},
        {"num_words": "many"},
        {"analyzer": "mine"},
        {"word_index": "{"},
        {"word_index": "{}"},
    ],
)
def test_one_that_cannot_be_honoured_is_refused(tmp_path, config):
    path = keras_made.write_tokenizer(tmp_path / "k.json", ["a"], **config)
    with pytest.raises(ModelError, match="no tokenizer of Keras's"):
        read_tokenizer(path, rows=3, maxlen=5)
