"""Model folders of the simple models: config.json, weights.safetensors, vocabulary.json or tokenizer.json.

Like those of networks (`store.py`), they hold nothing that is executed and are checked before they are used.
"""

import json
from pathlib import Path
from typing import Any

import numpy as np
from safetensors.numpy import save as save_tensors

from sentiment.errors import ModelError
from sentiment.files import read_json, write_atomic, write_json
from sentiment.models.baselines import Features, LinearModel
from sentiment.models.features import MAX_TERMS, GramFeatures, NoFeatures, VectorFeatures
from sentiment.models.ngrams import UNITS, GramSettings, restore_vocabulary
from sentiment.models.temperature import temperature_of
from sentiment.models.tensors import FORMAT, MAX_SIDE, Tensors, check_architecture, load_tensors, read_config
from sentiment.models.tokenizer import load_tokenizer
from sentiment.numbers import number

ARCHITECTURES = {
    "majority": "Majority",
    "naive-bayes": "NaiveBayes",
    "tfidf-words": "TF-IDF",
    "tfidf-chars": "TF-IDF",
    "word-vectors": "WordVectors",
}
_MAX_VOCABULARY = 2**26  # bytes of vocabulary.json
_MAX_GRAM = 16
_MAX_EMBED = 4096


def save_linear(folder: Path, model: LinearModel) -> None:
    """Writes the folder of a simple model; config.json comes last, so a folder with one is whole.

    Args:
        folder: made if it isn't there.
        model: what to write.
    """
    folder.mkdir(parents=True, exist_ok=True)
    tensors = {"kernel": model.kernel, "bias": model.bias}
    features, described = model.features, {}
    if isinstance(features, GramFeatures):
        tensors["weights"] = features.weights
        settings = features.vocabulary.settings
        described = {"unit": settings.unit, "low": settings.low, "high": settings.high, "scaled": features.scaled}
        terms = json.dumps(features.vocabulary.terms, ensure_ascii=False)
        write_atomic(folder / "vocabulary.json", terms.encode("utf-8", "surrogatepass"))
    elif isinstance(features, VectorFeatures):
        tensors |= {name: getattr(features, name) for name in ("vectors", "mean", "scale")}
        described = {"vocab_size": len(features.vectors), "embed": features.n_features}
        write_atomic(folder / "tokenizer.json", features.tokenizer.to_str().encode())
    write_atomic(
        folder / "weights.safetensors",
        save_tensors({name: np.ascontiguousarray(value, np.float32) for name, value in tensors.items()}),
    )
    config = {
        "format": FORMAT,
        "architecture": ARCHITECTURES[model.name],
        "baseline": model.name,
        "features": described,
        "classes": list(model.classes),
    }
    write_json(folder / "config.json", {**model.extra, **config})


def load_linear(folder: Path) -> LinearModel:
    """The simple model in a folder.

    Raises:
        ModelError: if a file is missing or damaged, a tensor is missing, of another shape or not finite, or the
            vocabulary is not one that such a model has.
    """
    config = read_config(folder)
    check_architecture(folder, config, ARCHITECTURES.values())
    try:
        name, described = config.pop("baseline"), dict(config.pop("features"))
        classes = tuple(str(label) for label in config.pop("classes"))
        if ARCHITECTURES.get(name) != config["architecture"] or not 1 <= len(classes) <= 10_000:
            raise ValueError(f"a {config['architecture']} named {name!r} with {len(classes)} classes")
        read = {"Majority": _read_nothing, "WordVectors": _read_vectors}.get(config["architecture"], _read_grams)
        features, tensors = read(folder, described, len(classes))
    except (KeyError, TypeError, ValueError) as error:
        raise ModelError(f"The config of {folder.name} does not describe a model of ours ({error})") from error
    temperature_of(config)
    return LinearModel(name, features, tensors["kernel"], tensors["bias"], classes, config)


def _read_nothing(folder: Path, described: dict[str, Any], n_classes: int) -> tuple[Features, Tensors]:
    return NoFeatures(), load_tensors(folder, {"kernel": (0, n_classes), "bias": (n_classes,)})


def _read_grams(folder: Path, described: dict[str, Any], n_classes: int) -> tuple[Features, Tensors]:
    settings = GramSettings(described["unit"], described["low"], described["high"])
    if settings.unit not in UNITS or not 1 <= settings.low <= settings.high <= _MAX_GRAM:
        raise ValueError(f"n-grams of {settings.low} to {settings.high} {settings.unit}s")
    terms = _read_terms(folder)
    n = len(terms)
    tensors = load_tensors(folder, {"kernel": (n, n_classes), "bias": (n_classes,), "weights": (n,)})
    try:
        vocabulary = restore_vocabulary(terms, settings)
    except ValueError as error:
        raise ModelError(f"The vocabulary of {folder.name} is damaged ({error})") from error
    return GramFeatures(vocabulary, tensors["weights"], bool(described["scaled"])), tensors


def _read_terms(folder: Path) -> list[str]:
    path = folder / "vocabulary.json"
    try:
        if path.stat().st_size > _MAX_VOCABULARY:
            raise ValueError(f"{number(path.stat().st_size)} bytes are over the limit")
        terms = read_json(path)
    except (OSError, ValueError, RecursionError) as error:
        raise ModelError(f"The vocabulary of {folder.name} cannot be read ({str(error)[:80]})") from error
    if not isinstance(terms, list) or len(terms) > MAX_TERMS or not all(isinstance(term, str) for term in terms):
        raise ModelError(f"The vocabulary of {folder.name} is no list of {number(MAX_TERMS)} words at most")
    return terms


def _read_vectors(folder: Path, described: dict[str, Any], n_classes: int) -> tuple[Features, Tensors]:
    vocab_size, embed = described["vocab_size"], described["embed"]
    if not (2 <= vocab_size <= MAX_SIDE and 1 <= embed <= _MAX_EMBED):
        raise ValueError(f"{vocab_size} word vectors of {embed} numbers")
    tokenizer = load_tokenizer(folder / "tokenizer.json")
    if tokenizer.get_vocab_size() != vocab_size:
        raise ModelError(
            f"The tokenizer of {folder.name} has {tokenizer.get_vocab_size()} tokens, its weights {vocab_size}",
            expected="The tokenizer that the model was trained with",
        )
    own = {"vectors": (vocab_size, embed), "mean": (embed,), "scale": (embed,)}
    tensors = load_tensors(folder, {"kernel": (embed, n_classes), "bias": (n_classes,), **own})
    return VectorFeatures(tokenizer, *(tensors[name] for name in own)), tensors
