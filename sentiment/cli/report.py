"""The command that writes the report of a run."""

from pathlib import Path

import click


@click.command()
@click.argument("run_dir", type=click.Path(path_type=Path))
@click.option("--out", required=True, type=click.Path(path_type=Path), metavar="FILE.html", help="Where to write it.")
def report(run_dir: Path, out: Path) -> None:
    """Write the report of a run as one HTML file that opens offline."""
    from sentiment.files import write_atomic
    from sentiment.reporting import render_report
    from sentiment.training.runs import Run

    content = render_report(Run(run_dir))
    write_atomic(out, content)
    click.echo(f"{len(content) / 1e6:.1f} MB written to {out}")
