"""The held-out rows in the report: what is put in, so that the file stays small, and how they are looked through."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from sentiment.numbers import number, percent
from sentiment.reporting.markup import Html, data_block, foreign, join, tag, visible

BUDGET = 4_000_000  # bytes of texts
_LEAST = 120  # characters that every text keeps; beyond that, rows are left out instead
MOST_ROWS = 20_000
SURE_MISTAKES = 30


def embedded_rows(rows: pd.DataFrame, classes: Sequence[str]) -> tuple[dict[str, Any], str]:
    """The rows as JSON values for the report's script, and what was left out of them, in a sentence ("" for nothing).

    Args:
        rows: columns row, text, label, said and prob (the probability of what is said, nan where not known).
        classes: every class that occurs, whose positions stand for them.
    """
    kept, cut = _within_budget(rows)
    codes = {name: code for code, name in enumerate(classes)}
    values = {
        "classes": [visible(name) for name in classes],
        "row": (kept["row"] + 1).tolist(),
        "text": [visible(_shorten(text, cut)) for text in kept["text"]],
        "label": [codes[name] for name in kept["label"]],
        "said": [codes[name] for name in kept["said"]],
        "prob": [None if math.isnan(p) else round(float(p), 3) for p in kept["prob"]],
    }
    told = []
    if len(kept) < len(rows):
        told.append(
            f"{number(len(kept))} of the {number(len(rows))} held-out rows are in this file, every mistake first."
        )
    if cut is not None and kept["text"].str.len().max() > cut:
        told.append(f"Texts are cut after {number(cut)} characters.")
    return values, " ".join(told)


def _within_budget(rows: pd.DataFrame) -> tuple[pd.DataFrame, int | None]:
    """The rows to put in, and the characters that each text is cut to (None for no cut)."""
    kept = rows
    if len(rows) > MOST_ROWS:
        right = (rows["label"] == rows["said"]).to_numpy()
        kept = rows.iloc[np.sort(np.argsort(right, kind="stable")[:MOST_ROWS])]
    sizes = np.array([len(text.encode("utf-8", "replace")) for text in kept["text"]])
    if sizes.sum() <= BUDGET:
        return kept, None
    lengths = kept["text"].str.len().to_numpy()
    widths = sizes / np.maximum(lengths, 1)  # bytes for a character: three in Chinese
    low, high = _LEAST, int(lengths.max())
    while low < high:  # the longest cut that fits
        middle = (low + high + 1) // 2
        fits = float((np.minimum(lengths, middle) * widths).sum()) <= BUDGET
        low, high = (middle, high) if fits else (low, middle - 1)
    return kept, low


def _shorten(text: str, limit: int | None) -> str:
    return text if limit is None or len(text) <= limit else text[: limit - 1].rstrip() + "…"


def show_all_rows(rows: pd.DataFrame, classes: Sequence[str]) -> Html:
    """The table of all held-out rows, to search and to filter."""
    values, left_out = embedded_rows(rows, classes)
    heads = ("Row", "Text", "Label", "The model says", "How sure")
    table = tag(
        "table",
        tag(
            "thead",
            tag("tr", *(tag("th", head, scope="col", class_="n" if head in _NUMBERS else None) for head in heads)),
        ),
        tag("tbody", id="found"),
    )
    controls = tag(
        "div",
        tag("label", "Words in the text", tag("input", type="search", id="search", autocomplete="off")),
        tag("label", "Label", _choice("truth", classes)),
        tag("label", "The model says", _choice("said", classes)),
        tag("label", tag("input", type="checkbox", id="wrong"), "Mistakes only", class_="line"),
        class_="filters screen",
    )
    leaf = tag(
        "p",
        tag("button", "Back", type="button", id="back", class_="leaf"),
        " ",
        tag("button", "Further", type="button", id="on", class_="leaf"),
        " ",
        tag("span", id="count", role="status"),
        class_="screen",
    )
    return join(
        tag("h2", "All held-out rows", id="all"),
        tag("p", left_out, class_="note") if left_out else None,
        tag("noscript", tag("p", "This table needs the script in this file, which your browser does not run.")),
        controls,
        leaf,
        tag("div", table, class_="box"),
        data_block("rows", values),
    )


_NUMBERS = ("Row", "How sure")


def _choice(name: str, classes: Sequence[str]) -> Html:
    options = (tag("option", class_name, value=code) for code, class_name in enumerate(classes))
    return tag("select", tag("option", "any", value=""), *options, id=name, autocomplete="off")


def show_mistakes(rows: pd.DataFrame, classes: Sequence[str]) -> Html | None:
    """The mistakes that the model is surest of; None if it makes none."""
    wrong = rows[rows["label"] != rows["said"]]
    if wrong.empty:
        return None
    worst = wrong.sort_values("prob", ascending=False, kind="stable").head(SURE_MISTAKES)
    codes = {name: code for code, name in enumerate(classes)}
    lines = [
        tag(
            "tr",
            tag("td", line["row"] + 1, class_="n"),
            tag("td", _shorten(line["text"], 600), class_="text", dir="auto"),
            tag("td", chip(codes[line["label"]], line["label"]), class_="class"),
            tag("td", chip(codes[line["said"]], line["said"]), class_="class"),
            tag("td", "" if math.isnan(line["prob"]) else percent(line["prob"]), class_="n"),
        )
        for line in worst.to_dict("records")
    ]
    heads = ("Row", "Text", "Label", "The model says", "How sure")
    head = tag("tr", *(tag("th", name, scope="col", class_="n" if name in _NUMBERS else None) for name in heads))
    shown = f"the {number(len(worst))} it is surest of" if len(wrong) > len(worst) else "the surest first"
    return join(
        tag("h2", "What it gets most confidently wrong"),
        tag(
            "p",
            f"{number(len(wrong))} of {number(len(rows))} rows are wrong; {shown}. Some of them may be wrong labels.",
        ),
        tag("div", tag("table", tag("thead", head), tag("tbody", *lines)), class_="box"),
    )


def chip(code: int, name: str) -> Html:
    """A class's name with its colour before it."""
    return join(tag("span", class_=f"chip c{code}"), foreign(name))
