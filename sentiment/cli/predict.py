"""The command that scores a file of any size."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from sentiment.numbers import number

if TYPE_CHECKING:
    from sentiment.scoring import ScoringProgress


@click.command()
@click.argument("run_dir")
@click.argument("data", type=click.Path(path_type=Path))
@click.option("--text", required=True, metavar="COL", help="Column with the texts.")
@click.option(
    "--out", required=True, type=click.Path(path_type=Path), metavar="FILE", help="csv, tsv, xlsx, jsonl or parquet."
)
def predict(run_dir: str, data: Path, text: str, out: Path) -> None:
    """Add the columns prediction and prob_<class> to DATA; every row and column is kept, in order."""
    from tqdm import tqdm

    from sentiment.judging import read_rule
    from sentiment.models.device import cache_programs
    from sentiment.models.predictor import load_predictor
    from sentiment.scoring import score_file

    cache_programs()
    predictor = load_predictor(run_dir)
    rule = read_rule(Path(run_dir))
    with tqdm(total=1, unit="rows", disable=None, leave=False) as bar:

        def show(progress: "ScoringProgress") -> None:
            bar.total = progress.n_rows
            bar.update(progress.n_done - bar.n)

        scored = score_file(
            data, out, text=text, predict_fn=predictor, classes=predictor.classes, rule=rule, on_progress=show
        )
    for warning in scored.warnings:
        click.echo(f"Note: {warning}", err=True)
    if scored.n_empty:
        click.echo(f"Note: {number(scored.n_empty)} rows have no text, and so no prediction.", err=True)
    for sentence in rule.describe(predictor.classes) if rule else ():
        click.echo(f"Note: {sentence}", err=True)
    if scored.n_undecided:
        click.echo(
            f"Note: {number(scored.n_undecided)} rows are undecided: no prediction, but probabilities.", err=True
        )
    click.echo(f"{scored.n_rows} rows written to {out}")
