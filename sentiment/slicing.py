"""Held-out rows in slices: by length, language, any column of the file, and by word; and where a model is worse."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import sparse

from sentiment.data.balance import measure_lengths
from sentiment.data.crosstab import Groups, group_values
from sentiment.data.dataset import FILE_PREFIX, Dataset
from sentiment.data.language import language_name, length_unit
from sentiment.data.row_languages import identify_languages
from sentiment.data.words import terms_of_texts
from sentiment.evaluation.slices import FEWEST, judge_slices
from sentiment.evaluation.verdict import percent
from sentiment.judging import groups_of
from sentiment.numbers import number

LENGTH, LANGUAGE, WORD = "length", "language", "word"
BETWEEN = "="  # in the name of a slice, between what is sliced by and the slice
MOST_COLUMNS = 30  # of the file
MOST_WORDS = 400  # the most frequent: the more are tried, the surer each has to be
COMMON = 0.5  # share of the rows: a word in more of them cuts out nothing
_REST = "other"  # the languages with too few rows
_ALIKE = 0.7  # rows in both of two slices, as a share of the rows in either


@dataclass(frozen=True, eq=False)
class Slices:
    """The held-out rows of a run in slices.

    Attributes:
        columns: by what it is sliced ("length", "language", "file:<name>"), the rows in groups.
        words: words and pairs of words that are in enough rows.
        members: bool[n_rows, n_words], sparse: which row has which word.
        table: every slice against the rest, made by `evaluation.slices.judge_slices`: columns column ("word" for a
            word), value, then the figures.
    """

    columns: dict[str, Groups]
    words: tuple[str, ...]
    members: sparse.csc_matrix
    table: pd.DataFrame

    def worst(self, n: int = 12) -> pd.DataFrame:
        """Slices that the model is surely worse on, the largest difference first.

        Of slices that are nearly the same rows (a word, and a pair of words with it), the first stands for all.
        """
        worse = self.table[self.table["finding"] == "worse"]
        worse = worse.iloc[np.argsort(worse["difference"].round(9).to_numpy(), kind="stable")]
        kept: list[int] = []
        seen: list[NDArray[np.bool_]] = []
        for place, line in zip(worse.index, worse.to_dict("records"), strict=True):
            rows = self.rows(line["column"], line["value"])
            if all((rows & other).sum() < _ALIKE * (rows | other).sum() for other in seen):
                kept.append(place)
                seen.append(rows)
            if len(kept) == n:
                break
        return worse.loc[kept]

    def named(self, name: str, texts: "pd.Series[str]") -> NDArray[np.bool_] | None:
        """bool[n_rows]: the rows of a slice by its name, "<column>=<value>"; None where there are none.

        Args:
            name: of a slice. Any words are one: where "word" has no such value, the rows whose text has them somewhere,
                whatever the capitals.
            texts: of the rows.
        """
        for column in (*self.columns, WORD):
            start = f"{column}{BETWEEN}"
            if name.startswith(start):
                value = name.removeprefix(start)
                mask = self.rows(column, value)
                if column == WORD and value.strip() and not mask.any():
                    mask = texts.str.contains(value.strip(), case=False, regex=False).fillna(False).to_numpy(bool)
                if mask.any():
                    return mask
        return None

    def rows(self, column: str, value: str) -> NDArray[np.bool_]:
        """bool[n_rows]: which rows are in a slice; none for one that there is not."""
        if column == WORD:
            if value not in self.words:
                return np.zeros(self.members.shape[0], bool)
            return np.asarray(self.members[:, self.words.index(value)].toarray() > 0).ravel()
        found = self.columns.get(column)
        if found is None or value not in found.names:
            return np.zeros(self.members.shape[0], bool)
        return np.asarray(found.codes == found.names.index(value), bool)


def sliceable(dataset: Dataset) -> pd.DataFrame:
    """The rows of a dataset, without the file's column of languages: these are a slice of their own, as corrected."""
    return dataset.frame.drop(columns=f"{FILE_PREFIX}{dataset.language_column}", errors="ignore")


