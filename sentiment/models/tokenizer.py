"""Text → token ids. A tokenizer belongs to its model and travels with it.

Words are split as GloVe's were ("don't" → "do", "n't"), so that negations keep the vectors that they were
trained with. A word outside the vocabulary falls apart into the longest known pieces (WordPiece), never into one
bucket for everything unknown.
"""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import TypeAlias, TypeVar

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer, models, trainers

from sentiment.errors import ModelError
from sentiment.models.keras_tokenizer import KerasTokenizer, is_keras_tokenizer, read_keras_tokenizer
from sentiment.models.splitting import LATEST, set_splitting, splits_as_ours

T = TypeVar("T")
AnyTokenizer: TypeAlias = Tokenizer | KerasTokenizer
PAD_TOKEN, UNKNOWN_TOKEN = "[PAD]", "[UNK]"
PAD, UNKNOWN = 0, 1  # their ids
_CHUNK = 20_000  # texts encoded at once: bounds the memory that the library's own objects take
_NOBODYS = "\ue000"  # a character for private use, which no vocabulary has
_SPAN = 1.0  # by how much two frequent pieces cost more than the rarest word
# Scripts written without spaces, for Python's re: Han, kana; Thai, Lao, Burmese, Khmer.
_UNSPACED = re.compile(
    "[\u2e80-\u30ff\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff]"
)


@dataclass(frozen=True)
class TokenTable:
    """Token ids of many texts, without padding.

    Attributes:
        ids: int32[n_tokens], the texts one after another.
        starts: int64[n_texts + 1]; text i has the ids from starts[i] up to starts[i + 1].
    """

    ids: NDArray[np.int32]
    starts: NDArray[np.int64]

    @property
    def lengths(self) -> NDArray[np.int64]:
        """Tokens of each text, int64[n_texts]."""
        return np.diff(self.starts)

    def padded(self, rows: NDArray[np.int64], length: int) -> NDArray[np.int32]:
        """Ids int32[len(rows), length] of some texts, cut at `length`, padded on the right with id 0."""
        lengths = np.minimum(self.lengths[rows], length)
        columns = np.arange(length)
        inside = columns < lengths[:, None]  # [rows, length]
        positions = np.where(inside, self.starts[rows][:, None] + columns, 0)
        return np.where(inside, self.ids[positions] if len(self.ids) else 0, 0).astype(np.int32)

    def mapped(self, new_ids: NDArray[np.int32]) -> "TokenTable":
        """The same texts with every id replaced by `new_ids[id]`."""
        return TokenTable(new_ids[self.ids], self.starts)


def build_tokenizer(vocabulary: Sequence[str]) -> Tokenizer:
    """A tokenizer over the given words and pieces, in the order of their ids from 2 on.

    Args:
        vocabulary: lower-case words, and pieces that continue a word, written with "##" before them.
    """
    ids = {PAD_TOKEN: PAD, UNKNOWN_TOKEN: UNKNOWN}
    for token in vocabulary:
        ids.setdefault(token, len(ids))
    tokenizer = Tokenizer(models.WordPiece(ids, unk_token=UNKNOWN_TOKEN, max_input_chars_per_word=60))
    return set_splitting(tokenizer)


