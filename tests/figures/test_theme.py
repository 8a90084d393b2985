"""A user's words stay words, names stay apart, numbers read well."""

import html
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sentiment.figures import literal, theme

HOSTILE = [
    "<img src=x onerror=alert(1)>",
    "</text><script>alert(1)</script>",
    "<b>bold</b><br>",
    '<a href="javascript:alert(1)">x</a>',
    ":red[x]",
    "$$x^2$$",
    "`code`",
    "%{x} {y}",
    "&lt;b&gt;",
    "#000001",
    "😀",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_literal_shows_the_very_characters_and_means_nothing(text):
    shown = literal(text)
    assert html.unescape(shown) == text
    assert not set("<>${}") & set(shown)
    assert re.sub(r"&(amp|lt|gt|#\d+);", "", shown).count("&") == 0


@given(st.text(max_size=200))
def test_literal_never_leaves_a_mark(text):
    assert not set("<>${}") & set(literal(text))


def test_what_cannot_be_seen_is_shown_by_its_number():
    assert html.unescape(literal("a\u202eb")) == "a‹U+202E›b"
    assert html.unescape(literal("a\u200bb")) == "a‹U+200B›b"
    assert html.unescape(literal("a\ud800b")) == "a‹U+D800›b"
    assert literal("a\n\tb") == "a b"
    assert literal("  ") == "(blank)"
    assert literal("👩\u200d👧") == "👩\u200d👧"


def test_short_names_keep_the_width_and_stay_apart():
    names = [f"topic number {i} of the shop" for i in range(20)] + ["x" * 300, "x" * 299, "ok", "很长的中文类别名称"]
    short = [html.unescape(label) for label in theme.short_names(names, 12)]
    assert len(set(short)) == len(names)
    assert max(theme._columns(label) for label in short) <= 12
    assert short[7] == "…er 7 of th…"
    assert short[-2] == "ok"
    assert short[-1] == "很长的中文…"


def test_names_that_look_alike_are_numbered():
    assert theme.short_names(["a b", "a\nb"], 12) == ["a b", "a b…(2)"]


@given(st.text(max_size=300), st.integers(4, 40))
def test_wrapped_lines_keep_the_width_and_all_words(text, width):
    lines = theme.wrap(text, width)
    assert all(theme._columns(line) <= width for line in lines)
    assert "".join(lines).replace(" ", "") == theme._visible(text).replace(" ", "")
