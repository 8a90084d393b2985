"""Recipes for base models: which corpora, which network, which settings. `pretrain` follows them."""

from dataclasses import dataclass

from sentiment.models.encoders import EncoderConfig
from sentiment.training.distill import DistillSettings
from sentiment.training.optimizer import FitSettings


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """How a base model is made.

    Attributes:
        name: what `pretrain` and `--base` take.
        title: what people call it.
        description: what it is good for, in a sentence.
        trained_on: the corpora, in words.
        corpora: names in `corpora.CORPORA`.
        languages: ISO 639-1 codes.
        settings: of the training, by labels alone (`FitSettings`) or with a teacher (`DistillSettings`); the seed draws
            everything.
        encoder: the network; the size of its vocabulary and of its word vectors follows from the words.
        n_frequent: most frequent GloVe words in the vocabulary, beside those of the corpora.
        min_count: how often a word of the corpora must occur to be in the vocabulary.
        n_pieces: word endings in the vocabulary, for words outside it.
        teacher_width: numbers of a word's vector that come from the teacher, beside GloVe's 50.
        n_sentences: sentences of the corpora that the teacher reads, and as many again with words exchanged.
        imitation_epochs: passes over the unlabeled texts with the teacher alone.
        n_dropped: rarest of the frequent GloVe words that are left out again at the end, to stay under 10 MB.
        n_words: most frequent GloVe words that it reads one by one, beside those of the vocabulary.
    """

    name: str
    title: str
    description: str
    trained_on: str
    corpora: tuple[str, ...]
    languages: tuple[str, ...] = ("en",)
    settings: FitSettings | DistillSettings
    encoder: EncoderConfig
    n_frequent: int = 30_000
    min_count: int = 2
    n_pieces: int = 1_500
    teacher_width: int = 0
    n_sentences: int = 0
    n_words: int = 60_000
    imitation_epochs: int = 3
    n_dropped: int = 0


_SENTENCES = "44,579 IMDb reviews, 10,603 film review sentences and 5,119 news sentences, taught by all-MiniLM-L6-v2"

RECIPES = {
    recipe.name: recipe
    for recipe in (
        Recipe(
            name="en-cnn-news",
            title="English CNN, news",
            description="The textbook case of transfer: from editorials to your domain. Small, and sober in tone.",
            trained_on="5,119 sentences of New York Times editorials",
            corpora=("news",),
            settings=FitSettings(epochs=12, embedding_rate=0.3, patience=5),
            encoder=EncoderConfig(vocab_size=0),
        ),
        Recipe(
            name="en-cnn-reviews",
            title="English CNN, reviews",
            description="The one to start with for reviews and other opinions in English.",
            trained_on=_SENTENCES,
            corpora=("imdb", "films", "news"),
            settings=DistillSettings(),
            encoder=EncoderConfig(vocab_size=0, widths=(1, 2, 3), filters=200),
            n_frequent=35_000,
            min_count=5,
            teacher_width=40,
            n_sentences=250_000,
        ),
        Recipe(
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
}
