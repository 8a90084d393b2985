"""A person labels a hundred rows by keyboard alone, and every label is there, once."""

import re
from pathlib import Path

import pandas as pd
import pytest
from playwright.sync_api import Page, expect

from sentiment import data
from sentiment.workspace import Workspace
from tests.browser.conftest import Visitors
from tests.browser.server import ROOT, AppServer
from tests.browser.steps import settle

pytestmark = pytest.mark.browser

REVIEWS = ROOT / "sample_data" / "product-reviews" / "product_reviews.csv"
ROWS, LABELED, PRESSES = 400, 40, 100


@pytest.fixture
def dataset_id(server: AppServer, tmp_path: Path, request: pytest.FixtureRequest) -> str:
    """Reviews of which the first few have a label, a dataset for this test alone."""
    frame = pd.read_csv(REVIEWS, dtype=str, nrows=ROWS)
    frame.loc[LABELED:, "label"] = None
    frame["test"] = request.node.name  # what is equal would be the same dataset
    path = tmp_path / "reviews.csv"
    frame.to_csv(path, index=False)
    imported = data.import_file(path, text="text", label="label", group="review")
    return Workspace(server.workspace).add_dataset(imported)[0].id


def row_on_card(page: Page) -> int:
    """The zero-based row that is on the card."""
    words = page.locator(".st-key-label-state").get_by_text(re.compile(r"^Row ")).inner_text()
    return int(re.sub(r"\D", "", words)) - 1


def press(page: Page, key: str, *, leaves: int) -> None:
    """Presses a key once the row `leaves` owns it, and waits until another row is on the card.

    Buttons come one by one: the row before still owns the others when the first is there, and their keys do nothing.
    A button that is there owns its key only after what the browser has left to do, so it must have come to rest.
    """
    name = "act-skip" if key == "s" else f"class-{int(key) - 1}"
    expect(page.locator(f".st-key-{name}-{leaves}").get_by_role("button")).to_be_visible()
    page.wait_for_function("() => new Promise(rests => requestIdleCallback(() => rests(true)))")
    page.keyboard.press(key)
    expect(page.locator(".st-key-label-state").get_by_text(f"Row {leaves + 1}", exact=True)).to_have_count(0)


def test_a_hundred_labels_by_keyboard_alone_are_in_the_export_once(
    visitors: Visitors, server: AppServer, dataset_id: str, tmp_path: Path
) -> None:
    page = visitors.open(f"label?dataset={dataset_id}")
    expect(page.get_by_role("heading", name="Label", level=1)).to_be_visible()
    given: dict[int, int] = {}
    skipped = []
    while len(given) < PRESSES:
        row = row_on_card(page)
        assert row not in given, f"row {row} came back after {len(given)} labels"
        key = len(given) % 3
        press(page, str(key + 1), leaves=row)
        if len(given) == 20:  # taken back, and given again
            page.keyboard.press("u")
            expect(page.locator(".st-key-label-state").get_by_text(f"Row {row + 1}", exact=True)).to_be_visible()
            press(page, str(key + 1), leaves=row)
        given[row] = key
        if len(given) == 40:
            skipped.append(row_on_card(page))
            press(page, "s", leaves=skipped[0])
        if len(given) == 60:
            page.reload()
            settle(page)
        if len(given) == 80:
            rename(page, "negative", "bad")
    page.get_by_role("radio", name="Files").click()
    with page.expect_download() as download:
        page.get_by_role("button", name="Download the labels").click()
    exported = pd.read_csv(download.value.path())
    names = ["bad", "neutral", "positive"]
    of_people = exported[exported["who"].notna() & (exported["status"] == "labeled")]
    assert of_people.set_index("row")["label"].to_dict() == {row: names[key] for row, key in given.items()}
    assert len(of_people) == PRESSES  # each once
    assert exported.set_index("row").loc[skipped[0], "status"] == "unlabeled skipped"


