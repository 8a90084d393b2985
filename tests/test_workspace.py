"""The workspace: what is kept is found, nothing else answers, and nothing is lost by accident."""

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from sentiment import data
from sentiment.errors import WorkspaceError
from sentiment.serving.served import ENVIRONMENT, serve_run
from sentiment.training import jobs
from sentiment.training.config import FinetuneConfig
from sentiment.training.processes import note_worker
from sentiment.training.runs import Run, RunState
from sentiment.workspace import Workspace

CSV = b"text,label\n" + "".join(f"review number {i},{'pos' if i % 3 else 'neg'}\n" for i in range(30)).encode()
BAD_IDS = ["", "..", "../runs", "0" * 12, "A" * 12, "é" * 12, "x" * 5000, "a/b", "\0", "000000000000\n"]


def dataset(content: bytes = CSV, name: str = "mine") -> data.Dataset:
    table = data.read_table(content, name="reviews.csv")
    return data.build_dataset(table, text="text", label="label", name=name)


@pytest.fixture
def workspace() -> Workspace:
    return Workspace()


def test_the_environment_names_the_folder(workspace: Workspace, workspace_folder: Path, tmp_path: Path) -> None:
    assert workspace.root == workspace_folder
    assert Workspace(tmp_path / "other").root == tmp_path / "other"


def test_a_dataset_is_kept_once_and_found_by_its_file(workspace: Workspace) -> None:
    info, new = workspace.add_dataset(dataset())
    again, new_again = workspace.add_dataset(dataset(name="other name"))
    assert (new, new_again) == (True, False)
    assert again.id == info.id
    assert again.name == "mine"
    assert [found.id for found in workspace.find_by_file(info.file_hash)] == [info.id]
    assert workspace.find_by_file("0" * 64) == []
    assert workspace.dataset(info.id).frame.equals(dataset().frame)


