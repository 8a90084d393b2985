"""The command that puts models side by side."""

import dataclasses
from pathlib import Path
from typing import Any

import click

from sentiment.cli.tables import table_text
from sentiment.errors import UsageError


@click.command()
@click.argument("models", metavar="RUN_A RUN_B [RUN_DIR ... | DATA]", nargs=-1, required=True)
@click.option("--text", metavar="COL", help="Column of DATA with the texts.")
@click.option("--label", metavar="COL", help="Column of DATA with the labels.")
@click.option("--json", "json_file", type=click.Path(path_type=Path), metavar="FILE", help="Write the table as JSON.")
def compare(models: tuple[str, ...], text: str | None, label: str | None, json_file: Path | None) -> None:
    """Compare two models on the labeled rows of DATA, or finished runs on the rows that all of them held out.

    With --text and --label the last argument is DATA, and the two before it are runs, packages or base models. Without,
    all arguments are runs on one dataset, and the first is what the others are compared with.
    """
    if text is None and label is None:
        _compare_runs(models, json_file)
        return
    if text is None or label is None:
        raise UsageError("Only one of --text and --label is given", expected="Both, to read DATA by")
    if len(models) != 3:
        raise UsageError(f"{len(models)} arguments are given", expected="RUN_A RUN_B DATA --text COL --label COL")
    _compare_on_file(models[:2], Path(models[2]), text=text, label=label, json_file=json_file)


def _compare_on_file(models: tuple[str, ...], data: Path, *, text: str, label: str, json_file: Path | None) -> None:
    from sentiment.comparing import compare_on
    from sentiment.data import import_file
    from sentiment.files import write_json
    from sentiment.models.predictor import load_predictor

    names = _names(models)
    predictors = [load_predictor(model) for model in models]
    labeled = import_file(data, text=text, label=label).labeled
    if labeled.empty:
        raise UsageError(f"No row of {data.name} has a label in the column {label!r}")
    trained_on = {name: _trained_on(model, labeled["text"]) for name, model in zip(names, models, strict=True)}
    for name, n in trained_on.items():
        _note_training(name, n, n_rows=len(labeled))
    first, second = predictors
    found = compare_on(labeled, first, second, classes=(first.classes, second.classes), names=(names[0], names[1]))
    click.echo(_pair_text(found.pair.table, names) + "\n")
    for line in (found.pair.sentence, found.pair.hint, _changes_text(found.changed, names[1])):
        if line:
            click.echo(line)
    if json_file is not None:
        write_json(json_file, {**_pair_values(found), "data": data.name, "n_trained_on": trained_on})


def _pair_values(found: Any) -> dict[str, Any]:
    """A comparison as JSON values."""
    from sentiment.evaluation.changed import count_changes

    pair = found.pair
    return {
        "a": found.names[0],
        "b": found.names[1],
        "classes": list(found.classes),
        "n_rows": pair.n_rows,
        "table": pair.table.to_dict("records"),
        "mcnemar": dataclasses.asdict(pair.mcnemar),
        "n_changed": {**count_changes(found.changed), "all": len(found.changed)},
        "sentence": pair.sentence,
        "hint": pair.hint,
        "notes": list(found.notes),
    }


def _pair_text(table: Any, names: list[str]) -> str:
    """The pair's F1 class by class, and the accuracy, as a table for a terminal."""
    part = table[(table["metric"] == "f1-score") | (table["class"] == "accuracy")]
    rows = [
        (
            line["class"],
            f"{100 * line['a']:.1f}",
            f"{100 * line['b']:.1f}",
            f"{100 * line['delta']:+.1f} ({100 * line['low']:.1f} to {100 * line['high']:.1f})",
            {"a": "worse", "b": "better", "undecided": "can't tell"}[line["better"]],
            str(line["support"]),
        )
        for line in part.to_dict("records")
    ]
    return table_text(("F1", *names, "difference", "", "rows"), rows)


def _changes_text(changed: Any, name: str) -> str:
    from sentiment.evaluation.changed import BROKEN, FIXED, count_changes

    counts = count_changes(changed)
    return f"{len(changed)} rows changed with “{name}”: {counts[FIXED]} {FIXED}, {counts[BROKEN]} {BROKEN}."


def _trained_on(model: str, texts: Any) -> int | None:
    """How many of the texts a model was trained on; None where it does not tell."""
    from sentiment.comparing import count_trained_on

    return count_trained_on(model, texts)


def _note_training(name: str, n: int | None, *, n_rows: int) -> None:
    if n is None:
        click.echo(f"Note: which texts “{name}” was trained on is not known; its card names the corpora.", err=True)
    elif n:
        click.echo(
            f"Note: {n} of these {n_rows} texts were used in training “{name}”; figures on them flatter it.", err=True
        )


def _compare_runs(run_dirs: tuple[str, ...], json_file: Path | None) -> None:
    from sentiment.comparing import compare_runs
    from sentiment.files import write_json
    from sentiment.training.runs import Run

    names = _names(run_dirs)
    comparison = compare_runs({name: Run(Path(folder)) for name, folder in zip(names, run_dirs, strict=True)})
    table = comparison.table
    classes = list(table["class"].drop_duplicates())
    for metric, title in (("f1-score", "F1"), ("recall", "Recall")):
        part = table[table["metric"] == metric].set_index(["name", "class"])
        rows = [
            (name, *(_cell(part.loc[(name, label)], reference=name == comparison.against) for label in classes))
            for name in names
        ]
        click.echo(table_text((title, *classes), rows) + "\n")
    click.echo(comparison.sentence)
    for note in comparison.notes:
        click.echo(note)
    if json_file is not None:
        values: dict[str, Any] = dataclasses.asdict(comparison)
        values["table"] = table.to_dict("records")
        write_json(json_file, values)


def _names(models: tuple[str, ...]) -> list[str]:
    """What to call each model: its folder's or file's name, or its path where two would be alike.

    Raises:
        UsageError: if one is named twice.
    """
    if len({Path(model).resolve() for model in models}) < len(models):
        raise UsageError("A run is named twice", expected="Different run folders")
    short = [Path(model).resolve().name for model in models]
    return short if len(set(short)) == len(short) else list(models)


def _cell(line: Any, *, reference: bool) -> str:
    value = f"{100 * line['value']:.1f}"
    if reference:
        return value
    mark = {"yes": " better", "no": " worse", "undecided": ""}[line["better"]]
    return f"{value} {100 * line['delta']:+.1f} ({100 * line['low']:.1f} to {100 * line['high']:.1f}){mark}"
