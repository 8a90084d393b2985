"""The recipe of the multilingual base model: a multilingual teacher, dictionaries, and English labels alone."""

import dataclasses
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from tokenizers import Tokenizer

from sentiment.models.classifier import apply_fn, fresh_params
from sentiment.models.device import cache_folder
from sentiment.models.encoders import EncoderConfig
from sentiment.models.store import ModelFolder
from sentiment.models.tokenizer import build_likely_tokenizer, count_words, encode
from sentiment.training.corpora import SENTIMENT, CorpusSplit
from sentiment.training.distill import IMITATION, DistillSettings, Taught, distill
from sentiment.training.fit import Examples
from sentiment.training.multilingual.lexicon import read_frequencies, read_lexicon
from sentiment.training.multilingual.texts import english_texts, unspaced_texts
from sentiment.training.multilingual.translation import Translator
from sentiment.training.multilingual.vocabulary import agree, choose_tokens, start_vectors
from sentiment.training.recipe import OnProgress, Recipe
from sentiment.training.teacher import MULTILINGUAL, WIDTH, Teacher
from sentiment.training.vocabulary import WordVectors, embedding_table

Floats = NDArray[np.float32]
_SENTENCE_LENGTH = 400  # characters; corpora of longer texts do not teach the sentiment of sentences
_READ = 300  # characters of a labeled text that the teacher reads
_EXCHANGED_WORDS = 20_000  # English words that are put into sentences
_CERTAINTY = 0.3  # inverse strength of the prior of the judge's weights
_SOURCES = (
    "GloVe 6B vectors (Pennington et al. 2014, PDDL) and the teacher's vectors of single words as the start of its "
    "embeddings.",
    "The teacher, multilingual-e5-small (Wang et al. 2024, MIT), read English sentences of the training rows, the same "
    "with words exchanged, Chinese training rows without their labels, and single words of all languages. It learned "
    "its languages from texts of the web, outside of this project.",
    "The English sentences were also put word by word into the other languages, by CC-CEDICT (CC BY-SA 4.0) and the "
    "FreeDict dictionaries (GPL) with wordfreq's frequencies (CC BY-SA 4.0) and simplemma's lemmas (MIT); no entry of "
    "these is in the model but the spelling of words.",
    "It saw labels of English texts only.",
)


@dataclass(frozen=True, kw_only=True)
class MultilingualRecipe(Recipe):
    """A base model for several languages, with labels in English.

    Attributes:
        settings: of the training; its seed draws everything.
        embed: numbers of a word's vector.
        n_words: language → how many of its most frequent words are in the vocabulary.
        min_count: how often a word of the English corpora must occur to be in it as well.
        n_pieces: word endings in it, for words outside of it.
        n_sentences: English sentences that the teacher reads, and as many again with words exchanged.
        imitation_epochs: passes over the unlabeled texts with the teacher alone.
    """

    settings: DistillSettings = field(default_factory=DistillSettings)
    embed: int = 60
    n_words: Mapping[str, int] = field(default_factory=dict)
    min_count: int = 12
    n_pieces: int = 1_500
    n_sentences: int = 28_000
    imitation_epochs: int = 2

    @property
    def width(self) -> int:
        """Numbers of a word's vector."""
        return self.embed

    @property
    def sources(self) -> tuple[str, ...]:
        """The teacher, the dictionaries, and what it never saw."""
        return _SOURCES

    def make(self, corpora: Sequence[CorpusSplit], on_progress: OnProgress) -> ModelFolder:
        """The base model, without its card; see `Recipe.make`."""
        return _Making(self, corpora).run(on_progress)


