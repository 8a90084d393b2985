"""Fine-tune: the choice against imbalance, its preview, and strategies compared."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from sentiment.data import DatasetInfo
from sentiment.training.config import FinetuneConfig
from sentiment.training.runs import Run, RunState
from sentiment.workspace import Workspace
from tests.pages.conftest import button, open_page, words

Add = Callable[..., DatasetInfo]
STRATEGY = "set:imbalance"
ENGLISH = "the battery is terrible and the screen broke after two weeks of light use"


def preview(app: AppTest) -> dict[str, list]:
    return app.dataframe[0].value.set_index("Class").to_dict("index")


def test_the_preview_shows_the_training_rows_of_each_class(app: AppTest, add: Add) -> None:
    add({"bad": 20, "good": 400})
    open_page(app, "finetune")
    app.selectbox(key=STRATEGY).set_value("class-weights").run()
    assert not app.exception
    shown = preview(app)
    assert (shown["bad"]["Rows"], shown["good"]["Rows"]) == (14, 280)  # 20 % and 10 % are held out
    assert shown["bad"]["Weight of a mistake"] == pytest.approx(10.5)  # 294 rows / 2 classes / 14 rows
    app.selectbox(key=STRATEGY).set_value("oversample").run()
    assert preview(app)["bad"]["Rows shown"] == 280


def test_augmentation_is_shown_on_texts_of_the_rarest_class(app: AppTest, add: Add) -> None:
    add({"bad": 20, "good": 60}, text=ENGLISH)
    open_page(app, "finetune")
    app.selectbox(key=STRATEGY).set_value("augment").run()
    assert not app.exception
    examples = [part.value for part in app.markdown if "→" in part.value]
    assert len(examples) == 3
    before, after = examples[0].split("→")
    assert before.strip() != after.strip()
    assert "battery" in before


def test_imbalanced_classes_get_a_remedy_without_being_asked_for(app: AppTest, add: Add) -> None:
    add({"bad": 20, "good": 400})
    open_page(app, "finetune")
    assert app.selectbox(key=STRATEGY).value == "auto"
    assert "20 times the rows" in words(app)


def test_balanced_classes_are_left_alone(app: AppTest, add: Add) -> None:
    add({"bad": 90, "good": 100}, text=ENGLISH)
    open_page(app, "finetune")
    assert "about equally frequent" in words(app)
    app.selectbox(key=STRATEGY).set_value("focal").run()
    assert "“None” is recommended" in words(app)


def test_what_does_not_go_with_a_baseline_is_not_offered(app: AppTest, add: Add) -> None:
    add({"bad": 20, "good": 60}, text=ENGLISH)
    open_page(app, "finetune")
    app.selectbox(key=STRATEGY).set_value("focal").run()
    app.button(key="choose:tfidf-words").click().run()
    assert not app.exception
    assert app.selectbox(key=STRATEGY).value == "auto"
    assert "Focal loss" not in app.selectbox(key=STRATEGY).options
    assert "Class weights" in app.selectbox(key=STRATEGY).options


def test_compare_starts_a_run_for_each_strategy_and_one_without(
    app: AppTest, add: Add, started: list[Path], workspace: Workspace
) -> None:
    add({"bad": 20, "good": 60}, text=ENGLISH)
    open_page(app, "finetune")
    app.number_input(key="set:seed").set_value(4).run()
    app.multiselect(key="compare:strategies").set_value(["augment", "focal"]).run()
    button(app, "Compare").click()
    app.run()
    assert not app.exception
    configs = [Run(folder).info.config for folder in started]
    assert [config.imbalance for config in configs] == ["none", "augment", "focal"]
    assert {config.strategy for config in configs} == {"full"}  # these two act while everything is tuned
    assert {config.seed for config in configs} == {4}
    assert app.sidebar.selectbox(key="sidebar:run").value == Run(started[0]).id


def finished(
    workspace: Workspace, info: DatasetInfo, strategy: str, *, wrong: int, seed: int = 0, tuned: str = "full"
) -> Run:
    """A run that errs on the first rows of the class "bad"."""
    run = workspace.create_run(info.id, FinetuneConfig(imbalance=strategy, seed=seed), name=strategy)
    rows = workspace.dataset(info.id).frame[["row", "text", "label", "group"]].assign(split="test")
    said = rows["label"].to_numpy(object).copy()
    said[np.flatnonzero(said == "bad")[:wrong]] = "good"
    rows["model:prediction"] = said
    for name in info.classes:
        rows[f"model:prob:{name}"] = (said == name).astype(float)
    run.write_predictions(rows)
    run.write_state(RunState(status="finished", best_macro_f1=0.8, settings={"imbalance": strategy, "strategy": tuned}))
    return run


def test_finished_runs_of_one_split_are_compared_with_doing_nothing(
    app: AppTest, add: Add, workspace: Workspace
) -> None:
    info = add({"bad": 40, "good": 160})
    finished(workspace, info, "none", wrong=30)
    finished(workspace, info, "oversample", wrong=28, seed=1)  # another split: not comparable
    finished(workspace, info, "class-weights", wrong=28, tuned="head")  # the head alone: differs in more
    app.query_params["run"] = finished(workspace, info, "logit-adjustment", wrong=2).id
    open_page(app, "finetune")
    assert not app.exception
    said = words(app)
    assert "“Logit adjustment” is best" in said
    assert "above “None”" in said
    table = next(frame.value for frame in app.dataframe if "Strategy" in frame.value)
    assert table["Strategy"].tolist() == ["None", "Logit adjustment"]
    assert "✓" in table.loc[1, "Mean F1"]
    app.segmented_control(key="compare:metric").set_value("recall").run()
    table = next(frame.value for frame in app.dataframe if "Strategy" in frame.value)
    assert table.loc[0, "bad"].startswith("25")
    assert table.loc[1, "bad"].startswith("95")


def test_a_comparison_waits_for_its_runs(app: AppTest, add: Add, workspace: Workspace) -> None:
    info = add({"bad": 40, "good": 160})
    app.query_params["run"] = finished(workspace, info, "none", wrong=30).id
    workspace.create_run(info.id, FinetuneConfig(imbalance="focal"))
    open_page(app, "finetune")
    assert not app.exception
    assert "as soon as" in words(app)
