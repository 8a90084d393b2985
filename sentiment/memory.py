"""How memory is kept and collected while a process computes; what concerns the C library is for glibc alone.

A training step needs tens of megabytes in between. By default glibc hands blocks of that size back to the kernel, which
clears them page by page when the next step asks for them again: that took a third of a step's time. Pages of two
megabytes instead of four kilobytes brought another tenth.
"""

import ctypes
import gc
import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

# Settings of glibc's mallopt(3), and what they are set to.
_KEEP_MEMORY = {-4: 0, -1: 2**31 - 1, -2: 64 * 2**20}  # M_MMAP_MAX, M_TRIM_THRESHOLD, M_TOP_PAD
_VARIABLE, _LARGE_PAGES = "GLIBC_TUNABLES", "glibc.malloc.hugetlb=1"  # read when a process starts, and only then
_ARENAS = "MALLOC_ARENA_MAX"


def keep_freed_memory() -> None:
    """Has this process keep the memory that a training step frees, for the step after it."""
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None) if os.name == "posix" else None
    if mallopt is not None:
        for setting, value in _KEEP_MEMORY.items():
            mallopt(setting, value)


@contextmanager
def without_collection() -> Iterator[None]:
    """Puts off the collection of garbage in this process, for work that makes many objects and no cycles of them.

    The collector counts the objects that are made, and looks through all that there are when they have become many: a
    third of the time that a million rows take to read. Among threads that do so at once, the first to begin ends it.
    """
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def with_large_pages(environment: Mapping[str, str]) -> dict[str, str]:
    """The environment of a process that is to use large pages; a choice that stands there already is left."""
    given = environment.get(_VARIABLE, "")
    if "glibc.malloc.hugetlb" in given:
        return dict(environment)
    return {**environment, _VARIABLE: ":".join(filter(None, [given, _LARGE_PAGES]))}


def with_few_arenas(environment: Mapping[str, str]) -> dict[str, str]:
    """The environment of a process that is to stay small; a choice that stands there already is left.

    By default each thread allocates from an arena of its own, and what one of them frees is of no use to the others:
    after explaining texts by three models a process held 716 MB so, with two arenas 477 MB.
    """
    return {_ARENAS: "2", **environment}


def restart_with_large_pages() -> None:
    """Starts this very command again with large pages, unless it has them; to be called before anything else."""
    environment = with_large_pages(os.environ)
    if sys.platform == "linux" and environment != dict(os.environ):
        os.execve(sys.executable, [sys.executable, *sys.orig_argv[1:]], environment)
