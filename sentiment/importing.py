"""Base models that people bring themselves: they live in the workspace, beside its datasets and runs.

<workspace>/bases/<name>/   config.json, weights.safetensors, tokenizer.json, README.md: a model folder
"""

import contextlib
import errno
import fcntl
import os
import re
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from safetensors.numpy import save as save_tensors

from sentiment.access import Role, require
from sentiment.errors import ModelError, WorkspaceError
from sentiment.files import write_atomic, write_json
from sentiment.models.keras_import.graph_config import ARCHITECTURE
from sentiment.models.keras_import.importing import ImportedModel, KerasOptions, import_model
from sentiment.models.registry import list_bases, own_bases_folder
from sentiment.models.tensors import FORMAT
from sentiment.numbers import number
from sentiment.sealing import check_writable
from sentiment.unfinished import check_unneeded

_ADDING, _REMOVING = ".adding-", ".removing-"  # what folders are called while they are written and removed
_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,59}")


def import_keras(file: Path, *, tokenizer: Path | None, name: str, options: KerasOptions, language: str = "") -> Path:
    """The folder of a new base model, made from a Keras file: whole, or not at all.

    Args:
        file: a .h5 or .keras file, as model.save wrote it.
        tokenizer: what tokenizer.to_json wrote.
        name: of the base model: lower-case letters, digits, - and _.
        options: what the file does not say.
        language: ISO 639-1 code of the language that it reads; "" if it is not said.

    Raises:
        ModelError: if the file cannot be imported, or the name is none or taken.
        WorkspaceError: if the workspace cannot be written.
        AccessError: if the one who asks may not do so.
    """
    require(Role.OWNER, doing="bring a base model")
    check_base_name(name)
    check_language(language)
    model = import_model(file, tokenizer, options)
    return put_folder(own_bases_folder() / name, lambda folder: _write(folder, model, name=name, language=language))


def put_folder(folder: Path, write: Callable[[Path], object]) -> Path:
    """The folder, which is new and made whole or not at all.

    Args:
        folder: where it will be.
        write: writes what belongs in it into an empty folder beside it.

    Raises:
        WorkspaceError: if there is one already, or it cannot be written.
        AccessError: if the one who asks may not do so.
    """
    require(Role.OWNER, doing=f"bring {folder.name}")
    check_writable(folder)
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with _beside(folder, _ADDING) as working:
            write(working)
            working.chmod(0o755)
            _take_name(working, folder)
    except OSError as error:
        raise WorkspaceError(
            f"{folder.name} could not be stored ({error.strerror})",
            expected=f"Room and permission to write in {folder.parent}",
        ) from error
    return folder


@contextmanager
def _beside(folder: Path, prefix: str) -> Iterator[Path]:
    """An empty folder beside another, which is held as long as it is needed and gone afterwards.

    What processes that were killed left behind there goes first.
    """
    _sweep(folder.parent)
    working, held = _held_folder(folder.parent, prefix)
    try:
        yield working
    finally:
        shutil.rmtree(working, ignore_errors=True)
        os.close(held)


def _held_folder(place: Path, prefix: str) -> tuple[Path, int]:
    """A new folder with a lock on it, and the descriptor that holds the lock: it ends with the process."""
    while True:
        working = Path(tempfile.mkdtemp(dir=place, prefix=prefix))
        try:
            held = os.open(working, os.O_RDONLY)
        except FileNotFoundError:  # swept as soon as it was made
            continue
        with contextlib.suppress(OSError):  # a disk without locks, on which nothing is swept either
            fcntl.flock(held, fcntl.LOCK_EX)
        if working.is_dir():
            return working, held
        os.close(held)  # swept between being made and being locked


def _sweep(place: Path) -> None:
    """Removes what an import or a removal left in a folder, if the process that held it is gone."""
    for left in [*place.glob(f"{_ADDING}*"), *place.glob(f"{_REMOVING}*")]:
        try:
            held = os.open(left, os.O_RDONLY | os.O_NOFOLLOW)
        except OSError:
            continue
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(left, ignore_errors=True)
        except OSError:  # somebody is at work in it
            continue
        finally:
            os.close(held)


