"""Labels that predictions contradict."""

import numpy as np
import pytest

from sentiment.labels.suspects import estimate_wrong, pool_opinions, rank_suspects

CLASSES = ("bad", "fair", "good")


def test_the_label_that_predictions_contradict_most_comes_first_with_the_class_they_say():
    probs = np.array([[0.9, 0.05, 0.05], [0.05, 0.9, 0.05], [0.2, 0.3, 0.5]], np.float32)
    table = rank_suspects(np.array([4, 7, 9]), np.array([0, 2, 1]), probs, classes=CLASSES)
    assert list(table.columns) == ["row", "label", "suggested", "score"]
    assert table["row"].tolist() == [7, 9, 4]
    assert table["label"].tolist() == ["good", "fair", "bad"]
    assert table["suggested"].tolist()[:2] == ["fair", "good"]
    np.testing.assert_allclose(table["score"], [0.9 / 0.95, 0.5 / 0.8, 0.05 / 0.95], atol=1e-6)


def test_a_score_above_a_half_is_a_contradiction_and_no_suggestion_is_the_label():
    rng = np.random.default_rng(0)
    probs, labels = rng.dirichlet([1, 1, 1], 300).astype(np.float32), rng.integers(0, 3, 300)
    table = rank_suspects(np.arange(300), labels, probs, classes=CLASSES)
    assert (table["label"] != table["suggested"]).all()
    assert table["score"].is_monotonic_decreasing
    contradicted = set(np.flatnonzero(probs.argmax(axis=1) != labels))
    assert set(table["row"][table["score"] > 0.5]) == contradicted


def test_changed_labels_are_found_and_about_counted():
    rng = np.random.default_rng(0)
    truth = rng.integers(0, 3, 2000)
    probs = (0.8 * np.eye(3)[truth] + 0.2 * rng.dirichlet([1, 1, 1], 2000)).astype(np.float32)
    changed = rng.choice(2000, 100, replace=False)
    labels = truth.copy()
    labels[changed] = (truth[changed] + rng.integers(1, 3, 100)) % 3
    table = rank_suspects(np.arange(2000), labels, probs, classes=CLASSES)
    assert set(table["row"][:100]) == set(changed)
    assert (np.array(CLASSES)[truth[table["row"][:100]]] == table["suggested"][:100]).all()
    assert 70 <= estimate_wrong(labels, probs) <= 130


@pytest.mark.parametrize("n", [0, 3])
def test_one_class_or_no_row_has_no_suspects(n):
    table = rank_suspects(np.arange(n), np.zeros(n, int), np.ones((n, 1), np.float32), classes=("only",))
    assert table.empty
    assert list(table.columns) == ["row", "label", "suggested", "score"]


def test_opinions_are_pooled_and_none_forbids_a_class_alone():
    sure, other = np.array([[1.0, 0.0]], np.float32), np.array([[0.1, 0.9]], np.float32)
    pooled = pool_opinions([sure, other], [1.0, 3.0])
    np.testing.assert_allclose(pooled.sum(axis=1), 1.0, atol=1e-6)
    assert 0 < pooled[0, 0] < 1
    np.testing.assert_allclose(pool_opinions([other], [2.0]), other, atol=1e-6)
