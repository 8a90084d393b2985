"""Nothing that writes is reachable where it must not be: every write that there is, found and tried."""

import contextlib
import inspect
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from sentiment import data, importing, importing_package, importing_vectors, judging, transfer_gap
from sentiment.access import Person, Role, acting_as
from sentiment.correcting import LanguageCorrections
from sentiment.data.overlay import save_overlay
from sentiment.data.storage import rename_saved, save_dataset
from sentiment.errors import AccessError, WorkspaceError
from sentiment.files import write_atomic, write_json
from sentiment.labeling import Labeling
from sentiment.labels import exchange
from sentiment.labels.exchange import export_labels, write_labels
from sentiment.labels.store import LabelStore
from sentiment.serving import served
from sentiment.training import jobs, learning_curve, runs, text_map, transfer_gap_jobs
from sentiment.training.runs import Run
from sentiment.training.text_reader import TextReader
from sentiment.training.text_vectors import text_vectors
from sentiment.training.transfer_gap_folder import GapFolder
from sentiment.workspace import Workspace
from tests.demo_world import READS, WHO, WRITES, World, made_dataset, make_world, seen_now, unchanged
from tests.writing_functions import writing_functions

PARTS: dict[str, Any] = {
    "Workspace": Workspace,
    "LabelStore": LabelStore,
    "LanguageCorrections": LanguageCorrections,
    "Labeling": Labeling,
    "GapFolder": GapFolder,
    "Run": Run,
    "TextReader": TextReader,
    "exchange": exchange,
    "importing": importing,
    "importing_package": importing_package,
    "importing_vectors": importing_vectors,
    "jobs": jobs,
    "judging": judging,
    "learning_curve": learning_curve,
    "runs": runs,
    "served": served,
    "text_map": text_map,
    "transfer_gap": transfer_gap,
    "transfer_gap_jobs": transfer_gap_jobs,
}

# Functions that write by themselves, and why nobody reaches them who must not.
ASKED = """
correcting.py:LanguageCorrections._write importing.py:put_folder importing.py:remove_folder
importing_apart.py:run_command judging.py:save_rule labels/class_changes.py:ClassChanges._change
labels/store.py:LabelStore.append labels/store.py:LabelStore.rebuild labels/store.py:LabelStore.release
labels/store.py:LabelStore.reserve labels/store.py:LabelStore.set_settings labels/store.py:LabelStore.undo
serving/served.py:serve_run training/jobs.py:start training/jobs.py:stop training/learning_curve.py:measure_learning
training/runs.py:Run.forget_judgement training/runs.py:Run.note_start
training/runs.py:Run.log training/runs.py:Run.write_predictions training/runs.py:Run.write_state
training/runs.py:Run.write_validation training/runs.py:create_run training/text_map.py:start training/text_map.py:stop
training/transfer_gap_folder.py:GapFolder.add_cell training/transfer_gap_folder.py:GapFolder.create
training/transfer_gap_folder.py:GapFolder.write_result training/transfer_gap_folder.py:GapFolder.write_state
training/transfer_gap_jobs.py:start training/transfer_gap_jobs.py:stop
"""  # each of them asks for a role, or its callers in WRITES do
PARTS_OF_THESE = """
data/overlay.py:save_overlay data/storage.py:rename_saved data/storage.py:save_dataset data/stored_languages.py:_keep
files.py:write_atomic files.py:write_json importing.py:_beside importing.py:_sweep
importing.py:_take_name importing.py:_write importing_package.py:_copy
labels/reading.py:LabelReading._read models/word_vectors/store.py:write_store training/jobs.py:_spawn
training/jobs.py:_take_standby training/processes.py:note_worker training/processes.py:spawn
training/text_map.py:_write_state training/text_reader.py:TextReader._run workspace.py:_keep_corrections
workspace_folders.py:make_folders workspace_folders.py:move_folder
"""  # called by those above once they have asked; or a first look stores it: classes of a file, old rows' languages
JOBS = """
models/learned.py:_write models/linear_store.py:save_linear models/store.py:save_model
models/temperature.py:write_temperature
training/checkpoint.py:save_checkpoint training/held_out.py:write_split training/pretrain.py:pretrain
training/teacher.py:Teacher._block training/teacher_tuned.py:_save training/text_map.py:main
training/text_map.py:make_map
training/text_vectors.py:_Disk.__init__ training/text_vectors.py:_Disk.finish training/text_vectors.py:_Disk.start
training/text_vectors.py:_Disk.tell training/text_vectors.py:text_vectors training/transfer_gap_worker.py:_fail
training/transfer_gap_worker.py:main training/worker.py:_fail training/worker.py:main
"""  # in processes that only the above start
ELSEWHERE = """
cli/commands.py:evaluate cli/commands.py:finetune cli/compare.py:_compare_on_file cli/compare.py:_compare_runs
cli/distributed.py:Team.open cli/duplicates.py:duplicates cli/explain.py:explain cli/labels.py:queue
cli/report.py:report cli/suspects.py:suspects cli/transfer_gap.py:transfer_gap
data/table_writer.py:TableWriter.__exit__ data/table_writer.py:_Parquet.add data/table_writer.py:_Text.__init__
data/table_writer.py:_Text.add data/writing.py:write_table demo.py:main importing_apart.py:main
labels/exchange.py:write_labels models/device.py:cache_programs models/keras_import/child.py:_save
models/keras_import/child.py:main models/keras_import/reading.py:_read_arrays models/keras_import/reading.py:_unpack
models/native/calls.py:_keep_code models/package.py:_copy models/package.py:_forget_oldest models/package.py:_unpack
packaging.py:export_onnx packaging.py:pack_run roles.py:main scoring_jobs.py:UploadedFile.__init__
serving/client.py:ModelProcess._drop serving/client.py:ModelProcess._start serving/client.py:_spawn
"""  # into a file that the command line names, the user's cache or a temporary folder, or to a terminal


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> World:
    return make_world(tmp_path_factory.mktemp("demo") / "workspace")


