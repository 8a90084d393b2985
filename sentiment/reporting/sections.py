"""The parts of the report, each a heading, a picture, and the numbers behind it as a table."""

from collections.abc import Mapping, Sequence
from typing import Any

from sentiment.data.dataset import FILE_PREFIX
from sentiment.evaluation.calibration import FEWEST_TO_MEASURE, Calibration
from sentiment.evaluation.metrics import METRICS, TOO_FEW, rows_behind
from sentiment.judging import Judgement
from sentiment.numbers import number, percent, points
from sentiment.reporting.drawing import Mark, axis, reliability, strip
from sentiment.reporting.markup import Html, foreign, join, span, tag
from sentiment.reporting.rows import chip
from sentiment.reporting.style import SHADES
from sentiment.slicing import Slices

BASELINES = {"tfidf": "TF-IDF with logistic regression", "majority": "always the most frequent class"}
TITLES = {"precision": "Precision", "recall": "Recall", "f1-score": "F1"}
MACRO = "macro avg"


def show_verdict(judgement: Judgement) -> Html:
    """The sentence to repeat, what must be known to read it rightly, and the numbers that matter."""
    report = judgement.reports["model"]
    warnings = [*report["warnings"]]
    if judgement.split == "validation":
        warnings.append(
            "No test rows were held out in this run. These are the validation rows: what was chosen by them, the best "
            "epoch or how sure the model says to be, looks a little too good on them."
        )
    shown = [
        ("Right", percent(report["accuracy"]), f"{span(report['intervals']['accuracy'])}{_PERCENT}"),
        ("Macro-F1", percent(report[MACRO]["f1-score"]), f"{span(report['intervals'][MACRO]['f1-score'])}{_PERCENT}"),
    ]
    if "tfidf" in judgement.reports:
        other = judgement.reports["tfidf"]
        between = f"{span(other['intervals'][MACRO]['f1-score'])}{_PERCENT}"
        shown.append(("Macro-F1 of TF-IDF", percent(other[MACRO]["f1-score"]), between))
    shown.append(("Held-out rows", number(report["n_examples"]), "not learned from"))
    cards = (tag("div", tag("span", a), tag("b", b), tag("span", c)) for a, b, c in shown)
    return join(
        tag("p", foreign(judgement.verdict), class_="verdict"),
        *(tag("p", warning, class_="warn") for warning in warnings),
        tag("div", *cards, class_="figures"),
    )


_PERCENT = "\u202f%"
_CALIBRATION = tag("h2", "Does it know how sure it is?")


def show_classes(judgement: Judgement) -> Html:
    """F1 of each class as a picture beside the baselines, then precision, recall and F1 in numbers."""
    report = judgement.reports["model"]
    others = [name for name in BASELINES if name in judgement.reports]
    lanes = []
    for code, row in enumerate(report["per_class"]):
        marks = [_mark(row, style=f"c{code}")]
        marks += [
            _mark(judgement.reports[name]["per_class"][code], style="grey", hollow=True)
            for name in others
            if code < len(judgement.reports[name]["per_class"])
        ]
        lanes.append(_lane(chip(code, row["class"]), row["f1-score"], row["support"], marks, name=row["class"]))
    whole = {**report[MACRO], "intervals": report["intervals"][MACRO]}
    marks = [_mark(whole, style="")]
    for name in others:
        other = judgement.reports[name]
        marks.append(_mark({**other[MACRO], "intervals": other["intervals"][MACRO]}, style="grey", hollow=True))
    lanes.append(_lane(tag("b", "Mean of the classes"), whole["f1-score"], None, marks, name="the mean of the classes"))
    rings = ", then ".join(BASELINES[name] for name in others)
    note = f"F1 with its 95 % interval, from 0 to 100{_PERCENT}. " + (f"Rings, from above: {rings}." if rings else "")
    return join(
        tag("h2", "Class by class"),
        tag("p", note, class_="note"),
        tag("div", tag("table", tag("tbody", *lanes, _scale()), class_="lanes"), class_="box"),
        _figures_table(report),
        _compared(judgement),
    )


def _mark(row: Mapping[str, Any], *, style: str, hollow: bool = False) -> Mark:
    low, high = row["intervals"]["f1-score"]
    return Mark(row["f1-score"], low, high, style, hollow)


