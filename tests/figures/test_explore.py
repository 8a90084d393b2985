"""Words, classes by groups, and the map: what they draw, what a click gives, what their titles say."""

import html

import numpy as np
import pandas as pd
import pytest

from sentiment.data.crosstab import cross_classes, group_values
from sentiment.figures import plot_cross, plot_lengths, plot_map, plot_map_values, plot_words

COLOURS = {"bad": "#D55E00", "good": "#0072B2"}


def title(figure) -> str:
    return html.unescape(figure.layout.title.text.replace("<br>", " "))


def terms(names: list[str], z: list[float]) -> pd.DataFrame:
    return pd.DataFrame({"term": names, "z": z, "share": 0.25, "share_else": 0.02})


def test_typical_words_stand_right_in_the_colour_of_the_class_and_avoided_ones_left() -> None:
    figure = plot_words(terms(["broke", "sad"], [9.0, 4.0]), terms(["fine"], [-5.0]), COLOURS, name="bad")
    bars, targets, labels = figure.data
    assert list(bars.x) == [9, 4, -5]
    assert list(bars.marker.color)[:2] == ["#D55E00"] * 2
    assert bars.marker.color[2] != "#D55E00"
    assert [tuple(data) for data in targets.customdata] == [("broke",), ("sad",), ("fine",)]
    assert list(labels.text) == ["broke", "sad", "fine"]
    assert labels.x[0] < 0 < labels.x[2]  # a label stands on the side where its bar is not
    assert title(figure) == "“broke” is most typical of bad"
    assert "25\u202f% of the rows of bad" in targets.hovertext[0].replace("<br>", " ")


def test_a_class_without_words_is_said_to_have_none() -> None:
    assert title(plot_words(terms([], []), terms([], []), COLOURS, name="bad")) == "No word sets bad apart"


def cross() -> pd.DataFrame:
    groups = group_values(pd.Series(["x"] * 40 + ["y"] * 60, dtype="str"))
    return cross_classes(["bad"] * 10 + ["good"] * 30 + ["bad"] * 45 + ["good"] * 15, groups, classes=["bad", "good"])


def test_the_parts_of_a_group_lie_end_to_end() -> None:
    bad, good, labels = plot_cross(cross(), COLOURS, shares=True, by="shop").data
    assert list(bad.base) == [0, 0]
    assert list(good.base) == list(bad.x) == [0.75, 0.25]  # y has more rows and comes first
    assert [tuple(data) for data in good.customdata] == [("y", "good"), ("x", "good")]
    assert list(labels.text) == ["<b>y</b>  60", "<b>x</b>  40"]
    counts = plot_cross(cross(), COLOURS, shares=False, by="shop").data
    assert list(counts[0].x) == [45, 10]


def test_the_title_names_the_class_that_differs_most() -> None:
    assert title(plot_cross(cross(), COLOURS, shares=True, by="shop")) == "Bad: 75\u202f% at y, 25\u202f% at x"
    alike = cross().assign(share=0.5)
    assert title(plot_cross(alike, COLOURS, shares=True, by="shop")) == "The classes are spread alike over shop"
    assert title(plot_cross(cross().assign(total=3), COLOURS, shares=True, by="shop")) == "Classes by shop"


def test_a_click_on_a_length_gives_the_class_and_the_lengths() -> None:
    table = pd.DataFrame(
        {"class": ["bad"] * 2, "start": [0, 5], "stop": [5, np.inf], "count": [3, 1], "share": [0.75, 0.25]}
    )
    bars = plot_lengths(table, COLOURS, "words").data[0]
    assert [list(data) for data in bars.customdata] == [["bad", 0, 4], ["bad", 5, None]]


def test_points_have_the_colour_of_their_group_and_give_their_row() -> None:
    places = np.array([[0, 0], [1, 1], [2, 2]], np.float32)
    figure = plot_map(places, np.array([4, 7, 9]), ["a", "<b>b", "c"], ["bad", "good", "bad"], COLOURS, title="3 rows")
    bad, good = figure.data
    assert list(bad.customdata) == [4, 9]
    assert bad.marker.color == "#D55E00"
    assert list(good.x) == [1]
    assert good.hovertext[0] == "good<br>&lt;b&gt;b"
    assert figure.layout.dragmode == "lasso"


def test_values_are_shaded_and_fifty_thousand_points_carry_no_texts() -> None:
    n = 50_000
    rng = np.random.default_rng(0)
    places, texts = rng.normal(size=(n, 2)).astype(np.float32), ["x" * 100] * n
    figure = plot_map_values(places, np.arange(n), texts, rng.random(n).astype(np.float32), title="How sure")
    assert figure.data[0].marker.cmax == 1
    assert figure.data[0].hovertext is None
    assert len(figure.to_json()) < 2_500_000


@pytest.mark.parametrize("dark", [True, False])
def test_the_map_shows_its_tools_on_either_background(dark: bool) -> None:
    figure = plot_map(np.zeros((1, 2), np.float32), np.array([0]), ["a"], ["bad"], COLOURS, title="1 row", dark=dark)
    assert figure.layout.modebar.bgcolor == "rgba(0, 0, 0, 0)"
    assert (figure.layout.font.color > "#D") == dark
