"""Which rows a run learns from and which it is judged on, and the table of what was predicted for these."""

from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sentiment.data import Dataset, Split, combine_groups, group_duplicates, normalise_texts, split_rows
from sentiment.errors import DataError, ModelError, RunError
from sentiment.files import write_atomic
from sentiment.models.folders import model_folder
from sentiment.models.learned import read_learned, write_learned
from sentiment.models.registry import (
    BASELINES,
    SCRATCH,
    SCRATCH_RNN,
    WORD_VECTORS,
    WORDS_FROM,
    base_folder,
    bases_folder,
)
from sentiment.training.config import BEFORE, FinetuneConfig
from sentiment.training.languages import describe_languages, row_languages, stratify, tabulate_languages
from sentiment.training.runs import Run

MOST_UNLABELED = 3_000  # rows without a label that a run learns from
_BY_CHANCE = 0.01


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
        n_learned_before: training rows that the model to start from has learned from.
        n_held_out_learned: held-out rows that it has: none, but in runs of before these were kept apart.
    """

    frame: pd.DataFrame
    labels: NDArray[np.int64]
    split: Split
    classes: tuple[str, ...]
    unlabeled: tuple[str, ...] = ()
    n_learned_before: int = 0
    n_held_out_learned: int = 0

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


def split_labeled(dataset: Dataset, config: FinetuneConfig, *, kept: Split | None = None) -> Labeled:
    """The labeled rows of a dataset, split by the run's settings.

    Rows that the model to start from has learned from are for training alone.

    Args:
        dataset: with labels.
        config: the settings.
        kept: the split that a run began with, if it goes on (see `kept_split`).

    Raises:
        DataError: if the labels do not allow it, in words.
        ModelError: if there is no such base model.
    """
    frame = dataset.labeled.reset_index(drop=True)
    groups = group_duplicates(frame["text"])
    if dataset.group_column is not None:
        groups = combine_groups(groups, frame["group"])
    learned = known_rows(config.base, frame["text"])
    split = kept or _split(frame, groups, learned if learned is not None and learned.any() else None, config)
    positions = {name: position for position, name in enumerate(dataset.classes)}
    labels = frame["label"].map(positions).to_numpy().astype(np.int64)
    unlabeled = _unlabeled_texts(dataset, frame, split, seed=config.seed) if config.self_training else ()
    if learned is None:
        return Labeled(frame, labels, split, dataset.classes, unlabeled)
    held_out = int(learned[held_out_positions(split)].sum())  # of a run from before these were kept apart
    return Labeled(frame, labels, split, dataset.classes, unlabeled, int(learned[split.train].sum()), held_out)


def known_rows(base: str, texts: "pd.Series[str]") -> NDArray[np.bool_] | None:
    """Which of some texts a run, package or base model has learned from, bool[n]; None where that is not known.

    Of a base model that ships, none where it is fewer than one in a hundred: short sentences are in any corpus, and
    what is held out should not depend on the base for their sake.

    Raises:
        ModelError: if there is no such base, or what it says of itself is damaged.
    """
    before = learned_before(base)
    if before is None:
        return None
    known = np.isin(hash_texts(texts), before)
    folder = model_folder(WORDS_FROM if base == WORD_VECTORS else base)
    ships = folder.resolve().parent == bases_folder().resolve()
    return np.zeros(len(known), bool) if ships and known.sum() < _BY_CHANCE * len(known) else known


def count_known(base: str, texts: "pd.Series[str]") -> int:
    """How many of some texts a run, package or base model has learned from; 0 where it is fewer than one in a hundred.

    Raises:
        ModelError: if there is no such base, or what it says of itself is damaged.
    """
    known = known_rows(base, texts)
    n_known = 0 if known is None else int(known.sum())
    return n_known if n_known >= _BY_CHANCE * len(texts) else 0


def learned_before(base: str) -> NDArray[np.uint64] | None:
    """Hashes (see `hash_texts`) of the texts that a run, package or base model has learned from; None if not known.

    Raises:
        ModelError: if there is no such base, or what it says of itself is damaged.
    """
    if base == WORD_VECTORS:
        return learned_before(WORDS_FROM) if base_folder(WORDS_FROM) else None
    if base in (*BASELINES, SCRATCH, SCRATCH_RNN):
        return None
    folder = model_folder(base)
    found = read_learned(folder)
    return _learned_by_older(folder.parent) if found is None else found


def _learned_by_older(run_folder: Path) -> NDArray[np.uint64] | None:
    """What a run from before models said it themselves has learned from, and its base; None if it is no such run."""
    if not (run_folder / "split.npz").is_file():
        return None
    try:
        own = _read_split(run_folder)["trained_on"].astype(np.uint64)
    except (RunError, KeyError) as error:
        raise ModelError(f"What the run {run_folder.name} has learned from cannot be read") from error
    try:
        before = learned_before(Run(run_folder).info.config.base)
    except (ModelError, RunError):  # its base is gone by now
        before = None
    return own if before is None else np.concatenate([own, before])


def _read_split(run_folder: Path) -> dict[str, NDArray[Any]]:
    try:
        with np.load(run_folder / "split.npz", allow_pickle=False) as kept:
            return {name: kept[name] for name in kept.files}
    except (OSError, ValueError, EOFError, BadZipFile) as error:
        raise RunError("The split of this run cannot be read", todo="Start a new run") from error


def kept_split(run: Run, dataset: Dataset) -> Split | None:
    """The split that a run began with, as positions among the labeled rows; None for a new run.

    Raises:
        RunError: if it cannot be read, or is of other rows.
    """
    if not (run.folder / "split.npz").is_file():
        return None
    kept, labeled = _read_split(run.folder), dataset.labeled
    place = pd.Series(np.arange(len(labeled)), labeled["row"].to_numpy(np.int64))
    try:
        return Split(**{part: place.loc[kept[part]].to_numpy(np.int64) for part in ("train", "validation", "test")})
    except KeyError as error:
        raise RunError("The split of this run is of other rows", todo="Start a new run") from error


def _split(
    frame: pd.DataFrame, groups: NDArray[np.int64], learned: NDArray[np.bool_] | None, config: FinetuneConfig
) -> Split:
    """The split, with about the same share of every class in every language in each part where that can be had."""
    labels = frame["label"].tolist()

    def split(strata: list[str]) -> Split:
        return split_rows(
            strata,
            groups=groups,
            learned=learned,
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


def about_rows(labeled: Labeled, *, setting: str) -> dict[str, Any]:
    """How many rows are for what, in which languages (most first), and what is done about these: plain values."""
    train = labeled.split.train
    table = tabulate_languages(labeled.languages(train), labeled.frame["label"].iloc[train])
    counts = table.sum(axis=1).sort_values(ascending=False, kind="stable")
    return {
        "n_train": len(train),
        "n_validation": len(labeled.split.validation),
        "n_learned_before": labeled.n_learned_before,
        "n_held_out_learned": labeled.n_held_out_learned,
        "languages": {str(code): int(n) for code, n in counts.items()},
        "languages_reason": describe_languages(table, setting=setting),
    }


def write_split(run: Run, labeled: Labeled) -> None:
    """Notes which rows went where, and hashes of the training texts, so that others can tell them again.

    With the model, those that its base has learned from are noted as well.
    """
    rows = labeled.frame["row"].to_numpy(np.int64)
    split = labeled.split
    trained = np.concatenate([split.train, split.validation])
    texts = pd.concat([labeled.frame["text"].iloc[trained], pd.Series(labeled.unlabeled, dtype="str")])
    hashes, before = hash_texts(texts), learned_before(run.info.config.base)
    write_learned(run.folder / "model", hashes if before is None else np.concatenate([hashes, before]))
    with BytesIO() as buffer:
        np.savez(
            buffer,
            train=rows[split.train],
            validation=rows[split.validation],
            test=rows[split.test],
            trained_on=hashes,
        )
        write_atomic(run.folder / "split.npz", buffer.getvalue())


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
