"""Makes the pictures of the README again, from the running app: `make screenshots`."""

import os
import tempfile
from pathlib import Path

from playwright.sync_api import Page, expect, sync_playwright

from sentiment.workspace import Workspace
from tests.browser.conftest import QUIET, chromium_path, end_jobs
from tests.browser.prepare import add_sample
from tests.browser.server import ROOT, AppServer
from tests.browser.steps import settle, turn_to

IMAGES = ROOT / "docs" / "images"
REVIEWS = ROOT / "sample_data" / "product-reviews" / "product_reviews.csv"
EXAMPLE = (
    "The sound is great and the screen is sharp, but the battery died after two weeks and nobody answers my mails."
)
LARGEST = 250_000  # bytes
HALFWAY = """() => Number(document.querySelector('[role=progressbar]')?.getAttribute('aria-valuenow')) > 40"""


def take(page: Page, name: str, *, height: int) -> None:
    """Writes the page as a picture 1280 wide; its pointer rests where nothing reacts to it."""
    page.set_viewport_size({"width": 1280, "height": height})
    page.mouse.move(1279, height - 1)
    settle(page)
    page.wait_for_timeout(1500)  # charts and notices come to rest
    path = IMAGES / f"{name}.png"
    page.screenshot(path=path)
    size = path.stat().st_size
    print(f"{path.relative_to(ROOT)}: {size / 1000:.0f} kB")
    if size > LARGEST:
        raise SystemExit(f"{path.name} is larger than {LARGEST / 1000:.0f} kB")


def walk(page: Page) -> None:
    """The steps from a dataset to its report, with a picture of each page."""
    take(page, "data", height=900)
    turn_to(page, "Balance")
    take(page, "balance", height=900)
    turn_to(page, "Label")
    page.locator(".st-key-label-classes").wait_for(timeout=120_000)
    for key in "112331221133":
        page.keyboard.press(key)
        page.wait_for_timeout(1_000)
    take(page, "label", height=1000)
    turn_to(page, "Fine-tune")
    take(page, "choose", height=900)
    page.get_by_test_id("stMain").get_by_role("button", name="Fine-tune").click()
    progress = page.get_by_role("progressbar").first
    progress.wait_for(timeout=60_000)
    page.wait_for_function(HALFWAY, timeout=240_000)
    take(page, "finetune", height=800)
    page.get_by_role("button", name="Judge it").wait_for(timeout=300_000)
    turn_to(page, "Evaluate")
    take(page, "evaluate", height=1000)
    page.get_by_test_id("stMain").get_by_role("radio", name="Mistakes", exact=True).click()
    settle(page)
    page.get_by_text("true class", exact=True).first.scroll_into_view_if_needed()
    take(page, "mistakes", height=1000)
    turn_to(page, "Explain")
    page.get_by_role("textbox").first.fill(EXAMPLE)
    page.get_by_role("textbox").first.press("Control+Enter")
    page.wait_for_timeout(4_000)  # the model explains it, and looks for the smallest edit
    take(page, "explain", height=1000)
    turn_to(page, "Share")
    page.get_by_role("tab", name="Score a file").click()
    page.locator("input[type=file]").last.set_input_files(REVIEWS)
    page.get_by_role("button", name="Score the file").click()
    page.get_by_role("button", name="Download the result").wait_for(timeout=120_000)
    take(page, "share", height=700)


def main() -> None:
    """Starts the app over a workspace of its own, walks through it, leaves nothing but pictures."""
    IMAGES.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        server = AppServer(Path(folder))
        add_sample(Workspace(server.workspace), "product-reviews")
        server.start()
        try:
            sandbox = ["--no-sandbox"] if os.geteuid() == 0 else []
            browser = playwright.chromium.launch(executable_path=chromium_path(), args=[*QUIET, *sandbox])
            page = browser.new_context(color_scheme="light", viewport={"width": 1280, "height": 1000}).new_page()
            page.goto(server.url)
            settle(page)
            expect(page.get_by_role("heading", level=1)).to_be_visible()
            walk(page)
        finally:
            server.kill()
            end_jobs(server.workspace)


if __name__ == "__main__":
    main()
