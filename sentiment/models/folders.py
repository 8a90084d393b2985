"""Where a model is, and where it comes from. Light: loads no weights and no deep-learning library."""

from pathlib import Path
from typing import Any

from sentiment.errors import ModelError
from sentiment.models.hub import hub_folder, is_hub_name
from sentiment.models.package import is_package, open_package
from sentiment.models.registry import BASELINES, SCRATCH, SCRATCH_RNN, SHIPPED, WORDS_FROM, base_folder
from sentiment.models.tensors import read_config


def model_folder(run_or_base: str | Path) -> Path:
    """The model folder behind a run folder, a model folder, a model package (.zip), or the name of a base model.

    A name that begins with "hf:" is one of the Hugging Face Hub (`hub.hub_folder`).

    Raises:
        ModelError: if it is none of them.
    """
    if is_hub_name(run_or_base):
        return hub_folder(str(run_or_base))
    given = Path(run_or_base)
    if is_package(given):
        return open_package(given)
    for folder in (given / "model", given, base_folder(str(run_or_base))):
        if folder is not None and (folder / "config.json").is_file():
            return folder
    if (given / "run.json").exists():
        raise ModelError(f"The run {given.name} has no weights yet", todo="Wait for its first validation, or resume it")
    raise ModelError(
        f"{str(run_or_base)!r} is neither a run folder nor a base model",
        expected="A folder that finetune wrote, a .zip that export wrote, or a name from `python -m sentiment bases`",
    )


def describe_origin(base: str, *, vectors: str = "") -> dict[str, Any]:
    """What a model that starts from this base owes to it, to be kept with the model for as long as it is passed on.

    Args:
        base: see `model_folder`, or a network from nothing, or a simple model.
        vectors: name of word vectors that it starts from; "" for none.

    Returns:
        {} where it starts from nothing; else "base" (its title), "trained_on" (in words) and "licences" (for each
        source of what it learned, in words, its licence), those of the bases before it included.

    Raises:
        ModelError: if there is no such base or it is damaged.
    """
    if vectors:
        title = f"the word vectors {vectors}"
        return {"base": title, "trained_on": "what their makers had", "licences": {title: "not stated"}}
    if base in (SCRATCH, SCRATCH_RNN):
        return {}
    if base in BASELINES:
        return describe_origin(WORDS_FROM) if base == "word-vectors" else {}
    folder = model_folder(base)
    config = read_config(folder)
    card, run, before = (_dictionary(config.get(name)) for name in ("card", "run", "origin"))
    own = str(run.get("dataset", "")) or "rows that its makers had"
    licences = {str(source): str(terms) for source, terms in _dictionary(card.get("licences")).items()}
    name = str(card.get("title") or run.get("name") or Path(base).name)
    if folder.parent == SHIPPED:
        licences = {f"the weights of {name}": "Apache-2.0", **licences}
    return {
        "base": name,
        "trained_on": str(card.get("trained_on") or own),
        "licences": {**_dictionary(before.get("licences")), **(licences or {own: "not stated"})},
    }


def _dictionary(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