def _lane(head: Html, value: float, support: int | None, marks: list[Mark], *, name: str) -> Html:
    few = support is not None and support < TOO_FEW
    said = _too_few(support or 0) if few else percent(value)
    label = f"F1 of {name}: {percent(value)}, {span((marks[0].low, marks[0].high))}{_PERCENT}"
    picture = tag("span", "") if few else strip(marks, label=label)
    return tag("tr", tag("th", head, scope="row"), tag("td", said, class_="n"), tag("td", picture, class_="draw"))


def _scale() -> Html:
    """The line below the lanes that says where they begin and end."""
    return tag("tr", tag("th"), tag("td"), tag("td", axis(), class_="draw"))


def _too_few(n: int) -> str:
    return "no rows" if n == 0 else f"too few rows ({number(n)})"


def _figures_table(report: Mapping[str, Any]) -> Html:
    lines = []
    for code, row in enumerate(report["per_class"]):
        cells = [_figure(row, m, row["intervals"][m]) for m in METRICS]
        lines.append(_line(chip(code, row["class"]), [*cells, number(row["support"])]))
    for name, title in ((MACRO, "Mean of the classes"), ("weighted avg", "Weighted by rows")):
        cells = [_figure(report[name], m, report["intervals"][name][m]) for m in METRICS]
        lines.append(_line(join(title), [*cells, number(report[name]["support"])]))
    return _table(
        ["Class", *(TITLES[m] for m in METRICS), "Rows"],
        lines,
        caption="In brackets the 95 % interval: where the figure would lie on other rows like these. A figure with "
        f"fewer than {TOO_FEW} rows behind it is not shown.",
    )


def _compared(judgement: Judgement) -> Html | None:
    """The model against its baselines, in points of F1."""
    known = {name: table for name, table in judgement.comparisons.items() if name in BASELINES}
    if not known:
        return None
    names = [name for name in BASELINES if name in known]
    first = known[names[0]]
    words = {"a": "better", "b": "worse", "undecided": "can't tell"}
    codes = {row["class"]: code for code, row in enumerate(judgement.reports["model"]["per_class"])}
    lines = []
    for place, label in enumerate(first["class"]):
        cells = []
        for name in names:
            row = known[name].iloc[place]
            between = f"{points(row['low'])} to {points(row['high'])}"
            cells.append(f"{points(row['delta'])} ({between}), {words[str(row['better'])]}")
        head = chip(codes[label], label) if label in codes else join("Mean of the classes")
        lines.append(_line(head, cells))
    heads = ["F1, in points", *(f"against {BASELINES[name]}" for name in names)]
    return _table(
        heads,
        lines,
        caption="Paired on the same rows; the classes are looked at together, so luck is not called better.",
    )


def show_confusion(report: Mapping[str, Any]) -> Html:
    """The confusion matrix as a table whose cells lead to their rows."""
    names, matrix = [str(name) for name in report["classes"]], report["confusion_matrix"]
    head = tag("tr", tag("th", "Label"), *(tag("th", chip(code, name), scope="col") for code, name in enumerate(names)))
    lines = []
    for i, name in enumerate(names):
        total = sum(matrix[i])
        cells = []
        for j, said in enumerate(names):
            n = matrix[i][j]
            share = n / max(total, 1)
            label = f"{number(n)} of {number(total)} rows labeled {name} are called {said}: show them"
            button = tag(
                "button", number(n), type="button", class_=f"c{j} s{round(SHADES * share)}",
                data_true=i, data_said=j, aria_label=label, title=f"{percent(share)} of its rows",
            )  # fmt: skip
            cells.append(tag("td", button, class_="right" if i == j else None))
        lines.append(tag("tr", tag("th", chip(i, name), scope="row"), *cells))
    table = tag(
        "table",
        tag("thead", head),
        tag("tbody", *lines),
        class_="matrix",
    )
    hint = "A row for each label, a column for what the model says. Click a cell to read its rows."
    return join(tag("h2", "What is taken for what"), tag("p", hint, class_="note"), tag("div", table, class_="box"))


def show_rule(sentences: Sequence[str]) -> Html:
    """The rule that is saved with the run, in words."""
    note = "A rule is saved with this run: scored files and the endpoint follow it. The figures here are without it."
    return join(
        tag("h2", "How it decides"),
        tag("p", note, class_="note"),
        tag("ul", *(tag("li", foreign(sentence)) for sentence in sentences)),
    )


