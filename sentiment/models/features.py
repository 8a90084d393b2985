"""Texts → one row of numbers per text, which a linear model can read: weighted n-grams, or averaged word vectors."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from sentiment.models.ngrams import GramSettings, Vocabulary, learn_vocabulary
from sentiment.models.tokenizer import AnyTokenizer, TokenTable, encode

MAX_TERMS = 200_000
MAX_TOKENS = 512  # of a text whose word vectors are averaged

Matrix: TypeAlias = NDArray[np.float32] | csr_matrix  # float32[n_texts, n_features]


@dataclass(frozen=True)
class NoFeatures:
    """Nothing at all: what a model that always says the same looks at."""

    n_features: int = 0

    def __call__(self, texts: Sequence[str]) -> Matrix:
        """float32[n_texts, 0]."""
        return np.zeros((len(texts), 0), np.float32)


@dataclass(frozen=True)
class GramFeatures:
    """N-grams by weight.

    Attributes:
        vocabulary: the n-grams.
        weights: float32[n_terms], by which each one counts; its inverse document frequency, or 1.
        scaled: True for 1 + log(count) times the weight, in rows of length 1 (TF-IDF); False for the weight of every
            n-gram that occurs, however often.
    """

    vocabulary: Vocabulary
    weights: NDArray[np.float32]
    scaled: bool

    @property
    def n_features(self) -> int:
        """Columns of the matrix."""
        return len(self.vocabulary.terms)

    def __call__(self, texts: Sequence[str]) -> csr_matrix:
        """float32[n_texts, n_terms], sparse."""
        return self.weigh(self.vocabulary.count(texts))

    def weigh(self, counts: csr_matrix) -> csr_matrix:
        """The features of texts whose terms are counted already, float32[n_texts, n_terms]."""
        values = self.weights[counts.indices]
        if self.scaled:
            values = values * (1.0 + np.log(counts.data))
            rows = np.repeat(np.arange(counts.shape[0]), np.diff(counts.indptr))
            norms = np.sqrt(np.bincount(rows, weights=values**2, minlength=counts.shape[0]))
            values = (values / norms[rows]).astype(np.float32)
        return csr_matrix((values, counts.indices, counts.indptr), shape=counts.shape)


@dataclass(frozen=True)
class VectorFeatures:
    """Word vectors of a base model, averaged over a text.

    The plain mean: weighing words by their rarity (Arora et al. 2017) was 1 to 3 points worse on reviews and tweets.

    Attributes:
        tokenizer: the one that the vectors belong to.
        vectors: float32[vocab, embed].
        mean, scale: float32[embed], taken off and multiplied, so that every column has mean 0 and deviation 1.
    """

    tokenizer: AnyTokenizer
    vectors: NDArray[np.float32]
    mean: NDArray[np.float32]
    scale: NDArray[np.float32]

    @property
    def n_features(self) -> int:
        """Columns of the matrix."""
        return self.vectors.shape[1]

    def __call__(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """float32[n_texts, embed]; a text without a word gets zeros."""
        averaged = average_vectors(encode(self.tokenizer, texts, max_length=MAX_TOKENS), self.vectors)
        empty = ~averaged.any(axis=1, keepdims=True)
        return np.where(empty, np.float32(0), (averaged - self.mean) * self.scale)


def learn_grams(
    texts: Sequence[str], settings: GramSettings, *, min_texts: int, scaled: bool
) -> tuple[GramFeatures, csr_matrix]:
    """The features whose terms and weights are learned from these texts, and the texts' own rows.

    The weight of a term is log((1 + n) / (1 + df)) + 1 where it is scaled (scikit-learn's smooth idf), else 1.

    Args:
        texts: the training texts, and no others.
        settings: which n-grams.
        min_texts: a term must occur in as many texts.
        scaled: see `GramFeatures`.
    """
    vocabulary = learn_vocabulary(texts, settings, min_texts=min_texts, max_terms=MAX_TERMS)
    counts = vocabulary.count(texts)
    weights = np.ones(len(vocabulary.terms), np.float32)
    if scaled:
        n_texts_with = np.bincount(counts.indices, minlength=len(weights))
        weights = (np.log((1 + len(texts)) / (1 + n_texts_with)) + 1).astype(np.float32)
    features = GramFeatures(vocabulary, weights, scaled)
    return features, features.weigh(counts)


def learn_vectors(
    texts: Sequence[str], tokenizer: AnyTokenizer, vectors: NDArray[np.float32]
) -> tuple[VectorFeatures, NDArray[np.float32]]:
    """The features whose mean and scale are learned from these texts, and the texts' own rows float32[n, embed]."""
    unscaled = np.zeros(vectors.shape[1], np.float32)
    averaged = VectorFeatures(tokenizer, vectors, unscaled, unscaled + 1)(texts)
    scale = (1.0 / np.maximum(averaged.std(axis=0), 1e-6)).astype(np.float32)
    features = VectorFeatures(tokenizer, vectors, averaged.mean(axis=0), scale)
    return features, features(texts)


def average_vectors(table: TokenTable, vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    """The mean of the vectors of each text's words, float32[n_texts, embed]; zeros without a word."""
    ones = np.ones(len(table.ids), np.float32)
    words = csr_matrix((ones, table.ids, table.starts), shape=(len(table.starts) - 1, len(vectors)))
    return np.asarray(words @ vectors, np.float32) / np.maximum(table.lengths, 1).astype(np.float32)[:, None]
