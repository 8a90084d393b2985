"""Texts taken apart in several ways: what stays, what falls apart, and which way each pass reads."""

import itertools

import numpy as np
import pytest

from sentiment.models.tokenizer import TokenTable, build_likely_tokenizer, encode
from sentiment.training.distill import _endless
from sentiment.training.segmentations import leave_out, take_apart

WORDS = ("酒店", "房间", "服务", "早餐", "非常", "满意", "失望", "干净", "便宜", "方便")
TEXTS = ["酒店非常干净", "服务非常满意，早餐便宜", "房间失望", "hotel 方便"]
LETTERS = dict.fromkeys([*"".join(WORDS), *",hotel"])


def tokenizer():
    return build_likely_tokenizer(dict.fromkeys(WORDS, -3.0) | dict.fromkeys(LETTERS, -6.0))


def tokens_of(table: TokenTable, row: int) -> list[str]:
    names = {place: token for token, place in tokenizer().get_vocab().items()}
    return [names[place] for place in table.ids[table.starts[row] : table.starts[row + 1]].tolist()]


def test_what_is_left_out_falls_into_known_parts_and_nothing_is_lost():
    plain, *others = take_apart(tokenizer(), TEXTS, n_ways=4, left_out=0.5, max_length=64, seed=0)
    assert np.array_equal(plain.ids, encode(tokenizer(), TEXTS, max_length=64).ids)
    assert tokens_of(plain, 0) == ["酒店", "非常", "干净"]
    assert len({tuple(other.ids.tolist()) for other in others}) == 3, "each way is another one"
    for other in others:
        assert len(other.ids) > len(plain.ids)
        for row, text in enumerate(TEXTS):
            assert "".join(tokens_of(other, row)) == text.replace(" ", "").replace("，", ",")


def test_the_seed_draws_the_ways():
    first, second, other = (
        take_apart(tokenizer(), TEXTS, n_ways=3, left_out=0.5, max_length=64, seed=seed) for seed in (3, 3, 4)
    )
    assert all(np.array_equal(a.ids, b.ids) for a, b in zip(first, second, strict=True))
    assert any(not np.array_equal(a.ids, b.ids) for a, b in zip(first, other, strict=True))


@pytest.mark.parametrize(("share", "n_left"), [(0.0, len(WORDS)), (1.0, 0)])
def test_single_characters_and_what_is_unknown_are_never_left_out(share: float, n_left: int):
    other, ids = leave_out(tokenizer(), share=share, rng=np.random.default_rng(0))
    vocabulary = other.get_vocab()
    assert sum(word in vocabulary for word in WORDS) == n_left
    assert LETTERS.keys() <= vocabulary.keys()
    assert ids[:2].tolist() == [0, 1]
    assert len(ids) == len(vocabulary)


def test_each_pass_reads_the_next_way_and_then_the_first_again():
    ways = [TokenTable(np.full(8, way, np.int32), np.arange(9)) for way in (5, 6, 7)]
    passes = itertools.islice(_endless(ways, 4, length=16, seed=0), 8)  # two batches are one pass
    assert [sorted(set(ids[ids > 0].tolist())) for ids, _ in passes] == [[5], [5], [6], [6], [7], [7], [5], [5]]
