"""Pretraining: a recipe → a base model with its card, judged on rows that it never saw."""

import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.metrics import accuracy_score, f1_score

from sentiment.errors import UsageError
from sentiment.files import write_atomic
from sentiment.models.predictor import load_predictor
from sentiment.models.store import ModelFolder, save_model
from sentiment.numbers import number
from sentiment.training.corpora import SENTIMENT, CorpusSplit, read_corpus
from sentiment.training.corpora_learned import note_corpora
from sentiment.training.recipe import OnProgress, Recipe
from sentiment.training.recipes import RECIPES

_TENTHS = {1: "one row in ten", 2: "one row in five"}


def pretrain(name: str, folder: Path, *, on_progress: OnProgress = lambda progress: None) -> None:
    """Makes a base model by its recipe and writes it, in float16, with its card; beside it, what it has learned from.

    The same recipe gives the same weights on the same machine and versions. It is judged as it was written, after
    rounding, on the test side of each corpus.

    Args:
        name: one of `RECIPES`.
        folder: where the model folder is written; its name is the base model's.
        on_progress: called about twice a second and after every validation.

    Raises:
        UsageError: if there is no such recipe.
        DataError: if the corpora are not there.
        ModelError: if what only pretraining needs is not installed.
    """
    if name not in RECIPES:
        raise UsageError(f"There is no recipe {name!r}", expected=f"One of {', '.join(RECIPES)}")
    recipe = RECIPES[name]
    corpora = [read_corpus(corpus) for corpus in recipe.corpora]
    note_corpora(corpora, beside=folder.parent)
    model = recipe.make(corpora, on_progress)
    card = _card(recipe, corpora) | model.extra
    save_model(folder, dataclasses.replace(model, extra={"card": card}), dtype="float16")
    card["held_out"] = _judge(folder, corpora)
    save_model(folder, dataclasses.replace(model, extra={"card": card}), dtype="float16")
    write_atomic(folder / "README.md", _readme(recipe, card, corpora, model).encode())


def _card(recipe: Recipe, corpora: Sequence[CorpusSplit]) -> dict[str, Any]:
    labeled = [corpus for corpus in corpora if corpus.corpus.name not in recipe.unlabeled]
    return {
        "title": recipe.title,
        "description": recipe.description,
        "languages": list(recipe.languages),
        "architecture": recipe.encoder.architecture,
        "trained_on": recipe.trained_on,
        "n_training_rows": sum(len(corpus.rows("train")) for corpus in labeled),
        "licences": {corpus.corpus.title: corpus.corpus.licence for corpus in corpora},
        "seed": recipe.seed,
        "held_out": {},
    }


def _judge(folder: Path, corpora: Sequence[CorpusSplit]) -> dict[str, Any]:
    """Held-out figures of the written model, corpus by corpus, over the classes that the corpus has."""
    predict = load_predictor(folder)
    columns = [predict.classes.index(name) if name in predict.classes else -1 for name in SENTIMENT]
    figures = {}
    for corpus in corpora:
        rows = corpus.rows("test")
        present = np.unique(corpus.labels)
        probs = predict(list(corpus.texts[rows]))[:, [columns[position] for position in present]]
        guess = present[probs.argmax(axis=1)]
        figures[corpus.corpus.name] = {
            "n_rows": len(rows),
            "classes": len(present),
            "accuracy": round(float(accuracy_score(corpus.labels[rows], guess)), 4),
            "macro_f1": round(float(f1_score(corpus.labels[rows], guess, average="macro", zero_division=0.0)), 4),
        }
    first = corpora[0].corpus
    return {"corpus": first.short, **figures[first.name], "by_corpus": figures}


def _network(recipe: Recipe) -> str:
    """The network in words."""
    encoder = recipe.encoder
    if encoder.kind == "cnn":
        windows = ", ".join(map(str, encoder.widths))
        shape = f"windows of {windows} words, {encoder.filters} filters each"
    else:
        shape = f"{encoder.kind.upper()}, {encoder.directions} directions of {encoder.units} units"
    return f"{encoder.architecture} ({shape}; {' and '.join(encoder.pooling)} pooling; {recipe.width} numbers a word)"


def _kept_apart(corpora: Sequence[CorpusSplit]) -> list[str]:
    """What the held-out rows are, in lines of a card."""
    tenths = {corpus.corpus.test_tenths for corpus in corpora}
    share = " or ".join(_TENTHS[n] for n in sorted(tenths))
    whole = " (whole articles for the news)" if any(corpus.corpus.document for corpus in corpora) else ""
    lines = [
        f"{share.capitalize()} of each corpus{whole}, never seen in training and not used to choose anything.",
        "Which rows these are follows from a hash of the text alone, so they stay apart in every recipe",
        "(`read_corpus` in `sentiment/training/corpora.py` gives them).",
    ]
    if any(corpus.corpus.near for corpus in corpora):
        lines.append("Of Chinese reviews that are the same or nearly so one is kept, and none that has both labels.")
    return lines


def _readme(recipe: Recipe, card: dict[str, Any], corpora: Sequence[CorpusSplit], model: ModelFolder) -> str:
    rows = [
        f"| {corpus.corpus.title}{_without(recipe, corpus)} | {number(figures['n_rows'])} | {figures['classes']} "
        f"| {figures['accuracy']:.3f} | {figures['macro_f1']:.3f} |"
        for corpus, figures in zip(corpora, card["held_out"]["by_corpus"].values(), strict=True)
    ]
    licences = [f"- {title}: {licence}" for title, licence in card["licences"].items()]
    lines = [
        f"# {recipe.name}: {recipe.title}",
        "",
        recipe.description,
        "",
        f"A {_network(recipe)}, pretrained on {recipe.trained_on}.",
        f"Classes of its head: {', '.join(model.classes)}.",
        "",
        "## Held out",
        *_kept_apart(corpora),
        "Macro-F1 is over the classes that the corpus has.",
        "",
        "| corpus | rows | classes | accuracy | macro-F1 |",
        "|---|---:|---:|---:|---:|",
        *rows,
        "",
        "## Made by",
        f"`python -m sentiment pretrain {recipe.name} --out base_models/{recipe.name}` (seed {card['seed']}), from",
        *recipe.sources,
        "",
        "## Licence",
        "The weights: Apache-2.0. They hold no text of the corpora, whose licences are:",
        "",
        *licences,
        "",
    ]
    return "\n".join(lines)


def _without(recipe: Recipe, corpus: CorpusSplit) -> str:
    return ", of whose labels it saw none" if corpus.corpus.name in recipe.unlabeled else ""
