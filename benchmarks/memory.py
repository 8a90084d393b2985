"""What the dashboard holds in memory: the server and every process below it, page by page, up to an explained text.

Usage: python benchmarks/memory.py [--base NAME]

Needs Chromium, as the browser tests do. Prints a Markdown table of the proportional set size (PSS), in which memory
that processes share counts once, of the whole tree of processes; the limit of small hosts counts about that.
"""

import argparse
import datetime
import os
import platform
import tempfile
import time
from importlib.metadata import version
from pathlib import Path

import psutil
from playwright.sync_api import Page, sync_playwright

from sentiment.training.config import FinetuneConfig
from sentiment.workspace import Workspace
from tests.browser.conftest import QUIET, chromium_path
from tests.browser.prepare import add_sample, train
from tests.browser.server import AppServer
from tests.browser.steps import settle

LIMIT = 1_000  # megabytes
TEXT = "the battery died after a week, but the screen is wonderful and support was kind"
PAGES = ("", "balance", "evaluate", "explain")


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--base", default=FinetuneConfig().base)
    arguments = parser.parse_args()
    machine = f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}"
    print(f"{datetime.date.today()}, {machine}, streamlit {version('streamlit')}, jax {version('jax')}\n")
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        server = AppServer(Path(folder))
        workspace = Workspace(server.workspace)
        run = train(workspace, add_sample(workspace, "product-reviews"), FinetuneConfig(base=arguments.base))
        browser = playwright.chromium.launch(
            executable_path=chromium_path(), args=[*QUIET, "--no-sandbox", "--disable-gpu", "--disable-quic"]
        )
        os.environ["SENTIMENT_MODE"] = "demo"
        server.start()
        try:
            print("| after | server, MB | all processes, MB | processes |\n|---|---:|---:|---:|")
            tell("the start", server)
            largest = walk(server, browser.new_page(), run.id)
        finally:
            browser.close()
            end(server)
    print(f"\n{largest:.0f} MB at most; the limit is {LIMIT} MB: {'kept' if largest <= LIMIT else 'broken'}.")


def walk(server: AppServer, page: Page, run_id: str) -> float:
    """Opens the pages one after the other and has a text explained; returns the largest sum."""
    largest = 0.0
    for name in PAGES:
        page.goto(f"{server.url}/{name}?run={run_id}", timeout=120_000)
        settle(page)
        time.sleep(2)
        largest = max(largest, tell(f"the page {name or 'data'}", server))
    box = page.get_by_role("textbox").first
    box.fill(TEXT)
    box.press("Control+Enter")
    settle(page)
    time.sleep(5)
    page.get_by_text("battery").first.wait_for(timeout=60_000)
    return max(largest, tell("explaining a text", server))


def tell(what: str, server: AppServer) -> float:
    """Prints a line of the table; returns the sum in megabytes."""
    assert server.process is not None
    root = psutil.Process(server.process.pid)
    tree = [root, *root.children(recursive=True)]
    sizes = [process.memory_full_info().pss / 1e6 for process in tree]
    print(f"| {what} | {sizes[0]:.0f} | {sum(sizes):.0f} | {len(sizes)} |")
    return sum(sizes)


def end(server: AppServer) -> None:
    """Ends the server and what it started."""
    assert server.process is not None
    tree = psutil.Process(server.process.pid).children(recursive=True)
    server.kill()
    for process in tree:
        if process.is_running():
            process.kill()


if __name__ == "__main__":
    main()
