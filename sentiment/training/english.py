"""Base models that read English: GloVe's words, labeled reviews and news, and a teacher of sentences."""

import dataclasses
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from tokenizers import Tokenizer

from sentiment.models.classifier import EMBEDDING, apply_fn, flatten, fresh_params, unflatten
from sentiment.models.device import cache_folder
from sentiment.models.encoders import EncoderConfig
from sentiment.models.store import ModelFolder
from sentiment.models.tokenizer import PAD, UNKNOWN, build_tokenizer, count_words, encode
from sentiment.training.corpora import SENTIMENT, CorpusSplit
from sentiment.training.distill import IMITATION, DistillSettings, Taught, distill
from sentiment.training.emoji import EMOJI_SOURCE, add_emoji
from sentiment.training.english_refined import RefineSettings, labeled_sentences, refine
from sentiment.training.fit import Examples, Trainer
from sentiment.training.imbalance import plan_imbalance
from sentiment.training.optimizer import FitSettings
from sentiment.training.recipe import OnProgress, Recipe
from sentiment.training.teacher import WIDTH, Teacher
from sentiment.training.unlabeled import common_words, draw_sentences, exchange_words
from sentiment.training.vocabulary import WordVectors, choose_words, embedding_table, project, start_vectors

_GLOVE_WIDTH = 50
_GLOVE = "GloVe 6B vectors (Pennington et al. 2014, PDDL) as the start of its embeddings."
_TAUGHT = (
    "The teacher, all-MiniLM-L6-v2 (Apache-2.0), read sentences of the training rows, the same with words exchanged, "
    "and single words."
)
_REFINED = (
    "The second teacher, multilingual-e5-small (Wang et al. 2024, MIT), read 150,000 of such texts. What it taught the "
    "weights that ship began from those of the first teacher as they were shipped before, rounded to float16."
)


@dataclass(frozen=True, kw_only=True)
class EnglishRecipe(Recipe):
    """A base model made from labeled corpora, GloVe, and a teacher if its settings say so.

    Attributes:
        n_frequent: most frequent GloVe words in the vocabulary, beside those of the corpora.
        min_count: how often a word of the corpora must occur to be in the vocabulary.
        n_pieces: word endings in the vocabulary, for words outside it.
        teacher_width: numbers of a word's vector that come from the teacher, beside GloVe's 50.
        n_sentences: sentences of the corpora that the teacher reads, and as many again with words exchanged.
        imitation_epochs: passes over the unlabeled texts with the teacher alone.
        n_dropped: rarest of the frequent GloVe words that are left out again at the end, to stay under 10 MB.
        n_words: most frequent GloVe words that it reads one by one, beside those of the vocabulary.
        refined: what a second teacher does after that; None for no second one.
    """

    languages: tuple[str, ...] = ("en",)
    n_frequent: int = 30_000
    min_count: int = 2
    n_pieces: int = 1_500
    teacher_width: int = 0
    n_sentences: int = 0
    n_words: int = 60_000
    imitation_epochs: int = 3
    n_dropped: int = 0
    refined: RefineSettings | None = None

    @property
    def width(self) -> int:
        """Numbers of a word's vector: GloVe's, and those of the teacher."""
        return _GLOVE_WIDTH + self.teacher_width

    @property
    def sources(self) -> tuple[str, ...]:
        """GloVe, the teachers where there are any, and what emoji mean."""
        teachers = (*((_TAUGHT,) if self.teacher_width else ()), *((_REFINED,) if self.refined else ()))
        return (_GLOVE, *teachers, EMOJI_SOURCE)

    def make(self, corpora: Sequence[CorpusSplit], on_progress: OnProgress) -> ModelFolder:
        """The base model, without its card; see `Recipe.make`."""
        model = _train(self, corpora, on_progress)
        return refine(model, corpora, self.refined, on_progress) if self.refined else model


def _train(recipe: EnglishRecipe, corpora: Sequence[CorpusSplit], on_progress: OnProgress) -> ModelFolder:
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
    return add_emoji(drop_words(model, tokens, words[len(words) - recipe.n_dropped :]))


def _learn(
    recipe: EnglishRecipe,
    config: EncoderConfig,
    table: NDArray[np.float32],
    examples: Callable[[str], Examples],
    on_progress: OnProgress,
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
    recipe: EnglishRecipe,
    config: EncoderConfig,
    table: NDArray[np.float32],
    labeled: Examples,
    taught: Taught,
    on_progress: OnProgress,
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


def _sentences(recipe: EnglishRecipe, corpora: Sequence[CorpusSplit], glove: WordVectors) -> list[str]:
    """Sentences of the training rows, short corpora whole, and as many with words exchanged."""
    seed, frequent = recipe.settings.seed, common_words(glove.words)
    chosen = draw_sentences(corpora, recipe.n_sentences, seed=seed)
    return [*chosen, *exchange_words(chosen, frequent, seed=seed)]


def _teach(
    teacher: Teacher, texts: Sequence[str], corpora: Sequence[CorpusSplit], *, tokenizer: Tokenizer, max_length: int
) -> Taught:
    """Texts with the teacher's vectors, and the sentiment that the labeled sentences make of these.

    Only corpora of sentences teach the sentiment: the teacher reads a few hundred words, and averages over them.
    """
    vectors = teacher(texts)
    known, labels = labeled_sentences(corpora)
    judge = LogisticRegression(max_iter=2000).fit(teacher(known).astype(np.float32), labels)
    sentiments = np.zeros((len(texts), len(SENTIMENT)), np.float32)
    sentiments[:, judge.classes_] = judge.predict_proba(vectors.astype(np.float32))
    return Taught(encode(tokenizer, texts, max_length=max_length), vectors, sentiments)


_SENTENCES = "44,579 IMDb reviews, 10,603 film review sentences and 5,119 news sentences, taught by all-MiniLM-L6-v2"
_SENTENCES_REFINED = f"{_SENTENCES} and multilingual-e5-small"

ENGLISH = (
    EnglishRecipe(
        name="en-cnn-news",
        title="English CNN, news",
        description="The textbook case of transfer: from editorials to your domain. Small, and sober in tone.",
        trained_on="5,119 sentences of New York Times editorials",
        corpora=("news",),
        settings=FitSettings(epochs=12, embedding_rate=0.3, patience=5),
        encoder=EncoderConfig(vocab_size=0),
    ),
    EnglishRecipe(
        name="en-cnn-reviews",
        title="English CNN, reviews",
        description="The one to start with for reviews and other opinions in English.",
        trained_on=_SENTENCES_REFINED,
        corpora=("imdb", "films", "news"),
        settings=DistillSettings(),
        encoder=EncoderConfig(vocab_size=0, widths=(1, 2, 3), filters=200),
        n_frequent=35_000,
        min_count=5,
        teacher_width=40,
        n_sentences=250_000,
        refined=RefineSettings(),
    ),
    EnglishRecipe(
        name="en-rnn-reviews",
        title="English LSTM, reviews",
        description="Reads word by word in both directions: slower than the CNN, and another view of a text.",
        trained_on=_SENTENCES,
        corpora=("imdb", "films", "news"),
        settings=DistillSettings(),
        encoder=EncoderConfig(vocab_size=0, kind="lstm", units=128),
        n_frequent=35_000,
        min_count=5,
        teacher_width=40,
        n_sentences=250_000,
        imitation_epochs=2,
        n_dropped=1_000,
    ),
)
