"""How likely many short texts are in each of many languages: py3langid's model, walked over all rows at once.

The model is a naive Bayes classifier (Lui and Baldwin 2012, "langid.py: An Off-the-shelf Language Identification Tool",
ACL) over byte n-grams that an automaton finds. The package walks it in Python, text by text; here all texts take a step
together, and each language's score is a sum of rows of one table.
"""

import threading
from collections.abc import Sequence
from functools import lru_cache

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from scipy.sparse import csr_array

from sentiment.data.scripts import bytes_of

_BLOCK = 16_000  # rows that step together, in the processor's cache
# What the model knows beside ISO 639-1 codes, and what it is told as.
_TOLD_AS = {"ary": "ar", "arz": "ar", "nn": "no", "uzs": "uz", "wuu": "zh", "yue": "zh"}


class LanguageModel:
    """What the package knows. Use `language_model`, which loads it once.

    Attributes:
        moves: the automaton's next state, by `rows` of the state and the byte: uint32[256 * n_rows].
        rows: where in `moves` the row of a state begins: int64[n_states].
        found: the n-gram that ends in a state, 0 for none: int32[n_states].
    """

    def __init__(self) -> None:
        from py3langid.langid import MODEL_FILE, LanguageIdentifier  # slow to load

        model = LanguageIdentifier.from_model_file(MODEL_FILE)
        self.moves = np.frombuffer(model.tk_nextmove, np.uint32)
        self.rows = np.asarray(model.tk_row, np.int64) << 8
        self.found = np.asarray(model.tk_output, np.int32) + 1
        self._weights = np.asarray(model.nb_ptc)
        told_as = [_TOLD_AS.get(code, code) for code in model.nb_classes]
        self._columns: dict[str, list[int]] = {}
        for column, code in enumerate(told_as):
            if len(code) == 2:
                self._columns.setdefault(code, []).append(column)

    def table(self, languages: Sequence[str]) -> tuple[NDArray[np.float32], list[int]]:
        """What each n-gram says for languages, of which some have several columns.

        Returns:
            float32[n_ngrams + 1, n_columns], the first row zeros, for no n-gram; and the place in `languages` of the
            language that each column is of.
        """
        columns = [(place, column) for place, code in enumerate(languages) for column in self._columns[code]]
        table = np.zeros((len(self._weights) + 1, len(columns)), np.float32)
        table[1:] = self._weights[:, [column for _, column in columns]]
        return table, [place for place, _ in columns]


class LanguageScorer:
    """Scores of texts in some languages; the model is loaded with the first text. Several threads may use it.

    Args:
        languages: of those that the model knows.

    Attributes:
        languages: as given.
    """

    def __init__(self, languages: Sequence[str]) -> None:
        self.languages = tuple(languages)
        self._lock = threading.Lock()
        self._made: tuple[NDArray[np.float32], list[int]] | None = None

    def score(self, texts: pa.LargeStringArray) -> NDArray[np.float32]:
        """The log-likelihood of each text in each language, up to a constant of the text: float32[n, n_languages].

        Args:
            texts: without missing ones; long ones take long.
        """
        table, columns = self._table()
        scores = np.full((len(texts), len(self.languages)), -np.inf, np.float32)
        for start in range(0, len(texts), _BLOCK):
            sums = _walk(texts.slice(start, _BLOCK), table)
            for place, values in zip(columns, sums.T, strict=True):
                part = scores[start : start + _BLOCK, place]
                np.maximum(part, values, out=part)
        return scores

    def _table(self) -> tuple[NDArray[np.float32], list[int]]:
        with self._lock:
            if self._made is None:
                self._made = language_model().table(self.languages)
            return self._made


def _walk(texts: pa.LargeStringArray, table: NDArray[np.float32]) -> NDArray[np.float32]:
    """The sums of the table's rows over the n-grams of each text: float32[n, n_columns]."""
    model = language_model()
    starts, ends, content = bytes_of(texts)
    order = np.argsort(starts - ends, kind="stable")  # the longest first: those that still go on are a prefix
    starts, lengths = starts[order], (ends - starts)[order]
    going = len(lengths) - np.searchsorted(lengths[::-1], np.arange(int(lengths.max(initial=0))), side="right")
    bounds = np.concatenate([[0], np.cumsum(lengths)])
    states = np.zeros(len(lengths), np.uint32)
    found = np.empty(bounds[-1], np.int32)
    for step, n in enumerate(going.tolist()):
        # No place is out of bounds: "clip" is the mode of `take` that fills `out` without a copy.
        places = np.take(model.rows, states[:n], mode="clip")
        places += np.take(content, starts[:n] + step, mode="clip")
        np.take(model.moves, places, out=states[:n], mode="clip")
        found[bounds[:n] + step] = np.take(model.found, states[:n], mode="clip")
    # A product of matrices sums the rows in half the time of adding them step by step.
    ones = np.ones(len(found), np.float32)
    sums = csr_array((ones, found, bounds.astype(np.int32)), shape=(len(lengths), len(table))) @ table
    back = np.empty_like(sums)
    back[order] = sums
    return back


_loading = threading.Lock()


def language_model() -> LanguageModel:
    """The model, loaded once in a process (about half a second and 70 MB), however many threads ask for it at once."""
    with _loading:
        return _load()


@lru_cache(maxsize=1)
def _load() -> LanguageModel:
    return LanguageModel()