@pytest.mark.parametrize("apart", [0, 60, 120, 180])
def test_a_second_click_for_a_row_that_is_gone_labels_no_other(
    visitors: Visitors, server: AppServer, dataset_id: str, apart: int
) -> None:
    page = visitors.open(f"label?dataset={dataset_id}")
    first = row_on_card(page)
    place = page.locator(".st-key-label-classes").get_by_role("button", name="negative").bounding_box()
    assert place is not None
    middle = (place["x"] + place["width"] / 2, place["y"] + place["height"] / 2)
    page.mouse.click(*middle)
    page.wait_for_timeout(apart)  # milliseconds, as between the clicks of a hurried hand
    page.mouse.click(*middle)
    settle(page)
    second = row_on_card(page)
    press(page, "3", leaves=second)
    given = Workspace(server.workspace).labels.history(dataset_id)
    assert given[["row", "label"]].to_numpy().tolist() == [[first, "negative"], [second, "positive"]]


def test_two_windows_of_one_name_are_told_and_one_of_another_is_not(visitors: Visitors, dataset_id: str) -> None:
    first = visitors.open(f"label?dataset={dataset_id}")
    told = re.compile("Another window labels as")
    first.reload()  # the window before is gone, and was this one
    settle(first)
    first.wait_for_timeout(3_000)
    expect(first.get_by_text(told)).to_have_count(0)
    second = visitors.open(f"label?dataset={dataset_id}")
    expect(first.get_by_text(told)).to_be_visible()
    name = second.get_by_role("textbox", name="You label as")
    name.fill("ann")
    name.press("Enter")
    expect(second.get_by_text(told)).to_have_count(0)
    expect(first.get_by_text(told)).to_have_count(0, timeout=20_000)


def test_a_note_is_kept_when_a_class_is_clicked_right_after_it_was_typed(
    visitors: Visitors, server: AppServer, dataset_id: str
) -> None:
    page = visitors.open(f"label?dataset={dataset_id}")
    page.get_by_role("radio", name="Notes").click()
    settle(page)
    row = row_on_card(page)
    note = page.get_by_role("textbox", name=f"A note on row {row + 1}")
    note.fill("odd words")
    page.locator(f".st-key-class-0-{row}").get_by_role("button").click()
    expect(note).to_have_count(0)
    settle(page)
    following = row_on_card(page)
    page.get_by_role("textbox", name=f"A note on row {following + 1}").fill("a second remark")
    page.keyboard.press("Enter")
    expect(page.get_by_text("a second remark")).to_be_visible()
    labels = Workspace(server.workspace).labels
    assert labels.notes(dataset_id)[["row", "text"]].to_numpy().tolist() == [
        [row, "odd words"],
        [following, "a second remark"],
    ]
    given = labels.history(dataset_id)
    assert given[given["kind"] == "label"][["row", "label"]].to_numpy().tolist() == [[row, "negative"]]


def test_guidelines_that_two_write_at_once_stay_open_with_a_warning(
    visitors: Visitors, server: AppServer, dataset_id: str
) -> None:
    page = visitors.open(f"label?dataset={dataset_id}")
    page.get_by_text("Guidelines", exact=True).click()
    page.get_by_role("button", name="Edit").click()
    typed = page.get_by_role("textbox", name="What counts as which class?")
    typed.fill("Irony counts as what is meant.")
    typed.blur()
    settle(page)
    Workspace(server.workspace).labels.set_guidelines(dataset_id, "Questions are neutral.", who="bob")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Somebody changed the guidelines meanwhile")).to_be_visible()
    expect(page.get_by_text("Questions are neutral.")).to_be_visible()
    expect(typed).to_have_value("Irony counts as what is meant.")


def rename(page: Page, old: str, new: str) -> None:
    """Renames a class in the panel below the card."""
    page.get_by_role("radio", name="Classes").click()
    settle(page)
    form = page.get_by_test_id("stForm").filter(has_text="Its new name")
    form.get_by_role("combobox").click()
    page.get_by_role("option", name=old).click()
    form.get_by_role("textbox").last.fill(new)
    form.get_by_role("button", name="Rename").click()
    settle(page)
    page.get_by_role("heading", name="Label", level=1).click()  # away from the form, so that keys label again
