"""Which runs the endpoint answers with: those an owner chose, and nothing else."""

import shutil

import pytest

from sentiment import data
from sentiment.access import Person, Role, acting_as
from sentiment.errors import AccessError, RunError, UsageError, WorkspaceError
from sentiment.serving.served import ENVIRONMENT, chosen_runs, is_fixed, serve_run, served_runs
from sentiment.training.config import FinetuneConfig
from sentiment.workspace import Workspace


@pytest.fixture
def workspace(monkeypatch):
    monkeypatch.delenv(ENVIRONMENT, raising=False)
    return Workspace()


@pytest.fixture
def make_run(workspace, tmp_path):
    path = tmp_path / "rows.csv"
    path.write_text("text,label\n" + "".join(f"row {n},{'ab'[n % 2]}\n" for n in range(40)))
    info, _ = workspace.add_dataset(data.import_file(path, text="text", label="label"))

    def build(*, model=True):
        run = workspace.create_run(info.id, FinetuneConfig())
        if model:
            (run.folder / "model").mkdir()
            (run.folder / "model" / "config.json").write_text("{}")
        return run

    return build


def test_nothing_is_served_until_somebody_chooses(workspace, make_run):
    make_run()
    assert served_runs(workspace) == {}


def test_the_run_chosen_last_is_the_default_and_each_can_be_taken_away(workspace, make_run):
    first, second = make_run(), make_run()
    serve_run(workspace, first.id, on=True)
    serve_run(workspace, second.id, on=True)
    serve_run(workspace, second.id, on=True)
    assert served_runs(workspace) == {second.id: str(second.folder), first.id: str(first.folder)}
    assert list(served_runs(workspace)) == [second.id, first.id]
    serve_run(workspace, second.id, on=False)
    assert list(served_runs(workspace)) == [first.id]


def test_a_run_that_is_gone_is_served_no_more(workspace, make_run):
    run = make_run()
    serve_run(workspace, run.id, on=True)
    shutil.rmtree(run.folder)
    assert served_runs(workspace) == {}


def test_a_ninth_run_is_refused_and_no_other_is_dropped(workspace, make_run):
    runs = [make_run() for _ in range(9)]
    for run in runs[:8]:
        serve_run(workspace, run.id, on=True)
    before = list(served_runs(workspace))
    assert len(before) == 8
    with pytest.raises(UsageError) as caught:
        serve_run(workspace, runs[8].id, on=True)
    assert runs[0].id in caught.value.given
    assert "Switch one of them off" in caught.value.todo
    assert list(served_runs(workspace)) == before
    serve_run(workspace, runs[0].id, on=True)  # one of the eight becomes the default
    assert next(iter(served_runs(workspace))) == runs[0].id
    shutil.rmtree(runs[3].folder)
    serve_run(workspace, runs[8].id, on=True)
    assert len(served_runs(workspace)) == 8


def test_only_an_owner_chooses_and_only_a_run_with_a_model(workspace, make_run):
    run = make_run()
    for role in (Role.NOBODY, Role.VIEWER, Role.LABELER):
        with acting_as(Person(role)), pytest.raises(AccessError):
            serve_run(workspace, run.id, on=True)
    with pytest.raises(RunError, match="no model yet"):
        serve_run(workspace, make_run(model=False).id, on=True)
    with pytest.raises(WorkspaceError, match="no such run"):
        serve_run(workspace, "../../etc", on=True)
    assert chosen_runs(workspace) == ()


@pytest.mark.parametrize("content", ["", "[]", '{"runs": 3}', '{"runs": ["../../etc", 7]}', "[" * 5_000])
def test_a_damaged_choice_serves_nothing(workspace, content):
    (workspace.root / "endpoint.json").write_text(content)
    assert served_runs(workspace) == {}


def test_the_environment_decides_where_it_says_something(workspace, make_run, monkeypatch):
    chosen, named = make_run(), make_run()
    serve_run(workspace, chosen.id, on=True)
    monkeypatch.setenv(ENVIRONMENT, named.id)
    assert is_fixed()
    assert served_runs(workspace) == {named.id: str(named.folder)}
    monkeypatch.setenv(ENVIRONMENT, str(chosen.folder))
    assert served_runs(workspace) == {chosen.id: str(chosen.folder)}  # where its rule is found, too
    monkeypatch.setenv(ENVIRONMENT, "en-cnn-news")
    assert list(served_runs(workspace)) == ["en-cnn-news"]
    monkeypatch.setenv(ENVIRONMENT, "/nowhere")
    with pytest.raises(WorkspaceError, match=ENVIRONMENT):
        served_runs(workspace)
