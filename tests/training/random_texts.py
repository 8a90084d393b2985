"""Texts of random words, for tests of what learns."""

import numpy as np

from sentiment.models.tokenizer import TokenTable


def random_texts(n: int, *, seed: int, n_ids: int) -> tuple[TokenTable, np.ndarray]:
    """Texts of random words below `n_ids`, and labels int64[n]: word 5 stands first in those of class 1 alone."""
    rng = np.random.default_rng(seed)
    lengths = rng.integers(3, 12, n)
    ids = rng.integers(6, n_ids, lengths.sum()).astype(np.int32)
    starts = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
    labels = rng.integers(0, 2, n)
    ids[starts[:-1][labels == 1]] = 5
    return TokenTable(ids, starts), labels
