"""A dataset of the workspace with the labels that it has now, and runs that keep the ones they began with."""

import subprocess
import sys

import pytest

from sentiment import data
from sentiment.data import import_file
from sentiment.errors import WorkspaceError
from sentiment.training.config import FinetuneConfig
from sentiment.training.finetune import finetune
from sentiment.training.runs import LABELS_FILE
from sentiment.workspace import Workspace


@pytest.fixture
def workspace(tmp_path) -> Workspace:
    return Workspace()


@pytest.fixture
def info(workspace, tmp_path):
    words = {"neg": "bad awful broken", "pos": "good great lovely"}
    labels = [("neg", "pos")[i % 2] for i in range(60)]
    lines = [f"{words[label]} number {i},{label}" for i, label in enumerate(labels)]
    (tmp_path / "mine.csv").write_text("\n".join(["text,label", *lines]) + "\n")
    return workspace.add_dataset(import_file(tmp_path / "mine.csv", text="text", label="label"))[0]


def test_without_labels_there_is_no_database_and_nothing_changes(workspace, info):
    assert workspace.dataset_info(info.id).fingerprint == info.fingerprint
    assert workspace.dataset(info.id).frame.equals(workspace.imported(info.id).frame)
    assert not (workspace.root / "labels.sqlite").exists()
    workspace.labels.classes(info.id)
    assert (workspace.root / "labels.sqlite").exists()
    assert workspace.dataset_info(info.id).fingerprint == info.fingerprint


def test_pages_see_the_labels_as_they_are_now(workspace, info):
    store = workspace.labels
    store.label(info.id, [0, 2], "pos", who="Ann")
    store.mark(info.id, [4], "exclude", who="Ann")
    found = workspace.dataset_info(info.id)
    assert found.class_counts == {"neg": 27, "pos": 32} == store.counts(info.id)
    assert found.n_rows == 59 == len(workspace.dataset(info.id).frame)
    assert vars(workspace.dataset(info.id).info) == vars(found)
    store.rename_class(info.id, "pos", "fine", who="Ann")
    assert workspace.dataset_info(info.id).classes == ("neg", "fine")
    assert set(workspace.dataset(info.id).frame["label"]) == {"neg", "fine"}
    workspace.rename_dataset(info.id, "other name")
    assert workspace.dataset_info(info.id).name == "other name"
    store.rename_class(info.id, "fine", "pos", who="Ann")
    store.undo(info.id, who="Ann", n=5)
    assert workspace.dataset_info(info.id).fingerprint == info.fingerprint
    assert workspace.imported(info.id).class_counts == info.class_counts


def test_what_is_remembered_of_labels_is_brought_up_to_date(workspace, info):
    """One workspace is asked after every change, and must say what a fresh one says that reads it all anew."""
    store = workspace.labels
    acts = [
        lambda: store.label(info.id, range(10), "neg", who="Ann"),
        lambda: store.label(info.id, [0], None, who="Ann"),
        lambda: store.mark(info.id, [1, 2], "exclude", who="Bob"),
        lambda: store.rename_class(info.id, "neg", "bad", who="Ann"),
        lambda: store.undo(info.id, who="Bob"),
        lambda: store.label(info.id, [3], "bad", who="Cy"),
        lambda: store.merge_classes(info.id, ["bad"], "pos", who="Ann"),
        lambda: store.undo(info.id, who="Ann", n=9),
    ]
    for act in acts:
        act()
        fresh = Workspace()
        assert vars(workspace.dataset_info(info.id)) == vars(fresh.dataset_info(info.id))
        assert workspace.overlay(info.id).rows.equals(fresh.overlay(info.id).rows)
        assert vars(workspace.dataset(info.id).info) == vars(fresh.dataset_info(info.id))


def test_another_process_sees_them_too(workspace, info, project_folder):
    workspace.labels.label(info.id, [0], "pos", who="Ann")
    code = (
        f"from sentiment.workspace import Workspace; print(Workspace().dataset_info({info.id!r}).class_counts['pos'])"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=project_folder, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "31"


def test_a_run_is_trained_on_the_labels_that_it_began_with(workspace, info):
    config = FinetuneConfig(base="tfidf-words")
    plain = workspace.create_run(info.id, config)
    assert not (plain.folder / LABELS_FILE).exists()
    store = workspace.labels
    store.add_class(info.id, "mixed", who="Ann")
    store.label(info.id, [*range(0, 30, 2)], "mixed", who="Ann", how="bulk")
    run = workspace.create_run(info.id, config)
    assert run.info.classes == ("neg", "mixed", "pos")
    assert run.info.dataset.fingerprint == workspace.dataset_info(info.id).fingerprint
    store.label(info.id, range(60), "neg", who="Ann", how="bulk")

    def loaded(of):
        return data.load_labeled((of.folder / of.info.dataset.folder).resolve(), of.folder / LABELS_FILE)

    assert loaded(run).class_counts == {"neg": 15, "pos": 30, "mixed": 15}
    assert loaded(plain).class_counts == info.class_counts
    assert finetune(run, loaded(run)).status == "finished"
    assert set(run.predictions()["label"]) == {"neg", "pos", "mixed"}


def test_a_deleted_dataset_comes_back_with_its_labels(workspace, info):
    workspace.labels.label(info.id, [0], "pos", who="Ann")
    workspace.delete_dataset(info.id)
    assert workspace.restore_dataset(info.id).class_counts["pos"] == 31


def test_the_environment_names_another_database(postgresql, monkeypatch, info, tmp_path):
    monkeypatch.setenv("DATABASE_URL", postgresql.database())
    workspace = Workspace()
    workspace.labels.label(info.id, [0], "pos", who="Ann")
    assert workspace.dataset_info(info.id).class_counts["pos"] == 31
    assert not (workspace.root / "labels.sqlite").exists()
    workspace.labels.close()
    monkeypatch.setenv("DATABASE_URL", "mysql://x")
    with pytest.raises(WorkspaceError, match="DATABASE_URL"):
        Workspace().dataset_info(info.id)
