"""Texts without labels for the teacher: sentences of the corpora, single words, and sentences with words exchanged."""

import re
from collections.abc import Iterable, Sequence

import numpy as np

from sentiment.training.corpora import CorpusSplit

_TAGS = re.compile(r"<[^>]+>")
_ENDS = re.compile(r"(?<=[.!?])\s+")
_NOT_LETTERS = re.compile(r"[\W_]+")
_SHORTEST, _LONGEST = 20, 200  # characters of a sentence
_FUNCTION_WORDS = 150  # the most frequent words hold a sentence together and are not exchanged
_EXCHANGED = 0.4  # share of the other words that are
_TAGGED = 0.08  # share of these that become a mention or a hashtag, as people write in short messages


def split_sentences(texts: Iterable[str]) -> list[str]:
    """The different sentences of texts, in the order in which they are first met."""
    found: dict[str, None] = {}
    for text in texts:
        for sentence in _ENDS.split(_TAGS.sub(" ", text)):
            sentence = sentence.strip()
            if _SHORTEST <= len(sentence) <= _LONGEST:
                found[sentence] = None
    return list(found)


def draw_sentences(corpora: Sequence[CorpusSplit], n: int, *, seed: int) -> list[str]:
    """Up to `n` different sentences of the training rows: of the corpora with few ones all, in an order that is drawn.

    Args:
        corpora: where they are from.
        n: how many at most.
        seed: draws them.
    """
    rng = np.random.default_rng(seed)
    by_corpus = [split_sentences(corpus.texts[corpus.rows("train")]) for corpus in corpora]
    found = [sentence for sentences in sorted(by_corpus, key=len) for sentence in rng.permutation(sentences).tolist()]
    return list(dict.fromkeys(found))[:n]


def common_words(words: Sequence[str]) -> list[str]:
    """Those of words, the most frequent first, that may come into sentences: the 20,000 most frequent of letters."""
    return [word for word in words[:40_000] if word.isalpha()][:20_000]


def exchange_words(sentences: Sequence[str], words: Sequence[str], *, seed: int) -> list[str]:
    """Sentences in which four of ten content words are others of the vocabulary, frequent ones more often.

    The corpora are about films and politics. So that the student also learns what the teacher makes of words from
    elsewhere ("battery", "refund"), these are put into their sentences, sense or no sense (compare Jiao et al. 2020,
    TinyBERT, section 3.2); some as "@word" or "#word".

    Args:
        sentences: what to start from.
        words: the vocabulary, most frequent first.
        seed: draws the words.
    """
    rng = np.random.default_rng(seed)
    rank = {word: position for position, word in enumerate(words)}
    share = 1.0 / (np.arange(len(words)) + 800.0)
    share[:_FUNCTION_WORDS] = 0.0
    drawn = iter(rng.choice(len(words), size=40 * len(sentences), p=share / share.sum()))
    chance = iter(rng.random(80 * len(sentences)))
    exchanged = []
    for sentence in sentences:
        parts = sentence.split()[:40]
        for position, part in enumerate(parts):
            known = rank.get(_NOT_LETTERS.sub("", part).lower(), _FUNCTION_WORDS)
            if known >= _FUNCTION_WORDS and next(chance) < _EXCHANGED:
                tag = "@#"[position % 2] if next(chance) < _TAGGED else ""
                parts[position] = tag + words[next(drawn)]
        exchanged.append(" ".join(parts))
    return exchanged
