"""Evaluate: the run in use beside others, the table of runs, and what more labels would bring."""

from collections.abc import Callable

from streamlit.testing.v1 import AppTest

from sentiment.data import DatasetInfo
from sentiment.files import write_json
from sentiment.training.config import FinetuneConfig
from sentiment.training.runs import Run, RunState
from sentiment.workspace import Workspace
from tests.pages.conftest import HOSTILE, button, open_page, words

Add = Callable[..., DatasetInfo]
Judged = Callable[[DatasetInfo], Run]
SECTION = "evaluate-section"


def _open(app: AppTest, run: Run, section: str, **parameters: str) -> AppTest:
    for name, value in {"run": run.id, "show": section, **parameters}.items():
        app.query_params[name] = value
    return open_page(app, "evaluate")


def _other(workspace: Workspace, info: DatasetInfo, of: Run, *, wrong: int) -> Run:
    """Another finished run, which says the first class of the first rows and is right on all others."""
    run = workspace.create_run(info.id, FinetuneConfig(seed=5))
    rows = of.predictions()
    assert rows is not None
    said = rows["label"].tolist()
    said[:wrong] = [info.classes[-1]] * wrong
    run.write_predictions(rows.assign(**{"model:prediction": said}))
    run.write_state(RunState(status="finished"))
    return run


def test_a_link_shows_two_runs_side_by_side(app: AppTest, add: Add, judged: Judged, workspace: Workspace) -> None:
    info = add({"negative": 100, "positive": 100})
    first = judged(info)
    better = _other(workspace, info, first, wrong=2)
    _open(app, better, "Compare", **{"with": first.id})
    assert not app.exception
    assert not app.error
    assert "is better than" in words(app)
    values = {found.label: found.value for found in app.metric}
    assert values["Rows compared"] == "200"
    assert values["Rows changed"] == "40"
    changed = app.dataframe[-1].value
    assert changed["How"].value_counts().to_dict() == {"Mended": 39, "Broken": 1}
    key = f"changed:{better.id}:{first.id}"
    app.selectbox(key=f"{key}:label").set_value("positive").run()
    assert set(app.dataframe[-1].value["Label"]) == {"positive"}
    app.text_input(key=f"{key}:words").set_value("number 105").run()
    assert len(app.dataframe[-1].value) == 1
    assert not app.exception


def test_three_runs_are_held_against_the_first_chosen(
    app: AppTest, add: Add, judged: Judged, workspace: Workspace
) -> None:
    info = add({"negative": 100, "positive": 100})
    first = judged(info)
    others = [_other(workspace, info, first, wrong=n) for n in (2, 30)]
    _open(app, first, "Compare", **{"with": ",".join(run.id for run in others)})
    assert not app.exception
    assert len(app.dataframe[0].value) == 3
    assert "None of them beats" in words(app)


def test_what_cannot_be_compared_says_why_on_the_page(
    app: AppTest, add: Add, judged: Judged, workspace: Workspace
) -> None:
    info = add({"negative": 60, "positive": 60})
    run = judged(info)
    _open(app, run, "Compare")
    assert "no other finished run" in words(app)
    other = _other(workspace, info, run, wrong=1)
    rows = other.predictions()
    assert rows is not None
    other.write_predictions(rows.assign(row=rows["row"] + 999))
    app.run()
    assert "No row was held out by all" in words(app)
    assert not app.exception


def test_the_table_lists_filters_and_hides_nothing(
    app: AppTest, add: Add, judged: Judged, workspace: Workspace
) -> None:
    info = add(dict.fromkeys(HOSTILE, 20), name="shop :red[x]")
    run = judged(info)
    _other(workspace, info, run, wrong=9)
    waiting = workspace.create_run(info.id, FinetuneConfig(base="tfidf-words"), name=":red[x] <i>run</i>")
    waiting.write_state(RunState(status="failed"))
    _open(app, run, "Runs")
    assert not app.exception
    table = app.dataframe[0].value
    assert len(table) == 3
    assert table["Status"].value_counts().to_dict() == {"finished": 2, "failed": 1}
    assert table["Macro-F1"].isna().sum() == 1
    assert ":red[x] <i>run</i>" in table["Run"].tolist()
    app.text_input(key="runs:words").set_value("TFIDF").run()
    assert app.dataframe[0].value["Base"].tolist() == ["tfidf-words"]
    app.text_input(key="runs:words").set_value("nothing like it").run()
    assert "No run is like that" in words(app)


def test_more_labels_shows_the_curve_or_what_gives_one(app: AppTest, add: Add, judged: Judged) -> None:
    run = judged(add({"negative": 60, "positive": 60}))
    _open(app, run, "More labels?")
    assert not app.exception
    assert "There is no learning curve of this run" in words(app)
    curve = {"sizes": [100, 200, 400, 800, 1600], "values": [[0.5, 0.4, 0.6]] * 5, "n_measured": 3}
    curve["gains"] = {"2": [0.03, -0.01, 0.05], "4": [0.05, 0.02, 0.08]}
    part = {"class": "negative", "n_labels": 130, "support": 60, "own": curve, "mean": curve}
    odd = {"class": "positive", "n_labels": 3, "support": 60, "skipped": "Too few."}
    values = {"n_labels": 400, "n_measured": 400, "n_held_out": 120, "base": "x", "overall": curve}
    write_json(run.folder / "learning_curve.json", {**values, "classes": [part, odd]})
    app.run()
    assert not app.exception
    assert not app.error
    assert "The class to begin with is negative" in words(app)
    table = app.dataframe[0].value.set_index("Class")
    assert table.loc["negative", "Twice as many: points of its F1"] == "+3.0  (−1.0 to +5.0)"
    assert table.loc["positive", "Note"] == "Too few."
    assert app.selectbox(key=f"more-of:{run.id}").options == ["negative", "positive"]
    button(app, "Find rows of it to label").click().run()  # type: ignore[attr-defined]
    assert "Every row has a label" in words(app)
    write_json(run.folder / "learning_curve.json", {"skipped": "87 labels are too few."})
    app.run()
    assert "87 labels are too few" in words(app)
