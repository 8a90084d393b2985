"""The corpora that base models are made from: what is kept apart, and that nothing of it is in training."""

import numpy as np
import pandas as pd
import pytest

from sentiment.training.corpora import read_corpus
from sentiment.training.overlap import find_overlapping

WORDS = "酒店房间早餐服务电脑键盘屏幕价格质量快递物流书本内容作者文字故事孩子喜欢一般失望干净安静方便便宜漂亮"


@pytest.fixture
def reviews(tmp_path, monkeypatch):
    """Six hundred different reviews, each twice, a part of each fifth as a row of its own, and one with both labels."""
    rng = np.random.default_rng(0)
    texts = ["".join(rng.choice(list(WORDS), 40)) for _ in range(600)]
    labels = ["positive" if place % 2 else "negative" for place in range(600)]
    parts = [text[8:30] for text in texts[::5]]
    rows = [*zip(texts, labels, strict=True), *zip([f"{text}！" for text in texts], labels, strict=True)]
    rows += [
        *zip(parts, labels[::5], strict=True),
        ("好坏都有，说不清楚", "positive"),
        ("好坏都有，说不清楚", "negative"),
    ]
    pd.DataFrame(rows, columns=["text", "label"]).to_csv(tmp_path / "zh_reviews_raw.csv", index=False)
    (tmp_path / "nyt_editorials.csv").write_text("text,label\n")  # by this file a corpora folder is known
    monkeypatch.setenv("SENTIMENT_CORPORA", str(tmp_path))
    return texts, parts


def test_of_chinese_reviews_one_in_five_is_kept_apart_and_none_twice(reviews):
    corpus = read_corpus("zh-reviews")
    assert 0.15 < (corpus.side == "test").mean() < 0.25
    assert 0.06 < (corpus.side == "validation").mean() < 0.14
    assert len({text.rstrip("！") for text in corpus.texts}) == len(corpus.texts)
    assert not any("说不清楚" in text for text in corpus.texts)


def test_no_training_row_holds_a_piece_of_a_held_out_one(reviews):
    _, parts = reviews
    corpus = read_corpus("zh-reviews")
    train, rest = (corpus.texts[corpus.rows("train")], corpus.texts[corpus.side != "train"])
    assert any(part in train for part in parts)  # a part may be there where the whole is not held out
    for held in rest:
        assert not any(held in text or text.rstrip("！") in held for text in train)
    for tested in corpus.texts[corpus.rows("test")]:
        assert not any(text.rstrip("！") in tested for text in corpus.texts[corpus.rows("validation")])


def test_a_row_is_on_the_same_side_whatever_else_there_is(reviews, tmp_path):
    before = read_corpus("zh-reviews")
    sides = dict(zip(before.texts, before.side, strict=True))
    frame = pd.read_csv(tmp_path / "zh_reviews_raw.csv")
    frame[frame["text"].isin(before.texts)].iloc[::2].to_csv(tmp_path / "zh_reviews_raw.csv", index=False)
    after = read_corpus("zh-reviews")
    assert len(after.texts) > 200
    assert all(sides[text] == side for text, side in zip(after.texts, after.side, strict=True))


def test_a_part_of_a_text_overlaps_with_the_whole_and_another_text_does_not():
    whole = "房间很大，早餐也丰富，就是离地铁站有点远，下次还会再来住的。"
    found = find_overlapping(["就是离地铁站 有点远，下次还会", "书的内容很好，孩子非常喜欢看", "", "很大"], [whole])
    assert found.tolist() == [True, False, False, False]
