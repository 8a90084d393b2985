"""The confusion matrix: every cell's number, share, colour, and what a click on it gives."""

import html

import numpy as np
import pytest

from sentiment.figures import plot_confusion, theme
from sentiment.palette import assign_colours

CLASSES = ["negative", "neutral", "positive"]
MATRIX = [[90, 4, 6], [24, 48, 24], [8, 2, 190]]


def _figure(matrix=MATRIX, classes=CLASSES, **settings):
    report = {"classes": classes, "confusion_matrix": matrix}
    return plot_confusion(report, assign_colours(classes), **settings)


def _title(figure):
    return html.unescape(figure.layout.title.text.replace("<br>", " ")).replace("\u202f", " ")


def test_each_cell_gives_its_true_and_predicted_class():
    cells = _figure().data[0]
    for place, (true, predicted) in zip(zip(cells.base, cells.x, strict=True), cells.customdata, strict=True):
        row, column = round(place[0] + 0.46), place[1]
        assert (true, predicted) == (CLASSES[row], CLASSES[column])


def test_cells_cover_the_chart_and_rows_run_downwards():
    figure = _figure()
    cells = figure.data[0]
    assert set(cells.y) == {0.92}
    assert cells.width == 0.94
    assert figure.layout.yaxis.range == (2.5, -0.5)
    assert figure.layout.yaxis.ticktext == tuple(CLASSES)


def test_numbers_stand_in_their_cells():
    numbers = _figure().data[1]
    text = dict(zip(zip(numbers.y, numbers.x, strict=True), numbers.text, strict=True))
    assert text[0, 0] == "<b>90\u202f%</b><br>90"
    assert text[1, 2] == "<b>25\u202f%</b><br>24"
    assert text[2, 1] == "<b>1\u202f%</b><br>2"


def test_right_cells_have_the_colour_of_their_class_and_a_frame():
    marker = _figure().data[0].marker
    colours = assign_colours(CLASSES)
    for i, name in enumerate(CLASSES):
        assert marker.color[4 * i].startswith(theme.see_through(colours[name], 0)[:-6])
        assert marker.line.color[4 * i] == colours[name]
    assert [i for i, width in enumerate(marker.line.width) if width == max(marker.line.width)] == [0, 4, 8]


def test_shading_grows_with_the_share_of_the_true_class():
    colours = _figure([[90, 10], [40, 160]], ["no", "yes"]).data[0].marker.color
    opacity = [float(colour.rstrip(")").split(",")[-1]) for colour in colours]
    assert opacity[2] - opacity[1] == pytest.approx((0.2 - 0.1) * 0.58, abs=0.002)


def test_hover_says_it_in_words():
    assert _figure().data[0].hovertext[3] == (
        "24 of 96 rows (25\u202f%)<br>true class: neutral<br>the model says: negative"
    )


@pytest.mark.parametrize(
    ("matrix", "said"),
    [
        (MATRIX, "25 % of neutral is taken for negative"),
        ([[5, 0, 0], [0, 6, 0], [0, 0, 7]], "All 18 rows are right"),
        ([[0, 0, 0], [0, 0, 0], [0, 0, 0]], "No held-out row to judge the model on"),
        ([[90, 10, 0], [1, 0, 0], [5, 0, 95]], "10 % of negative is taken for neutral"),  # not the one neutral row
    ],
)
def test_the_title_names_the_worst_confusion(matrix, said):
    assert _title(_figure(matrix)) == said


@pytest.mark.parametrize("n", [2, 5, 8, 12, 20])
def test_many_classes(n):
    names = [f"topic number {i}" for i in range(n)]
    matrix = (np.eye(n) * 30 + 1).astype(int).tolist()
    figure = _figure(matrix, names)
    assert len(figure.data[0].customdata) == n * n
    assert len(set(figure.layout.xaxis.ticktext)) == n
    assert figure.layout.height < 900
    diagonal = [
        text for y, x, text in zip(figure.data[1].y, figure.data[1].x, figure.data[1].text, strict=True) if x == y
    ]
    assert len(diagonal) == n


def test_an_empty_row_divides_nothing_by_nothing():
    figure = _figure([[0, 0], [3, 4]], ["a", "b"])
    assert figure.data[0].hovertext[0].startswith("0 of 0 rows (0\u202f%)")
