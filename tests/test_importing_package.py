"""A package as a base model of the workspace: listed, started from, removed; what nothing can start from is refused."""

import json

import numpy as np
import pytest

from sentiment.access import Person, Role, acting_as
from sentiment.cli import main
from sentiment.data import import_file
from sentiment.errors import AccessError, ModelError, WorkspaceError
from sentiment.importing import remove_base
from sentiment.importing_package import import_base
from sentiment.importing_vectors import import_vectors, remove_vectors
from sentiment.models.baselines import Rows, fit_baseline
from sentiment.models.folders import describe_origin
from sentiment.models.linear_store import save_linear
from sentiment.models.package import package_bytes
from sentiment.models.predictor import load_predictor
from sentiment.models.registry import find_base, list_bases, own_bases_folder
from sentiment.models.store import save_model
from sentiment.models.word_vectors import list_vectors
from sentiment.training.config import FinetuneConfig
from sentiment.training.runs import RunState
from sentiment.training.start import load_start
from sentiment.workspace import Workspace
from tests.planted import network

ORIGIN = {"base": "English CNN", "trained_on": "films", "licences": {"films": "MIT"}}
RUN = {"id": "x", "name": "<b>shop</b>", "base": "en-cnn-news", "dataset": "shop.csv"}


@pytest.fixture(autouse=True)
def _cache(tmp_path, monkeypatch):
    monkeypatch.setenv("SENTIMENT_CACHE", str(tmp_path / "cache"))


def pack(folder, **changes):
    members = {file.name: file.read_bytes() for file in folder.iterdir()}
    config = {**json.loads(members["config.json"]), **changes}
    path = folder.parent / "shop.zip"
    path.write_bytes(package_bytes({**members, "config.json": json.dumps(config).encode()}))
    return path


@pytest.fixture
def package(tmp_path):
    """What `export` writes of a run."""
    save_model(tmp_path / "model", network("cnn").model)
    return pack(tmp_path / "model", run=RUN, origin=ORIGIN, languages=["de"])


def test_it_is_listed_and_predicts_and_starts_a_run_and_goes_again(package):
    folder = import_base(str(package), name="shop")
    assert folder == own_bases_folder() / "shop"
    base = find_base("shop")
    assert (base.own, base.title, base.languages, base.trained_on) == (True, "shop", ("de",), "shop.csv")
    assert base.held_out == {}
    assert (folder / "README.md").is_file()
    texts = ["so zorgle", "blefty indeed"]
    np.testing.assert_array_equal(load_predictor("shop")(texts), load_predictor(package)(texts))
    assert load_start("shop", classes=("a", "b"), train_texts=[], seed=0).pretrained
    assert describe_origin("shop")["licences"] == {"films": "MIT", "shop.csv": "not stated"}
    remove_base("shop")
    assert not any(base.own for base in list_bases())
    assert not list(own_bases_folder().iterdir())


@pytest.mark.parametrize("kind", ["base", "vectors"])
def test_what_unfinished_runs_need_stays_until_they_have_finished_or_are_gone(package, tmp_path, kind):
    import_base(str(package), name="shop")
    (tmp_path / "words.txt").write_text("good 1 2 3\nbad 3 2 1\n")
    import_vectors(tmp_path / "words.txt", name="shop")
    settings = {"base": "shop"} if kind == "base" else {"base": "scratch-cnn", "vectors": "shop"}
    remove, other = (remove_base, remove_vectors) if kind == "base" else (remove_vectors, remove_base)
    workspace, rows = Workspace(), "".join(f"text {number},{'up' if number % 2 else 'down'}\n" for number in range(40))
    (tmp_path / "rows.csv").write_text(f"text,label\n{rows}")
    info, _ = workspace.add_dataset(import_file(tmp_path / "rows.csv", text="text", label="label"))
    runs = {
        status: workspace.create_run(info.id, FinetuneConfig(**settings), name=f"run {status}")
        for status in ("queued", "running", "stopped", "failed", "finished")
    }
    workspace.create_run(info.id, FinetuneConfig(base="en-cnn-news"), name="another")
    for status, run in runs.items():
        run.write_state(RunState(status=status))
        (run.folder / "process.json").write_text('{"pid": 999999, "created": 0}')  # gone, if it should be there
    assert main(["remove", kind, "shop"]) == 2
    with pytest.raises(WorkspaceError, match="shop is needed by runs that have not finished") as refused:
        remove("shop")
    assert "delete them" in refused.value.todo
    assert refused.value.given.count("“run ") == 3
    assert refused.value.given.endswith(", 1 more")
    workspace.delete_run(runs["failed"].id)
    with pytest.raises(WorkspaceError) as refused:
        remove("shop")
    _, said = refused.value.given.split(": ")
    states = {"queued": "interrupted", "running": "interrupted", "stopped": "stopped"}
    assert set(said.split(", ")) == {f"“run {status}” ({now})" for status, now in states.items()}
    for status in ("queued", "running"):
        workspace.delete_run(runs[status].id)
    with pytest.raises(WorkspaceError, match=r"not finished: “run stopped” \(stopped\)"):
        remove("shop")
    runs["stopped"].write_state(RunState(status="finished"))
    remove("shop")
    other("shop")
    assert [base.name for base in list_bases() if base.own] == []
    assert list_vectors() == []


