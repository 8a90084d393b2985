"""What a run can start from: the base models in `base_models/`, a network trained from nothing, a simple baseline."""

import dataclasses
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sentiment.errors import ModelError
from sentiment.files import read_json, workspace_folder
from sentiment.language_names import NAMES
from sentiment.numbers import number

SCRATCH, SCRATCH_RNN = "scratch-cnn", "scratch-rnn"
MAJORITY, WORD_VECTORS = "majority", "word-vectors"
WORDS_FROM = "en-cnn-reviews"  # the base model whose word vectors the baseline of that name averages
_MATTERS = 0.1  # share of the rows from which on a language counts in choosing a base
_COMPARED_UP_TO = 19_000  # labels: macro-F1 84.9 against 79.8 there
SHIPPED = Path(__file__).resolve().parents[2] / "base_models"


@dataclass(frozen=True)
class BaseModel:
    """A base model's card in short.

    Attributes:
        name: what `--base` takes.
        title: what people call it.
        languages: ISO 639-1 codes that it reads; empty for any.
        architecture: "TextCNN", "TextRNN", or what a baseline is.
        trained_on: the corpora, in words.
        n_training_rows: rows that it was pretrained on.
        held_out: corpus, macro_f1, accuracy (0 to 1), n_rows, on rows it was not trained on; {} unless pretrained.
        size_bytes: of its folder.
        classes: the classes of its head; () without one.
        description: what it is good for, in a sentence.
        kind: "pretrained", "scratch" or "baseline".
        folder: its model folder; None unless pretrained.
        own: whether somebody brought it into this workspace.
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
    own: bool = False


def bases_folder() -> Path:
    """Where base models are: `SENTIMENT_BASES`, or the `base_models` folder beside the library."""
    return Path(os.environ.get("SENTIMENT_BASES") or SHIPPED)


def own_bases_folder() -> Path:
    """Where base models are that people brought themselves: in the workspace, which SENTIMENT_WORKSPACE names."""
    return workspace_folder() / "bases"


def base_folder(name: str) -> Path | None:
    """The model folder of a base model's name, shipped or brought; None if there is none."""
    if Path(name).name != name or name.startswith("."):
        return None
    places = (bases_folder() / name, own_bases_folder() / name)
    return next((folder for folder in places if (folder / "config.json").is_file()), None)


def list_bases() -> list[BaseModel]:
    """All base models: those pretrained, brought ones, from scratch, simple ones.

    Of those pretrained, the ones that read fewer languages come first, then those with the larger training set.

    Raises:
        ModelError: if a base model's config is damaged.
    """
    found = [_read(folder) for folder in sorted(bases_folder().glob("*")) if (folder / "config.json").exists()]
    found.sort(key=lambda base: (len(base.languages), -base.n_training_rows))
    return [*found, *_own_bases(), *_SCRATCH, *_BASELINES]


def _own_bases() -> list[BaseModel]:
    """Those that somebody brought, by name; one that is damaged must not hide the others."""
    found = []
    for folder in sorted(own_bases_folder().glob("[!.]*")):
        try:
            found.append(dataclasses.replace(_read(folder), own=True))
        except ModelError:
            continue
    return found


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


def recommend_base(
    language: str, *, n_labeled: int | None = None, language_counts: Mapping[str, int] | None = None
) -> tuple[str, str]:
    """The name of the base to start from, and a sentence that says why.

    The first pretrained one that reads every language with a tenth of the rows, else the first that reads the
    dataset's language.

    Args:
        language: ISO 639-1 code of the dataset's language, or "und".
        n_labeled: labeled rows of the dataset, if known.
        language_counts: rows of the dataset per language, if known.
    """
    pretrained = [base for base in list_bases() if base.kind == "pretrained"]
    for read in (_that_matter(language_counts or {}), [language]):
        for base in pretrained:
            if read and set(read) <= set(base.languages):
                names = " and ".join(filter(None, [", ".join(map(_language, read[:-1])), _language(read[-1])]))
                return base.name, f"“{base.title}” reads {names} and was pretrained on {base.trained_on}."
    if language == "und":
        reason = "The language of these texts was not recognised"
    else:
        reason = f"No base model reads {_language(language)} yet"
    both = f"; you have {number(n_labeled)}, so try both." if n_labeled and n_labeled > _COMPARED_UP_TO else "."
    return "tfidf-chars", (
        f"{reason}, so nothing learned elsewhere can help. On Chinese reviews a simple model on characters was ahead "
        f"of a network from scratch at every number of labels up to {number(_COMPARED_UP_TO)}{both}"
    )


def _that_matter(counts: Mapping[str, int]) -> list[str]:
    """The languages with at least a tenth of the rows whose language is known, the most frequent first."""
    known = {code: n for code, n in counts.items() if code != "und" and n > 0}
    total = sum(known.values())
    return sorted((code for code, n in known.items() if n >= _MATTERS * total), key=lambda code: -known[code])


def _language(code: str) -> str:
    return NAMES.get(code, f"“{code}”")


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
    except (OSError, ValueError, KeyError, TypeError, OverflowError, RecursionError) as error:
        raise ModelError(
            f"The config of base model {folder.name} is damaged ({error})",
            todo="Restore its folder from the repository",
        ) from error


def _own(name: str, kind: str, title: str, architecture: str, description: str) -> BaseModel:
    """A base that starts from nothing, in any language."""
    return BaseModel(
        name=name,
        title=title,
        languages=(),
        architecture=architecture,
        trained_on="nothing: it learns from your rows alone",
        n_training_rows=0,
        held_out={},
        size_bytes=0,
        classes=(),
        description=description,
        kind=kind,
        folder=None,
    )


_SCRATCH = [
    _own(
        SCRATCH,
        "scratch",
        "CNN from scratch",
        "TextCNN",
        "For languages without a base model, and the yardstick for what a base model brings.",
    ),
    _own(
        SCRATCH_RNN,
        "scratch",
        "RNN from scratch",
        "TextRNN",
        "The same with a bidirectional LSTM, which reads the words in their order.",
    ),
]
_BASELINES = [
    _own(
        "tfidf-words",
        "baseline",
        "TF-IDF on words",
        "TF-IDF + logistic regression",
        "Words and pairs of words, each with a weight. Fitted in seconds, and hard to beat with many labels.",
    ),
    _own(
        "tfidf-chars",
        "baseline",
        "TF-IDF on characters",
        "TF-IDF + logistic regression",
        "Sequences of characters: for spelling mistakes, and for languages written without spaces.",
    ),
    _own(
        "naive-bayes",
        "baseline",
        "Naive Bayes",
        "Naive Bayes",
        "Counts words and pairs of words in each class. The fastest that learns anything.",
    ),
    dataclasses.replace(
        _own(
            WORD_VECTORS,
            "baseline",
            "Averaged word vectors",
            "Word vectors + logistic regression",
            "The mean of the words' vectors: what a base model's words bring without its network.",
        ),
        languages=("en",),
        trained_on=f"the word vectors of {WORDS_FROM}, and your rows",
    ),
    _own(
        MAJORITY,
        "baseline",
        "Majority class",
        "Majority class",
        "Always says the most frequent class: what no learning at all would give.",
    ),
]
BASELINES = tuple(base.name for base in _BASELINES)
