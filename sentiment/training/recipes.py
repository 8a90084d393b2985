"""Recipes for base models: which corpora, which network, which settings. `pretrain` follows them."""

from dataclasses import dataclass

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
        settings: of the training loop; the seed draws everything.
        filters: filters of each width.
        n_frequent: most frequent GloVe words in the vocabulary, beside those of the corpora.
        n_pieces: word endings in the vocabulary, for words outside it.
    """

    name: str
    title: str
    description: str
    trained_on: str
    corpora: tuple[str, ...]
    languages: tuple[str, ...] = ("en",)
    settings: FitSettings
    filters: int = 150
    n_frequent: int = 30_000
    n_pieces: int = 1_500


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
        ),
        Recipe(
            name="en-cnn-reviews",
            title="English CNN, reviews",
            description="The one to start with for reviews and other opinions in English.",
            trained_on="44,579 IMDb reviews, 10,603 film review sentences and 5,119 news sentences",
            corpora=("imdb", "films", "news"),
            settings=FitSettings(epochs=5, embedding_rate=0.3, patience=5, validate_every=100_000),
        ),
    )
}
