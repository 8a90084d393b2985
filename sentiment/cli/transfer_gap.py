"""The command that measures what labels in other languages teach."""

from pathlib import Path
from typing import Any

import click

from sentiment.cli.tables import table_text
from sentiment.numbers import number


@click.command("transfer-gap")
@click.argument("data", metavar="FILE", type=click.Path(path_type=Path))
@click.option("--text", metavar="COL", help="Column with the texts; by default, found by its content.")
@click.option("--label", metavar="COL", help="Column with the labels; likewise.")
@click.option("--group", metavar="COL", help="Rows with equal values are never both learned from and judged.")
@click.option("--language-column", metavar="COL", help="Column with the languages; by default, told by the texts.")
@click.option("--base", metavar="NAME", help="Base model; by default, the one that reads most of the rows.")
@click.option("--seeds", type=click.IntRange(1, 50), default=5, show_default=True, help="Draws of own labels.")
@click.option("--out", type=click.Path(path_type=Path), metavar="FILE", help="Write everything as JSON.")
def transfer_gap(
    data: Path,
    text: str | None,
    label: str | None,
    group: str | None,
    language_column: str | None,
    base: str | None,
    seeds: int,
    out: Path | None,
) -> None:
    """Measure, for each language in FILE, what the labels in the others teach a base model.

    The same held-out rows judge the base model with none, 50 and 200 labels of the language's own, and models that
    start from nothing with these labels alone.
    """
    from sentiment.data import import_file
    from sentiment.files import write_json
    from sentiment.transfer_gap import bases_for, label_counts, measure_now

    dataset = import_file(data, text=text, label=label, group=group, language=language_column)
    chosen = base or bases_for(label_counts(dataset))[0].name
    click.echo(f"Measuring with {chosen}", err=True)
    result = measure_now(dataset, chosen, n_draws=seeds, on_progress=_say)
    assert result is not None
    _print(result)
    if out is not None:
        write_json(out, {"base": chosen, "data": data.name, "n_draws": seeds, **result})


def _say(phase: str, done: int, total: int, left: float | None) -> None:
    share = f"{100 * done / total:3.0f} %  " if total else ""
    click.echo(f"{share}{phase}", err=True)


def _print(result: dict[str, Any]) -> None:
    from sentiment.data import language_name
    from sentiment.transfer_gap import TITLES, describe_choice, describe_language

    for language in result["languages"]:
        code = language["language"]
        click.echo(
            f"\n{language_name(code)}: {number(language['n_labels'])} labels, judged on "
            f"{number(language['n_test'])} held-out rows"
        )
        rows = [
            (
                TITLES[cell["kind"]],
                number(cell["n_own"]),
                _figure(cell["macro_f1"]),
                _figure(cell["accuracy"]),
                str(cell["n_draws"]),
                describe_choice(cell, code),
            )
            for cell in language["cells"]
        ]
        click.echo(table_text(("", "own labels", "macro-F1", "accuracy", "draws", "setting"), rows))
        click.echo(describe_language(language))
    for reason in result["refused"].values():
        click.echo(f"Note: {reason}.", err=True)


def _figure(figure: list[float]) -> str:
    value, low, high = (100 * part for part in figure)
    return f"{value:.1f} ({low:.1f} to {high:.1f})"
