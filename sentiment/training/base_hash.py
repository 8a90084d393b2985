"""What tells one base model from another that took its name. Light: pages ask, and nothing of a network is loaded."""

import hashlib
from functools import lru_cache
from pathlib import Path

from sentiment.models.folders import model_folder
from sentiment.models.registry import find_base, list_bases
from sentiment.models.tensors import read_config

FILES = ("config.json", "tokenizer.json", "weights.safetensors")
CHARACTERS = "characters-1"  # changes when vectors of characters do
Stamp = tuple[tuple[int, int, int], ...]


def has_network(base: str) -> bool:
    """Whether a base has a trained network.

    Args:
        base: a base model's name, or a run or model folder.

    Raises:
        ModelError: if there is no such base, or it is damaged.
    """
    if any(known.name == base for known in list_bases()):
        return find_base(base).kind == "pretrained"
    from sentiment.models.linear_store import ARCHITECTURES

    return read_config(model_folder(base)).get("architecture") not in ARCHITECTURES.values()


def hash_of_base(base: str) -> str:
    """16 hexadecimal digits that change with what a base's vectors come from (arguments, errors: `has_network`)."""
    if not has_network(base):
        return CHARACTERS
    folder = model_folder(base)
    return _hash(str(folder.absolute()), stamp_of(folder))


def stamp_of(folder: Path) -> Stamp:
    """What changes when a model folder is replaced: time, size and number on disk of each file. Takes no reading."""
    found = [path.stat() for name in FILES if (path := folder / name).is_file()]
    return tuple((one.st_mtime_ns, one.st_size, one.st_ino) for one in found)


@lru_cache(maxsize=64)
def _hash(folder: str, stamp: Stamp) -> str:
    digest = hashlib.sha256()
    for name in FILES:
        if (Path(folder) / name).is_file():
            digest.update((Path(folder) / name).read_bytes())
    return digest.hexdigest()[:16]
