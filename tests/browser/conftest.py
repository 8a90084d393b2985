"""A running app and a real Chromium; what a page complains about fails the test, and a failure leaves a picture."""

import os
import re
import shutil
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psutil
import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, Request, sync_playwright

from tests.browser.server import ROOT, AppServer
from tests.browser.steps import settle

QUIET = ["--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"]


def chromium_path() -> str:
    """The browser to drive: the one that CHROMIUM names, or Debian's."""
    named = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    if not named:
        pytest.fail("The browser tests need Chromium: `make test` installs it where it may.")
    return named


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """One headless Chromium for all tests; each page has a context, and so a session, of its own."""
    sandbox = ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(
            executable_path=chromium_path(), args=[*QUIET, *sandbox, "--disable-gpu", "--disable-quic"]
        )
        yield launched
        launched.close()


def end_jobs(workspace: Path) -> None:
    """Ends training jobs that still work in a workspace that a test leaves behind."""
    for process in psutil.process_iter(["cmdline"]):
        if any(str(workspace) in part for part in process.info["cmdline"] or []):
            process.kill()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AppServer]:
    """The app over an empty workspace, shared by the tests of one file."""
    running = AppServer(tmp_path_factory.mktemp("app"))
    running.start()
    yield running
    running.kill()
    end_jobs(running.workspace)
    assert "Traceback" not in running.log_text(), running.log_text()[-3000:]


class Visit:
    """A page, with what was wrong on it and where it sent requests."""

    def __init__(self, page: Page, *, home: str) -> None:
        self.page = page
        self.errors: list[str] = []
        self.outside: list[str] = []
        self._home = urlsplit(home).netloc
        page.on("console", self._heard)
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("request", self._sent)

    def _heard(self, message: ConsoleMessage) -> None:
        # Opened at the address of a page, Streamlit first looks for its server below that address.
        searching = "404" in message.text and "/_stcore/" in message.location.get("url", "")
        if message.type == "error" and not searching:
            self.errors.append(f"{message.text} {message.location.get('url', '')}")

    def _sent(self, request: Request) -> None:
        parts = urlsplit(request.url)
        if parts.scheme in {"http", "https", "ws", "wss"} and parts.netloc != self._home:
            self.outside.append(request.url)


FAILED = pytest.StashKey[bool]()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[Any]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Leaves the outcome on the item, where the fixture below finds it."""
    report = yield
    if report.when == "call":
        item.stash[FAILED] = report.failed
    return report


class Visitors:
    """Opens the app as people would: each page in a context, and so a session, of its own."""

    def __init__(self, browser: Browser, server: AppServer) -> None:
        self.visits: list[Visit] = []
        self._browser, self._server = browser, server

    def open(self, path: str = "", **options: Any) -> Page:
        """The app's page at `path`, in a new session; `options` are Playwright's for a context."""
        options = {"viewport": {"width": 1280, "height": 900}, "color_scheme": "light", **options}
        page = self._browser.new_context(**options).new_page()
        page.set_default_timeout(20_000)
        self.visits.append(Visit(page, home=self._server.url))
        page.goto(f"{self._server.url}/{path}")
        settle(page)
        return page

    def forgive(self) -> None:
        """Forgets the complaints so far: for a test that took the server away from under its pages."""
        for visit in self.visits:
            visit.errors.clear()


@pytest.fixture
def visitors(browser: Browser, server: AppServer, request: pytest.FixtureRequest) -> Iterator[Visitors]:
    """People at the app; in the end, no page may have logged an error or sent a request to anywhere else."""
    people = Visitors(browser, server)
    yield people
    failed = request.node.stash.get(FAILED, False)
    for number, visit in enumerate(people.visits):
        if failed:
            (ROOT / "test-output").mkdir(exist_ok=True)
            name = re.sub(r"\W+", "-", request.node.name)
            visit.page.set_viewport_size({"width": 1280, "height": 2400})  # the page scrolls in a box of its own
            visit.page.screenshot(path=ROOT / "test-output" / f"{name}-{number}.png")
        visit.page.context.close()
    assert [url for visit in people.visits for url in visit.outside] == []
    assert [error for visit in people.visits for error in visit.errors] == []


@pytest.fixture
def page(visitors: Visitors) -> Page:
    """The app's first page, in a fresh session."""
    return visitors.open()
