"""Checkpoints: everything that a training loop needs to go on as if it had never stopped.

A checkpoint is one safetensors file whose name carries the hash of its content, so a damaged one is noticed; the
last two are kept, so there is one before it.
"""

import hashlib
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import jax
import numpy as np
from safetensors.numpy import load as load_tensors
from safetensors.numpy import save as save_tensors

from sentiment.errors import RunError
from sentiment.files import write_atomic

_KEPT = 2


def save_checkpoint(folder: Path, *, step: int, trees: Mapping[str, Any], meta: Mapping[str, Any]) -> None:
    """Writes a checkpoint and removes all but the last two.

    Args:
        folder: made if it isn't there.
        step: training steps done.
        trees: pytrees of arrays by name.
        meta: plain values that JSON can hold.
    """
    folder.mkdir(parents=True, exist_ok=True)
    tensors = {
        f"{name}/{position}": np.asarray(leaf)
        for name, tree in trees.items()
        for position, leaf in enumerate(jax.tree.leaves(tree))
    }
    content = save_tensors(tensors, metadata={"meta": json.dumps({**meta, "step": step})})
    digest = hashlib.sha256(content).hexdigest()[:16]
    write_atomic(folder / f"{step:09d}-{digest}.safetensors", content)
    for old in sorted(folder.glob("*.safetensors"))[:-_KEPT]:
        old.unlink()


def load_checkpoint(
    folder: Path, *, like: Mapping[str, Any], share: Callable[[bytes], bytes] = lambda content: content
) -> tuple[dict[str, Any], dict[str, Any]] | None:
    """The newest whole checkpoint as (trees, meta), or None if there is none.

    Args:
        folder: where checkpoints are.
        like: pytrees of the same structure as those that were saved.
        share: gives every process of a run the content that the first one found.

    Raises:
        RunError: if a whole checkpoint has other tensors than `like`.
    """
    content = share(_newest(folder))
    return _unpack(content, like) if content else None


def _newest(folder: Path) -> bytes:
    """The content of the newest whole checkpoint; empty if there is none."""
    for path in sorted(folder.glob("*.safetensors"), reverse=True):
        content = path.read_bytes()
        if hashlib.sha256(content).hexdigest()[:16] == path.stem.split("-")[1]:
            return content
    return b""


def _unpack(content: bytes, like: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    tensors = load_tensors(content)
    header = json.loads(content[8 : 8 + int.from_bytes(content[:8], "little")])
    trees = {}
    for name, tree in like.items():
        leaves, structure = jax.tree.flatten(tree)
        found = [tensors.get(f"{name}/{position}") for position in range(len(leaves))]
        for position, (leaf, value) in enumerate(zip(leaves, found, strict=True)):
            if value is None or value.shape != np.shape(leaf):
                raise RunError(
                    f"The checkpoint does not fit: {name}/{position} is "
                    f"{'missing' if value is None else value.shape}, expected {np.shape(leaf)}",
                    todo="Start a new run",
                )
        trees[name] = jax.tree.unflatten(structure, found)
    return trees, json.loads(header["__metadata__"]["meta"])
