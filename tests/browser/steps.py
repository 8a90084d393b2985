"""What a person does on the pages, in their words; shared by the tests and the screenshots."""

from pathlib import Path
from typing import Any

from playwright.sync_api import Locator, Page, expect

IDLE = '[data-testid="stApp"][data-test-script-state="notRunning"]'


def settle(page: Page) -> None:
    """Waits until the script of the page has run and what it drew has arrived."""
    page.locator(IDLE).wait_for(timeout=60_000)
    page.wait_for_timeout(150)
    page.locator(IDLE).wait_for(timeout=60_000)


def turn_to(page: Page, name: str) -> None:
    """Goes to another page by its name in the sidebar, and waits for its title."""
    page.get_by_test_id("stSidebarNav").get_by_role("link", name=name, exact=True).click()
    expect(page.get_by_role("heading", name=name, level=1, exact=True)).to_be_visible()
    settle(page)


def press(page: Page, name: str) -> None:
    """Clicks a button by its words."""
    page.get_by_role("button", name=name).first.click()
    settle(page)


def put_file(page: Page, file: Path | dict[str, Any]) -> None:
    """Puts a file (a path, or Playwright's name, mimeType and buffer) into the upload box."""
    settle(page)  # a run of the script that is still under way may put a new, empty box in the place of this one
    page.get_by_test_id("stFileUploader").locator("input[type=file]").set_input_files(file)
    expect(page.get_by_role("button", name="Import", exact=True)).to_be_visible()
    settle(page)


def import_file(page: Page, file: Path | dict[str, Any]) -> None:
    """Uploads a file and imports it as it is proposed."""
    put_file(page, file)
    press(page, "Import")


def use_sample(page: Page, title: str) -> None:
    """Imports a sample from its card; the page has no dataset yet."""
    card = page.get_by_test_id("stVerticalBlock").filter(has_text=title).filter(has=page.get_by_role("button"))
    card.last.get_by_role("button", name="Use this sample").click()
    settle(page)


def table_cells(table: Locator) -> list[str]:
    """What a table shows, row by row. It is drawn on a canvas; its accessible twin has the words."""
    expect(table.locator("canvas td").first).to_be_attached()
    return table.locator("canvas td").all_text_contents()


def metric(page: Page, label: str) -> str:
    """The value of one of the numbers on top of a page."""
    shown = page.get_by_test_id("stMetric").filter(has_text=label).get_by_test_id("stMetricValue")
    return shown.inner_text().replace("\u202f", "").replace("\u00a0", "")


def click_bar(page: Page, chart: Locator, number: int, *, trace: int = 0) -> None:
    """Clicks the bar with this number (from 0) in one of a chart's traces of bars, as a hand does: point, press."""
    bar = chart.locator(".barlayer .trace.bars").nth(trace).locator(".point path").nth(number)
    bar.scroll_into_view_if_needed()
    box = bar.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + box["width"] / 2 - 3, box["y"] + box["height"] / 2)
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2, steps=3)
    expect(chart.locator(".hoverlayer .hovertext").first).to_be_visible()
    page.mouse.down()
    page.mouse.up()
    page.wait_for_timeout(300)  # a chart waits for a second click before it takes this one for a single one
    settle(page)


RUN_ENDED = "Judge it"


def start_training(page: Page, *, epochs: int) -> None:
    """Starts a run with a number of epochs from the Fine-tune page."""
    page.get_by_text("Advanced").first.click()
    box = page.get_by_role("spinbutton", name="Epochs")
    box.fill(str(epochs))
    box.press("Enter")
    settle(page)
    page.get_by_test_id("stMain").get_by_role("button", name="Fine-tune").first.click()
