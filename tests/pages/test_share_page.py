"""The Share page: what it offers, who may switch the endpoint on, and a file that is scored."""

import re
import shutil
import time

import pytest
from streamlit.testing.v1 import AppTest

from sentiment import scoring_jobs
from sentiment.access import MODE
from sentiment.evaluation.thresholds import Rule
from sentiment.judging import save_rule
from sentiment.serving.served import chosen_runs, serve_run
from tests.pages.conftest import button, open_page, words


def plain(app: AppTest) -> str:
    """The words of the page without what keeps Markdown from reading them."""
    return re.sub(r"\\(.)|[\u2066-\u2069]", r"\1", words(app))


@pytest.fixture
def run(add, judged, workspace):
    found = judged(add({"negative": 20, "positive": 40}))
    (found.folder / "model").mkdir()
    (found.folder / "model" / "config.json").write_text('{"format": 1, "architecture": "TextCNN", "encoder": {}}')
    return found


def test_without_a_run_it_says_what_to_do_first(app: AppTest, add) -> None:
    open_page(app, "share")
    assert "nothing to share yet" in words(app)
    add({"negative": 20, "positive": 40})
    open_page(app, "share")
    assert "No model has been trained" in words(app)


def test_a_run_that_still_learns_has_only_its_links(app: AppTest, add, judged) -> None:
    judged(add({"negative": 20, "positive": 40}))  # predictions, but no model
    open_page(app, "share")
    assert "still learning" in words(app)
    assert not app.exception
    assert not app.get("download_button")


def test_it_offers_report_package_card_endpoint_links_and_demo(app: AppTest, run) -> None:
    open_page(app, "share")
    assert not app.exception
    assert not app.error
    assert [tab.label for tab in app.tabs] == ["Report", "Package", "Score a file", "Endpoint", "Links", "Demo"]
    labels = [found.proto.label for found in app.get("download_button")]
    assert labels == ["Download the report", "Download the package", "Download the card"]
    assert "## What it learned from" in words(app)


def test_the_card_on_the_page_follows_a_rule_that_is_saved_later(app: AppTest, run) -> None:
    open_page(app, "share")
    assert "How it decides" not in words(app)
    save_rule(run, Rule({"negative": 0.3}))
    app.run()
    assert "A row is “negative” where that is at least 30\u202f% likely." in plain(app)


def test_the_switch_decides_what_the_endpoint_answers_with(app: AppTest, run, workspace) -> None:
    open_page(app, "share")
    assert chosen_runs(workspace) == ()
    app.toggle[0].set_value(True).run()
    assert chosen_runs(workspace) == (run.id,)
    assert any(run.id in code.value and "curl" in code.value for code in app.code)
    app.toggle[0].set_value(False).run()
    assert chosen_runs(workspace) == ()


def test_a_demo_shows_no_switch_no_folder_and_scores_no_file(app: AppTest, run, workspace, monkeypatch) -> None:
    serve_run(workspace, run.id, on=True)
    monkeypatch.setenv(MODE, "demo")
    open_page(app, "share")
    assert not app.exception
    assert not app.toggle
    assert "not scored in a demo" in words(app)
    shown = "\n".join(code.value for code in app.code)
    assert "curl" in shown
    assert str(workspace.root) not in shown


def test_a_switch_that_cannot_be_turned_says_why(app: AppTest, run, workspace, monkeypatch) -> None:
    open_page(app, "share")
    monkeypatch.setattr("sentiment.serving.served._MOST", 0)
    app.toggle[0].set_value(True).run()
    assert not app.exception
    assert "0 runs are served already" in app.error[0].value
    assert not app.toggle[0].value
    assert chosen_runs(workspace) == ()


def test_a_file_is_scored_and_handed_back(app: AppTest, run, judged, workspace, monkeypatch) -> None:
    def answer(operation, model, *, texts):
        return {"classes": ["negative", "positive"], "probs": [[0.1, 0.9]] * len(texts)}

    monkeypatch.setattr(scoring_jobs.ScoringJob.__init__, "__kwdefaults__", {"ask": answer})
    open_page(app, "share")
    rows = "number,review,text\n" + "".join(f"{n},wonderful thing number {n},x\n" for n in range(30))
    app.file_uploader[0].set_value(("new reviews.csv", rows.encode(), "text/csv")).run()
    assert not app.exception
    assert "its values as text" in words(app)
    column = app.selectbox(key="score:column")
    assert column.options == ["number", "review", "text"]
    column.set_value("review").run()
    button(app, "Score the file").click()
    app.run()
    until = time.monotonic() + 20
    while "30 rows scored" not in words(app):
        assert time.monotonic() < until
        time.sleep(0.1)
        app.run()
    assert "positive 30" in words(app)
    assert f"Scored by {run.info.name} (run {run.id})" in plain(app)
    assert not app.info
    names = [found.proto.label for found in app.get("download_button")]
    assert "Download the result" in names
    other = judged(workspace.dataset_info(run.info.dataset.id))
    shutil.copytree(run.folder / "model", other.folder / "model")
    app.query_params["run"] = other.id
    open_page(app, "share")
    assert f"Scored by {run.info.name} (run {run.id})" in app.info[0].value.replace("\\", "")
    assert "The run in use is another one" in app.info[0].value
    assert "30 rows scored" in words(app)
    button(app, "Score another file").click()
    app.run()
    assert "rows scored" not in words(app)
    assert app.file_uploader


def test_what_is_no_table_is_refused_in_words(app: AppTest, run) -> None:
    open_page(app, "share")
    app.file_uploader[0].set_value(("picture.csv", b"\x89PNG\r\n\x1a\n" + bytes(50), "text/csv")).run()
    assert not app.exception
    assert "PNG" in app.error[0].value
