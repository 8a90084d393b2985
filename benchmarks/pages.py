"""What a visitor waits for, in a real browser: the first step of training, page turns beside it, Stop, a large import.

Usage: python benchmarks/pages.py [--rows N] [--turns N]

Needs Chromium, as the browser tests do. Prints Markdown tables.
"""

import argparse
import datetime
import os
import platform
import statistics
import tempfile
import time
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from benchmarks.import_million import write_reviews
from sentiment.training import jobs
from sentiment.training.config import FinetuneConfig
from sentiment.workspace import Workspace
from tests.browser.conftest import QUIET, chromium_path, end_jobs
from tests.browser.prepare import add_sample
from tests.browser.server import AppServer
from tests.browser.steps import IDLE, settle

WAIT = 180_000  # milliseconds


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--turns", type=int, default=16)
    parser.add_argument("--parts", nargs="+", default=["first", "training", "import"])
    arguments = parser.parse_args()
    machine = f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}"
    print(f"{datetime.date.today()}, {machine}, streamlit {version('streamlit')}, jax {version('jax')}\n")
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder, sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=chromium_path(), args=[*QUIET, "--no-sandbox", "--disable-gpu", "--disable-quic"]
        )
        os.environ["SENTIMENT_CACHE"] = str(Path(folder) / "cache")  # nothing is compiled yet
        server = AppServer(Path(folder))
        server.start()
        try:
            if "first" in arguments.parts:
                print_first_steps(server, browser.new_page)
            if "training" in arguments.parts:
                print_training(server, browser.new_page, turns=arguments.turns)
            if "import" in arguments.parts:
                print_import(server, browser.new_page, rows=arguments.rows, file=Path(folder) / "reviews.csv")
        finally:
            browser.close()
            server.kill()
            end_jobs(server.workspace)


def print_first_steps(server: AppServer, new_page: Callable[[], Page]) -> None:
    """From a click on Fine-tune to the first step of training, with nothing compiled and with everything."""
    workspace = Workspace(server.workspace)
    dataset = add_sample(workspace, "product-reviews")
    print("| from the click to the first training step | seconds |\n|---|---:|")
    for programs in ("nothing compiled yet", *["programs compiled before"] * 3):
        page, known = new_page(), {run.id for run in workspace.runs()}
        page.goto(f"{server.url}/finetune?dataset={dataset}", timeout=WAIT)
        settle(page)
        if known:
            page.get_by_text("Start another run").click()
        button = page.get_by_role("button", name="Fine-tune", exact=True)
        button.scroll_into_view_if_needed()
        began = time.monotonic()
        button.click()
        while not (fresh := [run for run in workspace.runs() if run.id not in known]):
            time.sleep(0.1)
        (run,) = fresh
        while run.state.step < 1:
            if run.state.status == "failed":
                raise RuntimeError(f"the run failed: {run.state.error}")
            time.sleep(0.05)
        print(f"| {programs} | {time.monotonic() - began:.2f} |")
        while jobs.read_state(run.folder).active:
            time.sleep(0.2)
        jobs.wait_for_worker(run.folder, seconds=WAIT / 1000)  # the next run would only wait for its turn
        page.close()
    print()


def print_training(server: AppServer, new_page: Callable[[], Page], *, turns: int) -> None:
    """Page turns of one session while another watches a job train, and how long Stop takes."""
    workspace = Workspace(server.workspace)
    run = workspace.create_run(add_sample(workspace, "product-reviews"), FinetuneConfig(epochs=900, patience=900))
    jobs.start(run.folder)
    while run.state.step < 1 or not run.has_model:
        time.sleep(0.1)
    watching, page = new_page(), new_page()
    for opened, path in ((watching, "finetune"), (page, "")):
        opened.goto(f"{server.url}/{path}", timeout=WAIT)
        settle(opened)
    seconds = []
    for turn in range(turns):
        name = ("Balance", "Data")[turn % 2]
        began = time.monotonic()
        page.get_by_test_id("stSidebarNav").get_by_role("link", name=name, exact=True).click()
        page.get_by_role("heading", name=name, level=1, exact=True).wait_for()
        page.locator(IDLE).wait_for()
        seconds.append(time.monotonic() - began)
    began = time.monotonic()
    watching.get_by_test_id("stMain").get_by_role("button", name="Stop").click()
    while jobs.read_state(run.folder).active:
        time.sleep(0.02)
    stopped = time.monotonic() - began
    print(f"| while a job trains | seconds |\n|---|---:|\n| page turn, median of {turns} |", end=" ")
    print(f"{statistics.median(seconds):.2f} |\n| page turn, the slowest | {max(seconds):.2f} |")
    print(f"| Stop, from the click to a stopped run with its model | {stopped:.2f} |\n")
    for opened in (watching, page):
        opened.close()


def print_import(server: AppServer, new_page: Callable[[], Page], *, rows: int, file: Path) -> None:
    """Seconds from choosing a large file to its preview, from Import to the report, and of the Balance page."""
    write_reviews(file, n_rows=rows)
    page = new_page()
    page.goto(server.url, timeout=WAIT)
    settle(page)
    button = page.get_by_role("button", name="Import", exact=True)

    def timed(act: Callable[[], object], until: Callable[[], object]) -> float:
        began = time.monotonic()
        act()
        until()
        page.locator(IDLE).wait_for(timeout=WAIT)
        return time.monotonic() - began

    box = page.get_by_test_id("stFileUploader").locator("input[type=file]")
    preview = timed(lambda: box.set_input_files(file), lambda: button.wait_for(timeout=WAIT))
    imported = timed(button.click, page.get_by_role("button", name="Look at the balance").wait_for)
    heading = page.get_by_role("heading", name="Balance", level=1, exact=True)
    link = page.get_by_test_id("stSidebarNav").get_by_role("link", name="Balance", exact=True)
    balance = timed(link.click, heading.wait_for)
    classes = page.get_by_test_id("stButtonGroup").filter(has_text="Rows of the class").get_by_role("radio")
    redraws = [timed(classes.nth(place).click, lambda: page.wait_for_timeout(50)) for place in (1, 0, 1)]
    words = timed(page.get_by_role("radio", name="Words", exact=True).click, lambda: page.wait_for_timeout(50))
    print(f"| {rows:,} rows, {file.stat().st_size / 1e6:.0f} MB | seconds |\n|---|---:|")
    print(f"| file chosen to preview (upload, detection) | {preview:.1f} |\n| Import to the report | {imported:.1f} |")
    print(f"| Balance page, first time | {balance:.2f} |\n| Balance page, another class | {max(redraws):.2f} |")
    print(f"| Balance page, words that set the classes apart, first time | {words:.2f} |")


if __name__ == "__main__":
    main()
