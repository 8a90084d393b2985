"""The main job, as somebody does it who reads nothing but the screen: from a file to a report, class by class."""

import csv
import io
import json
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.server import ROOT
from tests.browser.steps import (
    RUN_ENDED,
    click_bar,
    import_file,
    metric,
    press,
    put_file,
    settle,
    start_training,
    table_cells,
    turn_to,
)

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(420)]

REVIEWS = ROOT / "sample_data" / "product-reviews" / "product_reviews.csv"


def reviews() -> list[dict[str, str]]:
    with REVIEWS.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_from_a_file_to_a_report_by_clicking(page: Page, tmp_path: Path) -> None:
    rows = reviews()
    put_file(page, REVIEWS)
    press(page, "Import")
    assert metric(page, "Rows") == str(len(rows))
    assert metric(page, "Classes") == "3"
    assert metric(page, "Language") == "English"

    press(page, "Look at the balance")
    expect(page.get_by_role("heading", name="Balance", level=1)).to_be_visible()
    settle(page)
    neutral = [row for row in rows if row["label"] == "neutral"]
    chart = page.get_by_test_id("stPlotlyChart").first
    expect(chart).to_contain_text(str(len(neutral)))
    click_bar(page, chart, 1, trace=1)
    settle(page)
    shown = table_cells(page.get_by_test_id("stDataFrame").first)
    assert shown[:3] == [str(rows.index(neutral[0]) + 1), neutral[0]["text"], "neutral"]

    turn_to(page, "Fine-tune")
    start_training(page, epochs=3)
    expect(page.get_by_test_id("stMain").get_by_role("button", name="Stop")).to_be_visible(timeout=30_000)
    expect(page.locator(".js-plotly-plot").first).to_be_visible(timeout=90_000)
    expect(page.get_by_role("progressbar").first).to_be_visible()
    expect(page.get_by_role("button", name=RUN_ENDED)).to_be_visible(timeout=240_000)
    press(page, "Judge it")
    judge(page, tmp_path)


def judge(page: Page, folder: Path) -> None:
    """Reads the Evaluate page: the verdict, the classes, the texts behind a cell, the downloads."""
    expect(page.get_by_role("heading", name="Evaluate", level=1)).to_be_visible()
    settle(page)
    main = page.get_by_test_id("stMain")
    expect(main).to_contain_text("held-out")
    for name in ("negative", "neutral", "positive"):
        expect(main.locator(".js-plotly-plot").first).to_contain_text(name)
    report = json.loads(download(page, "Report as JSON", folder))
    assert {"negative", "neutral", "positive", "macro avg", "accuracy"} <= report.keys()
    assert 0.3 < report["macro avg"]["f1-score"] < 1
    assert metric(page, "Held-out rows") == str(sum(map(sum, report["confusion_matrix"])))
    table = list(csv.DictReader(io.StringIO(download(page, "Report as CSV", folder))))
    recall = next(float(line["recall"]) for line in table if line["class"] == "negative")
    assert recall == pytest.approx(report["negative"]["recall"])

    predicted = list(csv.DictReader(io.StringIO(download(page, "Held-out predictions", folder))))
    assert len(predicted) == sum(map(sum, report["confusion_matrix"]))

    main.get_by_role("radio", name="Mistakes", exact=True).click()
    settle(page)
    confusion = page.get_by_test_id("stPlotlyChart").filter(has_text="what the model says")
    click_bar(page, confusion, 0)  # true class negative, and the model says so
    settle(page)
    cells = table_cells(page.get_by_test_id("stDataFrame").last)
    shown = reviews()[int(next(cell for cell in cells if cell.isdigit())) - 1]
    assert shown["text"] in cells[:4]
    assert shown["label"] == "negative"


def download(page: Page, name: str, folder: Path) -> str:
    """What a download button hands over, as text."""
    with page.expect_download() as caught:
        page.get_by_test_id("stDownloadButton").filter(has_text=name).get_by_role("button").click()
    path = folder / caught.value.suggested_filename
    caught.value.save_as(path)
    return path.read_text(encoding="utf-8-sig")


def test_a_file_that_comes_twice_is_recognised(page: Page) -> None:
    file = {"name": "again.csv", "mimeType": "text/csv", "buffer": REVIEWS.read_bytes()[:60_000].rsplit(b"\n", 1)[0]}
    import_file(page, file)
    expect(page.get_by_role("heading", name="again").first).to_be_visible()
    put_file(page, {**file, "name": "another-name.csv"})
    expect(page.get_by_test_id("stMain")).to_contain_text("You imported this file")
    press(page, "Use it")
    expect(page.get_by_role("heading", name="again").first).to_be_visible()
