"""Base models that read Chinese: their words, what the teacher is asked, and the whole recipe with a small teacher."""

import dataclasses
import hashlib
import importlib.util
import os
import re
import subprocess
import sys
import textwrap
from collections import Counter
from types import SimpleNamespace

import numpy as np
import pytest

from sentiment.errors import ModelError
from sentiment.files import read_json
from sentiment.models.encoders import EncoderConfig
from sentiment.models.predictor import load_predictor
from sentiment.models.tokenizer import build_likely_tokenizer
from sentiment.training import chinese, chinese_texts, chinese_words, pretrain, teacher_tuned
from sentiment.training.chinese import CHINESE
from sentiment.training.chinese_judge import draw_folds, judge_texts
from sentiment.training.chinese_texts import draw_passages, exchange_words, mix_clauses, more_reviews, split_clauses
from sentiment.training.chinese_words import choose_chinese, count_chinese
from sentiment.training.corpora import CORPORA, CorpusSplit
from sentiment.training.teacher import WIDTH
from sentiment.training.teacher_multilingual import unpack
from sentiment.training.teacher_tuned import TuneSettings, plan_steps, tuned_teacher

GOOD = ("质量很好", "非常满意", "值得推荐", "服务周到", "十分喜欢")
BAD = ("质量很差", "非常失望", "不要购买", "态度恶劣", "浪费时间")
PLACES = ("酒店", "房间", "电脑", "键盘", "书", "早餐", "前台", "快递", "屏幕", "故事")


def reviews(n: int, *, seed: int) -> tuple[list[str], np.ndarray]:
    """Reviews that say one good or one bad thing among others, and their labels (0 and 1)."""
    rng = np.random.default_rng(seed)
    labels = np.arange(n) % 2
    texts = []
    for label in labels:
        said = (BAD, GOOD)[label][rng.integers(5)]
        places = [PLACES[place] for place in rng.permutation(10)[:3]]
        texts.append(f"{places[0]}和{places[1]}，{said}。住了{rng.integers(1, 10_000)}天，{places[2]}还行")
    return texts, labels


def read(texts):
    """What a teacher might say of texts: random numbers, and one that tells good from bad."""
    seeds = [int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "big") for text in texts]
    vectors = np.stack([np.random.default_rng(seed).normal(size=WIDTH) for seed in seeds])
    vectors[:, 0] += [8.0 * (any(w in t for w in GOOD) - any(w in t for w in BAD)) for t in texts]
    vectors += 5.0
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float16)


def test_words_are_those_of_the_texts_and_of_the_language_and_all_their_characters():
    counts = count_chinese(["这家酒店的服务很好", "酒店的早餐 OK", "酒店"])
    assert [counts[word] for word in ("酒店", "服务", "ok")] == [3, 1, 1]
    weights = choose_chinese(counts, {"电脑": 900, "键盘": 30, "屏风": 1}, min_count=2, n_frequent=2)
    assert list(weights)[:2] == ["酒店", "的"]
    assert {"电脑", "键盘", "电", "脑", "酒", "a", "7"} <= weights.keys()
    assert not {"服务", "屏风", "ok"} & weights.keys()
    assert weights["电脑"] > weights["键盘"] > weights["盘"]


def test_clauses_are_found_once_and_know_their_review():
    texts = ["房间很干净，早餐不错。下次再来", "早餐不错。下次再来", "好"]
    assert split_clauses(texts) == {"房间很干净，": 0, "早餐不错。": 0, "下次再来": 0}


def test_passages_are_parts_of_their_review_with_two_clauses_or_more():
    texts = ["房间很干净，早餐不错。下次再来", "早餐不错。下次再来", "地铁近，前台好，早餐多，还会再来，谢谢"]
    found = draw_passages(texts, n_each=50, seed=0)
    assert 2 in found.values()
    assert 1 not in found.values()
    assert texts[1] not in found
    for text, row in found.items():
        assert text in texts[row]
        assert text != texts[row]
        assert len(re.findall("[^，。]+", text)) >= 2
    assert draw_passages(texts, n_each=1, seed=0) == draw_passages(texts, n_each=1, seed=0)
    assert len(draw_passages(texts, n_each=1, seed=0)) <= 2


def test_mixed_texts_are_of_clauses_of_several_reviews_of_one_fold():
    texts, _ = reviews(200, seed=0)
    folds = draw_folds(200)
    mixed = mix_clauses(texts, folds, n=300, seed=0)
    assert len(mixed) > 250
    fold_of = {clause: set() for text in texts for clause in split_clauses([text])}
    for text, fold in zip(texts, folds.tolist(), strict=True):
        for clause in split_clauses([text]):
            fold_of[clause].add(fold)
    several = 0
    for text, position in mixed.items():
        clauses = [clause for clause in split_clauses([text + "。"]) if clause in fold_of]
        assert all(folds[position] in fold_of[clause] for clause in clauses)
        several += len(clauses) >= 2
    assert several > 200
    assert mix_clauses(texts, folds, n=300, seed=0) == mixed
    assert mix_clauses(texts, folds, n=0, seed=0) == {}


