"""Rows with what was looked for marked: literal, and around the first match where they are long."""

from ui.marked import mark


def test_what_was_found_is_marked_and_the_spaces_stay() -> None:
    assert mark([("a ", False), ("bad", True), (" day", False)]) == "a :violet-background[bad] day"


def test_nothing_in_a_text_has_an_effect() -> None:
    shown = mark([(":red[x] ", False), ("<b>|]", True), (" $y$", False)])
    assert shown == r"\:red\[x\] :violet-background[\<b\>\|\]] \$y\$"


def test_a_long_text_is_shown_around_its_first_match() -> None:
    shown = mark([("x" * 5_000 + " ", False), ("here", True), (" " + "y" * 5_000, False)])
    assert shown.startswith("…xxx")
    assert ":violet-background[here]" in shown
    assert shown.endswith("y…")
    assert len(shown) < 600


def test_a_text_without_a_match_is_shown_from_its_beginning() -> None:
    assert mark([("plain", False)]) == "plain"
    assert mark([]) == ""


def test_a_match_of_nothing_but_space_marks_nothing() -> None:
    assert mark([("a", False), (" ", True), ("b", False)]) == "a b"