@pytest.fixture
def demo(made: World, monkeypatch: pytest.MonkeyPatch) -> World:
    """The world as a process in demo mode sees it."""
    monkeypatch.setenv("SENTIMENT_MODE", "demo")
    monkeypatch.setenv("SENTIMENT_WORKSPACE", str(made.workspace.root))
    return seen_now(made)


@contextlib.contextmanager
def refused() -> Iterator[None]:
    with pytest.raises(AccessError) as caught:
        yield
    assert caught.value.given


def public_names(part: type | ModuleType) -> set[str]:
    if isinstance(part, type):
        members = inspect.getmembers(part, lambda value: not isinstance(value, property))
        return {name for name, value in members if not name.startswith("_") and callable(value)}
    members = inspect.getmembers(part, inspect.isfunction)
    return {name for name, value in members if not name.startswith("_") and value.__module__ == part.__name__}


@pytest.mark.parametrize("name", PARTS)
def test_every_public_function_is_known_to_read_or_tried_as_a_write(name: str) -> None:
    writes = {write.split(".")[1] for write in WRITES if write.startswith(f"{name}.")}
    assert writes | set(READS[name].split()) == public_names(PARTS[name])


def test_every_function_that_writes_by_itself_is_accounted_for() -> None:
    known = " ".join((ASKED, PARTS_OF_THESE, JOBS, ELSEWHERE)).split()
    assert len(known) == len(set(known))
    assert sorted(known) == writing_functions()


@pytest.mark.parametrize("write", WRITES)
def test_in_demo_mode_every_write_is_refused(demo: World, write: str) -> None:
    with unchanged(demo.workspace.root), refused():
        WRITES[write](demo)


@pytest.mark.parametrize("role", [Role.NOBODY, Role.VIEWER])
@pytest.mark.parametrize("write", WRITES)
def test_nobody_and_a_viewer_write_nothing(made: World, write: str, role: Role) -> None:
    with unchanged(made.workspace.root), acting_as(Person(role, "viewer@example.org")), refused():
        WRITES[write](made)


@pytest.mark.parametrize("role", [Role.OWNER, Role.LABELER])
def test_no_role_and_no_name_opens_a_demo(demo: World, role: Role) -> None:
    with acting_as(Person(role, WHO)), unchanged(demo.workspace.root):
        for write in WRITES.values():
            with refused():
                write(demo)


def test_a_demo_still_reads_everything(demo: World) -> None:
    with unchanged(demo.workspace.root):
        workspace = demo.workspace
        assert [info.id for info in workspace.datasets()] == [demo.dataset_id]
        assert workspace.dataset(demo.dataset_id).frame["label"].iloc[0] == "pos"  # as somebody labeled it
        assert workspace.dataset_info(demo.dataset_id).n_rows == 30
        assert len(workspace.runs()) == 1
        assert demo.run.predictions() is not None
        assert demo.store.counts(demo.dataset_id) == {"neg": 9, "pos": 21}
        assert export_labels(demo.store, workspace.imported(demo.dataset_id), form="csv").startswith(b"row,")