def build_likely_tokenizer(weights: Mapping[str, float]) -> Tokenizer:
    """A tokenizer that takes a text apart into the likeliest tokens (Kudo 2018), for languages of any script.

    What is written without spaces becomes the words whose probabilities have the largest product. A word of another
    script that is in the vocabulary stays whole; one that is not becomes known pieces, few and likely ones: single
    letters should be among the tokens. Characters that are not known become the unknown token by
    themselves, those that follow one another one together, and their neighbours stay what they are.

    Args:
        weights: log-probability of each token, the lower-case words and pieces in the order of their ids from 2 on;
            a piece is written as it stands in a word.

    Raises:
        ValueError: if a weight is not finite.
    """
    values = {token: float(weight) for token, weight in weights.items() if token not in (PAD_TOKEN, UNKNOWN_TOKEN)}
    if not np.isfinite(list(values.values())).all():
        raise ValueError("a token's log-probability is not finite")
    # Two pieces must cost more than any word of the vocabulary does. A rare word would fall apart otherwise.
    low, high = min(values.values(), default=0.0), max(values.values(), default=0.0)
    price = 2 * high - low + _SPAN if values else 0.0
    scores = [(token, value if _UNSPACED.search(token) else value - price) for token, value in values.items()]
    special = [(PAD_TOKEN, 0.0), (UNKNOWN_TOKEN, 0.0)]
    return set_splitting(Tokenizer(models.Unigram([*special, *scores], unk_id=UNKNOWN, byte_fallback=False)))


def learn_tokenizer(
    texts: Iterable[str], *, vocab_size: int = 20_000, min_count: int = 2, splitting: int = LATEST
) -> Tokenizer:
    """A tokenizer whose words and pieces are learned from texts in any language.

    Chinese and Japanese, written without spaces, become the character sequences that are frequent in these texts:
    mostly words, and single characters for the rest (byte-pair encoding, Sennrich et al. 2016).

    Args:
        texts: the training texts, and no others.
        vocab_size: at most so many words and pieces.
        min_count: a piece must occur as often as this to be merged from smaller ones.
        splitting: the way that texts are split into words (see `splitting.set_splitting`).
    """
    # Byte pairs and not WordPiece: an unknown character is unknown by itself, and not the whole sentence around it.
    tokenizer = set_splitting(Tokenizer(models.BPE(unk_token=UNKNOWN_TOKEN)), splitting)
    trainer = trainers.BpeTrainer(
        vocab_size=vocab_size,
        min_frequency=min_count,
        special_tokens=[PAD_TOKEN, UNKNOWN_TOKEN],
        limit_alphabet=6_000,
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts, trainer)
    return tokenizer


def load_tokenizer(path: Path) -> AnyTokenizer:
    """The tokenizer in a tokenizer.json, of the library's format or of an imported Keras model.

    Raises:
        ModelError: if the file is missing or damaged, its padding id is not 0, or it splits texts in another way.
    """
    if is_keras_tokenizer(path):
        return read_keras_tokenizer(path)
    try:
        tokenizer = Tokenizer.from_file(str(path))
    except Exception as error:  # the library raises a bare Exception for a missing and for a damaged file
        raise ModelError(
            f"The tokenizer {path.parent.name}/{path.name} cannot be read ({str(error)[:80]})",
            expected="The tokenizer.json that was written with the weights",
        ) from error
    if tokenizer.token_to_id(PAD_TOKEN) != 0:
        raise ModelError(f"The tokenizer {path.parent.name}/{path.name} has no {PAD_TOKEN} with id 0")
    if not splits_as_ours(tokenizer, blank=_blank()):
        raise ModelError(
            f"The tokenizer {path.parent.name}/{path.name} takes texts apart in a way that none of ours does",
            expected="The tokenizer.json that was written with the weights",
        )
    if not _takes_any_text(tokenizer):
        raise ModelError(
            f"The tokenizer {path.parent.name}/{path.name} has no token for what it does not know, or ids without one",
            expected="The tokenizer.json that was written with the weights",
        )
    return tokenizer


def _takes_any_text(tokenizer: Tokenizer) -> bool:
    """Whether a tokenizer has an id within its vocabulary for every text, and does not fail at some."""
    try:
        tokenizer.encode(_NOBODYS)
    except Exception:  # noqa: BLE001 the library raises nothing narrower
        return False
    return max(tokenizer.get_vocab().values()) < tokenizer.get_vocab_size()


def _blank() -> Tokenizer:
    """A tokenizer that knows nothing."""
    return Tokenizer(models.WordLevel({UNKNOWN_TOKEN: 0}, unk_token=UNKNOWN_TOKEN))