def test_exchanged_texts_keep_their_frequent_words_and_their_punctuation(monkeypatch):
    monkeypatch.setattr(chinese_texts, "_FUNCTION_WORDS", 5)
    texts, _ = reviews(200, seed=0)
    tokenizer = build_likely_tokenizer(choose_chinese(count_chinese(texts), {"电脑": 9}, min_count=2, n_frequent=0))
    parts = {text: position for position, text in enumerate(texts)}
    exchanged = exchange_words(parts, tokenizer, n=150, seed=0)
    assert len(exchanged) > 100
    frequent = [word for word, _ in Counter(w for t in texts for w in set(tokenizer.encode(t).tokens)).most_common(4)]
    known = {word for text in texts for word in tokenizer.encode(text).tokens}
    for text, position in exchanged.items():
        before, after = tokenizer.encode(texts[position]).tokens, tokenizer.encode(text).tokens
        assert text not in parts
        assert text.count("，") == texts[position].count("，")
        assert [w for w in before if w in frequent] == [w for w in after if w in frequent] or len(before) != len(after)
        assert set(after) <= known
    assert exchange_words({}, tokenizer, n=10, seed=0) == {}


@pytest.mark.slow
def test_the_further_texts_are_the_same_in_every_process(project_folder):
    """The order of a set of words is another one in each; what the teacher was asked would never be asked again."""
    script = """
        from sentiment.models.tokenizer import build_likely_tokenizer
        from sentiment.training import chinese_texts
        from sentiment.training.chinese_words import choose_chinese, count_chinese
        from tests.training.test_chinese import reviews
        texts, _ = reviews(200, seed=0)
        tokenizer = build_likely_tokenizer(choose_chinese(count_chinese(texts), {"电脑": 9}, min_count=1, n_frequent=0))
        chinese_texts._FUNCTION_WORDS = 4
        print(list(chinese_texts.exchange_words(dict(zip(texts, range(200))), tokenizer, n=50, seed=0)))
    """
    said = [
        subprocess.run(
            [sys.executable, "-c", textwrap.dedent(script)],
            env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": str(project_folder)},
            capture_output=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    ]
    assert said[0] == said[1]
    assert len(said[0]) > 1000


def test_a_wrong_label_is_seen_through_by_characters_and_by_the_teacher():
    texts, labels = reviews(200, seed=0)
    wrong = labels.copy()
    wrong[:6] = 1 - wrong[:6]
    parts = split_clauses(texts)
    every, holders = [*texts, *parts], np.concatenate([np.arange(200), np.fromiter(parts.values(), np.int64)])
    silent = np.zeros(len(every))
    probs = judge_texts(every, holders, wrong, silent)
    np.testing.assert_allclose(probs.sum(axis=1), 1.0, atol=1e-6)
    assert (probs[:200].argmax(axis=1) == labels).all()
    changed = wrong.copy()
    changed[10] = 1 - changed[10]
    again = judge_texts(every, holders, changed, silent)
    own = np.flatnonzero(holders == 10)
    np.testing.assert_array_equal(probs[own], again[own])  # its own label says nothing of a row and of its clauses
    assert np.abs(probs - again).max() > 1e-4
    sure = judge_texts(every, holders, wrong, np.full(len(every), 50.0))
    assert (sure[:, 1] > 0.99).all()


def test_a_teacher_is_tuned_once_for_texts_labels_and_settings(tmp_path, monkeypatch):
    tuned = []

    def tune(parts, texts, labels, settings, **_):
        tuned.append((tuple(texts), tuple(labels), settings.seed))
        return len(tuned)

    monkeypatch.setattr(importlib.util, "find_spec", lambda name: object())
    monkeypatch.setattr(teacher_tuned, "read_parts", lambda: None)
    monkeypatch.setattr(teacher_tuned, "tune", tune)
    monkeypatch.setattr(teacher_tuned, "_save", lambda parts, head, path: path.write_text(str(head)))
    monkeypatch.setattr(teacher_tuned, "_load", lambda parts, path: int(path.read_text()))
    monkeypatch.setattr(teacher_tuned, "ask", lambda parts, head, texts: np.full((len(texts), 2), head, np.float16))

    def ask(asked, labels, **settings):
        labels = np.array(labels)
        return tuned_teacher(["好", "差"], labels, TuneSettings(**settings), cache=tmp_path)(asked)

    np.testing.assert_array_equal(ask(["还行", "好", "差"], [0, 1]), np.ones((3, 2)))
    np.testing.assert_array_equal(ask(["一般"], [0, 1]), np.ones((1, 2)))
    assert len(tuned) == 1
    np.testing.assert_array_equal(ask(["还行"], [1, 0]), np.full((1, 2), 2.0))
    np.testing.assert_array_equal(ask(["还行"], [0, 1], seed=1), np.full((1, 2), 3.0))
    assert tuned == [(("好", "差"), (0, 1), 0), (("好", "差"), (1, 0), 0), (("好", "差"), (0, 1), 1)]


def test_each_epoch_of_a_tuning_has_every_row_once_beside_rows_of_its_length():
    lengths = np.random.default_rng(0).integers(2, 120, 1_000)
    steps = plan_steps(lengths.tolist(), TuneSettings(epochs=2, batch_size=10))
    assert len(steps) == 200
    for epoch in (steps[:100], steps[100:]):
        assert sorted(np.concatenate(epoch)) == list(range(1_000))
    spread = [lengths[rows].max() - lengths[rows].min() for rows in steps]
    assert np.mean(spread) < 20
    assert [rows.tolist() for rows in steps[:100]] != [rows.tolist() for rows in steps[100:]]


def test_more_reviews_are_new_have_one_label_and_hold_nothing_held_out(tmp_path, monkeypatch):
    folder = tmp_path / "data"
    folder.mkdir()
    held = "房间的隔音效果实在太差，隔壁说话听得一清二楚"
    (folder / "neg_sentences.txt").write_text(
        "退货很麻烦\n隔音效果实在太差，隔壁说话\n两面都说的话\n已经有了\n", "utf-8"
    )
    (folder / "pos_sentences.txt").write_text("两面都说的话\n很满意的一次购物\n\n很满意的一次购物\n", "utf-8")
    spec = SimpleNamespace(submodule_search_locations=[str(tmp_path)])
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: spec)
    texts, labels = more_reviews(known=["已经有了", held], held=[held])
    assert dict(zip(texts, labels.tolist(), strict=True)) == {"退货很麻烦": 0, "很满意的一次购物": 1}


