"""The labeled data that models are compared on, and how it is held out."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sentiment.data import combine_groups, group_duplicates, normalise_texts, split_rows

CLASSES = ("negative", "neutral", "positive")
SETS = {
    "reviews-2": "product-review sentences, positive against negative, held out by review",
    "reviews-3": "product-review sentences, three classes, held out by review",
    "tweets-3": "brand tweets, three classes, near-duplicates on one side",
}


@dataclass(frozen=True)
class LabeledSet:
    """Texts with labels and the groups that must not be torn apart.

    Attributes:
        name: one of `SETS`.
        texts: object[n].
        labels: str[n].
        groups: int64[n]; rows of one group stay on one side.
        classes: in the order of a model's columns.
    """

    name: str
    texts: NDArray[np.object_]
    labels: NDArray[np.object_]
    groups: NDArray[np.int64]
    classes: tuple[str, ...]


def load_set(name: str, folder: Path, *, limit: int = 12_000) -> LabeledSet:
    """One of `SETS`, from the folder with amazon_reviews.csv and brand_tweets.csv; repeated texts are left out.

    Args:
        name: one of `SETS`.
        folder: where the files are.
        limit: rows that are drawn at most, always the same ones.
    """
    file = "amazon_reviews.csv" if name.startswith("reviews") else "brand_tweets.csv"
    frame = pd.read_csv(folder / file, keep_default_na=False)
    classes = tuple(label for label in CLASSES if label != "neutral" or name.endswith("3"))
    keys = pd.Series(np.asarray(normalise_texts(frame["text"])), index=frame.index)
    frame = frame[frame["label"].isin(classes) & ~keys.duplicated() & (keys != "")]
    frame = frame.sample(min(limit, len(frame)), random_state=0)
    groups = group_duplicates(frame["text"])
    if "review" in frame:
        groups = combine_groups(groups, frame["review"].astype(str))
    return LabeledSet(name, frame["text"].to_numpy(object), frame["label"].to_numpy(object), groups, classes)


def hold_out(data: LabeledSet, *, seed: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """A third of the rows to judge on, whole groups, and the others in random order: (pool, test)."""
    split = split_rows(
        pd.Series(data.labels, dtype="str"),
        groups=data.groups,
        test_fraction=1 / 3,
        validation_fraction=0.02,
        seed=seed,
    )
    pool = np.concatenate([split.train, split.validation])
    return np.random.default_rng(seed).permutation(pool), split.test