def show_uncalibrated(n: int) -> Html:
    """That there are too few rows to tell whether the probabilities mean what they say."""
    told = (
        f"Too few rows: {n} held-out ones cannot tell whether a probability can be believed; "
        f"it takes {FEWEST_TO_MEASURE}."
    )
    return join(_CALIBRATION, tag("p", told))


def show_calibration(
    before: Calibration | None, after: Calibration, *, temperature: float | None, same_rows: bool
) -> Html:
    """Whether the probabilities mean what they say; `same_rows` if the temperature was fitted on the very same."""
    low, high = after.interval
    told = (
        f"A probability of this model is off by {100 * after.error:.1f} points on average (calibration error; "
        f"{100 * low:.1f} to {100 * high:.1f} once chance is taken off). {after.describe()}"
    )
    if before is not None and temperature is not None:
        told += (
            f" Before its temperature ({temperature:.2f}, fitted on validation rows) was taken into account, it was "
            f"{100 * before.error:.1f}; the dashed line."
        )
    elif temperature is None:
        told += " No temperature was fitted when it was trained."
    if same_rows and temperature is not None:
        told += " It was fitted on these very rows, for no test rows were held out: that looks a little too good."
    lines = [
        _line(
            join(f"{percent(one.low)} to {percent(one.high)}"),
            [percent(one.confidence), f"{percent(one.share)} ({span(one.interval)})", number(one.n)],
        )
        for one in after.bins
    ]
    table = _table(["It says", "on average", "and is right", "Rows"], lines)
    label = "How often the model is right, against how sure it says to be"
    picture = reliability(before.bins if before else None, after.bins, label=label)
    return join(_CALIBRATION, tag("p", told), tag("div", picture, table, class_="pair"))


def show_slices(slices: Slices) -> Html:
    """The parts of the rows that the model is worse on than on the rest."""
    heading = tag("h2", "Where it is worse than elsewhere")
    n_judged = int((slices.table["finding"] != "too few").sum())
    if not n_judged:
        return join(heading, tag("p", "There are too few rows to look at parts of them."))
    looked = f"{number(n_judged)} parts with enough rows were looked at: lengths, languages, columns of the file, words"
    worst = slices.worst()
    if worst.empty:
        return join(heading, tag("p", f"{looked}. On none is it worse than on the rest, as far as can be told."))
    lines = [
        _line(
            join(f"{row['column'].removeprefix(FILE_PREFIX)}: ", foreign(row["value"])),
            [
                f"{percent(row['share'])} ({span((row['low'], row['high']))})",
                percent(row["rest"]),
                f"{points(row['difference'])} ({points(row['difference_low'])} to {points(row['difference_high'])})",
                number(row["n"]),
            ],
        )
        for row in worst.to_dict("records")
    ]
    heads = ["Part", "Right", "Elsewhere", "Points", "Rows"]
    note = f"{looked}. With so many, luck is allowed for: each of these is worse beyond chance."
    return join(heading, _table(heads, lines, caption=note))


def facts(pairs: Sequence[tuple[str, str]]) -> Html:
    """A table of names and values."""
    return tag(
        "div",
        tag("table", tag("tbody", *(tag("tr", tag("th", a, scope="row"), tag("td", foreign(b))) for a, b in pairs))),
        class_="box",
    )


def _figure(row: Mapping[str, Any], metric: str, interval: Sequence[float]) -> str:
    n = rows_behind(row, metric)
    return _too_few(n) if n < TOO_FEW else f"{percent(row[metric])} ({span(interval)})"


def _line(head: Html, cells: Sequence[object]) -> Html:
    return tag("tr", tag("th", head, scope="row"), *(tag("td", cell, class_="n") for cell in cells))


def _table(heads: Sequence[str], lines: Sequence[Html], *, caption: str = "") -> Html:
    head = tag("tr", *(tag("th", name, scope="col", class_="n" if i else None) for i, name in enumerate(heads)))
    return tag(
        "div",
        tag("p", caption, class_="note") if caption else None,
        tag("div", tag("table", tag("thead", head), tag("tbody", *lines)), class_="box"),
    )
