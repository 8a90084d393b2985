"""Which rows a run learns from and which it is judged on, and the table of what was predicted for these."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sentiment.data import Dataset, Split, combine_groups, group_duplicates, normalise_texts, split_rows
from sentiment.errors import DataError
from sentiment.training.config import BEFORE, FinetuneConfig
from sentiment.training.languages import row_languages, stratify
from sentiment.training.runs import Run

MOST_UNLABELED = 3_000  # rows without a label that a run learns from


@dataclass(frozen=True)
class Labeled:
    """The labeled rows of a dataset and their split.

    Attributes:
        frame: the labeled rows, numbered from 0.
        labels: int64[n], positions in `classes`.
        split: positions in `frame`.
        classes: class names, in the order of a model's columns.
        unlabeled: different texts of rows without a label, none of them a near-duplicate or from the document of a
            test or validation row.
    """

    frame: pd.DataFrame
    labels: NDArray[np.int64]
    split: Split
    classes: tuple[str, ...]
    unlabeled: tuple[str, ...] = ()

    def texts(self, positions: NDArray[np.int64]) -> list[str]:
        """The texts of some rows."""
        return self.frame["text"].iloc[positions].tolist()

    def languages(self, positions: NDArray[np.int64]) -> NDArray[np.object_]:
        """The language codes of some rows, object[n]."""
        return row_languages(self.frame)[positions]

    @property
    def held_out(self) -> NDArray[np.int64]:
        """Positions of the rows that a run is judged on."""
        return held_out_positions(self.split)


def split_labeled(dataset: Dataset, config: FinetuneConfig) -> Labeled:
    """The labeled rows of a dataset, split by the run's settings.

    Raises:
        DataError: if the labels do not allow it, in words.
    """
    frame = dataset.labeled.reset_index(drop=True)
    groups = group_duplicates(frame["text"])
    if dataset.group_column is not None:
        groups = combine_groups(groups, frame["group"])
    split = _split(frame, groups, config)
    positions = {name: position for position, name in enumerate(dataset.classes)}
    labels = frame["label"].map(positions).to_numpy().astype(np.int64)
    unlabeled = _unlabeled_texts(dataset, frame, split, seed=config.seed) if config.self_training else ()
    return Labeled(frame, labels, split, dataset.classes, unlabeled)


def _split(frame: pd.DataFrame, groups: NDArray[np.int64], config: FinetuneConfig) -> Split:
    """The split, with about the same share of every class in every language in each part where that can be had."""
    labels = frame["label"].tolist()

    def split(strata: list[str]) -> Split:
        return split_rows(
            strata,
            groups=groups,
            test_fraction=config.test_fraction,
            validation_fraction=config.validation_fraction,
            seed=config.seed,
        )

    strata = labels if config.languages == BEFORE else stratify(labels, row_languages(frame), groups)
    if strata != labels:
        try:
            return split(strata)
        except DataError:  # of documents in several languages, say; by class alone it may work
            pass
    return split(labels)


def _unlabeled_texts(dataset: Dataset, frame: pd.DataFrame, split: Split, *, seed: int) -> tuple[str, ...]:
    """Up to `MOST_UNLABELED` different texts without a label, none tied to a held-out or validation row."""
    rows = pd.concat([frame, dataset.frame[dataset.frame["label"].isna()]], ignore_index=True)
    groups = group_duplicates(rows["text"])
    if dataset.group_column is not None:
        groups = combine_groups(groups, rows["group"])
    known = groups[np.concatenate([split.test, split.validation])]
    fresh = (np.arange(len(rows)) >= len(frame)) & ~np.isin(groups, known)
    texts = rows["text"][fresh & ~pd.Series(hash_texts(rows["text"])).duplicated().to_numpy()].to_numpy()
    return tuple(np.random.default_rng(seed).permutation(texts)[:MOST_UNLABELED].tolist())


def write_split(run: Run, labeled: Labeled) -> None:
    """Notes which rows went where, and hashes of the training texts, so that others can tell them again."""
    rows = labeled.frame["row"].to_numpy(np.int64)
    split = labeled.split
    trained = np.concatenate([split.train, split.validation])
    np.savez(
        run.folder / "split.npz",
        train=rows[split.train],
        validation=rows[split.validation],
        test=rows[split.test],
        trained_on=hash_texts(
            pd.concat([labeled.frame["text"].iloc[trained], pd.Series(labeled.unlabeled, dtype="str")])
        ),
    )


def hash_texts(texts: "pd.Series[str]") -> NDArray[np.uint64]:
    """A hash uint64[n] of each text; case, white space and punctuation aside."""
    return pd.util.hash_array(np.asarray(normalise_texts(texts), object)).astype(np.uint64)


def held_out_positions(split: Split) -> NDArray[np.int64]:
    """The rows that a run is judged on: the test rows, or the validation rows where none were held out."""
    return split.test if len(split.test) else split.validation


def held_out_table(labeled: Labeled) -> pd.DataFrame:
    """The held-out rows: columns row, text, label, group, split."""
    table = _columns(labeled, labeled.held_out)
    return table.assign(split="test" if len(labeled.split.test) else "validation")


def validation_table(labeled: Labeled, probs: NDArray[np.float32]) -> pd.DataFrame:
    """The validation rows with the model's probabilities: columns row, text, label, group, "model:prob:<class>"."""
    table = add_predictions(_columns(labeled, labeled.split.validation), "model", probs, labeled.classes)
    return table.drop(columns="model:prediction")


def _columns(labeled: Labeled, positions: NDArray[np.int64]) -> pd.DataFrame:
    return labeled.frame[["row", "text", "label", "group"]].iloc[positions].reset_index(drop=True)


def add_predictions(
    table: pd.DataFrame, model: str, probs: NDArray[np.float32], classes: tuple[str, ...]
) -> pd.DataFrame:
    """The table with columns "<model>:prediction" and "<model>:prob:<class>" added."""
    columns = {f"{model}:prediction": np.array(classes, object)[probs.argmax(axis=1)]}
    columns |= {f"{model}:prob:{name}": probs[:, position] for position, name in enumerate(classes)}
    return pd.concat([table, pd.DataFrame(columns, index=table.index)], axis=1)
