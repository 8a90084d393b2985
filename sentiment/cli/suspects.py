"""The command that lists labels that are probably wrong."""

from pathlib import Path

import click

from sentiment.numbers import number


@click.command()
@click.argument("data", type=click.Path(path_type=Path))
@click.option("--text", required=True, metavar="COL", help="Column with the texts.")
@click.option("--label", required=True, metavar="COL", help="Column with the labels.")
@click.option("--group", metavar="COL", help="Rows with equal values judge nothing of each other.")
@click.option("--base", required=True, metavar="NAME", help="Base model, or a run folder.")
@click.option("--out", required=True, type=click.Path(path_type=Path), metavar="FILE", help="CSV to write.")
@click.option("--seed", type=int, default=0, show_default=True, help="Draws which rows are held out together.")
def suspects(data: Path, text: str, label: str, group: str | None, base: str, out: Path, seed: int) -> None:
    """Rank the labels of DATA by how much predictions made without them contradict them.

    Writes row (from 0), label, suggested, score: every row with a label, the most suspect first.
    """
    from sentiment.data import import_file
    from sentiment.data.writing import write_bytes
    from sentiment.files import write_atomic
    from sentiment.models.device import prepare_device
    from sentiment.models.predictor import model_folder
    from sentiment.models.registry import BASELINES, SCRATCH, SCRATCH_RNN

    if base not in (*BASELINES, SCRATCH, SCRATCH_RNN):
        model_folder(base)  # a wrong name is told before the file is read
    dataset = import_file(data, text=text, label=label, group=group)
    prepare_device()
    from sentiment.suspecting import find_suspects

    found = find_suspects(dataset, base=base, seed=seed)
    write_atomic(out, write_bytes(found.table, ".csv"))
    n_contradicted = int((found.table["score"] > 0.5).sum())
    click.echo(
        f"{number(len(found.table))} labels ranked in {out}; predictions contradict {number(n_contradicted)} of them, "
        f"{number(found.n_wrong)} with confidence"
    )
