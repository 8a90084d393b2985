"""Word vectors that people bring: read once, kept in the workspace as words and small numbers."""

from pathlib import Path

from sentiment.access import Role, require
from sentiment.errors import ModelError
from sentiment.importing import check_language, check_plain_name, put_folder, remove_folder
from sentiment.models.word_vectors import VectorStore, find_vectors, read_vectors, vectors_folder, write_store
from sentiment.unfinished import check_unneeded


def import_vectors(file: Path, *, name: str, words: Path | None = None, language: str = "") -> VectorStore:
    """New word vectors of the workspace, whole or not at all; a few megabytes of memory are enough.

    Args:
        file: GloVe's text, word2vec's text or binary, fastText's .vec; each also as .gz or alone in a .zip; or .npy.
        name: what they are called: lower-case letters, digits, - and _.
        words: of an array (.npy): a text file with the word of each row in a line of its own.
        language: ISO 639-1 code; "" if it is not said.

    Raises:
        ModelError: if the file cannot be imported, or the name is none or taken.
        WorkspaceError: if the workspace cannot be written.
        AccessError: if the one who asks may not do so.
    """
    require(Role.OWNER, doing="bring word vectors")
    check_plain_name(name, what="Word vectors")
    check_language(language)
    if (vectors_folder() / name).exists():
        raise ModelError(f"There are word vectors {name} already", todo="Choose another name")
    put_folder(
        vectors_folder() / name,
        lambda folder: write_store(folder, read_vectors(file, words), language=language),
    )
    return find_vectors(name)


def remove_vectors(name: str) -> None:
    """Removes word vectors from the workspace; models that started from them keep what they took.

    Raises:
        ModelError: if there are none of that name.
        WorkspaceError: if runs that have not finished need them, or the workspace cannot be written.
        AccessError: if the one who asks may not do so.
    """
    require(Role.OWNER, doing="remove word vectors")
    folder = find_vectors(name).folder
    check_unneeded(folder)
    remove_folder(folder)
