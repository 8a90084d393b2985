"""A demo in a real browser: everything can be looked at and tried, and the workspace stays as it is, byte for byte."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from sentiment.training import jobs
from sentiment.training.config import FinetuneConfig
from sentiment.workspace import Workspace
from tests.browser.conftest import Visitors
from tests.browser.prepare import add_sample, train
from tests.browser.server import AppServer
from tests.browser.steps import settle, turn_to
from tests.demo_world import unchanged

pytestmark = pytest.mark.browser
PAGES = ("Balance", "Languages", "Label", "Fine-tune", "Evaluate", "Explain", "Share")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AppServer]:
    """A demo of a workspace with a sample and a run, which is made first."""
    running = AppServer(tmp_path_factory.mktemp("demo"))
    workspace = Workspace(running.workspace)
    run = train(workspace, add_sample(workspace, "product-reviews"), FinetuneConfig(epochs=1))
    assert jobs.wait_for_worker(run.folder, seconds=120)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SENTIMENT_MODE", "demo")
        running.start()
    yield running
    running.kill()
    assert "Traceback" not in running.log_text(), running.log_text()[-3000:]


def test_a_visitor_looks_at_every_page_tries_the_model_and_changes_nothing(visitors: Visitors, server: AppServer):
    with unchanged(server.workspace):
        page = visitors.open()
        expect(page.get_by_test_id("stFileUploader")).to_have_count(0)
        for name in PAGES:
            turn_to(page, name)
            expect(page.get_by_test_id("stException")).to_have_count(0)
        turn_to(page, "Explain")
        page.get_by_role("textbox").first.fill("the worst battery that I have ever had")
        page.get_by_role("textbox").first.press("Control+Enter")
        expect(page.get_by_text("The model says negative")).to_be_visible(timeout=60_000)
        settle(page)
        for section in ("Words", "Map", "Search", "Findings"):
            turn_to(page, "Balance")
            page.get_by_test_id("stMain").get_by_role("radio", name=section).first.click()
            settle(page)
            expect(page.get_by_test_id("stException")).to_have_count(0)


def test_two_visitors_look_at_once(browser: Browser, visitors: Visitors, server: AppServer):
    with unchanged(server.workspace):
        for page in [visitors.open("explain"), visitors.open("evaluate")]:
            expect(page.get_by_test_id("stSidebar")).to_contain_text("Nothing is stored")


def test_the_folder_may_be_one_that_can_only_be_read(visitors: Visitors, server: AppServer):
    paths: list[Path] = [server.workspace, *server.workspace.rglob("*")]
    for path in paths:
        path.chmod(0o555 if path.is_dir() else 0o444)
    try:
        page = visitors.open("evaluate")
        expect(page.get_by_test_id("stException")).to_have_count(0)
        expect(page.locator(".st-key-verdict")).to_be_visible()
    finally:
        for path in paths:
            path.chmod(0o755)
