"""The map of a dataset: made in a process of its own, watched, stopped, and never half there."""

import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from sentiment import data
from sentiment.errors import UsageError
from sentiment.training import text_map
from sentiment.training.text_vectors import vectors_folder
from sentiment.workspace import Workspace

BASE = "tfidf-chars"  # vectors from characters: no network has to be loaded


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The folder of a dataset of 60 rows."""
    path = tmp_path / "few.csv"
    pd.DataFrame({"text": [f"{'good' if i % 2 else 'awful'} thing number {i}" for i in range(60)]}).to_csv(path)
    workspace = Workspace()
    return workspace.dataset_folder(workspace.add_dataset(data.import_file(path, text="text"))[0].id)


def test_every_row_has_a_place_and_the_map_is_kept(folder: Path) -> None:
    assert text_map.read_state(folder, BASE).status == "none"
    assert text_map.read_map(folder, BASE) is None
    made = text_map.make_map(folder, BASE)
    kept = text_map.read_map(folder, BASE)
    assert kept is not None
    assert kept.rows.tolist() == list(range(60))
    assert np.array_equal(kept.places, made.places)
    assert text_map.read_state(folder, BASE).status == "ready"


def test_a_damaged_map_is_no_map(folder: Path) -> None:
    place = vectors_folder(folder, BASE)
    place.mkdir(parents=True)
    (place / "map.npz").write_bytes(b"half")
    assert text_map.read_map(folder, BASE) is None
    np.savez(place / "map.npz", rows=np.arange(3), places=np.zeros((2, 2)))
    assert text_map.read_map(folder, BASE) is None


def test_a_process_that_is_gone_is_told(folder: Path) -> None:
    place = vectors_folder(folder, BASE)
    place.mkdir(parents=True)
    (place / "map.json").write_text('{"pid": 1, "created": 1.0, "phase": "", "message": ""}')
    state = text_map.read_state(folder, BASE)
    assert state.status == "failed"
    assert "gone" in state.message


def test_three_arguments_are_wanted() -> None:
    with pytest.raises(UsageError, match="three arguments"):
        text_map.main(["one"])


@pytest.mark.slow
def test_the_process_makes_the_map_and_a_stopped_one_leaves_none(folder: Path) -> None:
    root, dataset_id = folder.parent.parent, folder.name
    text_map.start(root, dataset_id, BASE)
    assert text_map.read_state(folder, BASE).status == "running"
    text_map.stop(folder, BASE)
    assert text_map.read_state(folder, BASE).status == "none"
    text_map.start(root, dataset_id, BASE)
    deadline = time.monotonic() + 120
    while text_map.read_state(folder, BASE).status == "running" and time.monotonic() < deadline:
        time.sleep(0.2)
    assert text_map.read_state(folder, BASE).status == "ready", text_map.read_state(folder, BASE).message


@pytest.mark.slow
def test_a_base_that_is_not_there_is_told(folder: Path) -> None:
    text_map.start(folder.parent.parent, folder.name, "no-such-base")
    deadline = time.monotonic() + 120
    while text_map.read_state(folder, "no-such-base").status == "running" and time.monotonic() < deadline:
        time.sleep(0.2)
    state = text_map.read_state(folder, "no-such-base")
    assert state.status == "failed"
    assert "no-such-base" in state.message