def encode(tokenizer: AnyTokenizer, texts: Sequence[str], *, max_length: int) -> TokenTable:
    """Token ids of texts, each cut after `max_length` tokens.

    Longer texts keep their first and their last words, half of the tokens each: a review's verdict stands at its
    end as often as at its start.
    """
    chunks = [texts[start : start + _CHUNK] for start in range(0, len(texts), _CHUNK)]
    parts = [_encode_chunk(tokenizer, chunk, max_length=max_length) for chunk in chunks]
    lengths = np.concatenate([np.zeros(1, np.int64), *(lengths for _, lengths in parts)])
    return TokenTable(np.concatenate([np.zeros(0, np.int32), *(ids for ids, _ in parts)]), np.cumsum(lengths))


def _encode_chunk(
    tokenizer: AnyTokenizer, texts: Sequence[str], *, max_length: int
) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
    encodings = tokenizer.encode_batch_fast([clean(text) for text in texts], add_special_tokens=False)
    rows = [cut_tokens(encoding.ids, max_length=max_length) for encoding in encodings]
    lengths = np.fromiter(map(len, rows), np.int64, len(rows))
    return np.fromiter(chain.from_iterable(rows), np.int32, int(lengths.sum())), lengths


def unknown_share(tokenizer: AnyTokenizer, table: TokenTable) -> float:
    """The share of what texts are made of that a tokenizer does not know, in [0, 1]; 1 if there is nothing.

    One that leaves out what it does not know tells it by the texts of which nothing is left.
    """
    if not len(table.ids):
        return 1.0
    unknown = tokenizer.oov if isinstance(tokenizer, KerasTokenizer) else UNKNOWN
    return float((table.lengths == 0).mean() if unknown is None else (table.ids == unknown).mean())


def word_starts(tokenizer: AnyTokenizer, texts: Sequence[str], *, max_length: int) -> NDArray[np.bool_]:
    """Which of the tokens that `encode` gives begin a word, bool[n_tokens].

    The pieces that a word fell apart into belong together. Where words are written without spaces, each token is one.
    """
    encodings = tokenizer.encode_batch([clean(text) for text in texts], add_special_tokens=False)
    ids = [cut_tokens(encoding.ids, max_length=max_length) for encoding in encodings]
    words = [cut_tokens(encoding.word_ids, max_length=max_length) for encoding in encodings]
    lengths = np.fromiter(map(len, ids), np.int64, len(ids))
    word = np.fromiter(chain.from_iterable(words), np.int64, int(lengths.sum()))
    text = np.repeat(np.arange(len(texts)), lengths)
    begins = np.ones(len(word), bool)
    begins[1:] = (word[1:] != word[:-1]) | (text[1:] != text[:-1])
    used, place = np.unique(np.fromiter(chain.from_iterable(ids), np.int64, len(word)), return_inverse=True)
    unspaced = [_UNSPACED.search(tokenizer.id_to_token(i) or "") is not None for i in used.tolist()]
    return begins | np.array(unspaced, np.bool_)[place]


def cut_tokens(tokens: list[T], *, max_length: int) -> list[T]:
    """The first and the last tokens of a text that is too long."""
    if len(tokens) <= max_length:
        return tokens
    head = max_length // 2
    return tokens[:head] + tokens[head - max_length :]


def clean(text: str) -> str:
    """A text without lone surrogates, which the tokenizer's UTF-8 cannot carry."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode("utf-8")


def count_words(texts: Iterable[str]) -> Counter[str]:
    """How often each word occurs in texts, split and lower-cased as the tokenizers here do it."""
    splitter = set_splitting(_blank())
    counts: Counter[str] = Counter()
    for text in texts:
        normal = splitter.normalizer.normalize_str(clean(text))
        counts.update(word for word, _ in splitter.pre_tokenizer.pre_tokenize_str(normal))
    return counts
