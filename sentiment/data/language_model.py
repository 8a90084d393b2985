"""How likely many short texts are in each of many languages: py3langid's model, walked over all rows at once.

The model is a naive Bayes classifier (Lui and Baldwin 2012, "langid.py: An Off-the-shelf Language Identification Tool",
ACL) over byte n-grams that an automaton finds. The package walks it in Python, text by text; here all texts take a step
together, and each language's score is a sum of rows of one table.
"""

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from sentiment.data.scripts import bytes_of

_BLOCK = 4_000  # rows that step together: what they touch stays in the processor's cache
# What the model knows beside ISO 639-1 codes, and what it is told as.
_TOLD_AS = {"ary": "ar", "arz": "ar", "nn": "no", "uzs": "uz", "wuu": "zh", "yue": "zh"}


class LanguageModel:
    """Scores of texts in languages. Use `language_model`, which loads it once.

    Attributes:
        languages: ISO 639-1 codes of the languages that it knows, sorted.
    """

    def __init__(self) -> None:
        from py3langid.langid import MODEL_FILE, LanguageIdentifier  # slow to load

        model = LanguageIdentifier.from_model_file(MODEL_FILE)
        self._moves = np.frombuffer(model.tk_nextmove, np.uint32)
        self._rows = np.asarray(model.tk_row, np.int64) << 8
        self._found = np.asarray(model.tk_output, np.int64) + 1  # 0: no n-gram ends in this state
        self._weights = np.asarray(model.nb_ptc)
        told_as = [_TOLD_AS.get(code, code) for code in model.nb_classes]
        self._columns: dict[str, list[int]] = {}
        for column, code in enumerate(told_as):
            if len(code) == 2:
                self._columns.setdefault(code, []).append(column)
        self.languages = tuple(sorted(self._columns))

    def score(self, texts: pa.LargeStringArray, languages: Sequence[str]) -> NDArray[np.float32]:
        """The log-likelihood of each text in each language, up to a constant of the text: float32[n, n_languages].

        Args:
            texts: without missing ones; long ones take long.
            languages: of `languages`.
        """
        columns = [(place, column) for place, code in enumerate(languages) for column in self._columns[code]]
        table = np.zeros((len(self._weights) + 1, len(columns)), np.float32)
        table[1:] = self._weights[:, [column for _, column in columns]]
        scores = np.full((len(texts), len(languages)), -np.inf, np.float32)
        for start in range(0, len(texts), _BLOCK):
            sums = self._walk(texts.slice(start, _BLOCK), table)
            for (place, _), values in zip(columns, sums.T, strict=True):
                part = scores[start : start + _BLOCK, place]
                np.maximum(part, values, out=part)
        return scores

    def _walk(self, texts: pa.LargeStringArray, table: NDArray[np.float32]) -> NDArray[np.float32]:
        """The sums of the table's rows over the n-grams of each text: float32[n, n_columns]."""
        starts, ends, content = bytes_of(texts)
        order = np.argsort(starts - ends, kind="stable")  # the longest first: those that still go on are a prefix
        starts, lengths = starts[order], (ends - starts)[order]
        going = len(lengths) - np.searchsorted(lengths[::-1], np.arange(int(lengths.max(initial=0))), side="right")
        states = np.zeros(len(lengths), np.int64)
        sums = np.zeros((len(lengths), table.shape[1]), np.float32)
        for step, n in enumerate(going.tolist()):
            states[:n] = self._moves[self._rows[states[:n]] + content[starts[:n] + step]]
            sums[:n] += table[self._found[states[:n]]]
        back = np.empty_like(sums)
        back[order] = sums
        return back


@lru_cache(maxsize=1)
def language_model() -> LanguageModel:
    """The model, loaded once in a process (about half a second and 70 MB)."""
    return LanguageModel()
