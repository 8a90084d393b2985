"""The head on a frozen encoder."""

import numpy as np
import pytest

from sentiment.training.head import fit_head, guess_targets

HIDDEN = 12


def vectors(n: int, *, seed: int, n_classes: int = 3) -> tuple[np.ndarray, np.ndarray]:
    """Labels, and text vectors in which the first numbers say the class, faintly, and the others nothing."""
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, n_classes, n)
    found = rng.normal(2.0, 1.0, (n, HIDDEN)).astype(np.float32)
    found[np.arange(n), labels] += 1.5
    return found, labels


def one_hot(labels: np.ndarray, n_classes: int = 3) -> np.ndarray:
    return np.eye(n_classes, dtype=np.float32)[labels]


def share_right(head: dict, texts: np.ndarray, labels: np.ndarray) -> float:
    return float(((texts @ head["kernel"] + head["bias"]).argmax(axis=1) == labels).mean())


@pytest.mark.parametrize("n_classes", [2, 3])
def test_it_learns_what_the_vectors_say(n_classes):
    train, test = vectors(400, seed=0, n_classes=n_classes), vectors(400, seed=1, n_classes=n_classes)
    head = fit_head(train[0], one_hot(train[1], n_classes))
    assert head["kernel"].shape == (HIDDEN, n_classes)
    assert share_right(head, *test) > 0.6 + 0.1 * (n_classes == 2)


def test_with_few_labels_what_the_base_model_says_counts():
    texts, labels = vectors(9, seed=0)
    test = vectors(600, seed=1)
    knows = {"kernel": np.eye(HIDDEN, 3, dtype=np.float32), "bias": np.zeros(3, np.float32)}
    alone = fit_head(texts, one_hot(labels))
    helped = fit_head(texts, one_hot(labels), base_head=knows, matches={0: 0, 1: 1, 2: 2})
    assert share_right(helped, *test) > share_right(alone, *test) + 0.05


def test_a_base_model_with_other_classes_helps_as_well():
    texts, labels = vectors(60, seed=0)
    knows = {"kernel": np.eye(HIDDEN, 2, dtype=np.float32), "bias": np.zeros(2, np.float32)}
    head = fit_head(texts, one_hot(labels), base_head=knows)
    assert head["kernel"].shape == (HIDDEN, 3)
    assert share_right(head, *vectors(400, seed=1)) > 0.6


def test_without_evidence_it_says_what_the_base_model_says():
    texts = vectors(50, seed=0)[0]
    knows = {"kernel": np.eye(HIDDEN, 3, dtype=np.float32), "bias": np.array([0.3, -0.2, 0.1], np.float32)}
    nothing = np.zeros(50, np.float32)
    head = fit_head(texts, one_hot(np.zeros(50, int), 2), base_head=knows, matches={0: 2, 1: 0}, row_weights=nothing)
    logits = texts @ knows["kernel"] + knows["bias"]
    np.testing.assert_allclose(texts @ head["kernel"] + head["bias"], logits[:, [2, 0]], atol=1e-4)


def test_weights_move_the_border():
    texts, labels = vectors(200, seed=0, n_classes=2)
    heavy = np.where(labels == 1, 20.0, 1.0).astype(np.float32)
    head = fit_head(texts, one_hot(labels, 2), row_weights=heavy)
    plain = fit_head(texts, one_hot(labels, 2))
    guess = lambda head: (texts @ head["kernel"] + head["bias"]).argmax(axis=1).mean()  # noqa: E731
    assert guess(head) > guess(plain) + 0.1


def test_a_guess_is_surer_than_the_head_and_of_the_same_mind():
    texts, labels = vectors(100, seed=0)
    head = fit_head(texts, one_hot(labels))
    logits = texts @ head["kernel"] + head["bias"]
    said = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    guessed = guess_targets(texts, head)
    np.testing.assert_allclose(guessed.sum(axis=1), 1.0, atol=1e-5)
    np.testing.assert_array_equal(guessed.argmax(axis=1), said.argmax(axis=1))
    assert (guessed.max(axis=1) > said.max(axis=1)).all()


def test_a_margin_for_the_rare_class_is_learned_and_not_predicted_with():
    rng = np.random.default_rng(0)
    labels = (np.arange(420) % 21 == 0).astype(int)  # 1 in 21
    texts = (rng.normal(2.0, 1.0, (420, HIDDEN)) + 1.5 * np.eye(HIDDEN)[labels]).astype(np.float32)
    knows = {"kernel": np.eye(HIDDEN, 2, dtype=np.float32), "bias": np.zeros(2, np.float32)}
    options = {"base_head": knows, "matches": {0: 0, 1: 1}}
    test, truth = vectors(600, seed=1, n_classes=2)
    plain = fit_head(texts, one_hot(labels, 2), **options)
    margin = fit_head(texts, one_hot(labels, 2), log_prior=np.log([1.0, 0.05]).astype(np.float32), **options)
    recall = [
        ((test @ head["kernel"] + head["bias"]).argmax(axis=1)[truth == 1] == 1).mean() for head in (plain, margin)
    ]
    assert recall[1] > recall[0] + 0.2
    assert share_right(margin, test, truth) > share_right(plain, test, truth)
