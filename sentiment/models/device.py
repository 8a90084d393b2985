"""The device that jax computes on, in words, and the cache of compiled programs."""

import os
from pathlib import Path

from sentiment.arrays import usable_cores
from sentiment.memory import keep_freed_memory
from sentiment.numbers import count

_CACHE_BYTES = 512 * 2**20  # a fine-tuning leaves about 5 MB; the least recently used go first


def cache_folder() -> Path:
    """The user's own folder for what can be made again: `SENTIMENT_CACHE`, or a place in `XDG_CACHE_HOME`."""
    default = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "sentiment-studio"
    return Path(os.environ.get("SENTIMENT_CACHE") or default)


def prepare_device() -> str:
    """The device in words ("CPU, 2 cores"), after making this process ready to train: see `cache_programs`.

    It also keeps the memory that it frees, for the step after, and may use the loops in machine code of our own.
    """
    from sentiment.models import native

    keep_freed_memory()
    cache_programs()
    native.allow()
    return describe_device()


def cache_programs() -> None:
    """Points jax to its cache of compiled programs.

    The cache holds machine code that jax runs as it is, so it stands in the user's own cache folder, which no page
    lets anybody write to.
    """
    import jax

    folder = cache_folder() / "programs"
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError:
        return  # a read-only home costs compile time, nothing else
    jax.config.update("jax_compilation_cache_dir", str(folder))
    jax.config.update("jax_compilation_cache_max_size", _CACHE_BYTES)
    jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.0)
    jax.config.update("jax_persistent_cache_min_entry_size_bytes", 0)


def describe_device() -> str:
    """The device that jax computes on, in words."""
    import jax

    devices = jax.devices()
    kind = devices[0].platform.upper()
    if kind == "CPU":
        return describe_cores()
    kind = "GPU" if kind in ("CUDA", "ROCM", "GPU") else kind
    return (
        f"{len(devices)} × {kind}, {devices[0].device_kind}"
        if len(devices) > 1
        else f"{kind}, {devices[0].device_kind}"
    )


def describe_cores() -> str:
    """The processor in words, for what needs no other device and no jax."""
    return f"CPU, {count(usable_cores(), 'core')}"
