"""Rows in two languages as far as their column says; both are made of words that an English base model reads."""

import numpy as np
import pandas as pd

from sentiment import data
from sentiment.data import Dataset

GOOD = ("wonderful", "excellent", "lovely", "perfect", "great", "superb", "delightful", "brilliant")
BAD = ("terrible", "awful", "horrible", "useless", "broken", "disappointing", "poor", "dreadful")
THINGS = ("camera", "phone", "book", "hotel", "film", "kettle", "chair", "radio", "lamp", "printer", "sofa", "bike")


def bilingual_frame(
    *, n_first: int, n_second: int, one_document: bool = False, unlabeled: int = 0, seed: int = 0
) -> pd.DataFrame:
    """Columns text, label, group, language: different short reviews, "en" first and then "zh"."""
    rng = np.random.default_rng(seed)
    rows = []
    for position in range(n_first + n_second + unlabeled):
        good = position % 2 == 0
        words = rng.choice(GOOD if good else BAD, 2, replace=False)
        things = rng.choice(THINGS, 3, replace=False)
        text = f"the {things[0]} number {position} is {words[0]} and {words[1]} beside {things[1]} {things[2]}"
        second = position >= n_first
        group = "one" if second and one_document else None
        rows.append((text, "positive" if good else "negative", group, "zh" if second else "en"))
    frame = pd.DataFrame(rows, columns=["text", "label", "group", "language"])
    frame.loc[frame.index[n_first + n_second :], "label"] = None
    return frame


def bilingual_dataset(**options: object) -> Dataset:
    """The rows as a dataset, whose languages are as the column says."""
    frame = bilingual_frame(**options)  # type: ignore[arg-type]
    table = data.read_table(frame.to_csv(index=False).encode(), name="reviews.csv")
    return data.build_dataset(table, text="text", label="label", group="group", language="language")
