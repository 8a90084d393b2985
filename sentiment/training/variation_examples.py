"""What augmentation makes of some texts, to look at before anything is trained.

It reads a base model's tokenizer and word vectors without loading the model, so that a page can show it.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open

from sentiment.errors import ModelError
from sentiment.models.tokenizer import TokenTable, encode, learn_tokenizer, load_tokenizer, word_starts
from sentiment.training.augmentation import Augmenter

_VECTORS = "encoder/embedding/embedding"
_MAX_TEXTS = 2_000  # of each class, to learn how words speak for it
_MAX_LENGTH = 128
_EASY_LENGTH = 15  # tokens: long enough to be varied, short enough to be read


def example_variations(
    texts: Sequence[str], labels: Sequence[str], *, label: str, folder: Path | None, n: int = 3, seed: int = 0
) -> list[tuple[str, str]]:
    """Texts of a class before and after, as the model reads them: in lower case, words and signs apart.

    Args:
        texts: training texts of all classes.
        labels: the class of each.
        label: the class to take texts from.
        folder: the base model's; None for a network from scratch, which has no word vectors to find similar words by.
        n: how many texts at most.
        seed: draws the texts and the variations.

    Raises:
        ModelError: if the base model's files are missing or damaged.
    """
    rng = np.random.default_rng(seed)
    classes, codes = np.unique(np.array(labels, str), return_inverse=True)
    chosen = np.concatenate([rng.permutation(np.flatnonzero(codes == c))[:_MAX_TEXTS] for c in range(len(classes))])
    sample = [texts[row] for row in chosen.tolist()]
    tokenizer = learn_tokenizer(sample) if folder is None else load_tokenizer(folder / "tokenizer.json")
    table = encode(tokenizer, sample, max_length=_MAX_LENGTH)
    used, ids = np.unique(table.ids, return_inverse=True)
    augmenter = Augmenter(
        TokenTable(ids.astype(np.int32), table.starts),
        codes[chosen].astype(np.int64),
        starts=word_starts(tokenizer, sample, max_length=_MAX_LENGTH),
        names=[tokenizer.id_to_token(token) or "" for token in used.tolist()],
        vectors=None if folder is None else _vectors(folder)[used],
    )
    rows = np.flatnonzero((classes[codes[chosen]] == label) & (table.lengths > 1))
    rows = rows[np.argsort(np.abs(table.lengths[rows] - _EASY_LENGTH), kind="stable")][:n]
    return augmenter.examples(rows, rng=rng)


def _vectors(folder: Path) -> NDArray[np.float32]:
    """The word vectors of a model folder, float32[vocabulary, embed]."""
    try:
        with safe_open(folder / "weights.safetensors", framework="numpy") as tensors:
            return np.asarray(tensors.get_tensor(_VECTORS), np.float32)
    except (OSError, SafetensorError) as error:
        raise ModelError(f"The weights of {folder.name} cannot be read ({str(error)[:80]})") from error
