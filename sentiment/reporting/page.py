"""The whole report: one HTML file that opens without a network, prints, and says nothing of the machine it came from.

It holds one stylesheet and one script, named by their hashes in a policy under which a browser loads nothing else.
"""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sentiment import __version__
from sentiment.data import language_name
from sentiment.errors import RunError, SentimentError
from sentiment.evaluation.calibration import apply_temperature, measure_calibration
from sentiment.files import read_json
from sentiment.judging import Judgement, judge_run
from sentiment.reporting import sections
from sentiment.reporting.learning import show_learning
from sentiment.reporting.markup import Html, foreign, join, number, tag
from sentiment.reporting.rows import show_all_rows, show_mistakes
from sentiment.reporting.style import policy, script, stylesheet
from sentiment.training.runs import Run

_FURTHER = "#717782"  # of a label that the model does not know


def render_report(run: Run) -> bytes:
    """The report of a run as one HTML file, UTF-8; the same for the same run.

    Raises:
        RunError: if the run has no predictions yet.
    """
    judgement = judge_run(run)
    if judgement is None or "model" not in judgement.reports:
        raise RunError(f"The run {run.info.name!r} has no predictions yet", todo="Wait until it has finished")
    if judgement.rows.empty:
        raise RunError(f"The run {run.info.name!r} held out no labeled row", todo="Hold out a part of the rows")
    classes = [str(name) for name in judgement.reports["model"]["classes"]]
    rows = _rows(judgement)
    body = join(
        _header(run),
        tag(
            "main",
            sections.show_verdict(judgement),
            sections.show_classes(judgement),
            sections.show_confusion(judgement.reports["model"]),
            _calibration(run, judgement),
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
    classes = list(run.info.classes)
    probs = judgement.rows[[f"model:prob:{name}" for name in classes]].to_numpy(float)
    labels = pd.Categorical(judgement.rows["label"], categories=classes).codes.astype(np.int64)
    groups = judgement.rows["group"].tolist() if judgement.rows["group"].notna().all() else None
    temperature = _temperature(run)
    before = None
    if temperature not in (None, 1.0):
        before = measure_calibration(_undone(probs, float(temperature or 1.0)), labels, groups=groups)
    return sections.show_calibration(before, measure_calibration(probs, labels, groups=groups), temperature=temperature)


def _undone(probs: NDArray[np.float64], temperature: float) -> NDArray[np.float32]:
    """The probabilities as they were before a temperature divided their logits."""
    return apply_temperature(probs, 1.0 / temperature)


def _temperature(run: Run) -> float | None:
    """The temperature of the run's model; None where none was fitted."""
    try:
        found = read_json(run.folder / "model" / "config.json").get("temperature")
    except (OSError, ValueError):
        return None
    return None if found is None else float(found)


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
        ("Base model", Path(info.config.base).name),
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
