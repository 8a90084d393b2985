"""Pretraining: a recipe → a base model with its card, judged on rows that it never saw."""

import dataclasses
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score, f1_score
from tokenizers import Tokenizer

from sentiment.errors import UsageError
from sentiment.files import write_atomic
from sentiment.models.classifier import EMBEDDING, apply_fn, flatten, fresh_params, unflatten
from sentiment.models.device import cache_folder
from sentiment.models.encoders import EncoderConfig
from sentiment.models.predictor import load_predictor
from sentiment.models.store import ModelFolder, save_model
from sentiment.models.tokenizer import PAD, UNKNOWN, build_tokenizer, count_words, encode
from sentiment.training.corpora import SENTIMENT, CorpusSplit, read_corpus
from sentiment.training.distill import IMITATION, DistillSettings, Taught, distill
from sentiment.training.fit import Examples, Progress, Trainer
from sentiment.training.imbalance import plan_imbalance
from sentiment.training.optimizer import FitSettings
from sentiment.training.recipes import RECIPES, Recipe
from sentiment.training.teacher import WIDTH, Teacher
from sentiment.training.unlabeled import exchange_words, split_sentences
from sentiment.training.vocabulary import WordVectors, choose_words, embedding_table, project, start_vectors

_SENTENCE_LENGTH = 400  # characters; corpora of longer texts do not teach the sentiment of sentences
_TAUGHT = (
    "The teacher, all-MiniLM-L6-v2 (Apache-2.0), read sentences of the training rows, the same with words exchanged, "
    "and single words."
)


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
    counts = count_words(text for corpus in corpora for text in corpus.texts[corpus.rows("train")])
    glove = WordVectors()
    words = choose_words(counts, glove, n_frequent=recipe.n_frequent, min_count=recipe.min_count)
    teacher = Teacher(cache_folder() / "teacher") if recipe.teacher_width else None
    if teacher is not None:
        known = [word for word in words if word in glove]
        like = np.stack([glove[word] for word in known])
        glove.extend(known, project(teacher(known), recipe.teacher_width, like=like))
    tokens, vectors = start_vectors(words, counts, glove, n_pieces=recipe.n_pieces)
    tokenizer, table = build_tokenizer(tokens), embedding_table(vectors)
    config = dataclasses.replace(recipe.encoder, vocab_size=len(table), embed=table.shape[1])
    max_length = recipe.settings.max_length

    def examples(side: str) -> Examples:
        texts = [text for corpus in corpora for text in corpus.texts[corpus.rows(side)]]
        labels = np.concatenate([corpus.labels[corpus.rows(side)] for corpus in corpora])
        return Examples(encode(tokenizer, texts, max_length=max_length), labels)

    if teacher is None or isinstance(recipe.settings, FitSettings):
        params = _learn(recipe, config, table, examples, on_progress)
    else:
        texts = list(dict.fromkeys([*_sentences(recipe, corpora, glove), *words, *glove.words[: recipe.n_words]]))
        taught = _teach(teacher, texts, corpora, tokenizer=tokenizer, max_length=recipe.settings.taught_length)
        params = _imitate(recipe, config, table, examples("train"), taught, on_progress)
    model = ModelFolder(params, config, SENTIMENT, tokenizer, max_length)
    return drop_words(model, tokens, words[len(words) - recipe.n_dropped :])


def _learn(
    recipe: Recipe,
    config: EncoderConfig,
    table: NDArray[np.float32],
    examples: Callable[[str], Examples],
    on_progress: Callable[[Progress], None],
) -> dict[str, Any]:
    """The weights that the labels alone give."""
    assert isinstance(recipe.settings, FitSettings)
    params = fresh_params(config, len(SENTIMENT), seed=recipe.settings.seed)
    params["encoder"]["embedding"]["embedding"] = table
    train = examples("train")
    trainer = Trainer(
        apply_fn(config, len(SENTIMENT)),
        params,
        train=train,
        validation=examples("validation"),
        plan=plan_imbalance("none", train.labels, n_classes=len(SENTIMENT)),
        settings=recipe.settings,
    )
    return trainer.run(on_progress=lambda progress, _: on_progress(progress)).params


