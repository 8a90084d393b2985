"""Counts and shares are written for readers, and no share is rounded to all or nothing."""

import pytest

from sentiment.numbers import number, percent


@pytest.mark.parametrize(
    ("share", "said"),
    [
        (0.0, "0"),
        (0.0002, "<0.1"),
        (0.0004, "<0.1"),
        (0.004, "0.4"),
        (0.01, "1"),
        (0.464, "46"),
        (0.8123, "81"),
        (0.99, "99"),
        (0.996, "99.6"),
        (0.9994, "99.9"),
        (0.9996, ">99.9"),
        (1.0, "100"),
    ],
)
def test_a_share_keeps_the_digits_that_mean_something(share, said):
    assert percent(share) == f"{said}\u202f%"


def test_thousands_are_apart():
    assert number(1234567) == "1\u202f234\u202f567"
    assert number(999) == "999"
