"""What holds for every figure: one look, and no word of a user's has an effect."""

import json
import re

import numpy as np
import pandas as pd
import pytest

from sentiment.evaluation import evaluate
from sentiment.figures import (
    plot_class_counts,
    plot_confusion,
    plot_costs,
    plot_coverage,
    plot_cross,
    plot_curves,
    plot_deltas,
    plot_gap,
    plot_history,
    plot_lengths,
    plot_map,
    plot_movers,
    plot_reliability,
    plot_report,
    plot_slices,
    plot_threshold,
    plot_word_influence,
    plot_words,
    template,
)
from sentiment.palette import assign_colours

HOSTILE = ["<img src=x onerror=alert(1)>", ":red[x]", "$$x$$", "`x` **y**", "😀", "n" * 300, "\u202egnp", "%{x} {y}"]
ALLOWED = re.compile(r"</?b>|<br>")


def _figures(dark=None):
    colours, rng = assign_colours(HOSTILE), np.random.default_rng(0)
    counts = pd.DataFrame({"class": HOSTILE, "count": range(1, 9)})
    counts["share"] = counts["count"] / counts["count"].sum()
    histogram = pd.DataFrame({"class": HOSTILE, "start": 0, "stop": 5, "count": 3, "share": 1.0})
    labels = rng.choice(HOSTILE, 200).tolist()
    report = evaluate(labels, predictions=rng.permutation(labels).tolist(), classes=HOSTILE, n_resamples=20)
    history = pd.DataFrame({"step": [1, 1], "epoch": 1, "kind": ["train", "validation"], "loss": 1.0, "macro_f1": 0.5})
    deltas = pd.DataFrame({"class": [*HOSTILE, "macro avg"], "delta": 0.1, "low": -0.05, "high": 0.2, "value": 0.7})
    deltas = pd.concat([deltas.assign(name=name, metric="f1-score") for name in HOSTILE], ignore_index=True)
    terms = pd.DataFrame({"term": HOSTILE, "z": 4.0, "share": 0.5, "share_else": 0.1})
    cross = pd.DataFrame({"group": HOSTILE, "class": HOSTILE, "count": 30, "share": np.linspace(0.2, 0.9, 8)})
    places = rng.normal(size=(8, 2)).astype(np.float32)
    steps = np.linspace(0.1, 0.9, 5)
    curve = pd.DataFrame({"threshold": steps[::-1], "false_alarms": steps, "recall": steps, "precision": steps})
    bins = pd.DataFrame({"confidence": steps, "share": steps, "low": steps - 0.1, "high": steps + 0.1, "n": 30})
    covered = bins.assign(coverage=steps, accuracy=steps)
    lanes = pd.DataFrame({"title": HOSTILE, "n": 30, "share": 0.5, "low": 0.4, "high": 0.6, "rest": 0.7})
    gap = lanes.assign(value=0.5, language=HOSTILE, step=HOSTILE, series=HOSTILE, hint=HOSTILE)
    influence = pd.DataFrame({"word": HOSTILE, "n": 9, "mean": 1.5, "se": 0.2, "before": -0.5, "after": 1.5})
    few = dict.fromkeys(HOSTILE, curve)
    return {
        "curves": plot_curves(few, dict.fromkeys(HOSTILE, "0.8 <b>"), colours, kind="roc", title=HOSTILE[0], dark=dark),
        "reliability": plot_reliability({HOSTILE[0]: bins, HOSTILE[5]: bins}, title=HOSTILE[0], dark=dark),
        "coverage": plot_coverage(covered, chosen=0.4, title=HOSTILE[0], dark=dark),
        "threshold": plot_threshold(curve[::-1], colour="#0072B2", chosen=0.4, title=HOSTILE[0], dark=dark),
        "costs": plot_costs(
            pd.DataFrame({"threshold": steps, HOSTILE[0]: 1.0}), chosen=0.4, cheapest=0.5, title="<b>", dark=dark
        ),
        "gap": plot_gap(gap, main=HOSTILE[0], title=HOSTILE[0], dark=dark),
        "slices": plot_slices(lanes.assign(finding="worse"), overall=0.7, title=HOSTILE[0], dark=dark),
        "influence": plot_word_influence(influence, name=HOSTILE[0], colour="#0072B2", dark=dark),
        "movers": plot_movers(influence, name=HOSTILE[-3], colour="#0072B2", dark=dark),
        "words": plot_words(terms, terms.assign(z=-3.0), colours, name=HOSTILE[-3], dark=dark),
        "cross": plot_cross(cross.assign(total=30), colours, shares=True, by=HOSTILE[0], dark=dark),
        "map": plot_map(places, np.arange(8), HOSTILE, HOSTILE, colours, title=HOSTILE[0], dark=dark),
        "deltas": plot_deltas(deltas, colours, against=HOSTILE[0], dark=dark),
        "counts": plot_class_counts(counts, colours, dark=dark),
        "lengths": plot_lengths(histogram, colours, "<b>words", dark=dark),
        "history": plot_history(history, 10, dark=dark),
        "confusion": plot_confusion(report, colours, dark=dark),
        "report": plot_report(report, {"<i>base": report}, colours, dark=dark),
    }


