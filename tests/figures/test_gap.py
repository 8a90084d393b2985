"""The picture of a transfer gap: every cell is where its figure is, and no two marks of a line lie on each other."""

import pandas as pd

from sentiment.figures import plot_gap


def cells():
    lines = [
        ("Chinese", "none", "base", 0.62),
        ("Chinese", "50", "base", 0.66),
        ("Chinese", "50", "nothing", 0.58),
        ("English", "none", "base", 0.78),
    ]
    table = pd.DataFrame(lines, columns=["language", "step", "series", "value"])
    return table.assign(low=table["value"] - 0.03, high=table["value"] + 0.04, hint="chosen on 60 rows")


def marks(figure):
    return [trace for trace in figure.data if trace.mode == "markers"]


def test_every_cell_is_a_mark_with_its_interval():
    figure = plot_gap(cells(), main="base", title="x")
    base, nothing = marks(figure)
    assert list(base.x) == [0.62, 0.66, 0.78]
    assert list(nothing.x) == [0.58]
    assert [round(value, 3) for value in base.error_x.array] == [0.04] * 3
    assert [round(value, 3) for value in base.error_x.arrayminus] == [0.03] * 3
    assert "chosen on 60 rows" in base.hovertext[0]
    assert base.marker.color != nothing.marker.color
    assert base.marker.symbol != nothing.marker.symbol


def test_marks_of_one_line_are_apart_and_lines_in_reading_order():
    figure = plot_gap(cells(), main="base", title="x")
    base, nothing = marks(figure)
    assert nothing.y[0] != base.y[1]
    assert list(base.y) == sorted(base.y)
    top, bottom = sorted(figure.layout.yaxis.range)
    assert top < min(base.y)
    assert max(base.y) < bottom
    assert figure.layout.yaxis.range[0] > figure.layout.yaxis.range[1]  # the first language is on top
