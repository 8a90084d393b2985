"""The command that lists repeated texts and texts with several labels."""

from pathlib import Path

import click

from sentiment.errors import DataError
from sentiment.numbers import number


@click.command()
@click.argument("data", type=click.Path(path_type=Path))
@click.option("--text", required=True, metavar="COL", help="Column with the texts.")
@click.option("--label", metavar="COL", help="Column with the labels; finds texts with several.")
@click.option("--json", "json_file", required=True, type=click.Path(path_type=Path), metavar="FILE", help="To write.")
def duplicates(data: Path, text: str, label: str | None, json_file: Path) -> None:
    """Find texts of DATA that repeat, exactly or nearly, and those with more than one label.

    Rows are counted from 0. Exact means: case, white space and punctuation aside.
    """
    from sentiment.data.duplicate_report import report_duplicates
    from sentiment.data.reading import read_table
    from sentiment.files import write_json

    frame = read_table(data, name=data.name).frame
    for column in (text, label):
        if column is not None and column not in frame.columns:
            raise DataError(
                f"{data.name} has no column {column!r}",
                expected=f"One of {', '.join(map(repr, list(frame.columns)[:20]))}",
            )
    report = report_duplicates(frame[text], None if label is None else frame[label])
    write_json(json_file, report.to_dict())
    click.echo(
        f"{number(report.rows)} rows: {number(report.exact_duplicates)} exact duplicates, "
        f"{number(report.near_duplicates)} near ones, {number(report.conflicting_texts)} texts with more than one "
        f"label; {number(len(report.groups))} groups in {json_file}"
    )
