"""The whole report: one HTML file that opens without a network, prints, and says nothing of the machine it came from.

It holds one stylesheet and one script, named by their hashes in a policy under which a browser loads nothing else.
"""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from sentiment import __version__
from sentiment.correcting import load_corrected
from sentiment.data import language_name
from sentiment.errors import RunError, SentimentError
from sentiment.evaluation.calibration import FEWEST_TO_MEASURE, apply_temperature, measure_calibration
from sentiment.judging import Judgement, judge_run, read_rule
from sentiment.numbers import number
from sentiment.reporting import sections
from sentiment.reporting.learning import show_learning
from sentiment.reporting.markup import Html, foreign, join, tag
from sentiment.reporting.rows import show_all_rows, show_mistakes
from sentiment.reporting.style import policy, script, stylesheet
from sentiment.slicing import Slices, slice_rows, sliceable
from sentiment.training.runs import Run

_FURTHER = "#717782"  # of a label that the model does not know


def render_report(run: Run, *, slices: Slices | None = None) -> bytes:
    """The report of a run as one HTML file, UTF-8; the same for the same run.

    Args:
        run: finished.
        slices: of its held-out rows, if somebody has made them already; they take the most time.

    Raises:
        RunError: if the run has no predictions yet, or its thresholds cannot be read.
    """
    judgement = judge_run(run)
    if judgement is None or "model" not in judgement.reports:
        raise RunError(f"The run {run.info.name!r} has no predictions yet", todo="Wait until it has finished")
    if judgement.rows.empty:
        raise RunError(f"The run {run.info.name!r} held out no labeled row", todo="Hold out a part of the rows")
    classes = [str(name) for name in judgement.reports["model"]["classes"]]
    rows, rule = _rows(judgement), read_rule(run.folder)
    body = join(
        _header(run),
        tag(
            "main",
            sections.show_verdict(judgement),
            sections.show_classes(judgement),
            sections.show_confusion(judgement.reports["model"]),
            sections.show_rule(rule.describe(judgement.classes)) if rule and not rule.plain else None,
            _calibration(run, judgement),
            sections.show_slices(slices or _slices(run, judgement)),
            show_mistakes(rows, classes),
            show_learning(run, classes),
            show_all_rows(rows, classes),
            _provenance(run, judgement),
        ),
        tag("footer", f"Sentiment Studio {__version__}. This file loads nothing and sends nothing.", class_="soft"),
    )
    return _document(run, body, classes).encode("utf-8", "replace")


def _document(run: Run, body: Html, classes: list[str]) -> str:
    code = script()
    style = stylesheet([run.info.colours.get(name, _FURTHER) for name in classes])
    head = tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", **{"http_equiv": "Content-Security-Policy", "content": policy(style, code)}),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", name="referrer", content="no-referrer"),
        tag("title", f"{run.info.name}: how good it is"),
        Html(f"<style>{style}</style>"),
    )
    return f"<!doctype html>\n{tag('html', head, tag('body', body, Html(f'<script>{code}</script>')), lang='en')}\n"


def _rows(judgement: Judgement) -> pd.DataFrame:
    """The held-out rows with what the model says of each and how sure it is: row, text, label, said, prob."""
    rows = judgement.rows
    columns = [column for column in rows if str(column).startswith("model:prob:")]
    return pd.DataFrame(
        {
            "row": rows["row"].astype(int),
            "text": rows["text"].astype(str),
            "label": rows["label"].astype(str),
            "said": rows["model:prediction"].astype(str),
            "prob": rows[columns].max(axis=1) if columns else np.nan,
        }
    )


def _slices(run: Run, judgement: Judgement) -> Slices:
    """The held-out rows in slices; by the columns of the file as well, where its dataset is still there."""
    frame = None
    if run.info.dataset.folder is not None:
        try:
            frame = sliceable(load_corrected((run.folder / run.info.dataset.folder).resolve()))
        except (SentimentError, OSError):
            frame = None
    return slice_rows(judgement.rows, frame, language=run.info.language, classes=judgement.classes)


def _header(run: Run) -> Html:
    info = run.info
    return tag(
        "header",
        tag("h1", foreign(info.name)),
        tag(
            "p",
            "How good a model is on rows of “",
            foreign(info.dataset.name),
            f"” that it has not learned from. {info.created[:10]}.",
            class_="soft",
        ),
    )


def _calibration(run: Run, judgement: Judgement) -> Html:
    probs, labels, groups = judgement.probs(), judgement.labels, judgement.groups
    if len(labels) < FEWEST_TO_MEASURE:
        return sections.show_uncalibrated(len(labels))
    temperature = judgement.temperature
    before = None
    if temperature not in (None, 1.0):
        undone = apply_temperature(probs, 1.0 / float(temperature or 1.0))
        before = measure_calibration(undone, labels, groups=groups)
    after, same = measure_calibration(probs, labels, groups=groups), judgement.split == "validation"
    return sections.show_calibration(before, after, temperature=temperature, same_rows=same)


def _provenance(run: Run, judgement: Judgement) -> Html:
    """What the model was trained on and how, and its card."""
    info, state = run.info, run.state
    chosen: dict[str, Any] = state.settings
    counts = [
        f"{number(int(chosen[key]))} {words}"
        for key, words in (("n_train", "to learn from"), ("n_validation", "to choose by"))
        if chosen.get(key) is not None
    ]
    pairs = [
        ("Dataset", info.dataset.name),
        ("From the file", Path(info.dataset.source).name),
        ("Rows", ", ".join([*counts, f"{number(len(judgement.rows))} held out ({judgement.split})"])),
        ("Classes", ", ".join(info.classes)),
        ("Language", language_name(info.language)),
        ("Base model", info.config.base_name),
        ("How it was tuned", str(chosen.get("strategy", ""))),
        ("Against imbalance", str(chosen.get("imbalance", info.config.imbalance))),
        ("Epochs", str(chosen.get("epochs", ""))),
        ("Learning rate", str(chosen.get("learning_rate", ""))),
        ("Seed", str(info.config.seed)),
        ("Trained", f"{info.created[:10]}, {state.elapsed:.0f} seconds on {state.device}"),
        ("Fingerprint of the rows", info.dataset.fingerprint[:16]),
    ]
    card = _card(run)
    return join(
        tag("h2", "How it was made"),
        sections.facts([(name, value) for name, value in pairs if value]),
        tag("details", tag("summary", "Model card"), tag("pre", card, dir="auto")) if card else None,
    )


def _card(run: Run) -> str:
    """The model card, or "" where there is no model to write one of."""
    from sentiment.model_card import model_card

    try:
        return model_card(run)
    except SentimentError:
        return ""
