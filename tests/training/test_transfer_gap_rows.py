"""However rare a class is in a language, its gap can be measured: what is drawn has all classes, or one is enough."""

import numpy as np
import pytest

from sentiment.training import transfer_gap_fits as fits
from sentiment.training.transfer_gap_rows import GapRows, draw_labels, find_targets, gap_rows
from tests.training.several_languages import bilingual_frame

CLASSES = ("negative", "positive")


def rare_rows(n=1_000, n_rare=30):
    """Chinese rows of which so many are of the first class."""
    frame = bilingual_frame(n_first=0, n_second=n)
    frame["label"] = ["negative" if position < n_rare else "positive" for position in range(n)]
    return gap_rows(frame, CLASSES)


def test_however_rare_a_class_is_every_draw_has_one_of_it():
    labels = np.repeat([0, 1], [30, 970])
    rows = GapRows([""] * 1_000, labels, np.full(1_000, "zh", object), np.arange(1_000), CLASSES)
    for seed in range(10):
        few, more, most = (set(draw_labels(rows, np.arange(1_000), n, seed=seed)) for n in (2, 20, 100))
        assert few < more < most
        assert [np.bincount(labels[list(part)]).tolist() for part in (few, more)] == [[1, 1], [1, 19]]
        assert np.bincount(labels[list(most)]).tolist() == pytest.approx([3, 97], abs=1)


def test_tfidf_learns_from_few_labels_where_one_class_is_rare():
    rows = rare_rows()
    (target,), _ = find_targets(rows)
    said = [fits.fit_tfidf(rows, target, draw_labels(rows, target.pool, 20, seed=seed)) for seed in range(10)]
    assert {len(one) for one in said} == {len(target.test)}
    assert {0, 1} == {label for one in said for label in one.tolist()}


@pytest.mark.parametrize("label", [0, 1])
def test_from_labels_of_one_class_tfidf_says_that_class(label):
    rows = rare_rows()
    (target,), _ = find_targets(rows)
    own = target.pool[rows.labels[target.pool] == label][:10]
    assert fits.fit_tfidf(rows, target, own).tolist() == [label] * len(target.test)
