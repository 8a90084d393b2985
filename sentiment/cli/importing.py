"""The commands that bring datasets, word vectors and packages into the workspace, list them, and remove them."""

from pathlib import Path

import click

from sentiment.cli.tables import table_text
from sentiment.numbers import number


@click.command("import-data")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--text", required=True, metavar="COL", help="Column with the texts.")
@click.option("--label", metavar="COL", help="Column with the labels, if there is one.")
@click.option("--group", metavar="COL", help="Rows with equal values belong together, as the sentences of a review.")
@click.option("--language-column", metavar="COL", help="Column with the languages; by default, told by the texts.")
@click.option("--name", metavar="NAME", help="What the dataset is called; by default, as its file.")
def import_data(
    file: Path, text: str, label: str | None, group: str | None, language_column: str | None, name: str | None
) -> None:
    """Bring FILE into the workspace as a dataset, which the pages and `labels` then have."""
    from dataclasses import replace

    from sentiment.data import import_file
    from sentiment.workspace import Workspace

    dataset = import_file(file, text=text, label=label, group=group, language=language_column)
    info, is_new = Workspace().add_dataset(replace(dataset, name=name) if name else dataset)
    known = "" if is_new else "; the same content was there already"
    click.echo(f"{info.id}: {info.name}, {number(info.n_rows)} rows{known}")


@click.command("import-vectors")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--name", required=True, metavar="NAME", help="What the word vectors are called.")
@click.option(
    "--words", type=click.Path(path_type=Path), metavar="FILE", help="Of a .npy: the word of each row, one a line."
)
@click.option("--language", default="", metavar="CODE", help="Language of the words, such as en.")
def import_vectors(file: Path, name: str, words: Path | None, language: str) -> None:
    """Bring word vectors from FILE: GloVe, word2vec, fastText .vec, also .gz or .zip; or .npy."""
    from sentiment.importing_vectors import import_vectors as make

    store = make(file, name=name, words=words, language=language)
    out = f"; {number(store.left_out)} others were left out" if store.left_out else ""
    click.echo(f"{name}: {number(store.n_words)} words, each with {store.n_numbers} numbers, in {store.folder}{out}")
    click.echo(f"Start from them with --base scratch-cnn --vectors {name}, or average them: --base word-vectors")


@click.command("vectors")
def vectors() -> None:
    """List the word vectors of the workspace."""
    from sentiment.models.word_vectors import list_vectors

    rows = [
        (one.name, one.language or "-", number(one.n_words), str(one.n_numbers), f"{one.size_bytes / 1e6:.0f} MB")
        for one in list_vectors()
    ]
    click.echo(table_text(("name", "language", "words", "numbers", "size"), rows) if rows else "None yet")


@click.command("import-base")
@click.argument("source", metavar="PACKAGE")
@click.option("--name", required=True, metavar="NAME", help="What the base model is called.")
def import_base(source: str, name: str) -> None:
    """Make a base model of PACKAGE: a .zip that export wrote, or hf:OWNER/NAME of the Hugging Face Hub."""
    from sentiment.importing_package import import_base as make

    folder = make(source, name=name)
    click.echo(f"{name} is a base model now, in {folder}. Start from it with --base {name}")


@click.command("remove")
@click.argument("kind", type=click.Choice(("base", "vectors")))
@click.argument("name")
def remove(kind: str, name: str) -> None:
    """Remove a base model, or word vectors, that somebody brought."""
    from sentiment.importing import remove_base
    from sentiment.importing_vectors import remove_vectors

    {"base": remove_base, "vectors": remove_vectors}[kind](name)
    click.echo(f"{name} is removed; finished runs that began with it keep their own weights")
