"""The curves of a training, from before its first step to its end."""

import html

import numpy as np
import pandas as pd
import pytest

from sentiment.figures import plot_history


def _history(epochs, steps=10, scores=(0.5, 0.7, 0.6)):
    lines = []
    for epoch in range(1, epochs + 1):
        for step in range((epoch - 1) * steps + 1, epoch * steps + 1):
            lines.append((step, epoch, "train", 1.3 / epoch, np.nan))
        lines.append((epoch * steps, epoch, "validation", 1.0 / epoch, scores[epoch - 1]))
    return pd.DataFrame(lines, columns=["step", "epoch", "kind", "loss", "macro_f1"])


def _title(figure):
    return html.unescape(figure.layout.title.text.replace("<br>", " ")).replace("\u202f", " ")


def test_curves_have_the_values_of_the_history():
    train, validation, score, best = plot_history(_history(3), 30).data
    assert len(train.x) == 30
    assert train.opacity < validation.opacity
    assert list(validation.y) == [1.0, 0.5, pytest.approx(1 / 3)]
    assert list(score.y) == [0.5, 0.7, 0.6]
    assert score.yaxis == "y2"
    assert (best.x[0], best.y[0]) == (20, 0.7)
    assert score.hovertext[1] == "step 20: macro-F1 70\u202f%"


def test_axes_do_not_move_while_training_goes_on():
    early, late = plot_history(_history(1), 30), plot_history(_history(3), 30)
    for axis in ("xaxis", "yaxis", "yaxis2"):
        assert early.layout[axis].range == late.layout[axis].range
    assert early.layout.xaxis.range == (0, 30)
    assert early.layout.yaxis2.range == (0, 1)
    assert early.layout.height == late.layout.height


def test_no_point_and_one_point():
    empty = plot_history(_history(0), 100)
    assert _title(empty) == "Waiting for the first validation"
    assert empty.layout.xaxis.range == (0, 100)
    assert len(empty.data) == 3
    one = plot_history(_history(1).iloc[:1], 100)
    assert one.data[0].mode == "lines+markers"  # a line of one point would not be seen


def test_the_title_says_how_good_it_is():
    assert _title(plot_history(_history(2), 30)) == "Macro-F1 70 %, after epoch 2"
    assert _title(plot_history(_history(3), 30)) == "Macro-F1 70 %, best after epoch 2 of 3"


def test_a_loss_that_is_no_number_is_a_gap():
    history = _history(2)
    history.loc[3, "loss"], history.loc[4, "loss"] = np.inf, np.nan
    figure = plot_history(history, 30)
    assert np.isnan(np.asarray(figure.data[0].y, dtype=float)[3:5]).all()
    assert np.isfinite(figure.layout.yaxis.range).all()


def test_more_steps_than_planned_are_still_shown():
    assert plot_history(_history(3), 10).layout.xaxis.range == (0, 30)
