"""Languages of rows that people corrected: kept beside the labels, applied everywhere, taken back, recorded by runs."""

import threading
from pathlib import Path

import pandas as pd
import pytest

from sentiment import data
from sentiment.access import Person, Role, acting_as
from sentiment.correcting import load_corrected
from sentiment.data.overlay import CHANGES_FILE
from sentiment.errors import AccessError, DataError, WorkspaceError
from sentiment.training.config import FinetuneConfig
from sentiment.training.runs import LABELS_FILE
from sentiment.workspace import Workspace

TEXTS = [
    "The screen is great but the battery died after two weeks.",
    "I am very happy with this phone and would buy it again.",
    "",
    "Das Essen war leider kalt und der Service sehr langsam.",
    "Nach zwei Wochen war der Akku kaputt, nie wieder!",
    "The parcel came late and nobody answered my mails.",
]  # rows 0, 1, 3, 4, 5: row 2 has no text


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return Workspace(tmp_path / "workspace")


@pytest.fixture
def dataset_id(workspace: Workspace, tmp_path: Path) -> str:
    path = tmp_path / "mine.csv"
    pd.DataFrame({"text": TEXTS, "label": ["pos", "neg"] * 3}).to_csv(path, index=False)
    return workspace.add_dataset(data.import_file(path, text="text", label="label"))[0].id


def languages(workspace: Workspace, dataset_id: str) -> list[str]:
    return workspace.dataset(dataset_id).frame["language"].tolist()


def test_corrections_are_made_one_after_the_other_and_taken_back(workspace, dataset_id):
    assert languages(workspace, dataset_id) == ["en", "en", "de", "de", "en"]
    corrections = workspace.languages
    corrections.change(dataset_id, "nl", found="de")
    corrections.change(dataset_id, "fr", rows=[4, 0, 4])
    assert languages(workspace, dataset_id) == ["fr", "en", "nl", "fr", "en"]
    corrections.change(dataset_id, "fr", found="en")
    assert languages(workspace, dataset_id) == ["fr", "fr", "nl", "fr", "fr"]
    undone = corrections.undo(dataset_id)
    assert (undone.language, undone.found, undone.rows) == ("fr", "en", None)
    assert languages(workspace, dataset_id) == ["fr", "en", "nl", "fr", "en"]
    assert corrections.undo(dataset_id).rows == (0, 4)
    corrections.undo(dataset_id)
    assert corrections.undo(dataset_id) is None
    assert languages(workspace, dataset_id) == ["en", "en", "de", "de", "en"]


def test_only_the_correction_that_is_meant_is_taken_back(workspace, dataset_id):
    corrections = workspace.languages
    first = corrections.change(dataset_id, "nl", found="de").changes[-1]
    second = corrections.change(dataset_id, "fr", rows=[0]).changes[-1]
    version = corrections.version(dataset_id)
    assert corrections.undo(dataset_id, expected=first) is None
    assert corrections.version(dataset_id) == version
    assert corrections.undo(dataset_id, expected=second) == second
    assert corrections.undo(dataset_id, expected=second) is None
    assert languages(workspace, dataset_id) == ["en", "en", "nl", "nl", "en"]


def test_what_is_said_to_be_taken_back_is_what_was_the_last_when_it_was_written(workspace, dataset_id, monkeypatch):
    corrections = workspace.languages
    corrections.change(dataset_id, "nl", found="de")
    imported = corrections._imported

    def somebody_is_faster(name: str) -> data.Dataset:
        monkeypatch.setattr(corrections, "_imported", imported)
        corrections.change(name, "fr", rows=[0])
        return imported(name)

    monkeypatch.setattr(corrections, "_imported", somebody_is_faster)
    assert corrections.undo(dataset_id).language == "fr"
    assert languages(workspace, dataset_id) == ["en", "en", "nl", "nl", "en"]


def test_what_is_said_without_the_rows_is_what_the_rows_say(workspace, dataset_id):
    workspace.languages.change(dataset_id, "zh", found="en")
    workspace.labels.label(dataset_id, [1], "neg", who="me")
    workspace.labels.mark(dataset_id, [5], "exclude", who="me")
    info, dataset = workspace.dataset_info(dataset_id), workspace.dataset(dataset_id)
    assert info.language == dataset.language == "zh"
    assert info.language_counts == dataset.language_counts == {"zh": 3, "de": 2}
    assert dataset.frame["language"].tolist() == ["zh", "zh", "de", "de"]
    assert dataset.frame["label"].tolist()[1] == "neg"
    assert dataset.frame["length"].tolist()[0] == len(TEXTS[0].replace(" ", ""))  # counted in characters from now on


