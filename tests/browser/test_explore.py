"""Exploring by hand: click a word, click a part of a bar, draw a lasso; every section fits a phone."""

import math
from collections.abc import Iterator

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from sentiment.models import registry
from sentiment.training.base_hash import hash_of_base
from sentiment.training.text_vectors import vectors_folder
from sentiment.workspace import Workspace
from tests.browser.conftest import Visitors, end_jobs
from tests.browser.prepare import add_sample
from tests.browser.server import AppServer
from tests.browser.steps import click_bar, settle, table_cells
from tests.browser.test_looks import CUT_OFF, SIDEWAYS

pytestmark = pytest.mark.browser
SECTIONS = ("Balance", "Words", "Map", "Search", "Findings")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AppServer]:
    """The app over a workspace with a sample whose map is made: rows on a line, in their order."""
    running = AppServer(tmp_path_factory.mktemp("explore"))
    workspace = Workspace(running.workspace)
    info = workspace.dataset_info(add_sample(workspace, "product-reviews"))
    base, _ = registry.recommend_base(info.language, n_labeled=info.n_labeled, language_counts=info.language_counts)
    place = vectors_folder(workspace.dataset_folder(info.id), base)
    place.mkdir(parents=True)
    rows = workspace.dataset(info.id).frame["row"].to_numpy()
    places = np.stack([np.linspace(-1, 1, len(rows)), np.zeros(len(rows))], axis=1).astype(np.float32)
    np.savez(place / "map.npz", rows=rows, places=places, hash=np.array(hash_of_base(base)))
    running.start()
    yield running
    running.kill()
    end_jobs(running.workspace)
    assert "Traceback" not in running.log_text(), running.log_text()[-3000:]


def turn_to_section(page: Page, name: str) -> None:
    """Opens a section of the Balance page."""
    page.get_by_test_id("stMain").get_by_text(name, exact=True).and_(page.locator("p")).first.click()
    settle(page)


def test_a_click_on_a_word_shows_its_rows_with_the_word_marked(visitors: Visitors) -> None:
    page = visitors.open("balance")
    turn_to_section(page, "Words")
    chart = page.get_by_test_id("stPlotlyChart").first
    click_bar(page, chart, 0, trace=1)
    marked = page.get_by_test_id("stMarkdown").locator("table td").locator("span", has_text="not")
    expect(marked.first).to_be_visible()
    assert marked.first.evaluate("e => getComputedStyle(e).backgroundColor") != "rgba(0, 0, 0, 0)"


def test_a_lasso_shows_its_rows(visitors: Visitors) -> None:
    page = visitors.open("balance")
    turn_to_section(page, "Map")
    drawn = page.locator(".js-plotly-plot .nsewdrag").first
    drawn.scroll_into_view_if_needed()
    box = drawn.bounding_box()
    assert box is not None
    x, y, reach = box["x"] + box["width"] * 0.1, box["y"] + box["height"] / 2, box["width"] * 0.06
    page.mouse.move(x + reach, y)
    page.mouse.down()
    for step in range(1, 26):
        page.mouse.move(x + reach * math.cos(step / 4), y + reach * math.sin(step / 4))
    page.mouse.up()
    picked = page.get_by_text("rows picked")
    expect(picked).to_be_visible()
    settle(page)
    rows = [int(cell) for cell in table_cells(page.get_by_test_id("stDataFrame").last)[::4] if cell.isdigit()]
    assert rows == sorted(rows)
    page.get_by_role("button", name="Filter to these").click()
    settle(page)
    expect(page.get_by_role("button", name="of the map")).to_be_visible()


@pytest.mark.parametrize("width", [1280, 390])
def test_every_section_fits(visitors: Visitors, width: int) -> None:
    page = visitors.open("balance", viewport={"width": width, "height": 844})
    for name in SECTIONS:
        turn_to_section(page, name)
        expect(page.get_by_text("could not be drawn")).to_have_count(0)
        assert page.evaluate(SIDEWAYS) == [0, 0], name
        assert page.evaluate(CUT_OFF) == [], name
