"""Where a fine-tuning starts from: the base model's weights, with a head for the dataset's classes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sentiment.models.classifier import EMBEDDING, flatten, fresh_params, unflatten
from sentiment.models.encoders import AnyConfig, EncoderConfig
from sentiment.models.predictor import model_folder
from sentiment.models.registry import SCRATCH, SCRATCH_RNN
from sentiment.models.store import load_model
from sentiment.models.tokenizer import AnyTokenizer, TokenTable, learn_tokenizer
from sentiment.models.word_vectors import find_vectors
from sentiment.models.word_vectors.choosing import choose_vectors
from sentiment.training.matches import match_classes

_ROWS = 2048


@dataclass(frozen=True)
class Start:
    """Weights and tokenizer before the first step.

    Attributes:
        params: nested dictionary of float32 arrays.
        encoder: the encoder's shape.
        tokenizer: the base model's own, or one learned from the training texts.
        pretrained: whether the weights were learned elsewhere.
        matches: the base model's class for each class that means the same, both as positions.
        base_head: the base model's own head, over its own classes, its temperature in it; None from scratch.
    """

    params: dict[str, Any]
    encoder: AnyConfig
    tokenizer: AnyTokenizer
    pretrained: bool
    base_head: dict[str, Any] | None = None
    matches: Mapping[int, int] = field(default_factory=dict)


def load_start(base: str, *, classes: Sequence[str], train_texts: Sequence[str], seed: int, vectors: str = "") -> Start:
    """The start for a base model's name, the folder of a run or model, `scratch-cnn` or `scratch-rnn`.

    The encoder is taken as it is. The head is fresh; the base model's own is given beside it, with the classes that
    mean the same (the same name, or another word for the same sentiment).

    Args:
        base: see above.
        classes: the dataset's classes, in the order of the logits.
        train_texts: texts that those from scratch learn their vocabulary from.
        seed: draws what is fresh.
        vectors: name of the word vectors that the words of those from scratch start from; "" for none.

    Raises:
        ModelError: if there is no such base, or no such vectors, or they are damaged.
    """
    if base in (SCRATCH, SCRATCH_RNN):
        return _from_scratch(base, len(classes), train_texts=train_texts, seed=seed, vectors=vectors)
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
        base_head=model.calibrated_head,
        matches=matches,
    )


def _from_scratch(base: str, n_classes: int, *, train_texts: Sequence[str], seed: int, vectors: str) -> Start:
    kind = "cnn" if base == SCRATCH else "lstm"
    if not vectors:
        tokenizer = learn_tokenizer(train_texts)
        config = EncoderConfig(vocab_size=tokenizer.get_vocab_size(), kind=kind)
        return Start(fresh_params(config, n_classes, seed=seed), config, tokenizer, pretrained=False)
    tokenizer, table = choose_vectors(find_vectors(vectors), train_texts, seed=seed)
    config = EncoderConfig(vocab_size=len(table), embed=table.shape[1], kind=kind)
    params = unflatten({**flatten(fresh_params(config, n_classes, seed=seed)), EMBEDDING: table})
    return Start(params, config, tokenizer, pretrained=False)


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
        used = np.unique(np.concatenate([np.arange(2), *(table.ids for table in tables)])).astype(np.int64)
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