class _Making:
    """The steps of the recipe, and what they hand on."""

    def __init__(self, recipe: MultilingualRecipe, corpora: Sequence[CorpusSplit]) -> None:
        self._recipe = recipe
        self._english = [corpus for corpus in corpora if corpus.corpus.language == "en"]
        self._others = [corpus for corpus in corpora if corpus.corpus.language != "en"]
        self._teacher = Teacher(cache_folder() / "teacher", MULTILINGUAL)
        self._counts = count_words(text for corpus in self._english for text in corpus.texts[corpus.rows("train")])
        lexicons = {
            language: read_lexicon(language, n_words=n) for language, n in recipe.n_words.items() if language != "en"
        }
        self._frequencies = {language: lexicon.frequencies for language, lexicon in lexicons.items()}
        self._frequencies["en"] = self._english_words()
        self._spaces = {language: self._word_space(list(words)) for language, words in self._frequencies.items()}
        self._lexicons = {language: agree(lexicon, self._spaces) for language, lexicon in lexicons.items()}

    def run(self, on_progress: OnProgress) -> ModelFolder:
        """The model."""
        recipe = self._recipe
        tokenizer, table = self._tokens()
        config = dataclasses.replace(recipe.encoder, vocab_size=len(table), embed=table.shape[1])
        taught, labeled = self._taught(tokenizer), self._labeled(tokenizer)
        n_classes = len(SENTIMENT)
        params: dict[str, Any] = fresh_params(config, n_classes + WIDTH, seed=recipe.seed)
        params["encoder"]["embedding"]["embedding"] = table
        first = dataclasses.replace(IMITATION, epochs=recipe.imitation_epochs, seed=recipe.seed)
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
        own = {"kernel": head["kernel"][:, :n_classes], "bias": head["bias"][:n_classes]}
        return ModelFolder({**params, "head": own}, config, SENTIMENT, tokenizer, recipe.settings.max_length)

    def _english_words(self) -> dict[str, float]:
        """The most frequent English words, and those of the corpora."""
        words = read_frequencies("en", n_words=self._recipe.n_words["en"])
        total = self._counts.total()
        common = {
            word: n / total for word, n in self._counts.items() if n >= self._recipe.min_count and word not in words
        }
        return {**words, **{word: share for word, share in common.items() if word.isalpha()}}

    def _symbols(self) -> list[str]:
        """Signs, numbers and clitics of the corpora, and single Chinese characters."""
        found = [word for word, n in self._counts.items() if n >= self._recipe.min_count and not word.isalpha()]
        letters = Counter(
            letter for corpus in self._others for text in corpus.texts[corpus.rows("train")] for letter in text
        )
        return [
            *found,
            *(letter for letter, n in letters.items() if n >= 3 and not letter.isspace() and not letter.isascii()),
        ]

    def _word_space(self, words: list[str]) -> dict[str, Floats]:
        return dict(zip(words, _centre(self._teacher(words)), strict=True))

    def _tokens(self) -> tuple[Tokenizer, Floats]:
        vocabulary = choose_tokens(self._frequencies, self._symbols(), n_pieces=self._recipe.n_pieces)
        vectors = start_vectors(
            vocabulary,
            lexicons=self._lexicons,
            spaces=self._spaces,
            glove=WordVectors(),
            width=self._recipe.embed,
        )
        return build_likely_tokenizer(vocabulary.weights), embedding_table(vectors)

    def _taught(self, tokenizer: Tokenizer) -> Taught:
        """Everything that the teacher has read, English sentences also in the other languages."""
        seed = self._recipe.seed
        frequent = list(read_frequencies("en", n_words=_EXCHANGED_WORDS))
        texts = english_texts(self._english, frequent, n_sentences=self._recipe.n_sentences, seed=seed)
        vectors = _centre(self._teacher(texts))
        parts = [(texts, vectors)]
        for lexicon in self._lexicons.values():
            parts.append((Translator(lexicon)(texts, seed=seed), vectors))
        for corpus in self._others:
            foreign = unspaced_texts(corpus.texts[corpus.rows("train")])
            parts.append((foreign, _centre(self._teacher(foreign))))
        for space in self._spaces.values():
            parts.append((list(space), np.stack(list(space.values()))))
        return self._pack(tokenizer, parts)

    def _pack(self, tokenizer: Tokenizer, parts: Sequence[tuple[list[str], Floats]]) -> Taught:
        """Texts and the teacher's vectors of them, with the sentiment that the judge finds in these."""
        judge, max_length = self._judge(), self._recipe.settings.taught_length
        texts = [text for group, _ in parts for text in group]
        said = np.concatenate([vectors for _, vectors in parts])
        # Of a text without a token the student can only say the zero vector, whose direction has no gradient.
        kept = np.flatnonzero(encode(tokenizer, texts, max_length=max_length).lengths)
        tokens = encode(tokenizer, [texts[row] for row in kept.tolist()], max_length=max_length)
        return Taught(tokens, said[kept].astype(np.float16), _say(judge, said[kept]))

    def _judge(self) -> LogisticRegression:
        """What the teacher's vectors of labeled English sentences say of their sentiment."""
        short = [
            corpus for corpus in self._english if np.median([len(text) for text in corpus.texts]) < _SENTENCE_LENGTH
        ]
        texts = [text[:_READ] for corpus in short for text in corpus.texts[corpus.rows("train")]]
        labels = np.concatenate([corpus.labels[corpus.rows("train")] for corpus in short])
        return LogisticRegression(C=_CERTAINTY, max_iter=2000).fit(_centre(self._teacher(texts)), labels)

    def _labeled(self, tokenizer: Tokenizer) -> Examples:
        """The labeled English texts, and the same in one of the other languages each."""
        texts = [text for corpus in self._english for text in corpus.texts[corpus.rows("train")]]
        labels = np.concatenate([corpus.labels[corpus.rows("train")] for corpus in self._english])
        drawn = np.random.default_rng(self._recipe.seed).integers(0, len(self._lexicons), len(texts))
        other = list(texts)
        for place, lexicon in enumerate(self._lexicons.values()):
            rows = np.flatnonzero(drawn == place)
            said = Translator(lexicon)([texts[row] for row in rows], seed=self._recipe.seed + 1)
            for row, text in zip(rows.tolist(), said, strict=True):
                other[row] = text
        tokens = encode(tokenizer, [*texts, *other], max_length=self._recipe.settings.max_length)
        return Examples(tokens, np.concatenate([labels, labels]))


