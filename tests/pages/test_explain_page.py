"""Explain: the words of a text, what an edit changes, similar rows, the model as a whole; links and hostile texts."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from sentiment.data import DatasetInfo
from sentiment.evaluation.thresholds import Rule
from sentiment.judging import save_rule
from sentiment.serving.operations import run_operation
from sentiment.training.config import FinetuneConfig
from sentiment.training.runs import Run
from sentiment.workspace import Workspace
from tests import planted
from tests.pages.conftest import HOSTILE, button, open_page, words
from ui import cache_explain

Add = Callable[..., DatasetInfo]
Judged = Callable[[DatasetInfo], Run]


@pytest.fixture(autouse=True)
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """A model that answers in this process: the simple one that knows the planted words."""
    asked: list[str] = []

    def ask(operation: str, model: str | Path, **arguments: Any) -> dict[str, Any]:
        asked.append(operation)
        return run_operation(operation, planted.linear("tfidf-words"), arguments)

    monkeypatch.setattr(cache_explain, "ask", ask)
    monkeypatch.setattr("sentiment.serving.client.start", lambda: None)
    return asked


@pytest.fixture
def run(add: Add, judged: Judged) -> Run:
    """A run with a model, whose rows 0 to 59 were learned from."""
    found = judged(add({"negative": 50, "positive": 50}, text="the box with zorgle"))
    give_model(found)
    return found


def give_model(run: Run) -> None:
    """Makes it look as if the run had weights, learned from rows 0 to 59."""
    (run.folder / "model").mkdir()
    (run.folder / "model" / "config.json").write_text("{}")
    np.savez(run.folder / "split.npz", train=np.arange(60), validation=np.arange(0), test=np.arange(60, 100))


def open_link(app: AppTest, **parameters: str) -> AppTest:
    """Opens the page with these parameters in its address."""
    for name, value in parameters.items():
        app.query_params[name] = value
    return open_page(app, "explain")


def drawn(app: AppTest) -> str:
    """All the HTML of the page."""
    return "\n".join(str(found.proto.body) for found in app.get("html"))


def test_at_first_it_explains_a_held_out_row(app: AppTest, run: Run) -> None:
    open_page(app, "explain")
    assert not app.exception
    assert 'title="+' in drawn(app)
    assert ">zorgle</span>" in drawn(app)
    assert "The model says **positive**" in words(app)
    assert app.query_params["row"] == "0"
    assert "is labeled **negative**; the model says otherwise" in words(app)


def test_a_link_reproduces_the_text(app: AppTest, run: Run) -> None:
    open_link(app, run=run.id, text="i got a blefty at work")
    assert "The model says **negative**" in words(app)
    assert ">blefty</span>" in drawn(app)
    assert app.query_params["text"] == "i got a blefty at work"
    assert "row" not in app.query_params


def test_a_link_reproduces_the_row(app: AppTest, run: Run) -> None:
    open_link(app, run=run.id, row="73")
    assert ">73</span>" in drawn(app)
    assert "Row 74 is labeled **positive**, as the model says" in words(app)


def test_a_long_row_is_explained_whole(app: AppTest, add: Add, judged: Judged) -> None:
    found = judged(add({"negative": 10, "positive": 10}, text="blefty " + "a grey box " * 900 + "zorgle zorgle zorgle"))
    give_model(found)
    open_link(app, run=found.id, row="13")
    assert not app.exception
    assert "its first and last" not in words(app)
    assert ">zorgle</span>" in drawn(app)  # the last words: those of a text that is cut after 5,000 characters are not
    assert "The model says **positive**" in words(app)
    assert app.query_params["row"] == "13"
    button(app, "Next held-out row").click().run()
    assert ">zorgle</span>" in drawn(app)


def test_a_row_that_is_too_long_keeps_its_ends_and_says_so(app: AppTest, add: Add, judged: Judged) -> None:
    text = "blefty " + "a grey box " * 2000 + "zorgle zorgle zorgle"
    found = judged(add({"negative": 10, "positive": 10}, text=text))
    give_model(found)
    open_link(app, run=found.id, row="13")
    assert not app.exception
    assert "its first and last 10\u202f000 stand here" in words(app)
    assert ">zorgle</span>" in drawn(app)
    assert ">blefty</span>" in drawn(app)


def test_what_a_saved_rule_says_stands_beside_the_model(app: AppTest, run: Run) -> None:
    open_link(app, run=run.id, text="i got a blefty at work")
    assert "rule" not in words(app)
    save_rule(run, Rule({}, undecided_below=0.999))
    app.run()
    assert not app.error
    assert "The rule that is saved with this run leaves it **undecided**" in words(app)
    save_rule(run, Rule({"positive": 0.001}))
    app.run()
    assert "The rule that is saved with this run says **positive**" in words(app)


@pytest.mark.parametrize("row", ["-1", "4000", "x", "1e3", "9" * 40, "²"])
def test_a_row_that_is_not_there_gives_the_default_view(app: AppTest, run: Run, row: str) -> None:
    open_link(app, run=run.id, row=row)
    assert not app.exception
    assert app.query_params["row"] == "0"


def test_the_next_mistake_is_one_click_away(app: AppTest, run: Run) -> None:
    open_page(app, "explain")
    button(app, "Next mistake").click().run()
    assert app.query_params["row"] == "5"  # the made-up predictions err on every fifth row
    button(app, "Next held-out row").click().run()
    assert app.query_params["row"] == "6"


def test_the_words_of_another_class_are_shown_when_it_is_chosen(app: AppTest, run: Run) -> None:
    open_link(app, run=run.id, text="a zorgle")
    app.segmented_control(key=f"target:{run.id}").set_value("negative").run()
    assert "multiplies the odds of positive" not in drawn(app)
    assert "divides the odds of negative" in drawn(app)


def test_the_smallest_edit_is_shown_and_can_be_taken_over(app: AppTest, run: Run) -> None:
    open_link(app, run=run.id, text="a zorgle and a blefty blefty")
    assert "With 1 word changed it says **positive**" in words(app)
    button(app, "Put it into the box").click().run()
    assert "The model says **positive**" in words(app)
    assert app.query_params["text"].count("blefty") == 1


def test_training_rows_like_it_are_shown_and_rows_go_to_the_label_page(app: AppTest, run: Run) -> None:
    open_link(app, run=run.id, text="the box with zorgle number 7")
    table = app.dataframe[0].value
    assert table["Row"].max() <= 60
    assert table["Alike"].iloc[0] > 80
    button(app, "Check the labels of rows like this").click().run()
    assert app.title[0].value == "Label"
    assert app.selectbox[0].value == "listed"


def test_rows_without_a_label_are_found_where_there_are_some(app: AppTest, add: Add, workspace: Workspace) -> None:
    info = add({"negative": 30, "positive": 30, "": 8}, text="the box with zorgle")
    run = workspace.create_run(info.id, FinetuneConfig())
    give_model(run)
    open_link(app, run=run.id, text="the box with zorgle number 64")
    button(app, "Find and label more like this").click().run()
    assert app.title[0].value == "Label"
    assert "the box with zorgle number 60" in words(app)  # the first without a label of those equally alike


def test_hostile_texts_and_classes_do_nothing(app: AppTest, add: Add, judged: Judged) -> None:
    run = judged(add(dict.fromkeys(HOSTILE, 20), text="<script>alert(1)</script> zorgle"))
    give_model(run)
    text = '<img src=http://evil.example/x.png onerror=alert(1)> "onmouseover=alert(2) zorgle\u200b'
    open_link(app, run=run.id, text=text)
    html = drawn(app)
    assert "<img" not in html
    assert "<script" not in html
    assert '"onmouseover' not in html
    assert "&lt;" in html
    assert "⟨U+200B⟩" in html


def test_an_empty_box_says_what_to_do(app: AppTest, run: Run) -> None:
    open_link(app, run=run.id, text=" ")
    assert "Type or paste a text" in words(app)
    assert not app.exception


def test_without_a_run_it_leads_to_fine_tuning(app: AppTest, add: Add) -> None:
    open_page(app, "explain")
    assert "nothing to explain yet" in words(app)
    add({"negative": 9, "positive": 9})
    app.run()
    assert "No model has been trained" in words(app)


def test_the_whole_model_names_the_words_that_decide(app: AppTest, run: Run, workspace: Workspace) -> None:
    rows = run.predictions()
    assert rows is not None
    run = workspace.create_run(run.info.dataset.id, FinetuneConfig(base="tfidf-words"))
    run.write_predictions(rows)
    give_model(run)
    open_link(app, run=run.id, view="model", **{"class": "positive"})
    assert not app.exception
    assert app.segmented_control(key=f"listen:{run.id}").value == "positive"
    assert "no filters" in words(app)
    assert "This run began with nothing" in words(app)
    pills = app.get("button_group")
    assert any("zorgle" in str(found.proto) for found in pills)


def test_nothing_is_asked_twice(app: AppTest, run: Run, asked: list[str]) -> None:
    open_link(app, run=run.id, text="a zorgle that nobody asked about before")
    before = list(asked)
    app.run()
    assert asked == before
    assert before.count("explain") == 1