def _imitate(
    recipe: Recipe,
    config: EncoderConfig,
    table: NDArray[np.float32],
    labeled: Examples,
    taught: Taught,
    on_progress: Callable[[Progress], None],
) -> dict[str, Any]:
    """The weights that the labels and the teacher give, with the head for the labels alone."""
    assert isinstance(recipe.settings, DistillSettings)
    n_classes = len(SENTIMENT)
    params = fresh_params(config, n_classes + WIDTH, seed=recipe.settings.seed)
    params["encoder"]["embedding"]["embedding"] = table
    first = dataclasses.replace(IMITATION, epochs=recipe.imitation_epochs, seed=recipe.settings.seed)
    for settings, rows in ((first, None), (recipe.settings, labeled)):
        params = distill(
            apply_fn(config, n_classes + WIDTH),
            params,
            labeled=rows,
            taught=taught,
            settings=settings,
            on_progress=on_progress,
        )
    head = params["head"]
    return {**params, "head": {"kernel": head["kernel"][:, :n_classes], "bias": head["bias"][:n_classes]}}


def drop_words(model: ModelFolder, tokens: Sequence[str], dropped: Sequence[str]) -> ModelFolder:
    """The model without some words of its vocabulary, but for those that would not fall apart into known pieces.

    Args:
        model: with the vocabulary `tokens`.
        tokens: words and pieces, in the order of the ids from 2 on.
        dropped: some of the words.
    """
    without = build_tokenizer([token for token in tokens if token not in set(dropped)])
    out = {word for word in dropped if UNKNOWN not in without.encode(word).ids}
    kept = [position for position, token in enumerate(tokens) if token not in out]
    flat = flatten(model.params)
    flat[EMBEDDING] = np.asarray(flat[EMBEDDING])[[PAD, UNKNOWN, *(position + 2 for position in kept)]]
    return dataclasses.replace(
        model,
        params=unflatten(flat),
        encoder=dataclasses.replace(model.encoder, vocab_size=len(kept) + 2),
        tokenizer=build_tokenizer([tokens[position] for position in kept]),
    )


def _sentences(recipe: Recipe, corpora: Sequence[CorpusSplit], glove: WordVectors) -> list[str]:
    """Sentences of the training rows, short corpora whole, and as many with words exchanged."""
    rng = np.random.default_rng(recipe.settings.seed)
    by_corpus = [split_sentences(corpus.texts[corpus.rows("train")]) for corpus in corpora]
    found = [sentence for sentences in sorted(by_corpus, key=len) for sentence in rng.permutation(sentences).tolist()]
    chosen = list(dict.fromkeys(found))[: recipe.n_sentences]
    frequent = [word for word in glove.words[:40_000] if word.isalpha()][:20_000]
    return [*chosen, *exchange_words(chosen, frequent, seed=recipe.settings.seed)]


def _teach(
    teacher: Teacher, texts: Sequence[str], corpora: Sequence[CorpusSplit], *, tokenizer: Tokenizer, max_length: int
) -> Taught:
    """Texts with the teacher's vectors, and the sentiment that the labeled sentences make of these.

    Only corpora of sentences teach the sentiment: the teacher reads a few hundred words, and averages over them.
    """
    vectors = teacher(texts)
    short = [corpus for corpus in corpora if np.median([len(text) for text in corpus.texts]) < _SENTENCE_LENGTH]
    known = [text for corpus in short for text in corpus.texts[corpus.rows("train")]]
    labels = np.concatenate([corpus.labels[corpus.rows("train")] for corpus in short])
    judge = LogisticRegression(max_iter=2000).fit(teacher(known).astype(np.float32), labels)
    sentiments = np.zeros((len(texts), len(SENTIMENT)), np.float32)
    sentiments[:, judge.classes_] = judge.predict_proba(vectors.astype(np.float32))
    return Taught(encode(tokenizer, texts, max_length=max_length), vectors, sentiments)


def _card(recipe: Recipe, corpora: Sequence[CorpusSplit]) -> dict[str, Any]:
    return {
        "title": recipe.title,
        "description": recipe.description,
        "languages": list(recipe.languages),
        "architecture": recipe.encoder.architecture,
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


def _network(recipe: Recipe) -> str:
    """The network in words."""
    encoder = recipe.encoder
    if encoder.kind == "cnn":
        windows = ", ".join(map(str, encoder.widths))
        shape = f"windows of {windows} words, {encoder.filters} filters each"
    else:
        shape = f"{encoder.kind.upper()}, {encoder.directions} directions of {encoder.units} units"
    pooling, word = " and ".join(encoder.pooling), 50 + recipe.teacher_width
    return f"{encoder.architecture} ({shape}; {pooling} pooling; {word} numbers a word)"


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
        f"A {_network(recipe)}, pretrained on {recipe.trained_on}.",
        f"Classes of its head: {', '.join(SENTIMENT)}.",
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
        *([_TAUGHT] if recipe.teacher_width else []),
        "",
        "## Licence",
        "The weights: Apache-2.0. They hold no text of the corpora, whose licences are:",
        "",
        *licences,
        "",
    ]
    return "\n".join(lines)