def _centre(vectors: NDArray[np.floating]) -> Floats:
    """Unit vectors float32[n, width] without what all of them have in common, which is the language above all."""
    centred = np.asarray(vectors, np.float32) - np.asarray(vectors, np.float32).mean(axis=0)
    return (centred / np.maximum(np.linalg.norm(centred, axis=1, keepdims=True), 1e-6)).astype(np.float32)


def _say(judge: LogisticRegression, vectors: Floats) -> Floats:
    """Probabilities float32[n, n_classes]."""
    said = np.zeros((len(vectors), len(SENTIMENT)), np.float32)
    said[:, judge.classes_] = judge.predict_proba(vectors)
    return said


MULTILINGUAL_BASES = (
    MultilingualRecipe(
        name="multi-cnn-reviews",
        title="Multilingual CNN, reviews",
        description="One space for English, Chinese, German, French and Spanish: labels in one teach the others.",
        trained_on="44,579 IMDb reviews, 10,603 film review sentences and 5,119 news sentences, all in English, and "
        "Chinese reviews without their labels, taught by multilingual-e5-small",
        corpora=("imdb", "films", "news", "zh-reviews"),
        unlabeled=("zh-reviews",),
        languages=("en", "zh", "de", "fr", "es"),
        encoder=EncoderConfig(vocab_size=0, widths=(1, 2, 3), filters=200),
        n_words={"en": 22_000, "zh": 15_000, "de": 10_000, "fr": 9_000, "es": 9_000},
    ),
)
