"""Functions that numba compiles, as operations of XLA's programs: what XLA hands over, as arrays.

XLA calls an operation with one pointer, to a record of where its arguments and results lie. Its layout is XLA's
`xla/ffi/api/c_api.h`, which jaxlib ships (`jax.ffi.include_dir()`); the numbers below count its fields in words of
eight bytes. XLA keeps to a version of it for a year at least, and asks for the version when an operation is registered.
"""

import ctypes
import functools
import hashlib
import tempfile
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jax
import numba
from numba import carray, cfunc, types

from sentiment.models.device import cache_folder
from sentiment.models.native.sharing import TASK, int64s, name_address, within
from sentiment.models.native.simd import pointers

_MAJOR, _MINOR = 0, 3  # the version of the interface that this is written for
_EXTENSION, _ARGUMENTS, _RESULTS = 1, 9, 14  # of a call: what more is asked, pointers to arguments and to results
_KIND, _METADATA = 1, 3  # of an extension: which it is, and of the one that asks for the version, where that goes
_ASKS_VERSION = 1  # the kind of that one
_VERSION = 6  # of the metadata, in words of four bytes
_DATA, _SIZES = 3, 5  # of an argument or result


_int32s, _floats = pointers(types.int32), pointers(types.float32)


@within
def argument(call, i):
    """The record of an argument."""
    return int64s(int64s(call[_ARGUMENTS])[i])


@within
def result(call, i):
    """The record of a result."""
    return int64s(int64s(call[_RESULTS])[i])


@within
def floats2(record):
    """The array float32[n, m] of a record."""
    sizes = int64s(record[_SIZES])
    return carray(_floats(record[_DATA]), (sizes[0], sizes[1]))


@within
def floats3(record):
    """The array float32[n, m, k] of a record."""
    sizes = int64s(record[_SIZES])
    return carray(_floats(record[_DATA]), (sizes[0], sizes[1], sizes[2]))


@within
def ints2(record):
    """The array int32[n, m] of a record."""
    sizes = int64s(record[_SIZES])
    return carray(_int32s(record[_DATA]), (sizes[0], sizes[1]))


@within
def is_question(call):
    """Whether XLA only asks for the version, which is then answered."""
    if call[_EXTENSION] == 0 or _int32s(call[_EXTENSION])[2 * _KIND] != _ASKS_VERSION:
        return False
    version = _int32s(int64s(call[_EXTENSION])[_METADATA])
    version[_VERSION], version[_VERSION + 1] = _MAJOR, _MINOR
    return True


def operation(name: str, *, task: Callable[..., None], answer: Callable[..., int]) -> None:
    """Makes functions an operation of XLA's.

    The machine code is kept in the user's own cache folder, beside XLA's.

    Args:
        name: of the operation. The code of `answer` finds the task by `task_symbol`.
        task: what a thread of the pool does for a job (see `sharing`).
        answer: what XLA's call runs; gives 0, or the address of an error.
    """
    helper = _compile(TASK, task)
    name_address(task_symbol(name), helper.address)
    compiled = _compile(types.int64(types.CPointer(types.int64)), answer)
    pointer = ctypes.CFUNCTYPE(ctypes.c_void_p, ctypes.c_void_p)(compiled.address)
    jax.ffi.register_ffi_target(name, jax.ffi.pycapsule(pointer), platform="cpu")
    _compiled.extend([helper, compiled])  # the code lives as long as these do


def task_symbol(name: str) -> str:
    """The symbol by which compiled code finds the task of an operation."""
    return f"{name}_task"


_compiled: list[Any] = []


def _compile(signature: Any, function: Callable[..., Any]) -> Any:
    """The function in machine code; from the cache, if it is there and whole."""
    if _keep_code():
        try:
            return cfunc(signature, cache=True)(function)
        except Exception as error:  # noqa: BLE001 a damaged file, a full disk: numba has no error of its own for these
            warnings.warn(f"Compiled code cannot be kept: {error}", stacklevel=2)
    return cfunc(signature)(function)


@functools.cache
def _keep_code() -> bool:
    """Has numba keep compiled code, apart for each state of these files; False where nothing can be written."""
    sources = sorted(Path(__file__).parent.glob("*.py"))
    state = hashlib.sha256(b"".join(path.read_bytes() for path in sources)).hexdigest()[:16]
    folder = cache_folder() / "kernels" / state
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError:
        return False  # a read-only home costs compile time, nothing else
    numba.config.CACHE_DIR = str(folder)
    return True
