"""Heads fitted between two labels, their score, and the rule for when more labels stop paying."""

import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from sentiment.evaluation import evaluate
from sentiment.training.plateau import judge_plateau
from sentiment.training.quick import UNLABELED, QuickHead, Score, assign_folds, choose_groups, score_rows
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


def curve(n, scores, *, error=0.0, seed=0):
    """A curve whose points are judged on the same rows, which leave `error` open for all points at once."""
    drawn = error * np.random.default_rng(seed).normal(size=200)
    return [Score(int(a), float(b), float(b), float(b), float(b) + drawn) for a, b in zip(n, scores, strict=True)]


def test_a_steep_curve_pays_and_a_flat_one_has_stopped():
    n = np.arange(10, 310, 10)
    noise = 0.004 * np.random.default_rng(0).normal(size=len(n))
    assert judge_plateau(curve(n, 0.4 + 0.0005 * n + noise, error=0.05)).verdict == "pays"
    flat = judge_plateau(curve(n, 0.6 + noise, error=0.05))  # an error of all points alike is none of the slope
    assert flat.verdict == "stopped"
    assert "hardly pay" in flat.sentence


def test_a_noisy_or_short_curve_says_that_it_does_not_know():
    n = np.arange(10, 310, 10)
    noisy = 0.5 + 0.08 * np.random.default_rng(0).normal(size=len(n))
    assert judge_plateau(curve(n, noisy)).verdict == "unknown"
    assert judge_plateau(curve([10, 20, 30], [0.4, 0.5, 0.6])).verdict == "unknown"
    assert judge_plateau([]).verdict == "unknown"


def test_only_the_last_labels_count():
    n = np.arange(10, 510, 10)
    assert judge_plateau(curve(n, np.where(n < 300, 0.3 + 0.001 * n, 0.6))).verdict == "stopped"


def test_a_curve_that_wanders_because_its_rows_do_is_not_believed():
    """Ten labels more at a time, and nothing to learn: a few rows that happen to be right tilt the whole curve."""
    wrongly = 0
    for seed in range(40):
        rng = np.random.default_rng(seed)
        truth, right = rng.integers(0, 2, 300), rng.random(300) < 0.75
        said = np.where(right, truth, 1 - truth)
        points = []
        for n in range(150, 310, 10):
            probs = np.eye(2, dtype=np.float32)[said[:n]]
            points.append(score_rows(truth[:n], probs, np.arange(n), n_labels=n))
        plateau = judge_plateau(points)
        wrongly += abs(plateau.gain) > plateau.margin
    assert wrongly <= 9  # a tenth of 40, and three standard errors above it


def test_a_class_that_is_only_said_counts_neither_in_a_score_nor_in_its_interval():
    truth = np.arange(100) % 2
    said = np.where(np.arange(100) < 4, 2, truth)
    score = score_rows(truth, np.eye(3, dtype=np.float32)[said], np.arange(100), n_labels=100)
    assert 0.9 < score.low < score.macro_f1 < score.high


def test_the_interval_of_a_score_is_that_of_the_report_and_knows_groups():
    truth, said = np.arange(100) % 2, np.where(np.arange(100) < 70, np.arange(100) % 2, 0)
    probs = np.eye(2, dtype=np.float32)[said]
    alone = score_rows(truth, probs, np.arange(100), n_labels=100)
    together = score_rows(truth, probs, np.arange(100) // 10, n_labels=100)
    report = evaluate([str(c) for c in truth], predictions=[str(c) for c in said], classes=["0", "1"])
    assert (alone.low, alone.high) == pytest.approx(report["intervals"]["macro avg"]["f1-score"], abs=0.02)
    assert together.high - together.low > 1.3 * (alone.high - alone.low)
    assert together.drawn.std() > 1.3 * alone.drawn.std()
    perfect = score_rows(truth[:20], np.eye(2, dtype=np.float32)[truth[:20]], np.arange(20), n_labels=20)
    assert perfect.low < 0.95


@pytest.mark.parametrize("module", ["sentiment.training.quick", "sentiment.training.text_vectors"])
def test_a_page_may_use_it_without_loading_a_deep_learning_library(module):
    code = f"import sys, {module}; print(sorted({{'jax', 'flax', 'optax', 'streamlit'}} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert done.stdout.strip() == "[]", done.stderr


def test_rows_take_turns_by_document_only_where_every_fold_leaves_enough_to_learn_from():
    labels, documents, duplicates = np.arange(40) % 2, np.arange(40) // 4, np.arange(40)
    assert choose_groups(duplicates, documents, labels) is documents
    of_one = np.where(documents == 3, 2, labels)  # a class that one document has alone
    assert choose_groups(duplicates, documents, of_one) is duplicates
    single = np.where(duplicates == 7, 2, labels)  # of one row: that teaches nobody else in any case
    assert choose_groups(duplicates, documents, single) is documents
    large = np.where(documents < 7, 0, documents)  # one of 28 rows
    assert choose_groups(duplicates, large, labels) is duplicates
    assert choose_groups(duplicates, np.zeros(40, int), labels) is duplicates