def test_datasets_are_listed_newest_first(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    ids = [workspace.add_dataset(dataset(CSV + f"more words {i},pos\n".encode()))[0].id for i in range(3)]
    created = {info.id: info.created for info in workspace.datasets()}
    assert [info.id for info in workspace.datasets()] == sorted(ids, key=lambda i: (created[i], i), reverse=True)


@pytest.mark.parametrize("bad", BAD_IDS)
def test_an_unknown_and_an_impossible_id_get_the_same_answer(workspace: Workspace, bad: str) -> None:
    workspace.add_dataset(dataset())
    calls = [workspace.dataset, workspace.dataset_info, workspace.dataset_folder, workspace.delete_dataset]
    answers = set()
    for call in calls:
        with pytest.raises(WorkspaceError) as caught:
            call(bad)
        answers.add(str(caught.value))
    assert answers == {"There is no such dataset in this workspace. Choose one from the list."}
    for act in (workspace.run, workspace.delete_run, workspace.restore_run, workspace.restore_dataset):
        with pytest.raises(WorkspaceError, match="There is no such"):
            act(bad)
    with pytest.raises(WorkspaceError, match="There is no such"):
        workspace.create_run(bad, FinetuneConfig())


def test_a_dataset_can_be_renamed_deleted_and_brought_back(workspace: Workspace) -> None:
    info, _ = workspace.add_dataset(dataset())
    assert workspace.rename_dataset(info.id, "  new\u202e name ").name == "new name"
    assert workspace.dataset_info(info.id).name == "new name"
    with pytest.raises(WorkspaceError, match="name is empty"):
        workspace.rename_dataset(info.id, "\u200b ")
    workspace.delete_dataset(info.id)
    assert workspace.datasets() == []
    with pytest.raises(WorkspaceError):
        workspace.dataset(info.id)
    assert workspace.restore_dataset(info.id).name == "new name"
    assert workspace.dataset(info.id).n_rows == 30


def test_importing_a_deleted_dataset_brings_it_back(workspace: Workspace) -> None:
    info, _ = workspace.add_dataset(dataset())
    workspace.delete_dataset(info.id)
    assert workspace.add_dataset(dataset())[1] is False
    assert [found.id for found in workspace.datasets()] == [info.id]
    workspace.delete_dataset(info.id)
    assert workspace.datasets() == []


def test_a_damaged_dataset_does_not_hide_the_others(workspace: Workspace) -> None:
    first, _ = workspace.add_dataset(dataset())
    second, _ = workspace.add_dataset(dataset(CSV + b"one more,pos\n"))
    (workspace.dataset_folder(first.id) / "dataset.json").write_text("{")
    assert [info.id for info in workspace.datasets()] == [second.id]


def test_an_import_that_was_killed_leaves_nothing_to_see(workspace: Workspace) -> None:
    half = workspace.root / "datasets" / ".importing-abc"
    half.mkdir()
    (half / "rows.parquet").write_bytes(b"PAR1")
    assert workspace.datasets() == []


def test_a_full_disk_keeps_nothing(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("pyarrow.parquet.write_table", full)
    with pytest.raises(WorkspaceError, match="No space left"):
        workspace.add_dataset(dataset())
    assert workspace.datasets() == []
    assert list((workspace.root / "datasets").iterdir()) == []


def test_a_folder_that_cannot_be_written_is_told_at_the_start(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(WorkspaceError, match="cannot be written"):
        Workspace(tmp_path / "file")
    if os.geteuid() != 0:  # root may write everywhere
        folder = tmp_path / "locked"
        folder.mkdir()
        folder.chmod(stat.S_IRUSR | stat.S_IXUSR)
        with pytest.raises(WorkspaceError, match="cannot be written"):
            Workspace(folder)


def test_a_run_knows_its_dataset_and_can_be_deleted_and_brought_back(workspace: Workspace) -> None:
    info, _ = workspace.add_dataset(dataset())
    run = workspace.create_run(info.id, FinetuneConfig(seed=7), name="first")
    assert run.info.dataset.id == info.id
    assert run.info.dataset.fingerprint == info.fingerprint
    assert run.info.dataset.folder is not None
    assert data.load_dataset((run.folder / run.info.dataset.folder).resolve()).id == info.id
    assert (run.info.name, run.info.config.seed, run.info.classes) == ("first", 7, ("neg", "pos"))
    assert run.state.status == "queued"
    assert [found.id for found in workspace.runs()] == [run.id]
    workspace.delete_run(run.id)
    assert workspace.runs() == []
    assert workspace.restore_run(run.id).info.name == "first"
    assert workspace.create_run(info.id, FinetuneConfig()).info.name.startswith("mine · ")
    after = workspace.create_run(info.id, FinetuneConfig(base=str(run.folder)))
    assert after.info.name == f"mine · {run.id}"  # and not the folder that it lies in


@pytest.mark.parametrize("status", ["queued", "running"])
def test_a_dataset_is_not_deleted_while_a_run_on_it_is_at_work(workspace: Workspace, status: str) -> None:
    info, _ = workspace.add_dataset(dataset())
    other, _ = workspace.add_dataset(dataset(CSV + b"one more,pos\n"))
    run = workspace.create_run(info.id, FinetuneConfig(), name="the long one")
    worker = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    try:
        note_worker(run.folder, worker)
        run.write_state(RunState(status=status))
        with pytest.raises(WorkspaceError, match="needed by runs in training: “the long one”") as refused:
            workspace.delete_dataset(info.id)
        assert "Stop them first" in refused.value.todo
        workspace.delete_dataset(other.id)  # nobody works on this one
        assert [found.id for found in workspace.datasets()] == [info.id]
        jobs.stop(run.folder)
    finally:
        worker.kill()
        worker.wait()
    workspace.delete_dataset(info.id)
    assert workspace.datasets() == []


def test_a_run_stays_until_those_that_begin_with_it_have_finished(workspace: Workspace) -> None:
    info, _ = workspace.add_dataset(dataset())
    first = workspace.create_run(info.id, FinetuneConfig(), name="first")
    roundabout = first.folder.parent / ".." / "runs" / first.id
    after = workspace.create_run(info.id, FinetuneConfig(base=str(roundabout)), name="after")
    by_model = workspace.create_run(info.id, FinetuneConfig(base=str(first.folder / "model")), name="by model")
    workspace.create_run(info.id, FinetuneConfig(), name="apart")
    after.write_state(RunState(status="stopped"))
    by_model.write_state(RunState(status="finished"))
    with pytest.raises(
        WorkspaceError, match=r"“first” is needed by runs that have not finished: “after” \(stopped\)\."
    ):
        workspace.delete_run(first.id)
    workspace.delete_run(after.id)
    workspace.delete_run(first.id)
    assert {run.info.name for run in workspace.runs()} == {"apart", "by model"}


def served_run(workspace: Workspace) -> Run:
    run = workspace.create_run(workspace.add_dataset(dataset())[0].id, FinetuneConfig())
    (run.folder / "model").mkdir()
    (run.folder / "model" / "config.json").write_text("{}")
    serve_run(workspace, run.id, on=True)
    return run


def test_a_run_that_the_endpoint_answers_with_is_not_deleted(workspace: Workspace) -> None:
    run, other = served_run(workspace), served_run(workspace)
    with pytest.raises(WorkspaceError, match="endpoint answers with this run") as refused:
        workspace.delete_run(run.id)
    assert "Switch it off on the Share page" in refused.value.todo
    assert {found.id for found in workspace.runs()} == {run.id, other.id}
    serve_run(workspace, run.id, on=False)
    workspace.delete_run(run.id)
    assert [found.id for found in workspace.runs()] == [other.id]


@pytest.mark.parametrize("named", ["{id}", "{folder}", "{folder}/model"])
def test_nor_is_one_that_the_environment_has_it_answer_with(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch, named: str
) -> None:
    run, chosen = served_run(workspace), served_run(workspace)
    monkeypatch.setenv(ENVIRONMENT, named.format(id=run.id, folder=run.folder))
    with pytest.raises(WorkspaceError, match="endpoint answers with this run") as refused:
        workspace.delete_run(run.id)
    assert ENVIRONMENT in refused.value.todo
    workspace.delete_run(chosen.id)  # the environment takes the place of what was chosen
    monkeypatch.setenv(ENVIRONMENT, "/nowhere")
    workspace.delete_run(run.id)
    assert workspace.runs() == []


def test_every_sample_imports_with_its_columns(workspace: Workspace) -> None:
    samples = workspace.samples()
    names = ["product-reviews", "brand-tweets", "chinese-reviews", "two-languages"]
    assert [sample.name for sample in samples] == names
    for sample in samples:
        assert (sample.path.parent / "README.md").exists()
        assert sample.licence
        assert sample.source
        found = data.import_file(
            sample.path, text=sample.text, label=sample.label, group=sample.group, language=sample.language
        )
        assert len(found.classes) in (2, 3)
        assert f"{found.n_rows:,}" in sample.description
        proposal = data.propose_columns(data.read_table(sample.path, name=sample.path.name).frame)
        assert (proposal.text, proposal.label, proposal.group) == (sample.text, sample.label, sample.group)
