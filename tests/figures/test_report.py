"""Points with intervals for the model, and those of the baselines beside them."""

import html

import pytest

from sentiment.evaluation import evaluate
from sentiment.figures import plot_report
from sentiment.palette import ACCENT

CLASSES = ["negative", "neutral", "positive"]
COLOURS = {"negative": "#D55E00", "neutral": "#8A8F98", "positive": "#0072B2"}
LABELS = ["negative"] * 40 + ["neutral"] * 20 + ["positive"] * 40


def _evaluate(predictions, classes=CLASSES):
    return evaluate(LABELS, predictions=predictions, classes=classes, n_resamples=50)


MODEL = _evaluate(["negative"] * 36 + ["neutral"] * 14 + ["positive"] * 50)
MAJORITY = _evaluate(["positive"] * 100)


@pytest.mark.parametrize("metric", ["f1-score", "precision", "recall"])
def test_points_and_intervals_are_those_of_the_report(metric):
    points = plot_report(MODEL, {}, COLOURS, metric=metric).data[0]
    lanes = [*CLASSES, "macro avg"]
    assert list(points.x) == [MODEL[lane][metric] for lane in lanes]
    for x, up, down, lane in zip(points.x, points.error_x.array, points.error_x.arrayminus, lanes, strict=True):
        assert [x - down, x + up] == pytest.approx(MODEL["intervals"][lane][metric])
    assert [data[0] for data in points.customdata] == lanes
    assert list(points.marker.color) == [*COLOURS.values(), ACCENT]


def test_baselines_stand_below_the_model_with_a_symbol_of_their_own():
    figure = plot_report(MODEL, {"TF-IDF": MODEL, "Always the largest class": MAJORITY}, COLOURS)
    named = {trace.name: trace for trace in figure.data if trace.showlegend}
    assert list(named) == ["This model", "TF-IDF", "Always the largest class"]
    assert len({trace.marker.symbol for trace in named.values()}) == 3
    majority = named["Always the largest class"]
    assert majority.x[2] == MAJORITY["positive"]["f1-score"]
    assert majority.x[0] == 0
    offsets = [trace.y[0] for trace in (figure.data[0], named["TF-IDF"], majority)]
    assert offsets == sorted(set(offsets))
    assert max(offsets) < 0.6  # within the class's own lane
    assert figure.layout.showlegend


def test_without_baselines_there_is_no_legend():
    assert not plot_report(MODEL, {}, COLOURS).layout.showlegend


def test_lanes_say_the_number_and_the_rows():
    labels = next(trace for trace in plot_report(MODEL, {}, COLOURS).data if trace.mode == "text")
    assert labels.text[1] == "<b>neutral</b>  59\u202f% · 20 rows"
    assert labels.text[3].startswith("<b>Mean of the classes</b>  ")


def test_the_title_names_the_best_and_the_weakest_class():
    title = html.unescape(plot_report(MODEL, {}, COLOURS).layout.title.text.replace("<br>", " "))
    assert title == "F1: best on negative, weakest on neutral"
    title = html.unescape(plot_report(MODEL, {}, COLOURS, metric="recall").layout.title.text.replace("<br>", " "))
    assert title == "Recall: best on positive, weakest on neutral"


def test_a_baseline_that_knows_other_classes_keeps_the_lanes():
    other = evaluate(["positive", "negative"] * 20, predictions=["positive"] * 40, classes=["positive", "negative"])
    trace = next(trace for trace in plot_report(MODEL, {"other": other}, COLOURS).data if trace.name == "other")
    assert [int(y) for y in trace.y] == [0, 2, 3]
    assert list(trace.x[:2]) == [other["negative"]["f1-score"], other["positive"]["f1-score"]]


def test_hover_says_it_in_words():
    points = plot_report(MODEL, {}, COLOURS).data[0]
    assert points.hovertext[0].startswith("negative<br>This model: F1 95\u202f% (")


def test_a_class_with_too_few_rows_has_no_point_and_says_so():
    figure = plot_report(MODEL, {"TF-IDF": MAJORITY}, COLOURS, fewest=30)
    for trace in (figure.data[0], figure.data[2]):
        assert [data[0] for data in trace.customdata] == ["negative", "positive", "macro avg"]
        assert trace.y[1] - trace.y[0] == 2  # the lane stays, with words in it
    said = next(trace for trace in figure.data if trace.mode == "text").text
    assert "too few rows (20)" in said[1]
    assert "neutral" not in figure.layout.title.text
