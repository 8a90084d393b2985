"""What more labels would bring, in the report."""

from collections.abc import Sequence

from sentiment.evaluation.growth_words import describe_learning, rank_classes
from sentiment.numbers import number, percent, points
from sentiment.reporting.drawing import curve
from sentiment.reporting.markup import Html, join, tag
from sentiment.reporting.rows import chip
from sentiment.training.learning_curve import read_learning
from sentiment.training.runs import Run


def show_learning(run: Run, classes: Sequence[str]) -> Html | None:
    """What more labels would bring, as far as it was measured; None where it was not."""
    values = read_learning(run)
    if values is None:
        return None
    heading, told = tag("h2", "Would more labels help?"), tag("p", describe_learning(values))
    if "skipped" in values:
        return join(heading, told)
    overall, codes = values["overall"], {name: code for code, name in enumerate(classes)}
    label = f"Macro-F1 with more labels than the {number(values['n_labels'])} there are"
    picture = curve(overall["sizes"], overall["values"], n_measured=overall["n_measured"], label=label, style="")
    lines = []
    for part in rank_classes(values):
        now = part["own"]["values"][part["own"]["n_measured"] - 1][0]
        cells = [number(part["n_labels"]), percent(now)]
        value, low, high = part["own"]["gains"][2]
        cells.append(f"{points(value)} ({points(low)} to {points(high)})")
        head = tag("th", chip(codes[part["class"]], part["class"]), scope="row")
        lines.append(tag("tr", head, *(tag("td", cell, class_="n") for cell in cells)))
    heads = ("Class", "Labels", "Its F1", "Twice as many")
    head = tag("tr", *(tag("th", name, scope="col", class_="n" if i else None) for i, name in enumerate(heads)))
    table = tag("div", tag("table", tag("thead", head), tag("tbody", *lines)), class_="box") if lines else None
    note = (
        f"Macro-F1 by the number of labels, with 95 % intervals, on {number(values['n_held_out'])} held-out rows: "
        "measured up to the last filled point, foreseen beyond. The models behind it are simple ones on "
        f"“{values['base']}”, taught with up to {number(values['n_measured'])} labels: their figures are not "
        "those of this run. In the table, points of F1 that more labels of one class alone would bring."
    )
    return join(heading, told, tag("p", note, class_="note"), tag("div", picture, table, class_="pair"))
