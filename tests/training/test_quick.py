"""Heads fitted between two labels, their score, and the rule for when more labels stop paying."""

import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from sentiment.training.plateau import judge_plateau
from sentiment.training.quick import UNLABELED, QuickHead, assign_folds
from sentiment.training.text_vectors import TextVectors

ROOT = Path(__file__).resolve().parents[2]
CLASSES = ("negative", "neutral", "positive")
HIDDEN = 16


def made(n: int, *, seed: int = 0, hidden: int = HIDDEN, head: bool = True) -> tuple[TextVectors, np.ndarray]:
    """Vectors in which the first numbers say the class, and the labels."""
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, 3, n)
    found = rng.normal(0.0, 1.0, (n, hidden)).astype(np.float32)
    found[np.arange(n), labels] += 2.0
    own = {"kernel": np.eye(hidden, 3, dtype=np.float32)[:, [2, 1, 0]], "bias": np.zeros(3, np.float32)}
    names = ("pos", "neutral", "neg") if head else ()
    return TextVectors(found, np.arange(n), "x", own if head else None, names), labels


def some(labels: np.ndarray, n: int, *, seed: int = 0) -> np.ndarray:
    known = np.full(len(labels), UNLABELED)
    rows = np.random.default_rng(seed).permutation(len(labels))[:n]
    known[rows] = labels[rows]
    return known


def test_before_the_first_label_the_base_model_speaks_in_the_datasets_order_of_classes():
    vectors, labels = made(300)
    probs = QuickHead(vectors, CLASSES).update(np.full(300, UNLABELED))
    assert probs.shape == (300, 3)
    np.testing.assert_allclose(probs.sum(axis=1), 1.0, atol=1e-5)
    assert (probs.argmax(axis=1) == labels).mean() > 0.6


@pytest.mark.parametrize("classes", [("spam", "ham"), ("negative", "neutral", "positive", "mixed")])
def test_before_the_first_label_a_base_model_with_other_classes_says_nothing(classes):
    assert QuickHead(made(20)[0], classes).update(np.full(20, UNLABELED)) is None


def test_it_learns_from_the_labels_and_from_no_other_row():
    vectors, labels = made(600, head=False)
    known = some(labels, 60)
    probs = QuickHead(vectors, CLASSES).update(known)
    assert (probs.argmax(axis=1) == labels).mean() > 0.7
    hidden_rows = vectors.vectors.copy()
    hidden_rows[known == UNLABELED] = 0.0
    other = QuickHead(TextVectors(hidden_rows, vectors.rows, "x"), CLASSES).update(known)
    np.testing.assert_allclose(other[known != UNLABELED], probs[known != UNLABELED], atol=1e-5)


def test_one_class_seen_only_is_no_error():
    vectors, labels = made(100)
    known = np.where(labels == 1, labels, UNLABELED)
    assert np.isfinite(QuickHead(vectors, CLASSES).update(known)).all()


def test_a_held_out_row_teaches_nothing_and_is_judged():
    vectors, labels = made(400)
    held_out = np.arange(400) % 2 == 0
    quick = QuickHead(vectors, CLASSES)
    right = quick.score(labels, np.arange(400), held_out=held_out)
    wrong = np.where(held_out, (labels + 1) % 3, labels)  # were they learned from, they would be believed a little
    assert right.macro_f1 > 0.7
    assert right.low < right.macro_f1 < right.high
    assert quick.score(wrong, np.arange(400), held_out=held_out).macro_f1 < 0.25
    assert right.n_labels == 400


def test_cross_validation_keeps_duplicates_on_one_side():
    vectors, _ = made(200)
    twice = TextVectors(np.repeat(vectors.vectors, 2, axis=0), np.arange(400), "x")
    noise = np.repeat(np.random.default_rng(1).integers(0, 3, 200), 2)  # nothing to learn but the row itself
    apart = QuickHead(twice, CLASSES).out_of_fold(np.arange(400), noise, np.repeat(np.arange(200), 2))
    assert (apart.argmax(axis=1) == noise).mean() < 0.45
    leaking = QuickHead(twice, CLASSES).out_of_fold(np.arange(400), noise, np.arange(400))
    assert (leaking.argmax(axis=1) == noise).mean() > (apart.argmax(axis=1) == noise).mean() + 0.08


def test_too_few_labels_have_no_score():
    vectors, labels = made(50)
    assert QuickHead(vectors, CLASSES).score(some(labels, 5), np.arange(50)) is None


def test_folds_share_out_every_class():
    labels = np.array([0] * 50 + [1] * 10)
    folds = assign_folds(labels, np.arange(60), folds=5, seed=3)
    assert [(folds[labels == 1] == fold).sum() for fold in range(5)] == [2] * 5
    assert set(folds) == set(range(5))


def test_two_thousand_labels_on_many_rows_take_less_than_half_a_second():
    rng = np.random.default_rng(0)
    vectors = rng.normal(size=(30_000, 1200)).astype(np.float32)
    labels = rng.integers(0, 3, 30_000)
    quick = QuickHead(TextVectors(vectors, np.arange(30_000), "x"), CLASSES)
    seconds = []
    for _ in range(3):
        began = time.process_time()
        quick.update(some(labels, 2000))
        seconds.append(time.process_time() - began)
    assert min(seconds) < 1.0  # a third of the rows, at half the pace: other work shares the machine


def test_a_steep_curve_pays_and_a_flat_one_has_stopped():
    n = np.arange(10, 310, 10)
    noise = 0.004 * np.random.default_rng(0).normal(size=len(n))
    assert judge_plateau(n, 0.4 + 0.0005 * n + noise).verdict == "pays"
    flat = judge_plateau(n, 0.6 + noise)
    assert flat.verdict == "stopped"
    assert "hardly pay" in flat.sentence


def test_a_noisy_or_short_curve_says_that_it_does_not_know():
    n = np.arange(10, 310, 10)
    noisy = 0.5 + 0.08 * np.random.default_rng(0).normal(size=len(n))
    assert judge_plateau(n, noisy).verdict == "unknown"
    assert judge_plateau([10, 20, 30], [0.4, 0.5, 0.6]).verdict == "unknown"
    assert judge_plateau([], []).verdict == "unknown"


def test_only_the_last_labels_count():
    n = np.arange(10, 510, 10)
    curve = np.where(n < 300, 0.3 + 0.001 * n, 0.6)
    assert judge_plateau(n, curve).verdict == "stopped"


@pytest.mark.parametrize("module", ["sentiment.training.quick", "sentiment.training.text_vectors"])
def test_a_page_may_use_it_without_loading_a_deep_learning_library(module):
    code = f"import sys, {module}; print(sorted({{'jax', 'flax', 'optax', 'streamlit'}} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert done.stdout.strip() == "[]", done.stderr