def _shown(value, key=""):
    """Every string of a figure that plotly draws as text."""
    if isinstance(value, dict):
        return [text for k, part in value.items() if k not in ("customdata", "template") for text in _shown(part, k)]
    if isinstance(value, list | tuple):
        return [text for part in value for text in _shown(part, key)]
    return (
        [value] if isinstance(value, str) and key in ("text", "hovertext", "ticktext", "name", "texttemplate") else []
    )


@pytest.mark.parametrize("name", list(_figures()))
def test_no_word_of_a_user_has_an_effect(name):
    shown = _shown(json.loads(_figures()[name].to_json()))
    assert shown
    for text in shown:
        assert not set("<>${}\u202e") & set(ALLOWED.sub("", text)), text


@pytest.mark.parametrize("name", ["counts", "lengths", "confusion", "report", "deltas", "cross", "curves", "slices"])
def test_names_of_300_characters_are_cut_in_the_chart_and_whole_on_hover(name):
    figure = _figures()[name]
    texts = [text for text in _shown(json.loads(figure.to_json())) if "nnnn" in text]
    assert any("…" in text for text in texts)
    assert any(text.replace("<br>", "").count("n") >= 300 for text in texts)
    assert all(max(map(len, text.split("<br>"))) < 80 for text in texts)


@pytest.mark.parametrize(
    "name", ["counts", "lengths", "history", "confusion", "report", "deltas", "words", "cross", "gap"]
)
def test_one_look(name):
    figure = _figures()[name]
    assert figure.layout.template == template()
    assert figure.layout.paper_bgcolor == figure.layout.plot_bgcolor == "rgba(0, 0, 0, 0)"
    assert figure.layout.title.text
    assert all(len(line) <= 60 for line in figure.layout.title.text.split("<br>"))
    assert figure.layout.dragmode is False
    assert figure.layout.xaxis.fixedrange
    assert figure.layout.yaxis.fixedrange


def test_ink_is_strong_on_either_background_and_left_to_the_page_otherwise():
    light, dark = _figures(dark=False)["confusion"].layout, _figures(dark=True)["confusion"].layout
    assert light.font.color < "#4" < "#D" < dark.font.color
    assert light.yaxis.tickfont.color == light.font.color
    assert _figures()["confusion"].layout.font.color is None


@pytest.mark.parametrize("name", ["counts", "confusion", "words", "cross"])
def test_what_a_click_gives_is_the_name_itself(name):
    given = [
        tuple(data) for trace in _figures()[name].data if trace.customdata is not None for data in trace.customdata
    ]
    assert {data[0] for data in given} == set(HOSTILE)
