"""From a link to a verdict that can be passed on: judge a run, explain a row, share the report, compare two runs."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from sentiment.training.config import FinetuneConfig
from sentiment.training.runs import Run
from sentiment.workspace import Workspace
from tests.browser.conftest import Visitors, end_jobs
from tests.browser.prepare import add_sample, train
from tests.browser.server import AppServer
from tests.browser.steps import click_bar, metric, press, settle, table_cells, turn_to

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(420)]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AppServer]:
    """The app over a workspace with two finished runs."""
    running = AppServer(tmp_path_factory.mktemp("app"))
    workspace = Workspace(running.workspace)
    dataset = add_sample(workspace, "product-reviews")
    for base in ("tfidf-words", "en-cnn-reviews"):
        train(workspace, dataset, FinetuneConfig(base=base, strategy=None if "tfidf" in base else "head"))
    running.start()
    yield running
    running.kill()
    end_jobs(running.workspace)
    assert "Traceback" not in running.log_text(), running.log_text()[-3000:]


@pytest.fixture(scope="module")
def runs(server: AppServer) -> list[Run]:
    """The two runs, the newest first."""
    return Workspace(server.workspace).runs()


def test_a_link_leads_to_a_verdict_that_can_be_handed_on(
    visitors: Visitors, browser: Browser, runs: list[Run], tmp_path: Path
) -> None:
    page = visitors.open(f"evaluate?run={runs[0].id}")
    expect(page.get_by_test_id("stMain")).to_contain_text("held-out rows")
    drag_a_threshold(page)
    row = find_a_mistake(page)
    explain_it(page, row)
    open_offline(browser, export_report(page, tmp_path))
    compare(page)


def drag_a_threshold(page: Page) -> None:
    """A lower threshold finds more of the class, and the address says what was chosen."""
    section(page, "Thresholds")
    expect(page.get_by_role("combobox", name="Class")).to_have_value("neutral")
    before = int(metric(page, "neutral: found").rstrip("%"))
    drag(page, page.get_by_role("slider").first, to=0.25)
    assert int(metric(page, "neutral: found").rstrip("%")) > before
    assert "t-neutral=2" in page.url or "t-neutral=3" in page.url
    visited = page.url
    page.goto(visited)
    settle(page)
    assert int(metric(page, "neutral: found").rstrip("%")) > before


def find_a_mistake(page: Page) -> str:
    """A click on a cell of the confusion matrix shows its rows; returns the text of the first."""
    section(page, "Mistakes")
    confusion = page.get_by_test_id("stPlotlyChart").filter(has_text="what the model says")
    click_bar(page, confusion, 1)  # negative, said to be neutral
    assert "true=negative" in page.url
    table = page.get_by_test_id("stDataFrame").last
    cells = table_cells(table)
    text = next(cell for cell in cells if len(cell) > 20)
    table.scroll_into_view_if_needed()
    box = table.bounding_box()
    assert box is not None
    page.mouse.click(box["x"] + 18, box["y"] + 60)  # the box before the first row
    settle(page)
    return text


def explain_it(page: Page, row: str) -> None:
    """The row's words are drawn by what they speak for, and an edited text is judged anew."""
    press(page, "Explain")
    expect(page.get_by_role("heading", name="Explain", level=1)).to_be_visible()
    settle(page)
    box = page.get_by_role("textbox").first
    expect(box).to_have_value(row)
    main = page.get_by_test_id("stMain")
    expect(main).to_contain_text("negative")
    box.fill("Wonderful, the best camera that I have ever had, I love it!")
    box.press("Control+Enter")
    expect(main).to_contain_text("positive")
    settle(page)


def export_report(page: Page, folder: Path) -> Path:
    """The report as a file, from the Share page."""
    turn_to(page, "Share")
    with page.expect_download() as caught:
        page.get_by_role("button", name="Download the report").click()
    path = folder / caught.value.suggested_filename
    caught.value.save_as(path)
    return path


def open_offline(browser: Browser, report: Path) -> None:
    """It opens without a network and asks for nothing."""
    context = browser.new_context(offline=True)
    page = context.new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(report.as_uri())
    expect(page.locator("body")).to_contain_text("held-out rows")
    for name in ("negative", "neutral", "positive"):
        expect(page.locator("body")).to_contain_text(name)
    assert asked == [report.as_uri()]
    context.close()


def compare(page: Page) -> None:
    """Two runs side by side, in a sentence and class by class."""
    turn_to(page, "Evaluate")
    section(page, "Compare")
    main = page.get_by_test_id("stMain")
    expect(main).to_contain_text("“en-cnn-reviews” is better than “tfidf-words” on negative")
    assert int(metric(page, "Rows compared")) > 100


def section(page: Page, name: str) -> None:
    """Turns to a section of the Evaluate page."""
    page.get_by_test_id("stMain").get_by_role("radio", name=name, exact=True).click()
    settle(page)


def drag(page: Page, thumb: Locator, *, to: float) -> None:
    """Drags the thumb of a slider to a share of its length."""
    thumb.scroll_into_view_if_needed()
    start = thumb.bounding_box()
    track = page.get_by_test_id("stSlider").first.bounding_box()
    assert start is not None
    assert track is not None
    y = start["y"] + start["height"] / 2
    page.mouse.move(start["x"] + start["width"] / 2, y)
    page.mouse.down()
    page.mouse.move(track["x"] + to * track["width"], y, steps=8)
    page.mouse.up()
    settle(page)
