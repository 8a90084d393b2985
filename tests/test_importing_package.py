"""A package as a base model of the workspace: listed, started from, removed; what nothing can start from is refused."""

import json

import numpy as np
import pytest

from sentiment.access import Person, Role, acting_as
from sentiment.cli import main
from sentiment.errors import AccessError, ModelError
from sentiment.importing import remove_base
from sentiment.importing_package import import_base
from sentiment.models.baselines import Rows, fit_baseline
from sentiment.models.folders import describe_origin
from sentiment.models.linear_store import save_linear
from sentiment.models.package import package_bytes
from sentiment.models.predictor import load_predictor
from sentiment.models.registry import find_base, list_bases, own_bases_folder
from sentiment.models.store import save_model
from sentiment.training.start import load_start
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
