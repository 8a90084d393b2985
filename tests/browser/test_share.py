"""A model handed on: as a package, as an address that other programs ask, and to a file that it scores."""

import json
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from playwright.sync_api import Page, expect

import sentiment
from sentiment.training.config import FinetuneConfig
from sentiment.training.runs import Run
from sentiment.workspace import Workspace
from tests.browser.conftest import Visitors, end_jobs
from tests.browser.prepare import add_sample, train
from tests.browser.server import ROOT, AppServer
from tests.browser.steps import settle

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(300)]
REVIEWS = ROOT / "sample_data" / "product-reviews" / "product_reviews.csv"
TEXTS = ["A wonderful little camera.", "It broke after a day.", "完全不行 😡", ""]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AppServer]:
    """The app over a workspace with a finished run."""
    running = AppServer(tmp_path_factory.mktemp("app"))
    workspace = Workspace(running.workspace)
    train(workspace, add_sample(workspace, "product-reviews"), FinetuneConfig(strategy="head"))
    running.start()
    yield running
    running.kill()
    end_jobs(running.workspace)
    assert "Traceback" not in running.log_text(), running.log_text()[-3000:]


@pytest.fixture(scope="module")
def run(server: AppServer) -> Run:
    """The run."""
    return Workspace(server.workspace).runs()[0]


@pytest.fixture
def page(visitors: Visitors) -> Page:
    """The Share page."""
    return visitors.open("share")


def turn_to_tab(page: Page, name: str) -> None:
    page.get_by_role("tab", name=name, exact=True).click()
    settle(page)


def download(page: Page, label: str, path: Path) -> Path:
    with page.expect_download(timeout=60_000) as waiting:
        page.get_by_role("button", name=label).click()
    waiting.value.save_as(path)
    return path


def ask(server: AppServer, value: object) -> dict:
    body, kind = json.dumps(value).encode(), {"Content-Type": "application/json"}
    with urllib.request.urlopen(urllib.request.Request(f"{server.url}/api/predict", body, kind), timeout=60) as answer:
        return json.loads(answer.read())


def test_a_downloaded_package_is_the_model_bit_for_bit(page: Page, run: Run, tmp_path: Path) -> None:
    turn_to_tab(page, "Package")
    package = download(page, "Download the package", tmp_path / "shop.zip")
    np.testing.assert_array_equal(sentiment.load(package)(TEXTS), sentiment.load(run.folder)(TEXTS))
    page.get_by_text("The card", exact=True).click()
    expect(page.get_by_role("heading", name="What it learned from")).to_be_visible()


def test_the_endpoint_answers_once_it_is_switched_on(page: Page, server: AppServer, run: Run) -> None:
    with pytest.raises(urllib.error.HTTPError, match="404"):
        ask(server, {"texts": TEXTS})
    turn_to_tab(page, "Endpoint")
    page.get_by_text("This run answers at /api/predict").click()
    expect(page.get_by_test_id("stCode").filter(has_text="curl")).to_contain_text(run.id, timeout=30_000)
    answer = ask(server, {"texts": TEXTS})
    assert answer["run"] == run.id
    np.testing.assert_allclose(answer["probs"], sentiment.load(run.folder)(TEXTS), atol=1e-6)
    page.goto(f"{server.url}/api/docs")
    expect(page.get_by_role("heading", level=1)).to_have_text("POST /api/predict")


def test_a_file_is_scored_row_by_row_and_another_one_is_stopped(page: Page, run: Run, tmp_path: Path) -> None:
    turn_to_tab(page, "Score a file")
    page.locator("input[type=file]").last.set_input_files(REVIEWS)
    press_score(page)
    scored = pd.read_csv(download(page, "Download the result", tmp_path / "scored.csv"), keep_default_na=False)
    given = pd.read_csv(REVIEWS, keep_default_na=False)
    assert len(scored) == len(given)
    model = sentiment.load(run.folder)
    columns = [f"prob_{name}" for name in model.classes]
    np.testing.assert_allclose(scored[columns], model(given["text"].tolist()), atol=1e-5)
    page.get_by_role("button", name="Score another file").click()
    settle(page)
    many = pd.concat([given] * 40)
    many.to_csv(tmp_path / "many.csv", index=False)
    page.locator("input[type=file]").last.set_input_files(tmp_path / "many.csv")
    press_score(page)
    page.get_by_test_id("stMain").get_by_role("button", name="Stop").click()  # the frame around it has one too
    expect(page.get_by_text("Nothing of it was kept")).to_be_visible(timeout=30_000)


def press_score(page: Page) -> None:
    button = page.get_by_role("button", name="Score the file")
    button.wait_for(timeout=30_000)
    settle(page)
    button.click()