def slice_rows(rows: pd.DataFrame, frame: pd.DataFrame | None, *, language: str, classes: Sequence[str] = ()) -> Slices:
    """The held-out rows of a run in slices, each judged against the rest.

    Args:
        rows: labeled held-out rows with the columns row, text, label, group and "model:prediction".
        frame: the rows of the dataset with their languages and the other columns of its file; None where there is no
            dataset any more.
        language: of the dataset, which says how length is counted.
        classes: those of which nothing is sliced: what the rows' own labels say is not news.
    """
    columns = _column_groups(rows, frame, language=language)
    columns = {name: found for name, found in columns.items() if not set(found.names) <= set(classes)}
    words, members = _word_members(rows["text"])
    right = (rows["label"].astype("str") == rows["model:prediction"].astype("str")).to_numpy(bool)
    names = [(name, value) for name, found in columns.items() for value in found.names]
    names += [(WORD, word) for word in words]
    parts = [_one_hot(found) for found in columns.values()]
    everything = sparse.hstack([*parts, members], format="csc") if parts else members
    table = judge_slices(
        right, everything, names=pd.DataFrame(names, columns=["column", "value"]), groups=groups_of(rows)
    )
    return Slices(columns, tuple(words), members, table)


def say_by_language(slices: Slices) -> str:
    """How often the model is right in each language, as a plain sentence; "" where fewer than two can be judged."""
    table = slices.table[(slices.table["column"] == LANGUAGE) & (slices.table["value"] != _REST)]
    judged = table[table["share"].notna()].sort_values("n", ascending=False, kind="stable")
    if len(judged) < 2:
        return ""
    said = [
        f"{percent(line['share'])} % of {number(line['n'])} {line['value']} rows "
        f"({percent(line['low'])} to {percent(line['high'])})"
        for line in judged.to_dict("records")
    ]
    return f"By language: right on {', '.join(said[:-1])} and on {said[-1]}."


def _column_groups(rows: pd.DataFrame, frame: pd.DataFrame | None, *, language: str) -> dict[str, Groups]:
    texts = rows["text"]
    found = {LENGTH: group_values(pd.Series(measure_lengths(texts, unit=length_unit(language))))}
    others = [] if frame is None else [name for name in frame.columns if name.startswith(FILE_PREFIX)][:MOST_COLUMNS]
    if frame is not None and others:
        own = frame.set_index("row")[others].reindex(rows["row"].to_numpy())
        for name in others:
            groups = group_values(own[name].reset_index(drop=True))
            if len(groups.names) > 1:
                found[name] = groups
    found[LANGUAGE] = _kept(_languages(rows, frame).map(language_name).astype("str"))
    return found


def _languages(rows: pd.DataFrame, frame: pd.DataFrame | None) -> "pd.Series[str]":
    """The language of each row, as the dataset has it; by the texts where there is no dataset any more."""
    if frame is None or LANGUAGE not in frame:
        return identify_languages(rows["text"])
    own = frame.set_index("row")[LANGUAGE].reindex(rows["row"].to_numpy()).reset_index(drop=True)
    return own.fillna("und").astype("str")


def _kept(values: pd.Series) -> Groups:
    """The values in groups, where those with too few rows to be judged are one."""
    counts = values.value_counts()
    return group_values(values.where(values.map(counts) >= FEWEST, _REST))


def _word_members(texts: "pd.Series[str]") -> tuple[list[str], sparse.csc_matrix]:
    """The words that are in enough rows, and in not too many, the most frequent first; and which row has which."""
    terms, known, places = terms_of_texts(texts)
    counts = np.bincount(known, minlength=len(terms))
    wanted = np.flatnonzero((counts >= FEWEST) & (counts <= COMMON * len(texts)))
    wanted = wanted[np.argsort(-counts[wanted], kind="stable")][:MOST_WORDS]
    number = np.full(len(terms), -1)
    number[wanted] = np.arange(len(wanted))
    kept = number[known] >= 0 if len(known) else np.zeros(0, bool)
    shape = (len(texts), len(wanted))
    members = sparse.csc_matrix((np.ones(int(kept.sum())), (places[kept], number[known[kept]])), shape=shape)
    return [terms[place] for place in wanted.tolist()], members


def _one_hot(groups: Groups) -> sparse.csc_matrix:
    n = len(groups.codes)
    return sparse.csc_matrix((np.ones(n), (np.arange(n), groups.codes)), shape=(n, len(groups.names)))
