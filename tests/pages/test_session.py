"""The dataset and the run in use: in the sidebar, in the address, on every page."""

from collections.abc import Callable

import pytest
from streamlit.testing.v1 import AppTest

from sentiment.data import DatasetInfo
from sentiment.training.runs import Run
from sentiment.workspace import Workspace
from tests.pages.conftest import open_page, words

Add = Callable[..., DatasetInfo]
CLASSES = {"negative": 12, "positive": 20}


def chosen(app: AppTest) -> str:
    return str(app.sidebar.selectbox(key="sidebar:dataset").value)


def test_the_address_opens_what_it_names(app: AppTest, add: Add, judged: Callable[[DatasetInfo], Run]) -> None:
    first = add(CLASSES, name="first")
    run = judged(first)
    add({"bad": 5, "good": 5}, name="second")
    app.query_params["run"] = run.id
    app.run()
    assert chosen(app) == first.id
    assert app.sidebar.selectbox(key="sidebar:run").value == run.id


@pytest.mark.parametrize(
    "value", [["x" * 5000], ["000000000000"], ["<script>alert(1)</script>"], ["../../etc/passwd"], ["{id}", "{id}"]]
)
def test_nonsense_in_the_address_gives_the_default_view(app: AppTest, add: Add, value: list[str]) -> None:
    other = add(CLASSES, name="other")
    newest = add({"bad": 5, "good": 5}, name="newest")
    default = max((other, newest), key=lambda info: (info.created, info.id)).id
    named = other.id if default == newest.id else newest.id
    app.query_params["dataset"] = [part.format(id=named) if "{id}" in part else part for part in value]
    app.run()
    assert not app.exception
    assert not app.error
    assert chosen(app) == default


def test_changing_the_dataset_in_the_sidebar_changes_it_on_every_page(app: AppTest, add: Add) -> None:
    ids = {add(CLASSES, name="one").id, add({"bad": 5, "fair": 7, "good": 9}, name="two").id}
    open_page(app, "balance")
    (other,) = ids - {chosen(app)}
    app.sidebar.selectbox(key="sidebar:dataset").set_value(other).run()
    info = Workspace().dataset_info(other)
    assert app.metric[1].value == str(info.n_labeled)
    app.switch_page("pages/data.py").run()
    assert chosen(app) == other
    assert app.metric[2].value == str(len(info.classes))


def test_a_deleted_dataset_comes_back_with_undo(app: AppTest, add: Add, workspace: Workspace) -> None:
    info = add(CLASSES)
    app.run()
    app.button(key=f"delete:{info.id}").click().run()
    assert workspace.datasets() == []
    assert "was deleted" in words(app)
    next(found for found in app.button if found.label == "Undo").click().run()
    assert [found.id for found in workspace.datasets()] == [info.id]
    assert "was deleted" not in words(app)


def test_a_dataset_can_be_renamed(app: AppTest, add: Add, workspace: Workspace) -> None:
    info = add(CLASSES)
    app.run()
    app.text_input(key=f"rename:{info.id}").set_value("Better name").run()
    app.button(key=f"save:{info.id}").click().run()
    assert workspace.dataset_info(info.id).name == "Better name"
    assert "Better name" in words(app)


def test_a_page_that_is_the_first_to_be_opened_has_the_frame_around_it(app: AppTest, add: Add) -> None:
    info = add(CLASSES)
    app.switch_page("pages/evaluate.py").run()
    assert not app.exception
    assert app.title[0].value == "Evaluate"
    assert chosen(app) == info.id


def test_two_things_of_one_name_can_be_told_apart_and_chosen(app: AppTest, add: Add) -> None:
    ids = {add(CLASSES, name="same").id, add({"bad": 5, "good": 5}, name="same").id}
    app.run()
    box = app.sidebar.selectbox(key="sidebar:dataset")
    assert sorted(box.options) == ["same", "same (2)"]
    (other,) = ids - {chosen(app)}
    box.set_value(other).run()
    assert chosen(app) == other
    assert app.query_params["dataset"] == other
