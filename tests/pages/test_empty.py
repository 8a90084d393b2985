"""An empty session: every page says why it is empty and offers the one thing to do."""

import pytest
from streamlit.testing.v1 import AppTest

from sentiment.workspace import Workspace
from tests.pages.conftest import button, open_page, words


@pytest.mark.parametrize(
    ("page", "said"),
    [
        ("data", "Start with a sample"),
        ("balance", "There is no dataset yet"),
        ("finetune", "no dataset to learn from"),
        ("evaluate", "nothing to judge yet"),
    ],
)
def test_an_empty_page_helps(app: AppTest, page: str, said: str) -> None:
    open_page(app, page)
    assert not app.exception
    assert said in words(app)
    assert sum(found.label == "Use this sample" for found in app.button) == len(Workspace().samples()) > 0


def test_a_sample_is_one_click_away_and_becomes_the_dataset_in_use(app: AppTest, workspace: Workspace) -> None:
    open_page(app, "balance")
    button(app, "Use this sample").click()
    app.run()
    (info,) = workspace.datasets()
    assert app.query_params["dataset"] == info.id
    assert app.sidebar.selectbox(key="sidebar:dataset").value == info.id
    assert app.metric[0].value.endswith(": 1")


def test_the_languages_page_begins_with_the_sample_of_two_languages(app: AppTest, workspace: Workspace) -> None:
    open_page(app, "languages")
    button(app, "Use this sample").click()
    app.run()
    (info,) = workspace.datasets()
    assert {"en", "zh"} <= set(workspace.dataset(info.id).frame["language"])


def test_a_workspace_that_cannot_be_written_is_said_at_start(app: AppTest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SENTIMENT_WORKSPACE", "/proc/nowhere")
    app.run()
    assert not app.exception
    assert "cannot be written" in app.error[0].value
    assert not app.title
