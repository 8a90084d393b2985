"""The dataset and the run in use: in the sidebar, in the address, on every page."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from sentiment.data import DatasetInfo
from sentiment.serving.served import serve_run
from sentiment.training import jobs
from sentiment.training.config import FinetuneConfig
from sentiment.training.runs import Run, RunState
from sentiment.workspace import Workspace
from tests.pages.conftest import button, open_page, words

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


def named_runs(workspace: Workspace, info: DatasetInfo, *names: str) -> dict[str, Run]:
    """Runs that came to nothing, by their names."""
    runs = {name: workspace.create_run(info.id, FinetuneConfig(), name=name) for name in names}
    for run in runs.values():
        run.write_state(RunState(status="stopped"))
    return runs


def undo(app: AppTest) -> AppTest:
    button(app, "Undo").click()
    return app.run()


def test_all_that_was_deleted_comes_back_the_last_first(app: AppTest, add: Add, workspace: Workspace) -> None:
    info = add(CLASSES)
    runs = named_runs(workspace, info, "first", "second", "third")
    open_page(app, "finetune")
    app.button(key=f"delete-run:{runs['first'].id}").click().run()
    assert "The run “first” was deleted." in words(app)
    app.button(key=f"delete-run:{runs['second'].id}").click().run()
    assert "The run “second” was deleted, and 1 more before it." in words(app)
    app.switch_page("pages/data.py").run()
    app.button(key=f"delete:{info.id}").click().run()
    assert "The dataset “shop” was deleted, and 2 more before it." in words(app)
    undo(app)
    assert [found.id for found in workspace.datasets()] == [info.id]
    undo(app)
    assert {run.info.name for run in workspace.runs()} == {"second", "third"}
    undo(app)
    assert {run.info.name for run in workspace.runs()} == {"first", "second", "third"}
    assert "was deleted" not in words(app)


def test_a_double_click_on_undo_brings_back_one_thing(app: AppTest, add: Add, workspace: Workspace) -> None:
    runs = named_runs(workspace, add(CLASSES), "first", "second", "third")
    open_page(app, "finetune")
    for name in ("first", "second"):
        app.button(key=f"delete-run:{runs[name].id}").click().run()
    late = button(app, "Undo")
    undo(app)
    late.click()  # type: ignore[attr-defined]
    late.run()  # type: ignore[attr-defined]
    assert {run.info.name for run in workspace.runs()} == {"second", "third"}


def test_what_came_back_elsewhere_is_no_longer_offered(app: AppTest, add: Add, workspace: Workspace) -> None:
    info, other = add(CLASSES, name="one"), add({"bad": 5, "good": 5}, name="two")
    app.run()
    for one in (info, other):
        app.button(key=f"delete:{one.id}").click().run()
    add({"bad": 5, "good": 5}, name="two")  # imported again, by somebody else
    app.run()
    assert "The dataset “one” was deleted." in words(app)
    undo(app)
    assert not app.error
    assert {found.id for found in workspace.datasets()} == {info.id, other.id}


def test_a_deletion_that_cannot_be_undone_says_so(app: AppTest, add: Add, workspace: Workspace) -> None:
    info = add(CLASSES)
    app.run()
    app.button(key=f"delete:{info.id}").click().run()
    shutil.rmtree(workspace.root / "trash" / "datasets" / info.id)
    undo(app)
    assert "no such deleted dataset" in app.error[0].value
    assert app.title[0].value == "Data"  # the page is drawn all the same
    button(app, "Dismiss").click()
    app.run()
    assert "was deleted" not in words(app)


def test_a_run_that_is_served_is_not_deleted_and_the_list_stays(app: AppTest, add: Add, workspace: Workspace) -> None:
    runs = named_runs(workspace, add(CLASSES), "other", "served")
    (runs["served"].folder / "model").mkdir()
    (runs["served"].folder / "model" / "config.json").write_text("{}")
    serve_run(workspace, runs["served"].id, on=True)
    open_page(app, "finetune")
    app.button(key=f"delete-run:{runs['served'].id}").click().run()
    assert "endpoint answers with this run" in app.error[0].value
    assert "was deleted" not in words(app)
    assert len(workspace.runs()) == 2
    assert {f"delete-run:{run.id}" for run in runs.values()} <= {found.key for found in app.button}


def in_two_windows(app: AppTest, add: Add) -> tuple[DatasetInfo, DatasetInfo]:
    """The dataset in use on the Fine-tune page of this window, and another one."""
    infos = {info.id: info for info in (add(CLASSES, name="one"), add({"bad": 15, "good": 25}, name="two"))}
    open_page(app, "finetune")
    used = infos.pop(chosen(app))
    return used, infos.popitem()[1]


def said(app: AppTest) -> list[str]:
    return [toast.value for toast in app.toast]


def test_a_click_for_a_dataset_that_was_deleted_elsewhere_does_nothing_to_another(
    app: AppTest, add: Add, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[Path] = []
    monkeypatch.setattr(jobs, "start", started.append)
    used, other = in_two_windows(app, add)
    app.multiselect(key="compare:strategies").set_value(["focal"]).run()
    workspace.delete_dataset(used.id)
    button(app, "Compare").click()
    app.run()
    assert not app.exception
    assert started == []
    assert workspace.runs() == []
    assert said(app) == [f"The dataset in use was deleted; this is “{other.name}”."]
    assert chosen(app) == other.id
    assert app.query_params["dataset"] in (other.id, [other.id])
    app.run()
    assert said(app) == []


def test_a_run_that_was_deleted_elsewhere_is_told_and_the_click_is_dropped(
    app: AppTest, add: Add, workspace: Workspace
) -> None:
    runs = named_runs(workspace, add(CLASSES), "first", "second")
    for run in runs.values():
        run.write_state(RunState(status="finished"))
    app.query_params["run"] = runs["first"].id
    open_page(app, "finetune")
    workspace.delete_run(runs["first"].id)
    button(app, "Judge it").click()
    app.run()
    assert app.title[0].value == "Fine-tune"
    assert said(app) == ["The run in use was deleted; this is “second”."]
    assert app.sidebar.selectbox(key="sidebar:run").value == runs["second"].id


def test_where_nothing_is_left_that_is_told_once(app: AppTest, add: Add, workspace: Workspace) -> None:
    info = add(CLASSES)
    app.run()
    workspace.delete_dataset(info.id)
    app.run()
    assert said(app) == ["The dataset in use was deleted; there is no other."]
    assert "dataset" not in app.query_params
    app.run()
    assert said(app) == []


def test_who_deletes_what_they_use_is_not_told_twice(app: AppTest, add: Add, workspace: Workspace) -> None:
    used, other = in_two_windows(app, add)
    runs = named_runs(workspace, used, "first", "second")
    app.run()
    in_use = app.sidebar.selectbox(key="sidebar:run").value
    app.button(key=f"delete-run:{in_use}").click().run()
    assert said(app) == []
    assert app.sidebar.selectbox(key="sidebar:run").value in {run.id for run in runs.values()} - {in_use}
    app.switch_page("pages/data.py").run()
    app.button(key=f"delete:{used.id}").click().run()
    assert said(app) == []
    assert chosen(app) == other.id


def test_a_link_to_a_run_whose_dataset_is_gone_gives_the_default_view(
    app: AppTest, add: Add, workspace: Workspace
) -> None:
    used, other = in_two_windows(app, add)
    (run,) = named_runs(workspace, other, "old").values()
    workspace.delete_dataset(other.id)
    app.query_params["run"] = run.id
    app.run()
    assert said(app) == []
    assert not app.exception
    assert chosen(app) == used.id


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
