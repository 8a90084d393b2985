"""Counts and shares are written for readers, and no share is rounded to all or nothing."""

import pytest

from sentiment.numbers import number, percent, points, signed


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


@pytest.mark.parametrize(
    ("difference", "said"), [(0.0123, "+1.2"), (-0.004, "−0.4"), (-0.0002, "0.0"), (0.0, "0.0"), (-1.0, "−100.0")]
)
def test_a_difference_has_a_true_minus_and_nothing_has_no_sign(difference, said):
    assert points(difference) == said


def test_signs_stand_before_as_many_digits_as_are_asked_for():
    assert [signed(value, digits=0) for value in (2.4, -3.0, -0.2)] == ["+2", "−3", "0"]
    assert [signed(value, digits=0, plus=False) for value in (2.4, -3.0, -0.2)] == ["2", "−3", "0"]
    assert signed(-1.005, digits=2) in ("−1.00", "−1.01")
