"""What somebody writes into a file stays text: no markup, formula or script of theirs has an effect on a page."""

import csv
import io

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Visitors
from tests.browser.steps import import_file, put_file, turn_to

pytestmark = pytest.mark.browser

IMAGE = '<img src="http://evil.example/x.png" onerror="document.title=666">'
LABELS = [IMAGE, ":red[x] **bold** :smile:", "$$\\frac{1}{2}$$ `code`", "[go](javascript:alert(1))"]


def hostile_csv() -> dict[str, object]:
    """A file whose header, labels and texts all try something."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(["text", "label <script>document.title=666</script>", ":red[note]"])
    writer.writerows(
        [f"This is review number {n} of a thing, {label}", label, n] for n in range(10) for label in LABELS
    )
    return {"name": "<b>hostile</b> $x$ :red[f].csv", "mimeType": "text/csv", "buffer": out.getvalue().encode()}


def nothing_happened(page: Page) -> None:
    """No element came out of the file's words, and no script of theirs ran."""
    assert "666" not in page.title()
    main = page.get_by_test_id("stMain")
    expect(main.locator("img[src*=evil]")).to_have_count(0)
    expect(main.locator("a[href^=javascript]")).to_have_count(0)
    expect(main.locator(".katex")).to_have_count(0)
    expect(page.get_by_test_id("stException")).to_have_count(0)


def no_download_of_its_own(page: Page) -> None:
    """A table's toolbar searches, but does not hand raw cells to a spreadsheet, which would run them as formulas."""
    page.get_by_test_id("stDataFrame").first.hover()
    bar = page.get_by_test_id("stElementToolbar").first
    expect(bar.get_by_label("Search")).to_have_count(1)
    expect(bar.get_by_label("Download as CSV")).to_have_count(0)


def test_markup_in_a_file_stays_text_on_every_page(visitors: Visitors) -> None:
    page = visitors.open()
    put_file(page, hostile_csv())
    nothing_happened(page)
    page.get_by_role("button", name="Import", exact=True).click()
    expect(page.get_by_role("heading", name="hostile").first).to_contain_text("<b>hostile</b> $x$ :red[f]")
    nothing_happened(page)
    no_download_of_its_own(page)
    turn_to(page, "Balance")
    chart = page.get_by_test_id("stPlotlyChart").first
    expect(chart).to_contain_text("<img src=")
    expect(chart).to_contain_text("$$")
    nothing_happened(page)
    turn_to(page, "Fine-tune")
    nothing_happened(page)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "empty"),
        (b"text,label\n", "row"),
        (b"\x89PNG\r\n\x1a\n" + bytes(200), "PNG picture"),
    ],
    ids=["zero-bytes", "header-only", "png-named-csv"],
)
def test_a_file_that_cannot_be_read_is_explained_and_leaves_nothing_behind(
    page: Page, content: bytes, said: str
) -> None:
    box = page.get_by_test_id("stFileUploader").locator("input[type=file]")
    box.set_input_files({"name": "reviews.csv", "mimeType": "text/csv", "buffer": content})
    alert = page.get_by_test_id("stAlert").first
    expect(alert).to_be_visible()
    expect(alert).to_contain_text(said)
    expect(page.get_by_role("button", name="Import", exact=True)).to_have_count(0)
    expect(page.get_by_test_id("stException")).to_have_count(0)


def test_nonsense_in_the_address_gives_the_default_view(visitors: Visitors) -> None:
    page = visitors.open("balance?dataset=<script>alert(1)</script>&dataset=%00&run=../../etc/passwd&x=" + "y" * 3000)
    expect(page.get_by_role("heading", name="Balance", level=1)).to_be_visible()
    expect(page.get_by_test_id("stException")).to_have_count(0)
    assert "<script>" not in page.get_by_test_id("stMain").inner_text()


def test_another_session_sees_what_the_address_names(visitors: Visitors) -> None:
    first = visitors.open()
    import_file(first, {"name": "mine.csv", "mimeType": "text/csv", "buffer": TWO_CLASSES})
    expect(first.get_by_role("heading", name="mine").first).to_be_visible()
    address = first.url.split("/")[-1]
    assert "dataset=" in address
    second = visitors.open("balance?" + address.split("?")[1])
    expect(second.get_by_test_id("stSidebar").get_by_role("combobox")).to_have_value("mine")


TWO_CLASSES = (
    "text,label\n" + "\n".join(f"a good thing number {n},yes\na bad one with {n},no" for n in range(12))
).encode()
