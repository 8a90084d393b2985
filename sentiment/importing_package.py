"""Base models from packages: a .zip that `export` or the Share page wrote, or one of the Hugging Face Hub."""

import shutil
from pathlib import Path
from typing import Any

from sentiment.access import Role, require
from sentiment.errors import ModelError
from sentiment.files import write_atomic, write_json
from sentiment.importing import check_base_name, put_folder
from sentiment.models.folders import model_folder
from sentiment.models.hub import is_hub_name
from sentiment.models.learned import TRAINED_ON, read_learned
from sentiment.models.package import CARD, CONFIG, is_package
from sentiment.models.registry import own_bases_folder
from sentiment.models.tensors import read_config

_KEPT = ("weights.safetensors", "tokenizer.json", TRAINED_ON, CARD)


def import_base(source: str, *, name: str) -> Path:
    """The folder of a new base model, made from a package: whole, or not at all. It loads the model to check it.

    Args:
        source: a .zip file, or `hf:OWNER/NAME`, with `@REVISION` after it if one is meant.
        name: of the base model: lower-case letters, digits, - and _.

    Raises:
        ModelError: if it is no package of ours, is damaged or cannot be fetched, or the name is none or taken.
        WorkspaceError: if the workspace cannot be written.
        AccessError: if the one who asks may not do so.
    """
    require(Role.OWNER, doing="bring a base model")
    check_base_name(name)
    if not is_hub_name(source) and not is_package(source):
        raise ModelError(
            f"{Path(source).name[:80]!r} is no package",
            expected="A .zip that `python -m sentiment export` or the Share page wrote, or hf:OWNER/NAME",
        )
    folder = model_folder(source)
    from sentiment.models.store import load_model  # it loads jax

    config = read_config(folder)
    if "baseline" in config:
        raise ModelError(
            f"{Path(source).name[:80]} is a simple model ({str(config['baseline'])[:40]})",
            expected="The package of a network: a run cannot start from a simple model",
        )
    model = load_model(folder)
    read_learned(folder)  # a damaged one would stop every run that begins with it
    config["card"] = _card(config, name, architecture=model.encoder.architecture)
    return put_folder(own_bases_folder() / name, lambda new: _copy(folder, new, config))


def _copy(folder: Path, new: Path, config: dict[str, Any]) -> None:
    for file in _KEPT:
        if (folder / file).is_file():
            shutil.copyfile(folder / file, new / file)
    if not (new / CARD).exists():
        write_atomic(new / CARD, f"# {config['card']['title']}\n".encode())
    write_json(new / CONFIG, config)


def _card(config: dict[str, Any], name: str, *, architecture: str) -> dict[str, Any]:
    """The card that the list of base models shows: the package's own, under the new name, as far as it has one."""
    own, run = (value if isinstance(value, dict) else {} for value in (config.get("card"), config.get("run")))
    languages = own.get("languages", config.get("languages"))
    codes = [str(code) for code in languages] if isinstance(languages, list) else []
    licences = own.get("licences")
    return {
        "title": name,
        "description": str(own.get("description") or "Brought as a package.")[:300],
        "languages": [code for code in codes if code != "und"],
        "architecture": architecture,
        "trained_on": str(own.get("trained_on") or run.get("dataset") or "what its makers had")[:300],
        "n_training_rows": 0,  # what it says of itself was not measured here
        "licences": licences if isinstance(licences, dict) else {},
        "held_out": {},
    }
