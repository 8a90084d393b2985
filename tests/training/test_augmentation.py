"""Variations of texts: whole words, the right class, and the same for the same seed."""

import numpy as np
import pytest

from sentiment.models.tokenizer import TokenTable, build_tokenizer, encode, learn_tokenizer, word_starts
from sentiment.training.augmentation import Augmenter
from sentiment.training.similar_words import class_associations, find_similar
from sentiment.training.variation_examples import example_variations

WORDS = ["alpha", "beta", "gamma", "delta", "dia", "##mon", "##ds", "!", "7"]
TEXTS = ["alpha diamonds beta gamma delta alpha beta gamma delta !"] * 3 + ["7 diamonds !", "alpha"]


def augmenter(texts=TEXTS, labels=None, vectors=None) -> Augmenter:
    tokenizer = build_tokenizer(WORDS)
    tokens = encode(tokenizer, texts, max_length=64)
    names = [tokenizer.id_to_token(i) for i in range(tokenizer.get_vocab_size())]
    labels = np.zeros(len(texts), np.int64) if labels is None else np.array(labels)
    starts = word_starts(tokenizer, texts, max_length=64)
    return Augmenter(tokens, labels, starts=starts, names=names, vectors=vectors)


def spoken(table: TokenTable) -> list[list[str]]:
    names = ["[PAD]", "[UNK]", *WORDS]
    return [[names[i] for i in table.ids[a:b]] for a, b in zip(table.starts[:-1], table.starts[1:], strict=True)]


def test_the_pieces_of_a_word_stay_together_and_in_order():
    varied = spoken(augmenter().vary(np.zeros(400, np.int64), rng=np.random.default_rng(0)))
    for tokens in varied:
        text = " ".join(tokens)
        assert text.replace("dia ##mon ##ds", "").count("##") == 0, text
    moved = [tokens.index("dia") for tokens in varied if "dia" in tokens]
    assert set(moved) - {1}  # the word did change places
    assert len(moved) < 400  # and was left out


def test_without_word_vectors_words_are_only_moved_or_left_out():
    original = sorted(spoken(augmenter().tokens)[0])
    for tokens in spoken(augmenter().vary(np.zeros(200, np.int64), rng=np.random.default_rng(1))):
        left = original.copy()
        for token in tokens:
            left.remove(token)  # raises if it was not in the text
        assert len(left) in (0, 1, 3)


def test_signs_and_numbers_stay_where_they_are():
    for tokens in spoken(augmenter().vary(np.full(100, 3), rng=np.random.default_rng(2))):
        assert (tokens[0], tokens[-1]) == ("7", "!")


def test_a_text_of_one_word_stays_as_it_is():
    assert spoken(augmenter().vary(np.full(20, 4), rng=np.random.default_rng(0))) == [["alpha"]] * 20


def test_no_text_is_lost_where_others_are_empty():
    varied = augmenter(["", *TEXTS]).vary(np.array([0, 1, 0, 5, 0]), rng=np.random.default_rng(0))
    assert len(varied.starts) == 6
    assert varied.lengths.tolist()[0::2] == [0, 0, 0]


def test_similar_words_replace_and_join_but_never_the_other_signs():
    vectors = np.random.default_rng(0).normal(size=(11, 4)).astype(np.float32)
    vectors[3] = vectors[2] + 0.01  # beta is like alpha
    texts = [*TEXTS, *["7 ! 7 !"] * 100]  # so that no word is in too many texts
    varied = spoken(augmenter(texts, vectors=vectors).vary(np.zeros(300, np.int64), rng=np.random.default_rng(0)))
    assert any(tokens.count("beta") == 3 and tokens.count("alpha") == 1 for tokens in varied)  # replaced
    assert any(len(tokens) == 13 for tokens in varied)  # put in
    assert {token for tokens in varied for token in tokens} <= set(WORDS)
    assert all(tokens.count("!") == 1 and "7" not in tokens for tokens in varied)


