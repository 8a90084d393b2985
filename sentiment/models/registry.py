"""The base models that can be fine-tuned: those shipped in `base_models/`, and the network trained from nothing."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sentiment.errors import ModelError
from sentiment.files import read_json

SCRATCH = "scratch-cnn"
_BASES = Path(__file__).resolve().parents[2] / "base_models"
_LANGUAGES = {"en": "English", "zh": "Chinese", "de": "German", "fr": "French", "es": "Spanish", "it": "Italian"}


@dataclass(frozen=True)
class BaseModel:
    """A base model's card in short.

    Attributes:
        name: what `--base` takes.
        title: what people call it.
        languages: ISO 639-1 codes that it reads; empty for any.
        architecture: "TextCNN".
        trained_on: the corpora, in words.
        n_training_rows: rows that it was pretrained on.
        held_out: corpus, macro_f1, accuracy (0 to 1), n_rows, on rows it was not trained on; {} for scratch.
        size_bytes: of its folder.
        classes: the classes of its head; () without one.
        description: what it is good for, in a sentence.
        kind: "pretrained" or "scratch".
        folder: its model folder; None for scratch.
    """

    name: str
    title: str
    languages: tuple[str, ...]
    architecture: str
    trained_on: str
    n_training_rows: int
    held_out: dict[str, Any]
    size_bytes: int
    classes: tuple[str, ...]
    description: str
    kind: str
    folder: Path | None


def bases_folder() -> Path:
    """Where base models are: `SENTIMENT_BASES`, or the `base_models` folder beside the library."""
    return Path(os.environ.get("SENTIMENT_BASES") or _BASES)


def list_bases() -> list[BaseModel]:
    """All base models, the recommended one for English first, `scratch-cnn` last.

    Raises:
        ModelError: if a base model's config is damaged.
    """
    found = [_read(folder) for folder in sorted(bases_folder().glob("*")) if (folder / "config.json").exists()]
    found.sort(key=lambda base: -base.n_training_rows)
    return [*found, _scratch()]


def find_base(name: str) -> BaseModel:
    """The base model of that name.

    Raises:
        ModelError: naming those there are.
    """
    bases = list_bases()
    for base in bases:
        if base.name == name:
            return base
    raise ModelError(f"There is no base model {name!r}", expected=f"One of {', '.join(b.name for b in bases)}")


def recommend_base(language: str) -> tuple[str, str]:
    """The name of the base model to start from, and a sentence that says why.

    Args:
        language: ISO 639-1 code of the dataset's language, or "und".
    """
    for base in list_bases():
        if base.kind == "pretrained" and language in base.languages:
            return base.name, f"“{base.title}” reads {_language(language)} and was pretrained on {base.trained_on}."
    if language == "und":
        reason = "The language of these texts was not recognised"
    else:
        reason = f"No base model reads {_language(language)} yet"
    return SCRATCH, (
        f"{reason}, so the same network is trained from nothing, with a vocabulary learned from your rows. "
        "Expect to need more labels."
    )


def _language(code: str) -> str:
    return _LANGUAGES.get(code, f"“{code}”")


def _read(folder: Path) -> BaseModel:
    try:
        config = read_json(folder / "config.json")
        card = config["card"]
        return BaseModel(
            name=folder.name,
            title=card["title"],
            languages=tuple(card["languages"]),
            architecture=card["architecture"],
            trained_on=card["trained_on"],
            n_training_rows=int(card["n_training_rows"]),
            held_out=dict(card["held_out"]),
            size_bytes=sum(path.stat().st_size for path in folder.iterdir() if path.is_file()),
            classes=tuple(config["classes"]),
            description=card["description"],
            kind="pretrained",
            folder=folder,
        )
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ModelError(
            f"The config of base model {folder.name} is damaged ({error})",
            todo="Restore its folder from the repository",
        ) from error


def _scratch() -> BaseModel:
    return BaseModel(
        name=SCRATCH,
        title="CNN from scratch",
        languages=(),
        architecture="TextCNN",
        trained_on="nothing: it learns words and weights from your rows alone",
        n_training_rows=0,
        held_out={},
        size_bytes=0,
        classes=(),
        description="For languages without a base model, and the yardstick for what a base model brings.",
        kind="scratch",
        folder=None,
    )
