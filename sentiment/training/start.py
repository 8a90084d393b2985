"""Where a fine-tuning starts from: the base model's weights, with a head for the dataset's classes."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer

from sentiment.arrays import distinct
from sentiment.errors import RunError
from sentiment.models.classifier import EMBEDDING, flatten, fresh_params, unflatten
from sentiment.models.encoders import AnyConfig, EncoderConfig
from sentiment.models.keras_tokenizer import KerasTokenizer
from sentiment.models.predictor import model_folder
from sentiment.models.registry import SCRATCH, SCRATCH_RNN
from sentiment.models.splitting import LATEST
from sentiment.models.store import load_model
from sentiment.models.tokenizer import AnyTokenizer, TokenTable, learn_tokenizer
from sentiment.models.word_vectors import VectorStore, find_vectors
from sentiment.models.word_vectors.choosing import choose_vectors
from sentiment.training.matches import match_classes

_ROWS = 2048
_KINDS = {SCRATCH: "cnn", SCRATCH_RNN: "lstm"}


@dataclass(frozen=True)
class Start:
    """Weights and tokenizer before the first step.

    Attributes:
        params: nested dictionary of float32 arrays.
        encoder: the encoder's shape.
        tokenizer: the base model's own, or one learned from the training texts.
        pretrained: whether the weights were learned elsewhere.
        words_given: whether the words' vectors were: of a base model, or from a file.
        matches: the base model's class for each class that means the same, both as positions.
        base_head: the base model's own head, over its own classes, its temperature in it; None from scratch.
    """

    params: dict[str, Any]
    encoder: AnyConfig
    tokenizer: AnyTokenizer
    pretrained: bool
    words_given: bool = False
    base_head: dict[str, Any] | None = None
    matches: Mapping[int, int] = field(default_factory=dict)


def load_start(
    base: str,
    *,
    classes: Sequence[str],
    train_texts: Sequence[str],
    seed: int,
    vectors: str = "",
    splitting: int = LATEST,
) -> Start:
    """The start for a base model's name, the folder of a run or model, `scratch-cnn` or `scratch-rnn`.

    The encoder is taken as it is. The head is fresh; the base model's own is given beside it, with the classes that
    mean the same (the same name, or another word for the same sentiment).

    Args:
        base: see above.
        classes: the dataset's classes, in the order of the logits.
        train_texts: texts that those from scratch learn their vocabulary from.
        seed: draws what is fresh.
        vectors: name of the word vectors that the words of those from scratch start from; "" for none.
        splitting: the way that those from scratch split texts into words (see `splitting.set_splitting`).

    Raises:
        ModelError: if there is no such base, or no such vectors, or they are damaged.
    """
    if base in (SCRATCH, SCRATCH_RNN):
        if not vectors:
            return _from_nothing(base, len(classes), learn_tokenizer(train_texts, splitting=splitting), seed=seed)
        return _from_vectors(base, len(classes), find_vectors(vectors), train_texts=train_texts, seed=seed)
    model = load_model(model_folder(base))
    matches = match_classes(classes, model.classes)
    head = {
        "kernel": np.zeros((model.encoder.hidden, len(classes)), np.float32),
        "bias": np.zeros(len(classes), np.float32),
    }
    params = {"encoder": model.params["encoder"], "head": head}
    return Start(
        params,
        model.encoder,
        model.tokenizer,
        pretrained=True,
        words_given=True,
        base_head=model.calibrated_head,
        matches=matches,
    )


def _from_nothing(base: str, n_classes: int, tokenizer: Tokenizer, *, seed: int) -> Start:
    config = EncoderConfig(vocab_size=tokenizer.get_vocab_size(), kind=_KINDS[base])
    return Start(fresh_params(config, n_classes, seed=seed), config, tokenizer, pretrained=False)


def _from_vectors(base: str, n_classes: int, store: VectorStore, *, train_texts: Sequence[str], seed: int) -> Start:
    tokenizer, table = choose_vectors(store, train_texts, seed=seed)
    config = EncoderConfig(vocab_size=len(table), embed=table.shape[1], kind=_KINDS[base])
    params = unflatten({**flatten(fresh_params(config, n_classes, seed=seed)), EMBEDDING: table})
    return Start(params, config, tokenizer, pretrained=False, words_given=True)


def hash_given(start: Start) -> str:
    """16 hexadecimal digits that change with the weights that were given, the head aside; "" if none were."""
    if not start.words_given:
        return ""
    flat, digest = flatten(start.params), hashlib.sha256()
    for name in sorted(flat):
        if name == EMBEDDING or (start.pretrained and name.startswith("encoder/")):
            digest.update(name.encode())
            digest.update(np.ascontiguousarray(flat[name]).data)
    return digest.hexdigest()[:16]


def keep_words(start: Start, tokenizer: AnyTokenizer) -> Start:
    """The start with the words of a run that goes on: the weights in its checkpoint belong to these, by their ids.

    A base model may know more words by now than when the run began.

    Args:
        start: as a new run would begin.
        tokenizer: the run's own.

    Raises:
        RunError: if the base model is another one by now, without some of these words.
    """
    if tokenizer.to_str() == start.tokenizer.to_str():
        return start
    own, known = ({} if isinstance(t, KerasTokenizer) else t.get_vocab() for t in (tokenizer, start.tokenizer))
    if not own or not own.keys() <= known.keys():
        raise changed("its words")
    rows = [known[word] for word in sorted(own, key=own.__getitem__)]
    flat = flatten(start.params)
    return replace(
        start,
        params=unflatten({**flat, EMBEDDING: np.asarray(flat[EMBEDDING])[rows]}),
        encoder=replace(start.encoder, vocab_size=len(rows)),
        tokenizer=tokenizer,
    )


def changed(what: str) -> RunError:
    """The error of a run that cannot go on as it began."""
    return RunError(
        f"The base model has changed since this run began, and {what} with it",
        expected="The base model, or word vectors, that the run started from",
        todo="Start a new run",
    )


@dataclass(frozen=True)
class Compact:
    """A model cut to the words that occur, so that training does not carry the rest of the vocabulary along.

    A word that does not occur gets no gradient and no weight decay, so its vector stays what it was. The cut table
    is filled up with zeros to a multiple of `_ROWS`: other data then has the same shape, and finds the compiled step.
    """

    used: NDArray[np.int64]
    new_ids: NDArray[np.int32]
    full_table: NDArray[np.float32]

    @classmethod
    def over(cls, tables: Sequence[TokenTable], params: dict[str, Any]) -> "Compact":
        """The cut to the ids of some token tables (and the two special ids, which keep their places)."""
        full = np.asarray(flatten(params)[EMBEDDING], np.float32)
        used = distinct(np.concatenate([np.arange(2), *(table.ids for table in tables)])).astype(np.int64)
        new_ids = np.zeros(len(full), np.int32)
        new_ids[used] = np.arange(len(used))
        return cls(used, new_ids, full)

    def cut(self, params: dict[str, Any]) -> dict[str, Any]:
        """The weights with the rows of the words in use alone."""
        filling = np.zeros((-len(self.used) % _ROWS, self.full_table.shape[1]), np.float32)
        return unflatten({**flatten(params), EMBEDDING: np.concatenate([self.full_table[self.used], filling])})

    def restore(self, params: dict[str, Any]) -> dict[str, Any]:
        """The weights with the whole table again."""
        flat = flatten(params)
        table = self.full_table.copy()
        table[self.used] = flat[EMBEDDING][: len(self.used)]
        return unflatten({**flat, EMBEDDING: table})
