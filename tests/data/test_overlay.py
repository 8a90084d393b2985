"""Labels laid over an imported dataset: what counts, and that the same labels are the same data."""

import pandas as pd
import pytest

from sentiment import data
from sentiment.data import Overlay
from sentiment.errors import DataError
from sentiment.palette import assign_colours


@pytest.fixture
def dataset(tmp_path) -> data.Dataset:
    path = tmp_path / "mine.csv"
    labels = ["neg", "pos", "pos", "", "neg", "pos"]
    pd.DataFrame({"text": [*"abc", "", *"def"], "label": [*labels[:3], "pos", *labels[3:]]}).to_csv(path, index=False)
    return data.import_file(path, text="text", label="label")  # rows 0, 1, 2, 4, 5, 6: row 3 has no text


def overlay(*rows: tuple, **names: str) -> Overlay:
    table = pd.DataFrame(list(rows), columns=["row", "base", "label", "excluded"])
    return Overlay.of(table, names=names)


CHANGES = (
    (0, "neg", "mixed", False),
    (1, "pos", None, False),
    (2, "pos", "pos", True),
    (4, None, "neg", False),
    (6, "pos", "pos", False),
)


def test_labels_are_joined_and_excluded_rows_are_gone(dataset):
    found = data.relabel(dataset, overlay(*CHANGES))
    labels = [None if label != label else label for label in found.frame["label"]]
    assert list(zip(found.frame["row"], labels, strict=True)) == [
        (0, "mixed"), (1, None), (4, "neg"), (5, "neg"), (6, "pos"),
    ]  # fmt: skip
    assert (found.id, found.name) == (dataset.id, dataset.name)
    assert found.class_counts == {"neg": 2, "pos": 1, "mixed": 1}
    assert (found.n_rows, found.n_labeled, found.classes) == (5, 4, ("neg", "mixed", "pos"))
    assert found.frame.dtypes.equals(dataset.frame.dtypes)
    assert found.frame.index.tolist() == list(range(5))
    assert dataset.class_counts == {"neg": 2, "pos": 3}


def test_what_is_said_without_the_rows_is_what_the_rows_say(dataset):
    for changes in (
        overlay(*CHANGES),
        overlay(neg="bad"),
        overlay(*CHANGES, pos="neg"),
        overlay((0, "neg", "x", True)),
    ):
        info, found = data.relabel_info(dataset.info, changes), data.relabel(dataset, changes)
        counted = found.frame["label"].value_counts().to_dict()
        assert found.class_counts == counted
        assert (found.n_rows, found.n_labeled) == (len(found.frame), found.frame["label"].notna().sum())
        assert vars(info) == vars(found.info)
        assert set(info.colours) == set(info.classes)


def test_a_renamed_class_keeps_its_colour_and_a_new_one_takes_none_that_is_taken(dataset):
    found = data.relabel_info(dataset.info, overlay((0, "neg", "mixed", False), neg="bad one"))
    assert found.colours["bad one"] == dataset.colours["neg"]
    assert found.colours["pos"] == dataset.colours["pos"]
    assert len(set(found.colours.values())) == 3
    assert assign_colours(["neg", "pos"]) == dataset.colours


def test_the_fingerprint_is_of_what_the_rows_say_and_not_of_how_they_came_to_it(dataset):
    def fingerprint(*rows, **names):
        return data.relabel(dataset, overlay(*rows, **names)).fingerprint

    same = (0, "neg", "neg", False)
    assert fingerprint() == fingerprint(same) == dataset.fingerprint
    one = fingerprint((0, "neg", "pos", False))
    assert one == fingerprint((0, "neg", "pos", False), (1, "pos", "pos", False))
    others = [
        fingerprint((0, "neg", None, False)),
        fingerprint((0, "neg", "mixed", False)),
        fingerprint((5, "neg", "pos", False)),
        fingerprint((0, "neg", "neg", True)),
        fingerprint(neg="bad"),
    ]
    assert len({dataset.fingerprint, one, *others}) == 7
    assert fingerprint((0, "neg", "a", True)) == fingerprint((0, "neg", "b", True))


def test_an_overlay_comes_back_from_its_file(dataset, tmp_path):
    folder = tmp_path / "stored"
    data.save_dataset(dataset, folder)
    for changes in (overlay(*CHANGES, pos="好"), overlay(neg="bad"), overlay((0, "neg", None, True))):
        data.save_overlay(changes, tmp_path / "labels.parquet")
        found = data.load_overlay(tmp_path / "labels.parquet")
        assert found.names == changes.names
        assert found.rows.equals(changes.rows)
        loaded = data.load_labeled(folder, tmp_path / "labels.parquet")
        assert loaded.frame.equals(data.relabel(dataset, changes).frame)
        assert loaded.fingerprint == data.relabel_info(dataset.info, changes).fingerprint
    assert data.load_labeled(folder, tmp_path / "none.parquet").frame.equals(dataset.frame)
    (tmp_path / "labels.parquet").write_bytes(b"PAR1")
    with pytest.raises(DataError, match="cannot be read"):
        data.load_labeled(folder, tmp_path / "labels.parquet")


@pytest.mark.parametrize("row", [(3, "pos", "neg", False), (0, "pos", "neg", False)])
def test_labels_of_other_rows_are_refused(dataset, row):
    with pytest.raises(DataError, match="do not fit"):
        data.relabel(dataset, overlay(row))


def test_the_labels_of_a_stored_file_are_found_without_its_texts(dataset, tmp_path):
    data.save_dataset(dataset, tmp_path / dataset.id)
    labels = data.FileLabels(lambda dataset_id: tmp_path / dataset_id)
    assert labels.labels(dataset.id, [6, 0, 4, 3, -1, 99]) == {6: "pos", 0: "neg", 4: None}
    assert (labels.counts(dataset.id), labels.n_rows(dataset.id)) == ({"neg": 2, "pos": 3}, 6)
