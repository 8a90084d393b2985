"""The command that writes a run's model as one file to hand on."""

from pathlib import Path

import click

from sentiment.errors import UsageError


@click.command()
@click.argument("run_dir", type=click.Path(path_type=Path))
@click.option("--out", required=True, type=click.Path(path_type=Path), metavar="FILE.zip", help="Package to write.")
@click.option("--onnx", type=click.Path(path_type=Path), metavar="FILE.onnx", help="Write the network as ONNX as well.")
def export(run_dir: Path, out: Path, onnx: Path | None) -> None:
    """Write the model of RUN_DIR with its card as a package that is taken wherever a run or a base is."""
    from sentiment.packaging import export_onnx, pack_run
    from sentiment.training.runs import Run

    for path, ending in ((out, ".zip"), (onnx, ".onnx")):
        if path is not None and path.suffix.lower() != ending:
            raise UsageError(f"“{path.name}” does not end in {ending}", todo=f"Name a file that ends in {ending}")
    run = Run(run_dir)
    if onnx is not None:
        beside = export_onnx(run.folder, onnx)
        click.echo(f"The network is in {onnx}, its tokenizer in {beside}")
    pack_run(run, out)
    click.echo(f"The package is in {out} ({out.stat().st_size / 1e6:.1f} MB)")
