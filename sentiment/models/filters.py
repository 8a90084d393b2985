"""The n-grams that fire the filters of a convolutional network, and which class each filter speaks for."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from numpy.typing import NDArray

from sentiment.models.batching import batches
from sentiment.models.encoder_config import EncoderConfig
from sentiment.models.predictor import Predictor
from sentiment.models.tokenizer import PAD, TokenTable, clean, cut_tokens

_BATCH = 64
_STRONGEST = 60  # texts in which a filter fires most, whose n-grams are looked at
_GRAMS = 5  # n-grams of a filter that are told

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Filter:
    """A filter and what it listens to.

    Attributes:
        number: of the filter, from 0, in the order of the network's own.
        width: words that it sees at once.
        pull: what it adds to the log-odds of the class where it fires as usual, in standard deviations of its answer
            over the texts times its weight in the head.
        grams: the n-grams that fire it most, with how many of its strongest texts each is in.
    """

    number: int
    width: int
    pull: float
    grams: tuple[tuple[str, int], ...]


def read_filters(predictor: Predictor, texts: Sequence[str], *, most: int = 6) -> dict[str, list[Filter]] | None:
    """For each class the filters that speak for it most, strongest first; None for a network without filters.

    Args:
        predictor: the network.
        texts: in which the filters are watched.
        most: filters of a class.
    """
    config = predictor.model.encoder
    if not isinstance(config, EncoderConfig) or config.kind != "cnn" or "max" not in config.pooling or not texts:
        return None
    read = _read(predictor, texts)
    values, places = _watch(predictor, config, [ids for ids, _ in read])
    pulls = _weights(predictor, config) * values.std(axis=0)[:, None]  # [n_filters, n_classes]
    pulls = pulls - pulls.mean(axis=1, keepdims=True)
    found = {}
    for code, name in enumerate(predictor.classes):
        chosen = [int(place) for place in np.argsort(-pulls[:, code], kind="stable")[:most] if pulls[place, code] > 0]
        found[name] = [
            Filter(
                number=place,
                width=(width := config.widths[place // config.filters]),
                pull=float(pulls[place, code]) * len(predictor.classes) / max(len(predictor.classes) - 1, 1),
                grams=_grams(texts, read, values[:, place], places[:, place], width),
            )
            for place in chosen
        ]
    return found


def _read(predictor: Predictor, texts: Sequence[str]) -> list[tuple[list[int], list[tuple[int, int]]]]:
    """The ids of each text's tokens, and their places in it."""
    model = predictor.model
    encodings = model.tokenizer.encode_batch([clean(text) for text in texts], add_special_tokens=False)
    most = model.max_length
    return [(cut_tokens(e.ids, max_length=most), cut_tokens(e.offsets, max_length=most)) for e in encodings]


def _watch(predictor: Predictor, config: EncoderConfig, ids: list[list[int]]) -> tuple[Floats, NDArray[np.int64]]:
    """The highest answer of each filter in each text, and the token at which its window ends, [n_texts, n_filters]."""
    flat = np.array([id_ for row in ids for id_ in row], np.int32)
    starts = np.concatenate([[0], np.cumsum([len(row) for row in ids])]).astype(np.int64)
    n_filters = config.filters * len(config.widths)
    values, places = np.zeros((len(ids), n_filters)), np.zeros((len(ids), n_filters), np.int64)
    parts = [
        (batch.rows, _highest(predictor.params, batch.ids, config.widths))
        for batch in batches(TokenTable(flat, starts), batch_size=_BATCH, max_length=predictor.model.max_length)
    ]
    for rows, (value, place) in parts:
        values[rows], places[rows] = np.asarray(value)[: len(rows)], np.asarray(place)[: len(rows)]
    return values, places


def _highest(params: Any, ids: NDArray[np.int32], widths: tuple[int, ...]) -> tuple[jax.Array, jax.Array]:
    encoder = params["encoder"]
    kernels = [encoder["convolutions"][place] for place in range(len(widths))]
    return _fire(encoder["embedding"]["embedding"], kernels, ids)


@jax.jit
def _fire(table: jax.Array, kernels: list[Any], ids: jax.Array) -> tuple[jax.Array, jax.Array]:
    mask = (ids != PAD)[..., None]
    words = table[ids] * mask
    values, places = [], []
    for each in kernels:
        answers = lax.conv_general_dilated(
            words, each["kernel"], (1,), [(len(each["kernel"]) - 1, 0)], dimension_numbers=("NWC", "WIO", "NWC")
        )
        fired = jnp.where(mask, jax.nn.relu(answers + each["bias"]), 0.0)  # [batch, length, filters]
        values.append(fired.max(axis=1))
        places.append(fired.argmax(axis=1))
    return jnp.concatenate(values, axis=1), jnp.concatenate(places, axis=1)


def _weights(predictor: Predictor, config: EncoderConfig) -> Floats:
    """The head's weight of each filter's highest answer, float64[n_filters, n_classes]."""
    kernel = np.asarray(predictor.model.params["head"]["kernel"], np.float64)
    by_group = kernel.reshape(len(config.widths), len(config.pooling), config.filters, -1)
    return by_group[:, config.pooling.index("max"), :, :].reshape(-1, kernel.shape[1])


def _grams(
    texts: Sequence[str],
    read: list[tuple[list[int], list[tuple[int, int]]]],
    values: Floats,
    places: NDArray[np.int64],
    width: int,
) -> tuple[tuple[str, int], ...]:
    """The n-grams at which a filter answers most, the strongest first."""
    strongest = [int(row) for row in np.argsort(-values, kind="stable")[:_STRONGEST] if values[row] > 0]
    grams = []
    for row in strongest:
        spans = read[row][1]
        end = int(places[row])
        first = spans[max(end - width + 1, 0)]
        grams.append(" ".join(texts[row][first[0] : spans[end][1]].lower().split()))
    counts = Counter(grams)
    return tuple((gram, counts[gram]) for gram in list(dict.fromkeys(grams))[:_GRAMS])
