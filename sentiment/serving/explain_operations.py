"""What the model process can be asked about why: thin functions over `sentiment.explaining`.

Words are told by their places alone, so that a text that no file could hold (half a surrogate pair) needs not be sent
back.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from sentiment.errors import UsageError
from sentiment.explaining import check_text, explain_text, flip_text, prepare
from sentiment.explaining_model import Before, before_tuning, filters_of, held_out_texts, word_influence
from sentiment.explaining_rows import similar_rows
from sentiment.models.baselines import LinearModel
from sentiment.models.temperature import NAME as TEMPERATURE
from sentiment.numbers import number
from sentiment.serving.holder import Model
from sentiment.training.runs import Run

Arguments = Mapping[str, Any]
_MOST_ROWS = 1_000
_TOLD = 15  # words of a class, and changes, that are told


def explain(model: Model, arguments: Arguments) -> dict[str, Any]:
    """Why a model says what it says of `text`, about the class `target` or, with None, the one that it says.

    `prediction`, `target`, `probs` {class: p}, `words` [[start, end, score], …], `method`, `blank`, `n_cut`,
    `unknown`: the share of the text that a network has no word for, and `calibrated`: whether the model's temperature
    was fitted.
    """
    prepare(model)
    text = check_text(arguments.get("text"))
    found = explain_text(model, text, target=arguments.get("target"))
    return {
        "prediction": found.prediction,
        "target": found.target,
        "probs": found.probs,
        "words": [[word.start, word.end, word.score] for word in found.words],
        "method": found.method,
        "blank": found.blank,
        "n_cut": found.n_cut,
        "unknown": 0.0 if isinstance(model, LinearModel) else model.unknown_share(text),
        "calibrated": TEMPERATURE in (model.extra if isinstance(model, LinearModel) else model.model.extra),
    }


def flip(model: Model, arguments: Arguments) -> dict[str, Any]:
    """The smallest edit that changes what a model says of `text`.

    `edits` [[start, end, instead], …], none where none was found; `said`, `says`; `probs` {class: p} after the edit;
    `n_tried`, `minimal`.
    """
    found = flip_text(model, check_text(arguments.get("text")))
    return {
        "edits": [[edit.start, edit.end, edit.instead] for edit in found.edits],
        "said": model.classes[found.said],
        "says": model.classes[found.says],
        "probs": dict(zip(model.classes, found.probs.tolist(), strict=True)),
        "n_tried": found.n_tried,
        "minimal": found.minimal,
    }


def similar(model: Model, arguments: Arguments) -> dict[str, Any]:
    """The `n` rows most like `text` of the dataset of the run in the folder `run`.

    `among` names rows to choose from, None those that the run has learned from; `but` one to leave out. `rows`
    [{row, similarity, label, trained}, …]; `n_left`, rows that are too many to be looked at.
    """
    n, among, but = arguments.get("n", 5), arguments.get("among"), arguments.get("but")
    if not isinstance(n, int) or not 1 <= n <= _MOST_ROWS:
        raise UsageError(f"{str(n)[:20]} rows are asked for", expected=f"1 to {number(_MOST_ROWS)}")
    rows, n_left = similar_rows(model, _run_of(arguments), check_text(arguments.get("text")), n=n, among=among, but=but)
    return {"rows": [vars(row) for row in rows], "n_left": n_left}


def explain_model(model: Model, arguments: Arguments) -> dict[str, Any]:
    """What a model listens to in the held-out texts of the run in the folder `run`.

    `part` "words": `words` {class: [{word, n, mean, se}, …]}. "filters": `filters` {class: [{number, width, pull,
    grams}, …]}, None for a model without any. "before": `before`, what its base model made of the same words, None
    where it began with nothing. With each, `n_texts`.
    """
    run = _run_of(arguments)
    texts = held_out_texts(run)
    part = arguments.get("part")
    if part == "filters":
        filters = filters_of(model, texts)
        named = None if filters is None else {name: [vars(one) for one in some] for name, some in filters.items()}
        return {"n_texts": len(texts), "filters": named}
    if part not in ("words", "before"):
        raise UsageError(f"There is no part {str(part)[:40]!r}", expected="words, filters or before")
    words = word_influence(model, texts)
    if part == "words":
        best = {name: words[(words["class"] == name) & (words["low"] > 0)].head(_TOLD) for name in model.classes}
        columns = ["word", "n", "mean", "se"]
        return {"n_texts": len(texts), "words": {name: _records(table[columns]) for name, table in best.items()}}
    before = before_tuning(run, model, texts, words)
    return {"n_texts": len(texts), "before": None if before is None else _before(before)}


def _before(before: Before) -> dict[str, Any]:
    movers = {
        name: _records(before.movers[before.movers["class"] == name].head(_TOLD).drop(columns="class"))
        for name in before.classes
    }
    return {**vars(before), "missing": list(before.missing), "movers": movers}


def _records(table: pd.DataFrame) -> list[dict[str, Any]]:
    return [{str(name): value for name, value in row.items()} for row in table.to_dict("records")]


def _run_of(arguments: Arguments) -> Run:
    """The run in the folder `run`.

    Raises:
        RunError: if there is none.
    """
    return Run(Path(str(arguments.get("run", ""))))