def test_the_same_seed_gives_the_same_variations_and_another_seed_others():
    rows = np.zeros(50, np.int64)
    one, again, other = (augmenter().vary(rows, rng=np.random.default_rng(seed)) for seed in ((3, 1), (3, 1), (3, 2)))
    np.testing.assert_array_equal(one.ids, again.ids)
    assert not np.array_equal(one.ids, other.ids)


def test_only_what_is_repeated_is_varied():
    source = augmenter()
    rows = np.array([0, 1, 0, 4, 0])
    table, origin, shown = source.vary_repeats(rows, rng=np.random.default_rng(0))
    assert origin[shown].tolist() == rows.tolist()
    texts = spoken(table)
    assert texts[: len(TEXTS)] == spoken(source.tokens)
    assert shown.tolist() == [0, 1, 5, 4, 6]
    assert texts[5] != texts[0]


def test_chinese_words_stay_whole():
    texts = ["房间很干净服务态度好", "服务态度好房间很干净", "房间很干净"] * 20
    tokenizer = learn_tokenizer(texts)
    tokens = encode(tokenizer, texts, max_length=64)
    starts = word_starts(tokenizer, texts, max_length=64)
    assert starts.all()  # each token is a word, though all of them stand in one run of characters
    names = [tokenizer.id_to_token(i) for i in range(tokenizer.get_vocab_size())]
    varied = Augmenter(tokens, np.zeros(60, np.int64), starts=starts, names=names, vectors=None).vary(
        np.arange(60), rng=np.random.default_rng(0)
    )
    assert set(varied.ids) <= set(tokens.ids)
    assert any(len(names[i]) > 1 for i in tokens.ids)


@pytest.mark.parametrize("length", [6, 7])
def test_word_starts_follow_the_cut_of_long_texts(length):
    tokenizer = build_tokenizer(WORDS)
    tokens = encode(tokenizer, [TEXTS[0]], max_length=length)
    starts = word_starts(tokenizer, [TEXTS[0]], max_length=length)
    assert len(starts) == len(tokens.ids) == length
    names = [tokenizer.id_to_token(int(i)) for i in tokens.ids]
    assert [name for name, start in zip(names, starts, strict=True) if not start] == ["##mon"]


def test_opposite_words_are_no_replacement_though_their_vectors_are_near():
    """Two near words, one from the texts of either class: each class takes only what speaks for it no less."""
    rng = np.random.default_rng(0)
    vectors = rng.normal(size=(30, 6)).astype(np.float32)
    vectors[:, 5] = 0.0
    vectors[0] = [3, 0, 0, 0, 0, 1]  # 1 and 0 are antonyms, 2 means the same as 0
    vectors[1] = [3, 0, 0, 0, 0, -1]
    vectors[2] = [3, 0, 0, 0, 0.1, 1]
    labels = np.repeat([0, 1], 60)
    words = rng.integers(3, 30, (120, 6))
    words[:, 0] = labels  # class 0 says 0, class 1 says 1
    tokens = TokenTable(words.ravel().astype(np.int32), np.arange(0, 721, 6))
    associations = class_associations(tokens, labels, vectors, n_classes=3)
    assert associations[0, 0] - associations[1, 0] > 1.0
    assert not associations[:, 2].any()  # a class without a row
    similar = find_similar(vectors, np.arange(30), associations)
    assert similar[0, 0, 0] == 2
    assert 1 not in similar[0, 0]
    assert 0 in similar[0, 1]  # in a text of class 0 the other way round is welcome
    assert 0 not in similar[1, 1]


def test_examples_of_a_network_from_scratch_need_no_base_model():
    texts = [f"the battery of this phone number {i} broke after some weeks" for i in range(30)] + ["fine thing"] * 30
    pairs = example_variations(texts, ["bad"] * 30 + ["good"] * 30, label="bad", folder=None)
    assert len(pairs) == 3
    for before, after in pairs:
        assert before.startswith("the battery of")
        assert set(after.split()) <= set(before.split())
        assert after != before
