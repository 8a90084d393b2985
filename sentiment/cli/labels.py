"""`labels`: what people say of the rows of a dataset of the workspace, in and out. Heavy imports stay inside."""

import getpass
import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from sentiment.cli.tables import table_text
from sentiment.errors import UsageError

if TYPE_CHECKING:
    import pandas as pd

    from sentiment.data import DatasetInfo
    from sentiment.workspace import Workspace

FORMS = ("csv", "jsonl", "parquet", "label-studio", "argilla", "doccano")
DATASET = click.argument("dataset")
FORM = click.option(
    "--format",
    "form",
    type=click.Choice(FORMS),
    help="Form of the file; by default, what its ending, or the JSON in it, says.",
)


def who_option(text: str) -> Callable[[Any], Any]:
    """The option --who, for the person in whose name something is done; the account's name by default."""
    return click.option("--who", metavar="NAME", default=_account, show_default="your account's name", help=text)


def _account() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # an account without a name, as in some containers
        return "command line"


@click.group()
def labels() -> None:
    """Import, export, count and queue the labels of a DATASET of the workspace (its id, or its name)."""


@labels.command("import")
@DATASET
@click.argument("file", type=click.Path(path_type=Path))
@FORM
@who_option("Person for lines that name nobody.")
@click.option("--add-classes", is_flag=True, help="Labels that are no classes yet become some.")
def import_file(dataset: str, file: Path, form: str | None, who: str, add_classes: bool) -> None:
    """Store the labels in FILE, all of them or, if one does not fit, none."""
    from sentiment.labels.exchange import import_labels

    workspace, info = find_dataset(dataset)
    done = import_labels(
        workspace.labels,
        workspace.imported(info.id),
        file.read_bytes(),
        name=file.name,
        form=form,
        who=who,
        add_classes=add_classes,
    )
    if done.new_classes:
        click.echo(f"New classes: {', '.join(done.new_classes)}")
    click.echo(f"{done.n_lines} lines read, {done.n_events} events stored, {done.n_unchanged} known already")


@labels.command("export")
@DATASET
@click.argument("file", type=click.Path(path_type=Path))
@FORM
def export_file(dataset: str, file: Path, form: str | None) -> None:
    """Write every row with its labels to FILE: who said what, when and how."""
    from sentiment.labels.exchange import write_labels

    workspace, info = find_dataset(dataset)
    write_labels(workspace.labels, workspace.imported(info.id), file, form=form)
    click.echo(f"Labels of {info.name} written to {file}")


@labels.command()
@DATASET
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of tables.")
def stats(dataset: str, as_json: bool) -> None:
    """Count labels by class and by person, and say how far people agree."""
    workspace, info = find_dataset(dataset)
    found = _stats(workspace, info)
    if as_json:
        click.echo(json.dumps(found, ensure_ascii=False, indent=1))
        return
    click.echo(
        f"{info.name}: {found['rows']} rows, {found['labeled']} labeled, {found['unlabeled']} not; "
        f"{found['skipped']} skipped, {found['flagged']} flagged, {found['excluded']} excluded"
    )
    click.echo(table_text(("class", "rows"), [(name, str(n)) for name, n in found["per_class"].items()]))
    if found["per_person"]:
        click.echo(table_text(("person", "labels"), [(who, str(n)) for who, n in found["per_person"].items()]))
    goal = f"{found['labeled_by_people']} of {found['goal']} rows labeled here ({100 * found['progress']:.0f} %)"
    click.echo(f"{goal}, {found['last_hour']} labels in the last hour")
    if found["alpha"] is not None:
        click.echo(f"Krippendorff's alpha {found['alpha']:.3f}, {found['disagreements']} disagreements to settle")


@labels.command()
@DATASET
@click.option("--queue", default="default", show_default=True, metavar="NAME", help="How rows are chosen.")
@click.option("--rows", "n_rows", default=20, show_default=True, type=click.IntRange(1, 1_000), help="How many rows.")
@click.option("--out", type=click.Path(path_type=Path), help="Write them to this CSV file instead of printing them.")
def queue(dataset: str, queue: str, n_rows: int, out: Path | None) -> None:
    """Say which rows to label next, the most useful first, with what the model suggests."""
    from sentiment.data import write_table

    workspace, info = find_dataset(dataset)
    table = _queue(workspace, info, queue, n_rows)
    if out is not None:
        write_table(table, out)
        click.echo(f"{len(table)} rows written to {out}")
        return
    lines = [
        (
            str(line["row"]),
            line["suggested"],
            f"{line['confidence']:.2f}" if line["suggested"] else "",
            line["text"][:70],
        )
        for line in table.to_dict("records")
    ]
    click.echo(table_text(("row", "suggested", "confidence", "text"), lines))


def find_dataset(name: str) -> "tuple[Workspace, DatasetInfo]":
    """The workspace, and its dataset with that id or name.

    Raises:
        UsageError: if there is none, or several have the name.
    """
    from sentiment.workspace import Workspace

    workspace = Workspace()
    infos = workspace.datasets()
    found = [info for info in infos if info.id == name] or [info for info in infos if info.name == name]
    if len(found) != 1:
        given = f"{len(found)} datasets are called “{name[:60]}”" if found else f"There is no dataset “{name[:60]}”"
        known = [f"{info.id} ({info.name})" for info in found or infos][:20]
        raise UsageError(given, expected=f"One of {', '.join(known) or 'the datasets of the workspace; it has none'}")
    return workspace, found[0]


def _queue(workspace: "Workspace", info: "DatasetInfo", queue: str, n_rows: int) -> "pd.DataFrame":
    """The rows of a queue: columns row, text, suggested ("" for nothing) and confidence in [0, 1]."""
    import pandas as pd

    from sentiment.labeling import Labeling

    labeling = Labeling(workspace, info.id, quietly=False)
    rows = labeling.ranked(queue, n=n_rows)
    said = [labeling.suggestion(row) for row in rows]
    return pd.DataFrame(
        {
            "row": rows,
            "text": [labeling.text(row) for row in rows],
            "suggested": ["" if one is None else one.label for one in said],
            "confidence": [float("nan") if one is None else one.confidence for one in said],
        }
    )


def _stats(workspace: "Workspace", info: "DatasetInfo") -> dict[str, Any]:
    """What the store counts, with the agreement of people; alpha is None where it has no value."""
    from sentiment.labels.agreement import krippendorff_alpha

    store = workspace.labels
    alpha = krippendorff_alpha(store.opinions(info.id))
    return {
        "dataset": info.id,
        **store.stats(info.id),
        "alpha": alpha if alpha == alpha else None,
        "disagreements": len(store.disagreements(info.id)),
    }