def test_what_came_with_the_product_stays(package):
    for name in ("en-cnn-reviews", "scratch-cnn", "none", "..", ""):
        with pytest.raises(ModelError, match="Nobody brought"):
            remove_base(name)
    with pytest.raises(ModelError, match="already"):
        import_base(str(package), name="en-cnn-reviews")


@pytest.mark.parametrize("role", [Role.NOBODY, Role.VIEWER, Role.LABELER])
def test_only_an_owner_brings_and_removes(package, role):
    import_base(str(package), name="shop")
    with acting_as(Person(role)):
        with pytest.raises(AccessError):
            import_base(str(package), name="other")
        with pytest.raises(AccessError):
            remove_base("shop")
    assert [base.name for base in list_bases() if base.own] == ["shop"]


def test_what_nothing_can_start_from_is_refused_and_leaves_nothing(tmp_path, package):
    model = fit_baseline("naive-bayes", Rows(["good", "bad"], np.array([0, 1])), classes=("a", "b"))
    save_linear(tmp_path / "simple", model)
    simple = tmp_path / "simple.zip"
    simple.write_bytes(package_bytes({file.name: file.read_bytes() for file in (tmp_path / "simple").iterdir()}))
    damaged = pack(tmp_path / "model", max_length=0).rename(tmp_path / "damaged.zip")
    for source, message in {
        simple: "is a simple model",
        damaged: "does not describe a model",
        tmp_path / "none.zip": "is no package",
        tmp_path / "model": "is no package",
    }.items():
        with pytest.raises(ModelError, match=message):
            import_base(str(source), name="other")
    assert not own_bases_folder().exists()


DAMAGED = {
    "words": b"not json",
    "a number": b"5",
    "nothing": b"null",
    "empty": b"",
    "other bytes": b'{"format": 1, "x": "\xff"}',
    "nested": b"[" * 100_000,
}


@pytest.mark.parametrize("content", DAMAGED.values(), ids=DAMAGED)
def test_a_package_with_a_damaged_config_is_refused_in_words(tmp_path, package, content):
    members = {file.name: file.read_bytes() for file in (tmp_path / "model").iterdir()}
    path = tmp_path / "torn.zip"
    path.write_bytes(package_bytes({**members, "config.json": content}))
    with pytest.raises(ModelError, match="config of torn-.* cannot be read|model in torn-.* is of a kind"):
        import_base(str(path), name="other")
    assert not own_bases_folder().exists()


@pytest.mark.parametrize("change", [{"max_length": float("inf")}, {"max_length": 10**400}, {"temperature": 10**400}])
def test_a_package_with_a_number_beyond_all_is_refused_in_words(tmp_path, package, change):
    with pytest.raises(ModelError, match="does not describe a model of ours|temperature of a model is"):
        load_predictor(pack(tmp_path / "model", **change))
    if "max_length" in change:
        with pytest.raises(ModelError, match="does not describe a model of ours"):
            import_base(str(pack(tmp_path / "model", **change)), name="other")


def test_one_brought_base_with_a_number_beyond_all_does_not_hide_the_others(package):
    for name in ("shop", "torn"):
        import_base(str(package), name=name)
    path = own_bases_folder() / "torn" / "config.json"
    path.write_text(path.read_text().replace('"n_training_rows": 0', '"n_training_rows": Infinity'))
    assert [base.name for base in list_bases() if base.own] == ["shop"]


def test_hostile_words_in_a_package_do_not_hide_it(package, tmp_path):
    path = pack(tmp_path / "model", card=[1], run="x", languages={"a": 1}, origin=7)
    import_base(str(path), name="odd")
    assert find_base("odd").trained_on == "what its makers had"


def test_the_commands_bring_and_remove(package, capsys):
    assert main(["import-base", str(package), "--name", "shop"]) == 0
    assert "--base shop" in capsys.readouterr().out
    assert main(["import-base", "hf:nobody", "--name", "other"]) == 2
    assert main(["remove", "base", "shop"]) == 0
    assert main(["remove", "base", "shop"]) == 2
    (line,) = capsys.readouterr().err.splitlines()[-1:]
    assert "Nobody brought" in line
