"""The command that says why."""

from pathlib import Path

import click


@click.command()
@click.argument("run_dir")
@click.option("--text-value", required=True, metavar="TEXT", help="What is explained.")
@click.option("--json", "json_file", type=click.Path(path_type=Path), metavar="FILE", help="Write it as JSON.")
def explain(run_dir: str, text_value: str, json_file: Path | None) -> None:
    """Say why a run, or a base model with a head, says what it says of a text.

    A word's score is what it adds to the log-odds of the prediction; above 0 it speaks for it.
    """
    from sentiment.cli.tables import table_text
    from sentiment.explaining import explain_text
    from sentiment.files import write_json
    from sentiment.models.predictor import load_predictor

    found = explain_text(load_predictor(run_dir), text_value.encode("utf-8", "replace").decode())
    shares = ", ".join(f"{name} {100 * share:.1f} %" for name, share in found.probs.items())
    click.echo(f"{found.prediction}  ({shares})\n")
    rows = [(_printable(word.text), f"{word.start} to {word.end}", f"{word.score:+.2f}") for word in found.words]
    click.echo(table_text(("word", "place", "score"), rows))
    if found.n_cut:
        click.echo(f"Note: the text is too long; {found.n_cut} tokens in its middle were not read.", err=True)
    if json_file is not None:
        write_json(json_file, found.to_dict())


def _printable(word: str) -> str:
    """The word without what a terminal would obey."""
    return "".join(character if character.isprintable() else "�" for character in word)
