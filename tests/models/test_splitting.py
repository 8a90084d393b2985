"""Words of any script: characters made alike, emoji whole, the likeliest tokens, and the old way for old models."""

import json
import math
from pathlib import Path

import numpy as np
import pytest
from tokenizers import Tokenizer

from sentiment.errors import ModelError
from sentiment.evaluation.explanation_words import find_words
from sentiment.models.registry import SHIPPED
from sentiment.models.splitting import set_splitting
from sentiment.models.tokenizer import (
    PAD,
    UNKNOWN,
    build_likely_tokenizer,
    build_tokenizer,
    count_words,
    encode,
    learn_tokenizer,
    load_tokenizer,
    word_starts,
)


def words_of(text):
    return list(count_words([text]).elements())


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("so good😍😍!", ["so", "good", "😍", "😍", "!"]),
        ("I ❤️ it, ❤ it", ["i", "❤", "❤", "it", "it", ","]),  # with and without a variation selector
        ("👍🏽👍", ["👍", "👍"]),  # a skin tone
        ("🤷🏽‍♀️no", ["🤷‍♀", "no"]),
        ("👨‍👩‍👧‍👦❤️‍🔥", ["👨‍👩‍👧‍👦", "❤‍🔥"]),
        ("🇩🇪🇫🇷", ["🇩🇪", "🇫🇷"]),
        ("1️⃣ and #️⃣", ["1⃣", "and", "#⃣"]),
        ("🏴󠁧󠁢󠁥󠁮󠁧󠁿x", ["🏴󠁧󠁢󠁥󠁮󠁧󠁿", "x"]),
        ("☺️☹️✔️⭐", ["☺", "☹", "✔", "⭐"]),
    ],
)
def test_an_emoji_is_a_word_with_all_that_belongs_to_it(text, words):
    assert sorted(words_of(text)) == sorted(words)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("ＧＯＯＤ　１２", "good 12"),  # full width
        ("ｶﾞｯｶﾘ ﾗｰﾒﾝ", "ガッカリ ラーメン"),  # half-width kana, a voice mark apart
        ("cafe\u0301 tre\u0300s", "café très"),
        ("한글", "한글"),  # jamo
        ("ﻣﻤﺘﺎﺯ", "ممتاز"),  # presentation forms
        ("جـمـيـل", "جميل"),  # lengthened
        ("مُمْتَازٌ", "ممتاز"),  # vowel marks
        ("שָׁלוֹם", "שלום"),  # points
        ("می‌خواهم", "میخواهم"),  # an invisible joiner
        ("İYİ", "iyi"),
        ("ILIK", "ılık"),
        ("ΚΑΛΟΣ", "καλος"),
        ("GROẞ", "groß"),
        ("won\u00adder\u200bful\ufeff", "wonderful"),
        ("\u202bgood\u202c", "good"),
        ("ﬁne…", "fine..."),
    ],
)
def test_what_is_read_alike_is_one_word(one, other):
    assert words_of(one) == words_of(other) == [word for word in words_of(other) if word]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("质量很好，iPhone手机", ["质量很好", ",", "iphone", "手机"]),
        ("このラーメンは最高です！", ["このラーメンは最高です", "!"]),
        ("정말 좋아요", ["정말", "좋아요"]),
        ("ดีมาก 10", ["ดีมาก", "10"]),
        ("यह बहुत अच्छा है।", ["यह", "बहुत", "अच्छा", "है", "।"]),
        ("ما أجمل هذا؟", ["ما", "أجمل", "هذا", "؟"]),
        ("זה לא טוב", ["זה", "לא", "טוב"]),
    ],
)
def test_words_of_other_scripts(text, words):
    assert words_of(text) == words


PROBABILITIES = {
    "质量": 1e-2, "很": 2e-2, "好": 2e-2, "很好": 1e-3, "不": 1e-2, "好吃": 1e-3, "吃": 1e-3, "质": 1e-5, "量": 1e-5,
    "there": 1e-2, "in": 2e-2, "therein": 1e-7, "😍": 1e-3, ",": 0.05, "ดี": 1e-3, "มาก": 1e-3, "ラーメン": 1e-4,
} | dict.fromkeys("abcdefghijklmnopqrstuvwxyz", 1e-6)  # fmt: skip


@pytest.fixture(scope="module")
def likely():
    return build_likely_tokenizer({token: math.log(p) for token, p in PROBABILITIES.items()})


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("质量很好", ["质量", "很好"]),  # 0.001 is more than 0.02 * 0.02
        ("不好吃", ["不", "好吃"]),
        ("therein", ["therein"]),  # though "there" and "in" are likelier together
        ("inthere😍", ["in", "there", "😍"]),
        ("质量龘好", ["质量", "[UNK]", "好"]),
        ("好,不", ["好", ",", "不"]),
        ("ดีมาก", ["ดี", "มาก"]),
        ("不好吃ラーメンin", ["不", "好吃", "ラーメン", "in"]),
        ("inéin", ["in", "[UNK]", "in"]),
        ("", []),
    ],
)
def test_the_likeliest_tokens_are_found(likely, text, tokens):
    assert [likely.id_to_token(number) for number in likely.encode(text).ids] == tokens


