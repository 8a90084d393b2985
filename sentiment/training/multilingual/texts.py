"""What the teacher of the multilingual base model reads: sentences without labels, English ones and others."""

import re
from collections.abc import Iterable, Sequence

from sentiment.training.corpora import CorpusSplit
from sentiment.training.unlabeled import draw_sentences, exchange_words

_ENDS = re.compile(r"(?<=[。！？!?；;…])|\n")
_SHORTEST, _LONGEST = 6, 150  # characters of a sentence in a language written without spaces
_READ = 300  # characters of a longer text that the teacher reads


def english_texts(corpora: Sequence[CorpusSplit], frequent: Sequence[str], *, n_sentences: int, seed: int) -> list[str]:
    """Sentences of the training rows, the smallest corpora first, and the same with words exchanged.

    Args:
        corpora: in English.
        frequent: English words, most frequent first (see `exchange_words`).
        n_sentences: how many sentences at most.
        seed: draws the sentences of the corpora that do not fit in whole, and the words.
    """
    chosen = draw_sentences(corpora, n_sentences, seed=seed)
    return list(dict.fromkeys([*chosen, *exchange_words(chosen, frequent, seed=seed)]))


def unspaced_texts(texts: Iterable[str]) -> list[str]:
    """Texts of a language written without spaces, the start of each, and their sentences; each once."""
    found: dict[str, None] = {}
    for text in texts:
        found[text[:_READ]] = None
        for sentence in _ENDS.split(text):
            sentence = sentence.strip()
            if _SHORTEST <= len(sentence) <= _LONGEST:
                found[sentence] = None
    return list(found)