def test_the_stored_dataset_stays_as_it_was_imported(workspace, dataset_id):
    folder = workspace.dataset_folder(dataset_id)
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    version = workspace.languages.version(dataset_id)
    workspace.languages.change(dataset_id, "es")
    assert workspace.languages.version(dataset_id) != version == 0
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before
    assert workspace.imported(dataset_id).frame["language"].tolist()[0] == "en"
    assert workspace.datasets()[0].id == dataset_id
    assert Workspace(workspace.root).dataset_info(dataset_id).language_counts == {"es": 5}
    assert load_corrected(folder).frame["language"].tolist() == ["es"] * 5


def test_a_run_keeps_the_languages_that_it_was_created_with(workspace, dataset_id):
    plain = workspace.create_run(dataset_id, FinetuneConfig())
    assert not (plain.folder / CHANGES_FILE).exists()
    workspace.languages.change(dataset_id, "nl", found="de")
    run = workspace.create_run(dataset_id, FinetuneConfig())
    workspace.languages.change(dataset_id, "es")
    seen = data.load_labeled(workspace.dataset_folder(dataset_id), run.folder / LABELS_FILE)
    assert seen.frame["language"].tolist() == ["en", "en", "nl", "nl", "en"]
    assert seen.language_counts == {"en": 3, "nl": 2}
    assert run.info.language == "en"


@pytest.mark.parametrize(
    ("language", "options", "said"),
    [
        ("klingon", {}, "no language"),
        ("", {}, "no language"),
        ("en", {"found": "xx"}, "no language"),
        ("en", {"rows": [2]}, "does not have all of these rows"),
        ("en", {"rows": [-1]}, "does not have all of these rows"),
        ("en", {"rows": [10**12]}, "does not have all of these rows"),
    ],
)
def test_what_cannot_be_is_refused_and_changes_nothing(workspace, dataset_id, language, options, said):
    with pytest.raises(DataError, match=said):
        workspace.languages.change(dataset_id, language, **options)
    assert workspace.languages.version(dataset_id) == 0


@pytest.mark.parametrize("name", ["0" * 12, "../../etc", "", "\x00"])
def test_an_unknown_dataset_is_refused(workspace, name):
    with pytest.raises(WorkspaceError, match="no such dataset"):
        workspace.languages.change(name, "en")


def test_only_owners_correct(workspace, dataset_id):
    with acting_as(Person(Role.LABELER, "labeler@example.org")), pytest.raises(AccessError, match="correct languages"):
        workspace.languages.change(dataset_id, "es")
    with acting_as(Person(Role.OWNER, "owner@example.org")):
        workspace.languages.change(dataset_id, "es")
    assert workspace.languages.read(dataset_id).changes[0].who == "owner@example.org"


def test_corrections_of_several_at_once_are_all_kept(workspace, dataset_id):
    def correct(row: int) -> None:
        Workspace(workspace.root).languages.change(dataset_id, "es", rows=[row])

    threads = [threading.Thread(target=correct, args=(row,)) for row in (0, 1, 3, 4, 5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert languages(workspace, dataset_id) == ["es"] * 5
    assert len(workspace.languages.read(dataset_id).changes) == 5


def test_a_damaged_file_is_told_and_not_written_over(workspace, dataset_id):
    workspace.languages.change(dataset_id, "es")
    path = workspace.root / "languages" / f"{dataset_id}.json"
    path.write_text('{"version": 1, "changes": [{"language"')
    with pytest.raises(DataError, match="cannot be read"):
        workspace.dataset(dataset_id)
    with pytest.raises(DataError, match="cannot be read"):
        workspace.languages.change(dataset_id, "de")
    assert path.read_text().endswith('"language"')


def test_a_folder_that_cannot_be_written_is_told(workspace, dataset_id):
    (workspace.root / "languages").write_text("in the way")
    with pytest.raises(WorkspaceError, match="could not be stored"):
        workspace.languages.change(dataset_id, "es")