def test_ids_follow_the_order_and_the_file_brings_it_back(likely, tmp_path):
    assert [likely.token_to_id(token) for token in ("[PAD]", "[UNK]", "质量", "很")] == [PAD, UNKNOWN, 2, 3]
    assert likely.get_vocab_size() == len(PROBABILITIES) + 2
    likely.save(str(tmp_path / "tokenizer.json"))
    again = load_tokenizer(tmp_path / "tokenizer.json")
    texts = ["质量龘好", "therein abc", "😍"]
    np.testing.assert_array_equal(encode(again, texts, max_length=9).ids, encode(likely, texts, max_length=9).ids)


def test_a_probability_of_nothing_is_refused():
    with pytest.raises(ValueError, match="finite"):
        build_likely_tokenizer({"a": -math.inf})


def test_each_word_without_spaces_begins_and_pieces_do_not(likely):
    tokens = likely.encode("不好吃 xyz ดีมาก").tokens
    assert tokens == ["不", "好吃", "x", "y", "z", "ดี", "มาก"]
    assert word_starts(likely, ["不好吃 xyz ดีมาก"], max_length=99).tolist() == [True] * 3 + [False] * 2 + [True] * 2


@pytest.mark.parametrize("text", ["很好👍🏽❤️", "1️⃣🇩🇪🏴󠁧󠁢󠁥󠁮󠁧󠁿 ok", "so🤷🏽‍♀️!", "مُمْتَازٌ جـمـيـل", "ｶﾞｯｶﾘ"])
def test_a_token_begins_where_the_word_that_people_see_begins(text):
    """Else an explanation would give a word's score to its neighbour."""
    tokenizer = build_likely_tokenizer(dict.fromkeys(count_words([text]), -1.0))
    encoding = tokenizer.encode(text)
    assert UNKNOWN not in encoding.ids
    assert {start for start, _ in encoding.offsets} <= {start for start, _ in find_words(text)}


def test_learning_finds_emoji():
    learned = learn_tokenizer(["great 🤷🏽‍♀️😍❤️", "poor 🤷‍♀️👎", "ok ❤"] * 9, vocab_size=60)
    assert learned.encode("❤️😍👎🏿").tokens == ["❤", "😍", "👎"]
    assert learned.encode("🤷‍♀️").tokens == ["🤷‍♀"]


def test_both_ways_are_loaded_and_kept(tmp_path):
    """A model keeps the way that its words were learned in."""
    path = tmp_path / "tokenizer.json"
    for version, tokens in ((1, ["good", "[UNK]", "[UNK]"]), (2, ["good", "[UNK]"])):
        set_splitting(build_tokenizer(["good"]), version).save(str(path))
        assert load_tokenizer(path).encode("good 👍🏽").tokens == tokens
    values = json.loads(Path(path).read_text())
    values["normalizer"]["normalizers"].reverse()
    path.write_text(json.dumps(values))
    with pytest.raises(Exception, match="none of ours does"):
        load_tokenizer(path)


@pytest.mark.parametrize(
    "model",
    [
        {"type": "Unigram", "unk_id": None, "vocab": [["[PAD]", 0.0], ["a", -1.0]], "byte_fallback": False},
        {"type": "WordLevel", "unk_token": "[NONE]", "vocab": {"[PAD]": 0, "a": 1}},
        {"type": "WordLevel", "unk_token": "[UNK]", "vocab": {"[PAD]": 0, "[UNK]": 1, "a": 4_000_000_000}},
    ],
)
def test_a_tokenizer_that_would_fail_at_a_text_is_refused_when_it_is_loaded(tmp_path, model):
    values = json.loads(build_tokenizer(["a"]).to_str())
    (tmp_path / "tokenizer.json").write_text(json.dumps({**values, "model": model}))
    with pytest.raises(ModelError, match="no token for what it does not know"):
        load_tokenizer(tmp_path / "tokenizer.json")


def test_english_without_emoji_is_split_as_before():
    texts = (SHIPPED.parent / "README.md").read_text(encoding="utf-8").splitlines()
    old = load_tokenizer(SHIPPED / "en-cnn-reviews" / "tokenizer.json")
    ids = [
        encode(set_splitting(Tokenizer.from_str(old.to_str()), version), texts, max_length=999).ids
        for version in (1, 2)
    ]
    np.testing.assert_array_equal(*ids)
