"""How the pages look: dark and light, on a desk and on a phone; nothing is cut, nothing says that it broke."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from sentiment.training.config import FinetuneConfig
from sentiment.workspace import Workspace
from tests.browser.conftest import Visitors, end_jobs
from tests.browser.prepare import add_sample, train
from tests.browser.server import AppServer
from tests.browser.steps import settle

pytestmark = pytest.mark.browser

PAGES = {
    "data": "Data",
    "balance": "Balance",
    "languages": "Languages",
    "label": "Label",
    "finetune": "Fine-tune",
    "evaluate": "Evaluate",
}
SIDEWAYS = """() => [document.scrollingElement, document.querySelector('[data-testid=stMain]')]
    .map(box => box.scrollWidth - box.clientWidth)"""
CUT_OFF = """() => [...document.querySelector('[data-testid=stMain]')
    .querySelectorAll('button, h1, h2, h3, p, canvas, .js-plotly-plot')]
    .filter(e => e.checkVisibility() && e.getBoundingClientRect().right > document.documentElement.clientWidth + 1)
    .filter(e => !e.closest('[role=tablist], [data-testid=stDataFrame], [data-testid=stTable]'))
    .map(e => e.tagName + ': ' + e.innerText.slice(0, 60))"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AppServer]:
    """The app over a workspace with a sample and a finished run."""
    running = AppServer(tmp_path_factory.mktemp("looks"))
    workspace = Workspace(running.workspace)
    train(workspace, add_sample(workspace, "product-reviews"), FinetuneConfig(epochs=1))
    running.start()
    yield running
    running.kill()
    end_jobs(running.workspace)
    assert "Traceback" not in running.log_text(), running.log_text()[-3000:]


def background(page: Page) -> list[int]:
    """Red, green and blue of the page's background."""
    colour = page.get_by_test_id("stApp").evaluate("e => getComputedStyle(e).backgroundColor")
    return [int(part) for part in colour[colour.index("(") + 1 : -1].split(",")[:3]]


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (1280, "dark"), (390, "light")])
def test_a_page_fits_in_light_and_dark_on_a_desk_and_on_a_phone(
    visitors: Visitors, path: str, width: int, scheme: str
) -> None:
    page = visitors.open(path, color_scheme=scheme, viewport={"width": width, "height": 844})
    expect(page.get_by_role("heading", name=PAGES[path], level=1)).to_be_visible()
    page.wait_for_load_state("networkidle")
    settle(page)
    expect(page.get_by_test_id("stException")).to_have_count(0)
    expect(page.get_by_text("could not be drawn")).to_have_count(0)
    assert page.evaluate(SIDEWAYS) == [0, 0]
    assert page.evaluate(CUT_OFF) == []
    assert (sum(background(page)) > 600) == (scheme == "light")


@pytest.mark.parametrize("path", ["balance", "evaluate"])
def test_letters_in_charts_stand_out_from_a_dark_background(visitors: Visitors, path: str) -> None:
    page = visitors.open(path, color_scheme="dark")
    title = page.locator(".js-plotly-plot .gtitle").first
    expect(title).to_be_visible()
    fill = title.evaluate(r"e => getComputedStyle(e).fill.match(/\d+/g).slice(0, 3).map(Number)")
    assert sum(fill) - sum(background(page)) > 200
