"""The command that puts finished runs side by side."""

import dataclasses
from pathlib import Path
from typing import Any

import click

from sentiment.cli.tables import table_text
from sentiment.errors import UsageError


@click.command()
@click.argument("run_dirs", metavar="RUN_DIR RUN_DIR ...", nargs=-1, required=True)
@click.option("--json", "json_file", type=click.Path(path_type=Path), metavar="FILE", help="Write the table as JSON.")
def compare(run_dirs: tuple[str, ...], json_file: Path | None) -> None:
    """Compare runs that were judged on the same rows with the first of them, class by class."""
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
    if json_file is not None:
        values: dict[str, Any] = dataclasses.asdict(comparison)
        values["table"] = table.to_dict("records")
        write_json(json_file, values)


def _names(run_dirs: tuple[str, ...]) -> list[str]:
    """What to call each run: its folder's name, or its path where two would be alike.

    Raises:
        UsageError: if a folder is named twice.
    """
    if len({Path(folder).resolve() for folder in run_dirs}) < len(run_dirs):
        raise UsageError("A run is named twice", expected="Different run folders")
    short = [Path(folder).resolve().name for folder in run_dirs]
    return short if len(set(short)) == len(short) else list(run_dirs)


def _cell(line: Any, *, reference: bool) -> str:
    value = f"{100 * line['value']:.1f}"
    if reference:
        return value
    mark = {"yes": " better", "no": " worse", "undecided": ""}[line["better"]]
    return f"{value} {100 * line['delta']:+.1f} ({100 * line['low']:.1f} to {100 * line['high']:.1f}){mark}"
