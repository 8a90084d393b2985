"""Texts taken apart in several ways, so that a model also learns what the parts of its words mean.

Each way does without a share of the longer words of the vocabulary: what held one of them falls into other words or
single characters. Compare subword regularization (Kudo 2018) and, for classifying Chinese and Japanese texts,
stochastic tokenization (Hiraoka et al. 2019). The model that comes of it reads with the whole vocabulary.
"""

import json
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer

from sentiment.models.tokenizer import UNKNOWN, TokenTable, encode


def take_apart(
    tokenizer: Tokenizer, texts: Sequence[str], *, n_ways: int, left_out: float, max_length: int, seed: int
) -> list[TokenTable]:
    """The texts as the tokenizer takes them apart, and in `n_ways - 1` other ways, all with the tokenizer's own ids.

    Args:
        tokenizer: one that takes texts apart into the likeliest words (see `build_likely_tokenizer`).
        texts: the texts.
        n_ways: how many tables.
        left_out: share of the words of two characters or more that each other way does without.
        max_length: tokens of a text that are kept.
        seed: draws the words that are left out.
    """
    tables = [encode(tokenizer, texts, max_length=max_length)]
    for way in range(1, n_ways):
        other, ids = leave_out(tokenizer, share=left_out, rng=np.random.default_rng((seed, way)))
        tables.append(encode(other, texts, max_length=max_length).mapped(ids))
    return tables


def leave_out(tokenizer: Tokenizer, *, share: float, rng: np.random.Generator) -> tuple[Tokenizer, NDArray[np.int32]]:
    """The tokenizer without a share of its longer words, and the id int32[n_left] that each of its tokens had."""
    spec = json.loads(tokenizer.to_str())
    vocabulary = spec["model"]["vocab"]  # pairs of a token and its log-probability
    draws = rng.random(len(vocabulary))
    kept = [
        place
        for place, (token, _) in enumerate(vocabulary)
        if place <= UNKNOWN or len(token) == 1 or draws[place] >= share
    ]
    spec["model"]["vocab"] = [vocabulary[place] for place in kept]
    return Tokenizer.from_str(json.dumps(spec)), np.array(kept, np.int32)
