"""The command that makes a base model of a Keras file."""

from pathlib import Path

import click

SIDE = click.Choice(("pre", "post"))


@click.command("import-keras")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--tokenizer", type=click.Path(path_type=Path), metavar="FILE", help="What tokenizer.to_json() returned.")
@click.option(
    "--labels", required=True, metavar="A,B,…", help="Classes in the order of the outputs; of a sigmoid, 0, 1."
)
@click.option("--name", required=True, metavar="NAME", help="What the base model is called.")
@click.option(
    "--maxlen", type=click.IntRange(1, 4096), metavar="N", help="Words of a text, if the file leaves it open."
)
@click.option("--padding", type=SIDE, default="pre", show_default=True, help="Side that short texts were padded at.")
@click.option("--truncating", type=SIDE, default="pre", show_default=True, help="Side that long texts were cut at.")
@click.option("--clean", default="", metavar="STEPS", help="What was done before: tags, letters, stop-words.")
@click.option("--logits", is_flag=True, help="The last layer has no activation: trained with from_logits=True.")
@click.option("--language", default="", metavar="CODE", help="Language that it reads, such as en.")
def import_keras(
    file: Path,
    tokenizer: Path | None,
    labels: str,
    name: str,
    maxlen: int | None,
    padding: str,
    truncating: str,
    clean: str,
    logits: bool,
    language: str,
) -> None:
    """Make a base model of FILE (.h5 or .keras), which is read and never executed."""
    from sentiment.importing import import_keras as make
    from sentiment.models.keras_import.importing import KerasOptions
    from sentiment.models.keras_import.vocabulary import checked_steps

    options = KerasOptions(
        labels=tuple(label.strip() for label in labels.split(",")),
        maxlen=maxlen,
        padding=padding,
        truncating=truncating,
        clean=checked_steps(clean),
        logits=logits,
    )
    folder = make(file, tokenizer=tokenizer, name=name, options=options, language=language)
    click.echo(f"{name} is a base model now, in {folder}. Start from it with --base {name}")
