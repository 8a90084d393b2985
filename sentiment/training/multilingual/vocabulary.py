"""The vocabulary of several languages at once, and the vectors that its words start from."""

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from sentiment.training.multilingual.lexicon import Lexicon
from sentiment.training.vocabulary import WordVectors

Floats = NDArray[np.float32]
WordSpaces = Mapping[str, Mapping[str, Floats]]  # language → word → the teacher's vector, centred
_PIECE_LENGTHS = range(1, 6)
_MEMBERS = 200  # words that a piece's vector is the mean of
_PIECE_SHARE = 1e-9  # pieces are the last resort
_AGREEMENT = 6.0  # how much a sense gains by the teacher's finding word and gloss alike
_PHRASE_AGREEMENT = 0.3  # cosine that a gloss of several words is given, as the teacher reads single ones
_RARE = 1e-8  # share of a symbol or a number that the lists of words leave out


@dataclass(frozen=True)
class Vocabulary:
    """The tokens and where they come from.

    Attributes:
        weights: token → log-probability, in the order of the ids from 2 on.
        languages: token → language → its share of that language's words; empty for pieces.
        members: piece → words that end in it.
    """

    weights: dict[str, float]
    languages: dict[str, dict[str, float]]
    members: dict[str, list[str]]


def agree(lexicon: Lexicon, spaces: WordSpaces) -> Lexicon:
    """The lexicon with senses weighed by how alike the teacher finds word and gloss.

    Args:
        lexicon: of a language.
        spaces: the teacher's vectors of its words, and of English words.
    """
    own, english = spaces[lexicon.language], spaces["en"]
    senses = {}
    for word, glosses in lexicon.senses.items():
        weights = {
            gloss: weight * math.exp(_AGREEMENT * _likeness(word, gloss, own, english))
            for gloss, weight in glosses.items()
        }
        total = sum(weights.values())
        best = sorted(weights.items(), key=lambda item: -item[1])
        senses[word] = {gloss: weight / total for gloss, weight in best}
    return replace(lexicon, senses=senses)


def choose_tokens(
    frequencies: Mapping[str, Mapping[str, float]], symbols: Iterable[str], *, n_pieces: int
) -> Vocabulary:
    """The words of all languages, symbols, and pieces for words outside of them.

    Words that are spelled alike are one token. The pieces are frequent word endings, and every letter.

    Args:
        frequencies: language → word → its share of the language's words.
        symbols: other tokens: punctuation, numbers, single characters of a script without spaces.
        n_pieces: how many endings.
    """
    languages: dict[str, dict[str, float]] = {}
    for language, words in frequencies.items():
        for word, share in words.items():
            languages.setdefault(word, {})[language] = share
    shares = {word: sum(by_language.values()) / len(frequencies) for word, by_language in languages.items()}
    for symbol in symbols:
        if symbol not in shares:
            shares[symbol], languages[symbol] = _RARE, {}
    spaced = [word for word in shares if word.isalpha() and not _is_unspaced(word)]
    members = _endings(sorted(spaced, key=lambda word: -shares[word]), n_pieces, taken=shares)
    shares |= dict.fromkeys(members, _PIECE_SHARE)
    ordered = sorted(shares, key=lambda token: -shares[token])
    return Vocabulary({token: round(math.log(shares[token]), 2) for token in ordered}, languages, members)


def start_vectors(
    vocabulary: Vocabulary,
    *,
    lexicons: Mapping[str, Lexicon],
    spaces: WordSpaces,
    glove: WordVectors,
    width: int,
) -> Floats:
    """The vector that each token starts from, float32[n_tokens, width].

    GloVe's vector of an English word, or the mean of those of a foreign word's senses, beside the teacher's vector of
    the word itself; of these the directions in which they differ most. A word of several languages has the mean over
    them, weighed by how frequent it is in each.
    """
    tokens = list(vocabulary.weights)
    glove_width, wide = glove.vectors.shape[1], len(next(iter(spaces["en"].values())))
    parts = [np.zeros((len(tokens), glove_width), np.float32), np.zeros((len(tokens), wide), np.float32)]
    position = {token: row for row, token in enumerate(tokens)}
    for row, token in enumerate(tokens):
        shares = vocabulary.languages.get(token) or {"en": 1.0}
        for language, share in shares.items():
            weight = share / sum(shares.values())
            parts[0][row] += weight * _glove_of(token, language, lexicons, glove)
            parts[1][row] += weight * spaces[language].get(token, np.zeros(wide, np.float32))
    start = np.concatenate([_scaled(parts[0]), _scaled(parts[1])], axis=1)
    start = _main_directions(start, width)
    for piece, words in vocabulary.members.items():
        start[position[piece]] = 0.5 * start[[position[word] for word in words]].mean(axis=0)
    return start


def _likeness(word: str, gloss: str, own: Mapping[str, Floats], english: Mapping[str, Floats]) -> float:
    if " " in gloss or gloss not in english or word not in own:
        return _PHRASE_AGREEMENT
    return float(own[word] @ english[gloss])


def _glove_of(token: str, language: str, lexicons: Mapping[str, Lexicon], glove: WordVectors) -> Floats:
    none = np.zeros(glove.vectors.shape[1], np.float32)
    if language == "en":
        return glove[token] if token in glove else none  # noqa: SIM401 - WordVectors is no mapping
    senses = lexicons[language].senses.get(token, {})
    found = [(weight, word) for gloss, weight in senses.items() for word in gloss.split() if word in glove]
    if not found:
        return none
    return np.sum([weight * glove[word] for weight, word in found], axis=0) / sum(weight for weight, _ in found)


def _scaled(vectors: Floats) -> Floats:
    """Centred, and of length 1 on the mean; rows of zeros stay zeros."""
    known = np.abs(vectors).sum(axis=1) > 0
    centred = np.where(known[:, None], vectors - vectors[known].mean(axis=0), 0.0)
    return (centred / np.linalg.norm(centred[known], axis=1).mean()).astype(np.float32)


def _main_directions(vectors: Floats, width: int) -> Floats:
    """Coordinates along the directions in which vectors differ most, as large as GloVe's numbers are."""
    known = vectors[np.abs(vectors).sum(axis=1) > 0]
    directions = np.linalg.svd(known[:20_000], full_matrices=False)[2][:width]
    found = vectors @ directions.T
    return (found * (0.6 / found.std())).astype(np.float32)


def _endings(words: Sequence[str], n_pieces: int, *, taken: Mapping[str, float]) -> dict[str, list[str]]:
    """The most frequent endings that are no words, each with words that end so; every letter among them."""
    counts: Counter[str] = Counter()
    members: dict[str, list[str]] = {}
    for word in words:
        for length in _PIECE_LENGTHS:
            if len(word) > length:
                ending = word[-length:]
                counts[ending] += 1
                if len(members.setdefault(ending, [])) < _MEMBERS:
                    members[ending].append(word)
    chosen = [ending for ending, _ in counts.most_common() if ending not in taken][:n_pieces]
    letters = dict.fromkeys(letter for word in words for letter in word if letter not in taken)
    for letter in letters:
        members.setdefault(letter, [word for word in words if letter in word][:_MEMBERS])
    return {ending: members[ending] for ending in dict.fromkeys([*chosen, *letters])}


def _is_unspaced(word: str) -> bool:
    return any("\u3400" <= letter <= "\u9fff" for letter in word)
