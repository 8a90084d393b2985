"""Evaluate: the verdict, the figures and the texts behind a mistake."""

from collections.abc import Callable

from streamlit.testing.v1 import AppTest

from sentiment.data import DatasetInfo
from sentiment.training.config import FinetuneConfig
from sentiment.training.runs import Run
from sentiment.workspace import Workspace
from tests.pages.conftest import HOSTILE, open_page, words
from ui.text import visible

Add = Callable[..., DatasetInfo]
Judged = Callable[[DatasetInfo], Run]


def plain(value: str) -> str:
    return value.replace("\u202f", "")


def test_the_figures_are_those_of_the_held_out_rows(app: AppTest, add: Add, judged: Judged) -> None:
    judged(add({"negative": 50, "positive": 50}))
    open_page(app, "evaluate")
    assert not app.exception
    assert [plain(found.value) for found in app.metric][:2] == ["80%", "80%"]
    assert app.metric[3].value == "100"
    assert "On 100 held\\-out rows the model is right on 80" in words(app)
    table = app.dataframe[0].value.set_index("Class")
    assert plain(table.loc["negative", "Recall"]).startswith("80%")
    assert table.loc["positive", "Rows"] == "50"


def test_the_report_of_a_baseline_is_one_click_away(app: AppTest, add: Add, judged: Judged) -> None:
    run = judged(add({"negative": 50, "positive": 50}))
    open_page(app, "evaluate")
    app.segmented_control(key=f"model:{run.id}").set_value("majority").run()
    table = app.dataframe[0].value.set_index("Class")
    assert plain(table.loc["negative", "Recall"]).startswith("100%")
    assert plain(table.loc["positive", "Recall"]).startswith("0%")


def test_hostile_labels_and_texts_are_literal(app: AppTest, add: Add, judged: Judged) -> None:
    run = judged(add(dict.fromkeys(HOSTILE, 20), text="<script>alert(1)</script> :red[x]"))
    open_page(app, "evaluate")
    assert not app.exception
    assert app.dataframe[0].value["Class"][0] in {visible(label) for label in HOSTILE}
    app.segmented_control(key="evaluate-section").set_value("Mistakes").run()
    assert not app.exception
    box = app.selectbox(key=f"true:{run.id}")
    assert set(box.options) == {"Any class", *(visible(label) for label in HOSTILE)}
    assert app.dataframe[0].value["Text"].iloc[0].startswith("<script>alert(1)</script> :red[x]")
    for section in ("Slices", "Thresholds", "Calibration"):
        app.segmented_control(key="evaluate-section").set_value(section).run()
        assert not app.exception
        assert not app.error, section


def test_a_run_without_predictions_says_where_to_go(app: AppTest, add: Add, workspace: Workspace) -> None:
    info = add({"negative": 9, "positive": 9})
    open_page(app, "evaluate")
    assert "No model has been trained" in words(app)
    workspace.create_run(info.id, FinetuneConfig())
    app.run()
    assert "still learning" in words(app)


def test_a_run_that_is_the_baseline_itself_is_judged_beside_the_others(app: AppTest, add: Add, judged: Judged) -> None:
    run = judged(add({"negative": 50, "positive": 50}))
    rows = run.predictions()
    assert rows is not None
    run.write_predictions(rows[[name for name in rows if not name.startswith("tfidf:")]])
    open_page(app, "evaluate")
    assert not app.exception
    assert [metric.label for metric in app.metric] == ["Right", "Macro-F1", "Held-out rows"]
    assert app.segmented_control(key=f"model:{run.id}").options == ["This model", "Majority class"]
