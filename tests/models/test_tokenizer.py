"""Texts → ids: negations, unknown words, languages without spaces, texts that cannot be."""

import json

import numpy as np
import pytest

from sentiment.errors import ModelError
from sentiment.models.tokenizer import build_tokenizer, count_words, encode, learn_tokenizer, load_tokenizer

WORDS = ["do", "n't", "ca", "like", "it", "'s", "great", "!", "a", "##ly", "##a", "##x", "’"]


@pytest.fixture(scope="module")
def tokenizer():
    return build_tokenizer(WORDS)


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("I DON'T like it", ["[UNK]", "do", "n't", "like", "it"]),
        ("can’t", ["ca", "n't"]),
        ("it's great!", ["it", "'s", "great", "!"]),
        ("greatly", ["great", "##ly"]),
        ("see http://x.y/z?great <br />it", ["[UNK]", "it"]),
        ("ｇｒｅａｔ", ["great"]),
        ("", []),
        ("   ", []),
    ],
)
def test_words_are_split_as_the_vectors_were(tokenizer, text, tokens):
    assert tokenizer.encode(text).tokens == tokens


def test_padding_is_on_the_right_and_long_texts_keep_both_ends(tokenizer):
    table = encode(tokenizer, ["like it", "", "do like it great a !"], max_length=4)
    ids = {token: tokenizer.token_to_id(token) for token in WORDS}
    padded = table.padded(np.arange(3), 5)
    assert padded.tolist() == [
        [ids["like"], ids["it"], 0, 0, 0],
        [0, 0, 0, 0, 0],
        [ids["do"], ids["like"], ids["a"], ids["!"], 0],
    ]


def test_no_texts_give_an_empty_table(tokenizer):
    assert encode(tokenizer, [], max_length=8).lengths.tolist() == []
    assert encode(tokenizer, [""], max_length=8).padded(np.array([0]), 3).tolist() == [[0, 0, 0]]


def test_half_a_character_does_not_stop_the_rest(tokenizer):
    assert encode(tokenizer, ["great \ud800 it"], max_length=8).lengths.tolist() == [3]


def test_chinese_words_are_learned_and_are_the_same_everywhere():
    texts = ["质量很好", "质量不好", "很好", "这个质量", "服务很好", "服务质量"] * 20
    learned = learn_tokenizer(texts, vocab_size=15)
    assert "质量" in learned.encode("质量不好").tokens
    assert "质量" in learned.encode("服务的质量").tokens
    assert learned.token_to_id("[PAD]") == 0


def test_counting_splits_as_encoding_does():
    assert count_words(["Don't!", "don't"]) == {"do": 2, "n't": 2, "!": 1}


@pytest.mark.parametrize(
    "change",
    [
        {"normalizer": {"type": "Replace", "pattern": {"Regex": "(a|aa)+$"}, "content": ""}},
        {"normalizer": {"type": "Replace", "pattern": {"String": "a"}, "content": "a" * 1_000_000}},
        {"normalizer": None},
        {"pre_tokenizer": {"type": "Whitespace"}},
        {"padding": {"strategy": {"Fixed": 10**9}, "direction": "Right", "pad_to_multiple_of": None, "pad_id": 0}
         | {"pad_type_id": 0, "pad_token": "[PAD]"}},
    ],
)  # fmt: skip
def test_a_tokenizer_that_does_something_else_to_texts_is_refused(tmp_path, change):
    """A stranger's pattern can end the thread that uses it, and a text can grow without bounds."""
    values = json.loads(build_tokenizer(["good"]).to_str())
    (tmp_path / "tokenizer.json").write_text(json.dumps(values))
    assert load_tokenizer(tmp_path / "tokenizer.json").encode("good").ids == [2]
    (tmp_path / "tokenizer.json").write_text(json.dumps({**values, **change}))
    with pytest.raises(ModelError, match="none of ours does"):
        load_tokenizer(tmp_path / "tokenizer.json")


def test_a_tokenizer_that_is_none_is_refused(tmp_path):
    (tmp_path / "tokenizer.json").write_text("{}")
    with pytest.raises(ModelError, match="cannot be read"):
        load_tokenizer(tmp_path / "tokenizer.json")