def test_what_is_not_installed_is_said(monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    for ask in (chinese_words.frequent_words, lambda: more_reviews(known=[], held=[])):
        with pytest.raises(ModelError, match="requirements-build"):
            ask()


def test_four_bit_weights_are_unpacked_with_the_scale_of_their_block():
    low, high = np.arange(16, dtype=np.uint8), np.arange(16, dtype=np.uint8)[::-1]
    block = np.float16(0.5).tobytes() + (low | (high << 4)).tobytes()
    expected = 0.5 * (np.concatenate([low, high]).astype(np.float32) - 8.0)
    np.testing.assert_array_equal(unpack(block * 2, 64), np.tile(expected, 2))


def judge(asked):
    """What a tuned teacher might say: logits by the good and the bad words of a text."""
    good = np.array([any(w in t for w in GOOD) - any(w in t for w in BAD) for t in asked], np.float32)
    return np.stack([-2 * good, 2 * good], axis=1)


@pytest.mark.slow
def test_the_recipe_makes_a_model_that_names_what_it_was_not_trained_on(tmp_path, monkeypatch):
    texts, labels = reviews(400, seed=1)
    side = np.array([("test", "validation", "train", "train", "train")[place // 2 % 5] for place in range(400)])
    corpus = CorpusSplit(CORPORA["zh-reviews"], np.array(texts, object), labels * 2, side)
    fast = {"epochs": 6, "labeled_epochs": 6, "batch_size": 32, "average": 0.9, "learning_rate": 1e-2}
    recipe = dataclasses.replace(
        CHINESE[0],
        name="zh-small",
        settings=dataclasses.replace(CHINESE[0].settings, **fast),
        encoder=EncoderConfig(vocab_size=0, widths=(1, 2), filters=16),
        **{"embed": 16, "n_frequent": 20, "n_passages": 1, "imitation_epochs": 1, "n_averaged": 2},
        n_mixed=40,
        n_exchanged=40,
    )
    monkeypatch.setattr(pretrain, "RECIPES", {"zh-small": recipe})
    monkeypatch.setattr(pretrain, "read_corpus", lambda name: corpus)
    monkeypatch.setattr(chinese, "_teacher", lambda: read)
    monkeypatch.setattr(chinese, "_tuned", lambda texts, labels, settings, on_progress: judge)
    monkeypatch.setattr(chinese, "frequent_words", lambda: {"电脑": 9, "推荐": 5})
    monkeypatch.setattr(chinese_texts, "more_reviews", lambda known, held: (["键盘坏了，非常失望"], np.array([0])))
    pretrain.pretrain("zh-small", tmp_path / "zh-small")
    card = read_json(tmp_path / "zh-small" / "config.json")["card"]
    assert card["held_out"]["n_rows"] == 80
    assert card["held_out"]["accuracy"] > 0.9
    assert card["n_training_rows"] == 241
    assert "one row in five" in (tmp_path / "zh-small" / "README.md").read_text("utf-8").lower()
    predict = load_predictor(tmp_path / "zh-small")
    assert predict.classes == ("negative", "positive")
    assert predict(["早餐质量很好", "早餐质量很差"]).argmax(axis=1).tolist() == [1, 0]
