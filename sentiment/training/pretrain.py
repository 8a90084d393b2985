"""Pretraining: a recipe → a base model with its card, judged on rows that it never saw."""

import dataclasses
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.metrics import accuracy_score, f1_score

from sentiment.errors import UsageError
from sentiment.files import write_atomic
from sentiment.models.classifier import apply_fn, fresh_params
from sentiment.models.encoders import EncoderConfig
from sentiment.models.predictor import load_predictor
from sentiment.models.store import ModelFolder, save_model
from sentiment.models.tokenizer import build_tokenizer, count_words, encode
from sentiment.training.corpora import SENTIMENT, CorpusSplit, read_corpus
from sentiment.training.fit import Examples, Progress, Trainer
from sentiment.training.imbalance import plan_imbalance
from sentiment.training.recipes import RECIPES, Recipe
from sentiment.training.vocabulary import WordVectors, choose_vocabulary, embedding_table


def pretrain(name: str, folder: Path, *, on_progress: Callable[[Progress], None] = lambda progress: None) -> None:
    """Makes a base model by its recipe and writes it, in float16, with its card.

    The same recipe gives the same weights on the same machine and versions. It is judged as it was written, after
    rounding, on the tenth of each corpus that is held out.

    Args:
        name: one of `RECIPES`.
        folder: where the model folder is written; its name is the base model's.
        on_progress: called about twice a second and after every validation.

    Raises:
        UsageError: if there is no such recipe.
        DataError: if the corpora are not there.
        ModelError: if the GloVe vectors are not installed.
    """
    if name not in RECIPES:
        raise UsageError(f"There is no recipe {name!r}", expected=f"One of {', '.join(RECIPES)}")
    recipe = RECIPES[name]
    corpora = [read_corpus(corpus) for corpus in recipe.corpora]
    model = _train(recipe, corpora, on_progress)
    card = _card(recipe, corpora)
    save_model(folder, dataclasses.replace(model, extra={"card": card}), dtype="float16")
    card["held_out"] = _judge(folder, corpora)
    save_model(folder, dataclasses.replace(model, extra={"card": card}), dtype="float16")
    write_atomic(folder / "README.md", _readme(recipe, card, corpora).encode())


def _train(recipe: Recipe, corpora: Sequence[CorpusSplit], on_progress: Callable[[Progress], None]) -> ModelFolder:
    settings = recipe.settings
    counts = count_words(text for corpus in corpora for text in corpus.texts[corpus.rows("train")])
    words, vectors = choose_vocabulary(counts, WordVectors(), n_frequent=recipe.n_frequent, n_pieces=recipe.n_pieces)
    tokenizer, table = build_tokenizer(words), embedding_table(vectors)

    def examples(side: str) -> Examples:
        texts = [text for corpus in corpora for text in corpus.texts[corpus.rows(side)]]
        labels = np.concatenate([corpus.labels[corpus.rows(side)] for corpus in corpora])
        return Examples(encode(tokenizer, texts, max_length=settings.max_length), labels)

    config = EncoderConfig(vocab_size=len(table), embed=table.shape[1], filters=recipe.filters)
    params = fresh_params(config, len(SENTIMENT), seed=settings.seed)
    params["encoder"]["embedding"]["embedding"] = table
    train = examples("train")
    trainer = Trainer(
        apply_fn(config, len(SENTIMENT)),
        params,
        train=train,
        validation=examples("validation"),
        plan=plan_imbalance("none", train.labels, n_classes=len(SENTIMENT)),
        settings=settings,
    )
    result = trainer.run(on_progress=lambda progress, _: on_progress(progress))
    return ModelFolder(result.params, config, SENTIMENT, tokenizer, settings.max_length)


def _card(recipe: Recipe, corpora: Sequence[CorpusSplit]) -> dict[str, Any]:
    return {
        "title": recipe.title,
        "description": recipe.description,
        "languages": list(recipe.languages),
        "architecture": "TextCNN",
        "trained_on": recipe.trained_on,
        "n_training_rows": sum(len(corpus.rows("train")) for corpus in corpora),
        "licences": {corpus.corpus.title: corpus.corpus.licence for corpus in corpora},
        "seed": recipe.settings.seed,
        "held_out": {},
    }


def _judge(folder: Path, corpora: Sequence[CorpusSplit]) -> dict[str, Any]:
    """Held-out figures of the written model, corpus by corpus, over the classes that the corpus has."""
    predict = load_predictor(folder)
    figures = {}
    for corpus in corpora:
        rows = corpus.rows("test")
        present = np.unique(corpus.labels)
        probs = predict(list(corpus.texts[rows]))[:, present]
        guess = present[probs.argmax(axis=1)]
        figures[corpus.corpus.name] = {
            "n_rows": len(rows),
            "classes": len(present),
            "accuracy": round(float(accuracy_score(corpus.labels[rows], guess)), 4),
            "macro_f1": round(float(f1_score(corpus.labels[rows], guess, average="macro", zero_division=0.0)), 4),
        }
    first = corpora[0].corpus
    return {"corpus": first.short, **figures[first.name], "by_corpus": figures}


def _readme(recipe: Recipe, card: dict[str, Any], corpora: Sequence[CorpusSplit]) -> str:
    rows = [
        f"| {corpus.corpus.title} | {figures['n_rows']:,} | {figures['classes']} | {figures['accuracy']:.3f} "
        f"| {figures['macro_f1']:.3f} |"
        for corpus, figures in zip(corpora, card["held_out"]["by_corpus"].values(), strict=True)
    ]
    licences = [f"- {title}: {licence}" for title, licence in card["licences"].items()]
    lines = [
        f"# {recipe.name}: {recipe.title}",
        "",
        recipe.description,
        "",
        f"A TextCNN (windows of 1 to 4 words, {recipe.filters} filters each, maximum and mean pooling, vectors of 50)",
        f"pretrained on {recipe.trained_on}. Classes of its head: {', '.join(SENTIMENT)}.",
        "",
        "## Held out",
        "One row in ten of each corpus (whole articles for the news), never seen in training and not used to choose",
        "anything. Macro-F1 is over the classes that the corpus has.",
        "",
        "| corpus | rows | classes | accuracy | macro-F1 |",
        "|---|---:|---:|---:|---:|",
        *rows,
        "",
        "## Made by",
        f"`python -m sentiment pretrain {recipe.name} --out base_models/{recipe.name}` (seed {card['seed']}), from",
        "GloVe 6B vectors (Pennington et al. 2014, PDDL) as the start of its embeddings.",
        "",
        "## Licence",
        "The weights: Apache-2.0. They hold no text of the corpora, whose licences are:",
        "",
        *licences,
        "",
    ]
    return "\n".join(lines)
