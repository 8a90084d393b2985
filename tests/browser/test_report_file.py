"""The report of a run, opened from a disk by a browser without a network."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from sentiment.reporting import render_report
from tests.judged_run import judged_run

pytestmark = pytest.mark.browser
HOSTILE = "</script><img src=http://evil.example/x.png onerror=document.title='hurt'>"


@pytest.fixture
def offline(browser: Browser) -> Iterator[BrowserContext]:
    """A phone-sized browser session that has no network."""
    context = browser.new_context(offline=True, viewport={"width": 390, "height": 844}, color_scheme="dark")
    yield context
    context.close()


def _open(context: BrowserContext, path: Path) -> tuple[Page, list[str], list[str]]:
    """The page, what it complained about, and what it asked for."""
    page = context.new_page()
    complaints: list[str] = []
    asked: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("request", lambda request: asked.append(request.url))
    page.goto(path.as_uri())
    page.locator("#found tr").first.wait_for()
    return page, complaints, asked


@pytest.mark.timeout(300)
def test_five_thousand_rows_open_offline_in_two_seconds_and_ask_for_nothing(
    offline: BrowserContext, tmp_path: Path
) -> None:
    words = "not what they said it would be but then again quite good for the price "
    run = judged_run(tmp_path / "run", [f"{i} {words * 12} {HOSTILE}" for i in range(5_000)])
    path = tmp_path / "report.html"
    path.write_bytes(render_report(run))
    assert path.stat().st_size < 6_000_000
    taken = []
    for _ in range(3):
        began = time.monotonic()
        page, complaints, asked = _open(offline, path)
        taken.append(time.monotonic() - began)
        assert (complaints, asked) == ([], [path.as_uri()])
        assert page.title() == "shop · net: how good it is"
        page.close()
    assert min(taken) < 2.0, taken


def test_a_click_on_a_cell_shows_its_rows_and_a_search_finds_words(offline: BrowserContext, tmp_path: Path) -> None:
    run = judged_run(tmp_path / "run", [f"row {i} {HOSTILE}" for i in range(300)])
    path = tmp_path / "report.html"
    path.write_bytes(render_report(run))
    page, complaints, asked = _open(offline, path)
    cell = page.locator("button[data-true='1'][data-said='2']")
    n = int(cell.inner_text())
    cell.click()
    expect(page.locator("#count")).to_have_text(f"Rows 1 to {min(n, 50)} of {n}")
    expect(page.locator("#found tr").first.locator("td").nth(2)).to_have_text("neutral")
    expect(page.locator("#found tr").first.locator("td").nth(3)).to_have_text("positive")
    page.locator("#truth").select_option("")
    page.locator("#said").select_option("")
    page.locator("#search").fill("ROW 299")
    expect(page.locator("#count")).to_have_text("Rows 1 to 1 of 1")
    expect(page.locator("#found td").nth(1)).to_have_text(f"row 299 {HOSTILE}")
    page.locator("#search").fill("")
    page.locator("#on").click()
    expect(page.locator("#count")).to_have_text("Rows 51 to 100 of 300")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(22, 21, 26)"
    page.emulate_media(media="print")
    expect(page.locator("#search")).to_be_hidden()
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert (complaints, asked) == ([], [path.as_uri()])
