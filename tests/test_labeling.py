"""The labeling loop: rows come once, labels count at once, and the model learns from them."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from sentiment import data
from sentiment.labeling import Labeling, _Learned
from sentiment.workspace import Workspace

REVIEWS = Path(__file__).parents[1] / "sample_data" / "product-reviews" / "product_reviews.csv"


def opened(tmp_path: Path, *, n_labeled: int, n_rows: int = 150) -> Labeling:
    frame = pd.read_csv(REVIEWS, dtype=str, nrows=n_rows)
    frame.loc[n_labeled:, "label"] = None
    frame.to_csv(tmp_path / "reviews.csv", index=False)
    workspace = Workspace(tmp_path / "workspace")
    dataset = data.import_file(tmp_path / "reviews.csv", text="text", label="label" if n_labeled else None)
    return Labeling(workspace, workspace.add_dataset(dataset)[0].id)


@pytest.fixture
def labeling(tmp_path, monkeypatch):
    monkeypatch.setattr(Labeling, "update_soon", lambda self: None)  # before a model has read anything
    return opened(tmp_path, n_labeled=20)


def test_rows_without_a_label_come_once_and_nobody_gets_anothers(labeling):
    given = []
    for _ in range(10):
        ada, ben = labeling.next_row("ada", "default"), labeling.next_row("ben", "default")
        assert ada != ben
        given += [ada, ben]
        labeling.label([ada], "positive", who="ada")
        labeling.mark(ben, "skip", who="ben")
    assert len(set(given)) == 20
    assert min(given) >= 20  # the rows before have a label from the file


def test_a_label_counts_at_once_and_an_undo_gives_the_row_back(labeling):
    row = labeling.next_row("ada", "default")
    before = labeling.stats()["per_class"]["positive"]
    labeling.label([row], "positive", who="ada")
    assert labeling.known(row).label == "positive"
    assert labeling.stats()["per_class"]["positive"] == before + 1
    assert labeling.undo(who="ada") == [row]
    assert labeling.known(row).label is None
    assert labeling.stats()["per_class"]["positive"] == before
    assert labeling.undo(who="ada") == []


def test_a_renamed_class_is_called_so_everywhere(labeling):
    row = labeling.next_row("ada", "default")
    labeling.label([row], "negative", who="ada")
    labeling.store.rename_class(labeling.id, "negative", "bad", who="ada")
    labeling.next_row("ada", "default")
    assert "bad" in labeling.classes()
    assert labeling.known(row).label == "bad"
    of_file = [labeling.known(other).label for other in range(20)]
    assert "bad" in of_file
    assert "negative" not in of_file


def test_a_search_is_a_queue_in_its_own_order(labeling):
    found = [int(row) for row in labeling.search("dvd*")]
    assert min(found) < 20  # with a label from the file: whoever looks for rows wants to see those too
    came = []
    while (row := labeling.next_row("ada", "listed", listed=found[len(came) :])) is not None:
        came.append(row)
        labeling.label([row], "neutral", who="ada")
    assert came == found


def test_rows_that_were_labeled_or_skipped_here_come_again_to_whoever_lists_them(labeling):
    labeling.label([30], "neutral", who="ada")
    labeling.mark(31, "skip", who="ada")
    labeling.mark(32, "exclude", who="ada")
    assert labeling.next_row("ada", "listed", listed=[30, 31]) == 30
    assert labeling.next_row("ben", "listed", listed=[30, 31]) == 31  # the other one is on a screen
    assert labeling.next_row("ada", "listed", listed=[32]) is None


def test_rows_of_a_retired_class_stay_labeled(tmp_path, monkeypatch):
    monkeypatch.setattr(Labeling, "update_soon", lambda self: None)
    labeling = opened(tmp_path, n_labeled=60, n_rows=60)
    assert labeling.next_row("ada", "random") is None
    labeling.store.retire_class(labeling.id, "negative", who="ada")
    assert labeling.next_row("ada", "random") is None
    classes, codes = labeling._labels()
    assert classes[-1] == "negative"
    assert (codes >= 0).all()
    labeling.store.retire_class(labeling.id, labeling.store.add_class(labeling.id, "none", who="ada").name, who="ada")
    assert labeling._labels()[0] == classes  # a retired class without a label is nothing to learn
    truth = labeling._file_labels
    probs = np.eye(3, dtype=np.float32)[codes] * 0.8 + 0.1
    labeling._learned = _Learned(tuple(classes), probs)
    row = int(np.flatnonzero(truth == "negative")[0])
    assert labeling.suggestion(row).label in labeling.classes()


def test_a_label_of_a_row_that_is_left_out_teaches_nothing(labeling):
    labeling.label([30], "neutral", who="ada")
    for row in (1, 30):
        assert labeling._labels()[1][row] >= 0
        labeling.mark(row, "exclude", who="ada")
        assert labeling._labels()[1][row] == -1
        labeling.mark(row, "include", who="ada")
        assert labeling._labels()[1][row] >= 0


@pytest.mark.slow
def test_the_model_learns_while_labels_come(tmp_path):
    labeling = opened(tmp_path, n_labeled=0, n_rows=300)
    for name in ("negative", "positive"):
        labeling.store.add_class(labeling.id, name, who="ada")
    truth = pd.read_csv(REVIEWS, dtype=str, nrows=300)["label"]
    for _ in range(60):
        row = labeling.next_row("ada", "default")
        labeling.label([row], "positive" if truth[row] == "positive" else "negative", who="ada")
    labeling.update()
    assert labeling.reading() is None
    rows = [row for row in range(300) if labeling.known(row).label is None]
    said = [labeling.suggestion(row) for row in rows]
    right = sum((one.label == "positive") == (truth[row] == "positive") for one, row in zip(said, rows, strict=True))
    assert right / len(rows) > 0.7
    assert labeling.curve[-1].n_labels == 60
    assert set(labeling.ranked("margin", n=50)) <= set(rows)


def test_rows_that_want_more_opinions_come_to_the_others_too(labeling):
    labeling.store.set_settings(labeling.id, who="ada", opinions_share=1.0, opinions=2)
    first = labeling.next_row("ada", "default")
    labeling.label([first], "positive", who="ada")
    labeling.ranked("default", n=1)  # ranked anew: the row has a label now and is no longer in the queue
    assert labeling.next_row("ada", "default") != first
    assert labeling.next_row("ben", "default") == first
    labeling.label([first], "negative", who="ben")
    assert labeling.next_row("cyd", "default") != first


def test_what_keeps_the_base_model_from_reading_is_told(tmp_path):
    broken = opened(tmp_path, n_labeled=20)
    with broken._updating:  # what reads the texts now, is done
        pass
    broken._reader = type(broken._reader)(tmp_path / "workspace" / "datasets" / "gone", "en-cnn-reviews", broken._rows)
    broken.update()
    assert "could not read the texts" in broken.problem
    assert broken.next_row("ada", "default") is not None
