"""Base models that people bring themselves: they live in the workspace, beside its datasets and runs.

<workspace>/bases/<name>/   config.json, weights.safetensors, tokenizer.json, README.md: a model folder
"""

import os
import re
import shutil
import tempfile
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
    _check_name(name)
    if language and not re.fullmatch(r"[a-z]{2,3}", language):
        raise ModelError(f"The language is {language[:20]!r}", expected="A code such as en or de")
    model = import_model(file, tokenizer, options)
    bases = own_bases_folder()
    working: Path | None = None
    try:
        bases.mkdir(parents=True, exist_ok=True)
        working = Path(tempfile.mkdtemp(dir=bases, prefix=".adding-"))
        _write(working, model, name=name, language=language)
        working.chmod(0o755)
        os.rename(working, bases / name)  # fails if somebody else has just taken the name
    except OSError as error:
        raise WorkspaceError(
            f"The base model {name} could not be stored ({error.strerror})",
            expected=f"Room and permission to write in {bases}",
        ) from error
    finally:
        if working is not None:
            shutil.rmtree(working, ignore_errors=True)
    return bases / name


def _check_name(name: str) -> None:
    if not _NAME.fullmatch(name):
        raise ModelError(
            f"A base model cannot be called {name[:60]!r}",
            expected="Up to 60 lower-case letters, digits, - and _, a letter or digit first",
        )
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
- Words: {len(words.words):,}, each a vector of {encoder.embed} numbers
- A text has {encoder.maxlen} places: shorter ones are padded ({encoder.padding}), longer ones cut ({words.truncating})
- Before it is split, this is done to a text: {", ".join(words.clean) or "nothing"}

No figures are known of it; judge it on rows of yours.
"""