def _take_name(working: Path, folder: Path) -> None:
    try:
        os.rename(working, folder)
    except OSError as error:
        if error.errno in (errno.ENOTEMPTY, errno.EEXIST):
            raise WorkspaceError(
                f"There is one of the name {folder.name} already: somebody else has just brought it",
                expected="A name that is free",
                todo="Choose another name",
            ) from error
        raise


def remove_base(name: str) -> None:
    """Removes a base model that somebody brought; finished runs that began with it keep their own weights.

    Raises:
        ModelError: if there is none of that name, or it came with the product.
        WorkspaceError: if runs that have not finished need it, or the workspace cannot be written.
        AccessError: if the one who asks may not do so.
    """
    require(Role.OWNER, doing="remove a base model")
    if not _NAME.fullmatch(name) or not (own_bases_folder() / name).is_dir():
        raise ModelError(f"Nobody brought a base model {name[:60]!r}")
    check_unneeded(own_bases_folder() / name)
    remove_folder(own_bases_folder() / name)


def remove_folder(folder: Path) -> None:
    """Removes a folder of the workspace: gone at once for those who look for it, then from the disk.

    Raises:
        WorkspaceError: if the workspace cannot be written.
        AccessError: if the one who asks may not do so.
    """
    require(Role.OWNER, doing=f"remove {folder.name}")
    check_writable(folder)
    try:
        with _beside(folder, _REMOVING) as gone:
            os.rename(folder, gone / folder.name)
    except OSError as error:
        raise WorkspaceError(f"{folder.name} could not be removed ({error.strerror})") from error


def check_language(code: str) -> None:
    """Raises a ModelError if this is neither a language's code nor ""."""
    if code and not re.fullmatch(r"[a-z]{2,3}", code):
        raise ModelError(f"The language is {code[:20]!r}", expected="A code such as en or de")


def check_plain_name(name: str, *, what: str) -> None:
    """Raises a ModelError if nothing that is brought can be called so.

    Args:
        name: as somebody wrote it.
        what: is to be called so, such as "A base model".
    """
    if not _NAME.fullmatch(name):
        raise ModelError(
            f"{what} cannot be called {name[:60]!r}",
            expected="Up to 60 lower-case letters, digits, - and _, a letter or digit first",
        )


def check_base_name(name: str) -> None:
    """Raises a ModelError if no base model can be called so, or one is."""
    check_plain_name(name, what="A base model")
    if any(base.name == name for base in list_bases()) or (own_bases_folder() / name).exists():
        raise ModelError(f"There is a base model {name} already", todo="Choose another name")


def _write(folder: Path, model: ImportedModel, *, name: str, language: str) -> None:
    write_atomic(folder / "weights.safetensors", save_tensors(dict(model.weights)))
    write_atomic(folder / "tokenizer.json", model.tokenizer.to_str().encode("utf-8"))
    write_atomic(folder / "README.md", _readme(model, name).encode("utf-8"))
    config: dict[str, Any] = {
        "card": _card(model, name, language),
        "format": FORMAT,
        "architecture": ARCHITECTURE,
        "encoder": model.encoder.to_dict(),
        "classes": list(model.classes),
        "max_length": model.encoder.maxlen,
    }
    write_json(folder / "config.json", config)


def _card(model: ImportedModel, name: str, language: str) -> dict[str, Any]:
    return {
        "title": name,
        "description": "Brought from Keras.",
        "languages": [language] if language else [],
        "architecture": f"Keras: {model.summary}",
        "trained_on": "what its makers had",
        "n_training_rows": 0,
        "licences": {},
        "held_out": {},
    }


def _readme(model: ImportedModel, name: str) -> str:
    words, encoder = model.tokenizer, model.encoder
    return f"""# {name}

Imported from a file of Keras {model.version}.

- Layers: {model.summary}
- Classes: {", ".join(model.classes)}
- Words: {number(len(words.words))}, each a vector of {encoder.embed} numbers
- A text has {encoder.maxlen} places: shorter ones are padded ({encoder.padding}), longer ones cut ({words.truncating})
- Before it is split, this is done to a text: {", ".join(words.clean) or "nothing"}

No figures are known of it; judge it on rows of yours.
"""