def test_a_demo_knows_the_classes_of_a_dataset_that_nobody_labeled(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace = Workspace(tmp_path / "other")
    first, _ = workspace.add_dataset(made_dataset())
    second, _ = workspace.add_dataset(made_dataset(b"text,label\nfine,good\nbad,poor\n"))
    workspace.labels.label(first.id, [0], "pos", who=WHO)
    workspace.labels.close()
    monkeypatch.setenv("SENTIMENT_MODE", "demo")
    with unchanged(workspace.root):
        store = Workspace(workspace.root).labels
        assert [found.name for found in store.classes(second.id)] == ["good", "poor"]
        assert store.counts(second.id) == {"good": 1, "poor": 1}


def test_what_forgets_to_ask_is_still_refused_below_a_demos_workspace(demo: World, tmp_path: Path) -> None:
    """The second line of defence: the same functions that the first line calls, called past it."""
    root, dataset = demo.workspace.root, made_dataset(CSV_MORE)
    folder = root / "datasets" / demo.dataset_id
    (tmp_path / "link").symlink_to(root)
    (tmp_path / "file").write_text("outside")
    with unchanged(root):
        for write in (
            lambda: write_atomic(root / "runs" / "new", b"x"),
            lambda: write_json(folder / "dataset.json", {}),
            lambda: write_atomic(tmp_path / "link" / "runs" / "new", b"x"),
            lambda: save_dataset(dataset, root / "datasets" / dataset.id),
            lambda: rename_saved(folder, "other"),
            lambda: save_overlay(demo.workspace.overlay(demo.dataset_id), demo.run.folder / "labels.parquet"),
            lambda: write_labels(demo.store, demo.workspace.imported(demo.dataset_id), root / "labels.csv"),
            lambda: data.write_table(dataset.frame, root / "rows.csv"),
            lambda: (root / "new").mkdir(),
            lambda: (folder / "dataset.json").unlink(),
            lambda: (folder / "dataset.json").open("a"),
            lambda: (folder / "dataset.json").rename(root / "gone"),
            lambda: (tmp_path / "file").rename(root / "here"),
            lambda: folder.chmod(0o777),
            lambda: (root / "link").symlink_to(tmp_path),
            lambda: (folder / "dataset.json").touch(),
        ):
            with refused():
                write()
    write_atomic(tmp_path / "elsewhere", b"x")  # a report that the command line writes
    assert (tmp_path / "elsewhere").read_bytes() == b"x"


def test_a_part_of_a_workspace_that_is_kept_elsewhere_is_refused_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Runs on another disk, say, with a link to them: neither what is behind the link changes, nor the link."""
    monkeypatch.setenv("SENTIMENT_MODE", "demo")
    root, other = tmp_path / "workspace", tmp_path / "disk" / "runs"
    (root / "datasets").mkdir(parents=True)
    (other / "one").mkdir(parents=True)
    (root / "runs").symlink_to(other)
    Workspace(root)
    with unchanged(other):
        for write in (
            lambda: (root / "runs" / "one" / "file").write_text("x"),
            lambda: (root / "runs" / "one").rmdir(),
            lambda: (root / "runs").unlink(),
            lambda: (root / "runs").rename(tmp_path / "gone"),
        ):
            with refused():
                write()
    assert (root / "runs").is_symlink()


def test_the_database_itself_refuses_a_demos_writes(demo: World) -> None:
    database = demo.store._database
    with unchanged(demo.workspace.root):
        with refused():
            database.write(demo.dataset_id, lambda connection: None)
        with pytest.raises(WorkspaceError, match="readonly|read-only"):
            database.read(lambda connection: connection.exec_driver_sql("DELETE FROM events"))


def test_a_demo_makes_no_tables_and_brings_none_up_to_date(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    workspace = Workspace(tmp_path / "old")
    sqlite3.connect(workspace.root / "labels.sqlite").close()
    monkeypatch.setenv("SENTIMENT_MODE", "demo")
    with unchanged(workspace.root), pytest.raises(WorkspaceError, match="another version"):
        Workspace(workspace.root).labels.version("0" * 12)


def test_a_demo_reads_texts_without_keeping_their_vectors(demo: World) -> None:
    folder = demo.workspace.dataset_folder(demo.dataset_id)
    with unchanged(demo.workspace.root):
        made = text_vectors(demo.workspace.imported(demo.dataset_id), "tfidf-words", folder=folder)
    assert len(made.rows) == 30


def test_a_demo_without_a_workspace_says_how_to_make_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SENTIMENT_MODE", "demo")
    with pytest.raises(WorkspaceError, match="make demo"):
        Workspace(tmp_path / "nowhere")
    assert not (tmp_path / "nowhere").exists()


CSV_MORE = b"text,label\none,pos\ntwo,neg\n"
