"""A model card that fills itself: what a run's model is, what it learned from, what it can do, in Markdown.

Names that came from a file are escaped, so that they are shown as they are wherever the card is.
"""

import re
from collections.abc import Mapping
from typing import Any

from sentiment.data import language_name
from sentiment.data.cells import clean_name
from sentiment.errors import ModelError
from sentiment.evaluation.calibration import FEWEST_TO_MEASURE, measure_calibration
from sentiment.evaluation.metrics import METRICS, TOO_FEW, rows_behind
from sentiment.judging import Judgement, judge_run, read_rule
from sentiment.models.folders import describe_origin, model_folder
from sentiment.models.registry import SCRATCH, SCRATCH_RNN
from sentiment.models.tensors import read_config
from sentiment.numbers import THIN, number, percent
from sentiment.training.runs import Run

# Also what begins :smile:, and what becomes a link.
_SIGNS = re.compile(r"[\\`*_\[\]>~$|#@]|:(?=[\w+/-])|(?<=www)\.", re.IGNORECASE)
_PER_CENT = re.compile(r"(?<=\d) %")  # with any blank: a thin one keeps it together
_MAX_CHARS = 2_000


def model_card(run: Run) -> str:
    """The card of a run's model, in Markdown; the same for the same run.

    Raises:
        ModelError: if the run has no model yet, or it is damaged.
        RunError: if the run's own files cannot be read.
    """
    config = read_config(model_folder(run.folder))
    judgement = judge_run(run)
    if judgement is not None and "model" not in judgement.reports:
        judgement = None
    parts = [
        f"# {plain(run.info.name)}",
        _what_it_is(run, config),
        "## How to use it",
        _usage(run),
        _rule(run),
        "## What it learned from",
        _data(run, judgement),
        "## How it was trained",
        _training(run, config),
        "## Held out",
        _held_out(judgement),
        "## Calibration",
        _calibration(run, config, judgement),
        "## Limits",
        _limits(run, config, judgement),
        "## Licence",
        _licence(run, config),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def describe_card(run: Run) -> dict[str, Any]:
    """What a base model's config.json says of itself, for a run whose model becomes one (errors as for `model_card`).

    With it, a package that is unpacked into the folder of base models stands in their list.
    """
    config, info = read_config(model_folder(run.folder)), run.info
    judgement = judge_run(run)
    report = judgement.reports.get("model") if judgement is not None else None
    held_out = {
        "corpus": info.dataset.name,
        "n_rows": 0,
        "classes": len(info.classes),
        "accuracy": 0.0,
        "macro_f1": 0.0,
    }
    if report is not None:
        held_out |= {"n_rows": report["n_examples"], "accuracy": round(float(report["accuracy"]), 4)}
        held_out["macro_f1"] = round(float(report["macro avg"]["f1-score"]), 4)
    origin = _origin(run, config)
    return {
        "title": info.name,
        "description": f"Fine-tuned on {info.dataset.name}.",
        "languages": [] if info.language == "und" else [info.language],
        "architecture": config["architecture"],
        "trained_on": _learned_from(run, origin),
        "n_training_rows": _n_trained(run),
        "licences": {**origin.get("licences", {}), info.dataset.name: "not stated"},
        "seed": info.config.seed,
        "held_out": held_out,
    }


def plain(words: str) -> str:
    """Words that came from a file as one line of Markdown that shows them literally."""
    line = _PER_CENT.sub(f"{THIN}%", clean_name(words, limit=_MAX_CHARS))
    escaped = _SIGNS.sub(r"\\\g<0>", line.replace("&", "&amp;"))
    return escaped.replace("<", "&lt;")


def _what_it_is(run: Run, config: Mapping[str, Any]) -> str:
    classes = ", ".join(f"**{plain(name)}**" for name in run.info.classes)
    return (
        f"A {_architecture(run, config)} that says of a text in {_language(run)} which of these classes it belongs to, "
        f"and how sure it is: {classes}. Made with Sentiment Studio, {run.info.created[:10]}."
    )


def _usage(run: Run) -> str:
    return (
        "```python\n"
        "from sentiment import load\n\n"
        'model = load("package.zip")\n'
        'probs = model(["The first text.", "The second one."])  # one row for each text, one column for each class\n'
        "```\n\n"
        f"`model.classes` names the columns: {', '.join(plain(name) for name in run.info.classes)}. "
        "`python -m sentiment predict package.zip FILE --text COLUMN --out OUT` scores a file, and "
        "`python -m sentiment finetune … --base package.zip` goes on from this model with other labels."
    )


def _rule(run: Run) -> str:
    """The rule that is saved with the run, in words; "" where the most likely class is said."""
    rule = read_rule(run.folder)
    if rule is None or rule.plain:
        return ""
    said = [f"- {plain(sentence)}" for sentence in rule.describe(run.info.classes)]
    return "\n".join(
        [
            "## How it decides",
            "",
            "A rule goes with the model. `predict` and the endpoint follow it; `model(…)` gives the probabilities, and "
            "the figures below are those of the most likely class.",
            "",
            *said,
        ]
    )


def _data(run: Run, judgement: Judgement | None) -> str:
    info, split = run.info, _split_sizes(run)
    lines = [f"The dataset “{plain(info.dataset.name)}” (from {plain(info.dataset.source)}), in {_language(run)}."]
    if split:
        lines.append(f"{number(split['train'])} rows to learn from, {number(split['validation'])} to choose by.")
    lines.append(f"Fingerprint of its rows and labels: `{info.dataset.fingerprint[:16]}`.")
    if judgement is None:
        return " ".join(lines)
    counts = judgement.rows["label"].value_counts()
    held_out = max(1, len(judgement.rows))
    rows = [
        f"| {plain(name)} | {number(counts.get(name, 0))} | {percent(counts.get(name, 0) / held_out)} |"
        for name in info.classes
    ]
    table = "\n".join(["| class | held-out rows | share |", "|---|---:|---:|", *rows])
    return f"{' '.join(lines)} The shares of the classes among the held-out rows:\n\n{table}"


def _training(run: Run, config: Mapping[str, Any]) -> str:
    info, state = run.info, run.state
    chosen = state.settings
    lines = [f"Started from {_start(run, config)}; seed {info.config.seed}, {info.config.max_length} tokens of a text."]
    if reason := chosen.get("strategy_reason"):
        lines.append(f"- What was tuned: {plain(str(chosen.get('strategy')))}. {plain(str(reason))}")
    if chosen.get("imbalance"):
        lines.append(
            f"- Against imbalance: {plain(str(chosen['imbalance']))}. {plain(str(chosen['imbalance_reason']))}"
        )
    if state.message:
        lines.append(f"- {plain(state.message)}")
    return "\n".join([lines[0], "", *lines[1:]]) if len(lines) > 1 else lines[0]


def _held_out(judgement: Judgement | None) -> str:
    if judgement is None:
        return "Nothing was held out yet, so nobody knows how good it is."
    report = judgement.reports["model"]
    lines = [plain(judgement.verdict), "", "| class | precision | recall | F1 | rows |", "|---|---|---|---|---:|"]
    for row in report["per_class"]:
        cells = " | ".join(_figure(row, name, row["intervals"][name]) for name in METRICS)
        lines.append(f"| {plain(row['class'])} | {cells} | {number(int(row['support']))} |")
    for name, title in (("macro avg", "mean of the classes"), ("weighted avg", "mean of the rows")):
        cells = " | ".join(_figure(report[name], f, report["intervals"][name][f]) for f in METRICS)
        lines.append(f"| {title} | {cells} | {number(int(report[name]['support']))} |")
    what = (
        "test rows, which nothing was chosen by"
        if judgement.split == "test"
        else "validation rows: no test rows were held out, and what was chosen by them looks a little too good"
    )
    lines += ["", f"In percent, with 95 % intervals, on {number(report['n_examples'])} {what}."]
    for name in ("majority", "tfidf"):
        if name in judgement.reports:
            macro = 100 * judgement.reports[name]["macro avg"]["f1-score"]
            title = "always the most frequent class" if name == "majority" else "TF-IDF with logistic regression"
            lines.append(f"On the same rows, {title} has a macro-F1 of {macro:.1f}.")
    return "\n".join(lines)


def _calibration(run: Run, config: Mapping[str, Any], judgement: Judgement | None) -> str:
    temperature = (
        f"Logits are divided by {config['temperature']:.3g}, fitted on the validation rows."
        if config.get("temperature")
        else "No temperature was fitted; the probabilities are as they were learned."
    )
    if judgement is None:
        return temperature
    if len(judgement.rows) < FEWEST_TO_MEASURE:
        return f"{temperature} The held-out rows are too few to tell how well it is calibrated."
    found = measure_calibration(judgement.probs(), judgement.labels, groups=judgement.groups)
    low, high = found.interval
    too_good = ""
    if judgement.split == "validation" and config.get("temperature"):
        too_good = " These are the rows that the temperature was fitted on, so this is a little too good."
    return (
        f"{temperature} On the held-out rows, a probability is off by {100 * found.error:.1f} points on average "
        f"(expected calibration error; {100 * low:.1f} to {100 * high:.1f} once chance is taken off). "
        f"{found.describe()}{too_good}"
    )


def _limits(run: Run, config: Mapping[str, Any], judgement: Judgement | None) -> str:
    lines = [
        "- The figures hold for rows like the held-out ones; judge again on rows from another source or another time.",
        f"- It reads {_language(run)}, and {number(config.get('max_length', run.info.config.max_length))} tokens of a "
        "text: of a longer one, the beginning and the end.",
        "- One class for a text: not several, and not what the text is positive or negative about.",
        "- It has learned whatever its labels say, their mistakes and prejudices included.",
    ]
    warnings = judgement.reports["model"]["warnings"] if judgement is not None else []
    return "\n".join([*lines, *(f"- {plain(warning)}" for warning in warnings)])


def _licence(run: Run, config: Mapping[str, Any]) -> str:
    origin = _origin(run, config)
    own = f"“{plain(run.info.dataset.name)}”, whose terms are its owner's to state"
    if not origin.get("base"):
        return f"The weights learned from {own}, and hold none of its texts but the words of its vocabulary."
    lines = [
        f"The weights started from {plain(origin['base'])} and learned from {own}. They hold none of the texts but the "
        "words of their vocabulary. What the start had learned from, and its licences:",
        "",
        *(f"- {plain(source)}: {plain(terms)}" for source, terms in origin.get("licences", {}).items()),
    ]
    return "\n".join(lines)


def _origin(run: Run, config: Mapping[str, Any]) -> dict[str, Any]:
    """What the model owes to its base, as it was kept in training; of an older run, as far as it can be told now."""
    kept = config.get("origin")
    if isinstance(kept, dict):
        return kept
    try:
        return describe_origin(run.info.config.base, vectors=run.info.config.vectors)
    except ModelError:
        return {"base": run.info.config.base, "trained_on": "what is no longer known", "licences": {}}


def _start(run: Run, config: Mapping[str, Any]) -> str:
    origin = _origin(run, config)
    if origin.get("base"):
        return f"{plain(origin['base'])} (`{run.info.config.base_name.replace('`', '')[:120]}`)"
    return "nothing" if run.info.config.base in (SCRATCH, SCRATCH_RNN) else plain(run.info.config.base_name)


def _learned_from(run: Run, origin: Mapping[str, Any]) -> str:
    own = f"{number(_n_trained(run))} rows of {run.info.dataset.name}"
    return f"{own}, after {origin['base']} ({origin['trained_on']})" if origin.get("base") else own


def _n_trained(run: Run) -> int:
    split = _split_sizes(run)
    return split.get("train", 0) + split.get("validation", 0)


def _split_sizes(run: Run) -> dict[str, int]:
    """Rows in train and validation; {} before they are known."""
    settings = run.state.settings
    names = {"train": "n_train", "validation": "n_validation"}
    return {name: int(settings[key]) for name, key in names.items() if key in settings}


def _architecture(run: Run, config: Mapping[str, Any]) -> str:
    encoder = config.get("encoder", {})
    if config.get("architecture") == "TextCNN":
        widths = ", ".join(map(str, encoder.get("widths", ())))
        return f"convolutional network (windows of {widths} words, {encoder.get('filters')} filters each)"
    if config.get("architecture") == "TextRNN":
        ways = "in both directions" if encoder.get("bidirectional") else "in one direction"
        return f"recurrent network ({str(encoder.get('kind')).upper()}, {encoder.get('units')} units, {ways})"
    if config.get("architecture") == "KerasGraph":
        kinds = dict.fromkeys(str(layer.get("kind")) for layer in encoder.get("layers", ()))
        return f"network brought from Keras ({plain(', '.join(kinds))})"
    return f"simple model ({plain(str(config.get('architecture')))})"


def _language(run: Run) -> str:
    return "an unknown language" if run.info.language == "und" else language_name(run.info.language)


def _figure(row: Mapping[str, Any], metric: str, interval: tuple[float, float]) -> str:
    n = rows_behind(row, metric)
    if n < TOO_FEW:
        return f"too few rows ({n})" if n else "no rows"
    low, high = interval
    return f"{100 * row[metric]:.1f} ({100 * low:.0f} to {100 * high:.0f})"
