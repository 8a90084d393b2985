"""A job is its own process: it outlives the page and the server, stops when told, and leaves the pages to others."""

import time
from collections.abc import Iterator

import psutil
import pytest
from playwright.sync_api import Page, expect

from sentiment.training import jobs
from sentiment.training.config import FinetuneConfig
from sentiment.training.runs import Run
from sentiment.workspace import Workspace
from tests.browser.conftest import Visitors
from tests.browser.prepare import add_sample, log_of
from tests.browser.server import AppServer
from tests.browser.steps import press, settle, turn_to

pytestmark = [pytest.mark.browser, pytest.mark.slow]

LONG = FinetuneConfig(epochs=900, patience=900)


@pytest.fixture
def long_run(server: AppServer) -> Iterator[Run]:
    """A run on the sample reviews that trains for longer than any test looks, past its first steps."""
    workspace = Workspace(server.workspace)
    run = workspace.create_run(add_sample(workspace, "product-reviews"), LONG)
    jobs.start(run.folder)
    wait_for_step(run, 1)
    yield run
    jobs.stop(run.folder)
    wait_until_over(run)


def wait_for_step(run: Run, step: int, *, timeout: float = 120) -> None:
    deadline = time.monotonic() + timeout
    while run.state.step < step or not run.has_model:
        assert time.monotonic() < deadline, f"{run.state}\n{log_of(run.folder)}"
        assert jobs.read_state(run.folder).active, f"{run.state}\n{log_of(run.folder)}"
        time.sleep(0.1)


def wait_until_over(run: Run, *, timeout: float = 60) -> None:
    """Returns once a run is no longer active."""
    start = time.monotonic()
    while jobs.read_state(run.folder).active:
        assert time.monotonic() < start + timeout, run.state
        time.sleep(0.05)


def see_training(page: Page) -> None:
    expect(page.get_by_test_id("stMain").get_by_role("button", name="Stop")).to_be_visible(timeout=30_000)
    expect(page.get_by_role("progressbar").first).to_be_visible()


def test_a_job_outlives_a_refresh_and_a_crash_of_the_server(
    long_run: Run, server: AppServer, visitors: Visitors
) -> None:
    page = visitors.open("finetune")
    see_training(page)
    page.reload()
    settle(page)
    see_training(page)
    before = long_run.state.step
    server.kill()
    wait_for_step(long_run, before + 20)
    server.start()
    page.reload()
    settle(page)
    visitors.forgive()
    see_training(page)
    assert jobs.read_state(long_run.folder).status == "running"


def test_stop_keeps_a_model_and_resume_goes_on(long_run: Run, visitors: Visitors) -> None:
    page = visitors.open("finetune")
    see_training(page)
    page.get_by_test_id("stMain").get_by_role("button", name="Stop").click()
    wait_until_over(long_run, timeout=20)
    assert jobs.read_state(long_run.folder).status == "stopped"
    assert (long_run.folder / "model" / "weights.safetensors").stat().st_size > 10_000
    expect(page.get_by_role("button", name="Resume")).to_be_visible()
    press(page, "Resume")
    see_training(page)
    wait_for_step(long_run, long_run.state.step + 1)


def test_a_job_that_was_killed_is_shown_as_interrupted(long_run: Run, visitors: Visitors) -> None:
    for process in psutil.process_iter(["cmdline"]):
        if str(long_run.folder.name) in " ".join(process.info["cmdline"] or []):
            process.kill()
            process.wait(10)
    page = visitors.open("finetune")
    expect(page.get_by_test_id("stMain")).to_contain_text("interrupted", ignore_case=True)
    expect(page.get_by_role("button", name="Resume")).to_be_visible()


def test_pages_turn_while_a_job_trains(long_run: Run, visitors: Visitors) -> None:
    watching = visitors.open("finetune")
    see_training(watching)
    page = visitors.open()
    for name in ("Balance", "Data"):  # how fast they do is measured by benchmarks/pages.py
        turn_to(page, name)
    assert jobs.read_state(long_run.folder).active
    see_training(watching)
