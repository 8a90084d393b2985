"""Which words may stand for each other in a text of a class: near in the word vectors, and not of opposite meaning.

Antonyms are near each other in word vectors ("pleased" and "disappointed"). What tells them apart is how they speak
for the classes, which the labeled rows themselves teach, even for words that occur in few of them. Where the classes
do not depend on it ("late" and "early"), an antonym may slip through.
"""

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from sentiment.arrays import distinct
from sentiment.models.tokenizer import TokenTable

N_SIMILAR = 5
_CANDIDATES = 40  # nearest words that are looked at
_MIN_SIMILARITY = 0.55  # cosine: below it are words of the same topic rather than of the same meaning
_MAX_LESS = 1.0  # standard deviations by which a similar word may speak less for the class than the word it replaces
_SHRINKAGE = 0.3  # of the covariance towards a multiple of the identity
_BLOCK = 1024  # words whose similarities are in memory at once

Floats = NDArray[np.float32]


def class_associations(tokens: TokenTable, labels: NDArray[np.int64], vectors: Floats, *, n_classes: int) -> Floats:
    """How much each word speaks for each class, float32[n_ids, n_classes], in standard deviations over the words.

    A text is the mean of its words' vectors. For each class, the direction that best tells its texts from all others
    is found (linear discriminant analysis, every class counting the same), and words are measured along it: so a word
    that no row of the class contains is judged by its likes. A class without a row gets zeros.

    Args:
        tokens: the training texts.
        labels: int64[n_texts].
        vectors: float32[n_ids, embed].
        n_classes: columns of the result.
    """
    used = distinct(tokens.ids)
    centred = vectors - vectors[used].mean(axis=0)
    words = csr_array((np.ones(len(tokens.ids)), tokens.ids, tokens.starts), shape=(len(labels), len(vectors)))
    means = (words @ centred) / np.maximum(tokens.lengths, 1)[:, None]  # [n_texts, embed]
    members = np.eye(n_classes)[labels]  # [n_texts, n_classes]
    sizes = members.sum(axis=0)
    middles = members.T @ means / np.maximum(sizes, 1.0)[:, None]
    residues = means - middles[labels]
    weights = 1.0 / sizes[labels] / max((sizes > 0).sum(), 1)
    spread = (residues * weights[:, None]).T @ residues
    spread += _SHRINKAGE * max(np.trace(spread) / len(spread), 1e-9) * np.eye(len(spread))
    others = (middles[sizes > 0].sum(axis=0) - middles) / max((sizes > 0).sum() - 1, 1)
    associations = centred @ np.linalg.solve(spread, (middles - others).T)  # [n_ids, n_classes]
    associations *= sizes > 0
    return (associations / np.maximum(associations[used].std(axis=0), 1e-9)).astype(np.float32)


def find_similar(vectors: Floats, words: NDArray[np.int64], associations: Floats) -> NDArray[np.int32]:
    """For each class and word its similar words, int32[n_classes, n_ids, N_SIMILAR]: nearest first, then -1.

    Args:
        vectors: float32[n_ids, embed].
        words: int64[n], the ids that may be replaced and may replace others.
        associations: float32[n_ids, n_classes] of `class_associations`.
    """
    n_classes = associations.shape[1]
    similar = np.full((n_classes, len(vectors), N_SIMILAR), -1, np.int32)
    if len(words) < 2:
        return similar
    unit = vectors[words] - vectors[words].mean(axis=0)
    unit /= np.maximum(np.linalg.norm(unit, axis=1, keepdims=True), 1e-9)
    n_near = min(_CANDIDATES, len(words) - 1)
    for start in range(0, len(words), _BLOCK):
        block = np.arange(start, min(start + _BLOCK, len(words)))
        cosine = unit[block] @ unit.T  # [block, n]
        cosine[block - start, block] = -2.0  # a word is not similar to itself
        near = np.argpartition(-cosine, n_near - 1, axis=1)[:, :n_near]
        near = np.take_along_axis(near, np.argsort(-np.take_along_axis(cosine, near, 1), axis=1, kind="stable"), 1)
        close = np.take_along_axis(cosine, near, 1) >= _MIN_SIMILARITY
        for label in range(n_classes):
            speaks = associations[words, label]
            allowed = close & (speaks[near] >= speaks[block][:, None] - _MAX_LESS)
            first = np.argsort(~allowed, axis=1, kind="stable")[:, :N_SIMILAR]  # the allowed ones, still nearest first
            found = np.where(np.take_along_axis(allowed, first, 1), words[np.take_along_axis(near, first, 1)], -1)
            similar[label, words[block], : found.shape[1]] = found
    return similar
