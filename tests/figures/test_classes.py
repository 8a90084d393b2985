"""Rows per class and lengths: the values drawn, the words above them, what a click gives."""

import html
import re

import numpy as np
import pandas as pd
import pytest

from sentiment.figures import plot_class_counts, plot_lengths

COLOURS = {"negative": "#D55E00", "neutral": "#8A8F98", "positive": "#0072B2"}


def _counts(**rows):
    table = pd.DataFrame({"class": list(rows), "count": list(rows.values())})
    return table.assign(share=table["count"] / max(table["count"].sum(), 1))


def _title(figure):
    return html.unescape(re.sub("<br>", " ", figure.layout.title.text))


def _histogram(name, lengths, *, width=5, stop=40):
    counts, edges = np.histogram(lengths, np.arange(0, stop + width, width))
    table = pd.DataFrame({"class": name, "start": edges[:-1], "stop": edges[1:], "count": counts})
    return table.assign(share=table["count"] / max(table["count"].sum(), 1))


def test_bars_have_the_rows_and_the_colours_of_the_classes():
    bars, targets, labels = plot_class_counts(_counts(negative=839, neutral=482, positive=1144), COLOURS).data
    assert list(bars.x) == [839, 482, 1144]
    assert list(bars.marker.color) == list(COLOURS.values())
    assert list(labels.text) == [
        "<b>negative</b>  839 · 34\u202f%",
        "<b>neutral</b>  482 · 20\u202f%",
        "<b>positive</b>  1\u202f144 · 46\u202f%",
    ]
    assert targets.hovertext[2] == "positive<br>1\u202f144 rows, 46\u202f%"


def test_a_tiny_class_can_be_clicked_as_well_as_a_large_one():
    bars, targets, _ = plot_class_counts(_counts(negative=3, positive=100_000), COLOURS).data
    assert [tuple(data) for data in targets.customdata] == [("negative",), ("positive",)]
    assert list(targets.x) == [100_000, 100_000]
    assert targets.selected.marker.opacity == 1
    assert bars.unselected.marker.opacity == 1  # a click fades no bar


def test_the_first_class_is_on_top():
    figure = plot_class_counts(_counts(negative=1, positive=2), COLOURS)
    low, high = figure.layout.yaxis.range
    assert low > high
    assert list(figure.data[1].y) == [0, 1]


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ({"negative": 839, "neutral": 482, "positive": 1144}, "Neutral is 2.4 times rarer than positive"),
        ({"negative": 10, "positive": 3456}, "Negative is 350 times rarer than positive"),
        ({"negative": 100, "positive": 105}, "The classes have about as many rows each"),
        ({"negative": 7, "positive": 0}, "Every labeled row is negative"),
        ({"negative": 7, "neutral": 0, "positive": 8}, "No row is neutral"),
        ({"negative": 0, "positive": 0}, "No row has a label yet"),
        ({}, "No row has a label yet"),
    ],
)
def test_the_title_says_what_is_seen(rows, said):
    assert _title(plot_class_counts(_counts(**rows), COLOURS)) == said


def test_thousands_of_classes_stay_a_chart():
    counts = _counts(**{f"class {i:05d}": 10_000 - i for i in range(10_000)})
    figure = plot_class_counts(counts, {})
    assert len(figure.data[0].x) == 29
    assert figure.data[-1].text[0].startswith("and 9\u202f971 smaller classes")
    assert figure.layout.height < 1500


def test_lengths_are_drawn_by_share_of_the_class():
    table = pd.concat([_histogram("negative", [2, 3, 7, 8]), _histogram("positive", [12] * 10)])
    negative, positive, labels = plot_lengths(table, COLOURS, "words").data
    assert list(negative.x) == [2.5, 7.5]
    assert list(negative.width) == [5, 5]
    assert negative.y[0] / positive.y[0] == pytest.approx(0.5)  # half of one class against all of the other
    assert negative.base[0] > positive.base[0]  # the first class is on top
    assert positive.hovertext[0] == "positive<br>10 to 14 words: 10 rows, 100\u202f% of the class"
    assert list(labels.text) == ["<b>negative</b>", "<b>positive</b>"]


def test_the_title_names_the_usual_length():
    table = _histogram("negative", [12] * 50 + [17] * 35 + [37] * 15)
    assert _title(plot_lengths(table, COLOURS, "words")) == "85\u202f% of the rows have 10 to 19 words"
    assert _title(plot_lengths(_histogram("negative", []), COLOURS, "words")) == "No row has a text yet"


def test_an_open_last_bin_is_drawn_and_named():
    table = _histogram("negative", [2] * 5 + [38] * 5).astype({"stop": float})
    table = table[table["start"] < 40]
    table.loc[table.index[-1], "stop"] = np.inf
    bars = plot_lengths(table, COLOURS, "characters").data[0]
    assert np.isfinite(bars.x).all()
    assert "35 or more characters" in bars.hovertext[-1]
