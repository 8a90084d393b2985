"""Words and numbers as they appear on a page."""

import re
from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from streamlit.testing.v1 import AppTest

from sentiment.model_card import plain
from ui import text


@pytest.mark.parametrize(
    "hostile",
    [":red[x]", "$$x$$", "`code`", "<img src=x>", "![a](http://evil.example)", "**b**", "# heading", "- list", "1. x"],
)
def test_each_sign_that_markdown_reads_is_escaped(hostile: str) -> None:
    shown = text.literal(hostile)
    for sign in ":$`<>![]()*#":
        assert shown.count(sign) == shown.count(f"\\{sign}")
    assert shown.replace("\\", "").replace("\u2060", "") == hostile


@pytest.mark.parametrize("code", [":smile:", "http://evil.example", "www.evil.example", "me@evil.example", "-->", "=>"])
def test_what_is_replaced_after_parsing_is_kept_apart(code: str) -> None:
    assert "\u2060" in text.literal(code)


@given(st.text())
def test_no_text_makes_a_line_break_or_hides_a_sign(source: str) -> None:
    shown = text.literal(source, limit=10_000)
    assert "\n" not in shown
    assert "\u202e" not in shown
    assert "\u200b" not in shown


def test_invisible_signs_are_spelled_out_but_joiners_that_are_needed_stay() -> None:
    assert text.visible("a\u200bb\u202e") == "a⟨U+200B⟩b⟨U+202E⟩"
    assert text.visible("👩\u200d👧") == "👩\u200d👧"
    assert text.visible("می\u200cخواهم") == "می\u200cخواهم"
    assert text.visible("pass\u200dword") == "pass⟨U+200D⟩word"


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (
            text.thin("12,465,001 rows, 5 of 1,234, 7,8 and 1,23456"),
            "12\u202f465\u202f001 rows, 5 of 1\u202f234, 7,8 and 1,23456",
        ),
        (text.duration(80), "1 min 20 s"),
        (text.duration(7500), "2 h 5 min"),
        (text.time_range(18, 42), "20 to 40 s"),
        (text.time_range(100, 260), "2 to 4 min"),
        (text.size(5_200_000), "5.2 MB"),
        (text.listing(["a", "b", "c"]), "a, b and c"),
        (text.count(1, "row"), "1 row"),
    ],
)
def test_numbers_are_written_for_readers(value: str, shown: str) -> None:
    assert value == shown


def test_a_moment_is_told_as_shortly_as_it_can_be() -> None:
    now = datetime.now().astimezone()
    assert text.day_or_time(now.isoformat()) == f"{now:%H:%M}"
    assert text.day_or_time("2019-03-05T12:00:00+00:00") == "5 Mar 2019"
    assert text.day_or_time("no moment") == "no moment"


def test_an_error_that_nobody_foresaw_gives_a_reference_and_no_trace(caplog: pytest.LogCaptureFixture) -> None:
    def page() -> None:
        from ui.guard import guard

        with guard():
            raise ZeroDivisionError("secret detail")

    found = AppTest.from_function(page).run()
    assert not found.exception
    shown = found.error[0].value
    assert "secret detail" not in shown
    assert "could not be drawn" in shown
    reference = next(r.args[0] for r in caplog.records if r.name == "sentiment.ui")
    assert str(reference) in shown


def test_an_error_of_the_user_is_shown_in_its_three_parts() -> None:
    def page() -> None:
        from sentiment.errors import DataError
        from ui.guard import guard

        with guard():
            raise DataError("The file a_b.csv is empty", expected="Rows", todo="Choose another")

    shown = AppTest.from_function(page).run().error[0].value
    assert shown == "**The file a\\_b\\.csv is empty.**\n\nExpected: Rows.\n\nChoose another."


def test_no_two_options_look_alike() -> None:
    shown = text.distinct({1: "same", 2: "same", 3: "a" * 100 + "1", 4: "a" * 100 + "2", 5: "same (2)"})
    assert len(set(shown.values())) == 5
    assert shown[1] == "same"


@pytest.mark.parametrize(
    "name",
    ["https://evil.example", "a@b.example", "www.evil.example", "WWW.evil.example", ":smile:", ":+1:", "a -> b"],
)
def test_what_a_card_holds_is_neither_an_address_nor_an_emoji_on_a_page(name):
    """A backslash does not help there: both are found once Markdown was read."""
    shown = text.without_signs(f"| {plain(name)} | 3 |")
    read = re.sub(r"\\([^\w\s])", r"\1", shown)  # as Markdown reads it
    assert name not in read
    assert name in read.replace("\u2060", "")
    assert text.without_signs("| a |\n|---|---:|\n[x](https://a.example) `a:b`") == (
        "| a |\n|---|---:|\n[x](https://a.example) `a:b`"
    )
