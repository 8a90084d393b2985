"""The forms that word vectors come in, told apart by what is in the file, read piece by piece."""

import re
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sentiment.errors import ModelError
from sentiment.models.word_vectors.streams import VectorFile, open_stream
from sentiment.numbers import number

MOST_NUMBERS = 4096  # of a vector
_MOST_WORD = 1000  # bytes of a word
_MOST_LINE = _MOST_WORD + 32 * MOST_NUMBERS
_MOST = 65_000  # what float16 holds
_BATCH = 2000  # vectors read at once
_BLOCK = 2**16  # bytes
_EXPECTED = "Lines of a word and its numbers, as GloVe, word2vec and fastText write them"
_MAGIC = b"\x93NUMPY"
_NUMBER = frozenset(b"0123456789+-.eEnaifNAIF")  # bytes that numbers in text are made of
_SPACES = re.compile(rb" {2,}")


@dataclass(frozen=True)
class Batch:
    """Some words and their vectors.

    Attributes:
        words: as bytes of the file, at most `_BATCH`.
        vectors: float32[n_words, n_numbers].
    """

    words: list[bytes]
    vectors: NDArray[np.float32]


def read_vectors(path: Path, words: Path | None = None) -> Iterator[Batch]:
    """The words of a file and their vectors, in its order.

    Args:
        path: GloVe's text; word2vec's text or binary; fastText's .vec; each also as .gz, or alone in a .zip; or an
            array of NumPy, .npy.
        words: for an array: a text file with the word of each row in a line of its own.

    Raises:
        ModelError: naming the line that is wrong, or what else is.
    """
    with open_stream(path) as file:
        is_array = file.peek().startswith(_MAGIC)
    if is_array:
        _check_plain(path)
        yield from _read_array(path, words)
        return
    if words is not None:
        raise ModelError(f"{path.name} names its words itself", expected="A list of words only with a .npy file")
    with open_stream(path) as file:
        header = _header(file)
        if header is not None:
            file.line(_MOST_LINE)
            read = _read_binary if _is_binary(file, header[1]) else _read_text
            yield from read(file, header)
        else:
            yield from _read_text(file, None)


def _header(file: VectorFile) -> tuple[int, int] | None:
    """The numbers of words and of dimensions that stand in the first line; None if it is a vector already."""
    parts = file.peek()[:200].split(b"\n", 1)[0].split()
    if len(parts) != 2 or not all(part.isdigit() and len(part) < 19 for part in parts):
        return None
    n_words, n_numbers = map(int, parts)
    if not 2 <= n_numbers <= MOST_NUMBERS:
        raise ModelError(
            f"{file.name} says that its vectors have {number(n_numbers)} numbers",
            expected=f"2 to {number(MOST_NUMBERS)}",
        )
    return n_words, n_numbers


def _is_binary(file: VectorFile, n_numbers: int) -> bool:
    """Whether the vectors after a header are the bytes of floats, by the first line: most of a text's are digits."""
    parts = file.peek()[:_MOST_LINE].split(b"\n", 1)[0].split()
    looked_at = min(n_numbers, 20)
    last = parts[1:][-looked_at:]
    return len(parts) < looked_at or 2 * sum(_NUMBER.issuperset(part) for part in last) <= len(last)


def _read_binary(file: VectorFile, header: tuple[int, int]) -> Iterator[Batch]:
    n_words, n_numbers = header
    words: list[bytes] = []
    blocks: list[bytes] = []
    for word, block in _binary_vectors(file, n_words, 4 * n_numbers):
        words.append(word)
        blocks.append(block)
        if len(words) == _BATCH:
            yield _floats(file, words, blocks)
            words, blocks = [], []
    if words:
        yield _floats(file, words, blocks)


def _floats(file: VectorFile, words: list[bytes], blocks: list[bytes]) -> Batch:
    vectors = np.frombuffer(b"".join(blocks), "<f4").reshape(len(words), -1)
    return _finite(
        file, Batch(words, vectors), where=lambda i: f"The vector of {words[i][:40].decode(errors='replace')!r}"
    )


def _binary_vectors(file: VectorFile, n_words: int, size: int) -> Iterator[tuple[bytes, bytes]]:
    """Each word and the bytes of its vector: a word, a space, `size` bytes, with a line feed between two or without."""
    buffer, place = b"", 0
    for n_read in range(n_words):
        while (end := buffer.find(b" ", place, place + _MOST_WORD)) < 0 or len(buffer) <= end + size:
            block = file.take(_BLOCK)
            if not block or (end < 0 and len(buffer) - place >= _MOST_WORD):
                raise ModelError(
                    f"{file.name} says that it holds {number(n_words)} words, and ends or is damaged after "
                    f"{number(n_read)}",
                    expected="A whole file of word2vec",
                    todo="Download it again",
                )
            buffer, place = buffer[place:] + block, 0
        yield buffer[place:end].lstrip(b"\n"), buffer[end + 1 : end + 1 + size]
        place = end + 1 + size
    if (buffer[place:] + file.take(2)).strip():
        raise ModelError(f"{file.name} goes on after the {number(n_words)} words that it says it holds")


def _read_text(file: VectorFile, header: tuple[int, int] | None) -> Iterator[Batch]:
    n_numbers = header[1] if header else None
    words: list[bytes] = []
    rows: list[bytes] = []
    n_read, first = 0, 1 if header is None else 2
    while line := file.line(_MOST_LINE):
        if not line.strip():
            continue
        if b"\t" in line:
            line = line.replace(b"\t", b" ")
        line = line.rstrip(b"\r\n ")
        if b"  " in line:
            line = _SPACES.sub(b" ", line)
        if n_numbers is None:
            n_numbers = _count_numbers(file, line)
        parts = line.rsplit(b" ", n_numbers)  # a word may have spaces in it
        if len(parts) != n_numbers + 1 or not parts[0] or len(parts[0]) > _MOST_WORD:
            found = len(line.split(b" ")) - 1
            raise ModelError(
                f"Line {number(first + n_read)} of {file.name} has {number(found)} numbers, and not "
                f"{number(n_numbers)}",
                expected=_EXPECTED,
                todo="If the file was cut off, download it again",
            )
        words.append(parts[0])
        rows.append(line[len(parts[0]) + 1 :])
        n_read += 1
        if len(words) == _BATCH:
            yield _parsed(file, words, rows, n_numbers, first + n_read - len(words))
            words, rows = [], []
    if words and n_numbers:
        yield _parsed(file, words, rows, n_numbers, first + n_read - len(words))
    if header is not None and n_read != header[0]:
        raise ModelError(
            f"{file.name} says that it holds {number(header[0])} words, and holds {number(n_read)}",
            expected="A whole file",
            todo="Download it again",
        )


def _count_numbers(file: VectorFile, line: bytes) -> int:
    """Numbers of the first vector: all that stands after its word, which has no space."""
    found = len(line.split(b" ")) - 1
    if not 2 <= found <= MOST_NUMBERS or _numbers(line.split(b" ", 1)[-1], found) is None:
        raise ModelError(f"{file.name} does not begin with a word and its vector", expected=_EXPECTED)
    return found


def _numbers(text: bytes, n: int) -> NDArray[np.float32] | None:
    """float32[n] of numbers in text, parted by spaces; None if they are others or more or fewer."""
    with warnings.catch_warnings():
        warnings.simplefilter("error", DeprecationWarning)  # what NumPy says of text that is no number
        try:
            found = np.fromstring(text, np.float32, sep=" ")
        except (DeprecationWarning, ValueError):
            return None
    return found if len(found) == n else None


def _parsed(file: VectorFile, words: list[bytes], rows: list[bytes], n_numbers: int, first: int) -> Batch:
    vectors = _numbers(b" ".join(rows), n_numbers * len(rows))
    if vectors is None:
        wrong = next((i for i, row in enumerate(rows) if _numbers(row, n_numbers) is None), 0)
        raise ModelError(
            f"Line {number(first + wrong)} of {file.name} has something that is no number in its vector",
            expected=_EXPECTED,
        )
    batch = Batch(words, vectors.reshape(len(words), n_numbers))
    return _finite(file, batch, where=lambda i: f"Line {number(first + i)}")


def _finite(file: VectorFile, batch: Batch, *, where: Callable[[int], str]) -> Batch:
    """The batch, if float16 can hold its numbers; `where` says in words which vector is at a position."""
    with np.errstate(invalid="ignore"):
        wrong = ~(np.abs(batch.vectors) < _MOST).all(axis=1)
    if wrong.any():
        raise ModelError(
            f"{where(int(wrong.argmax()))} of {file.name} has a number that is not finite, or beyond {number(_MOST)}",
            expected="Numbers in every vector",
        )
    return batch


def _check_plain(path: Path) -> None:
    """Raises a ModelError if an array is packed, also as .npz: it is read where it lies in the file."""
    with path.open("rb") as file:
        if file.read(len(_MAGIC)) == _MAGIC:
            return
    raise ModelError(
        f"{path.name} holds an array that is packed", expected="A plain .npy", todo="Unpack it first, and give the .npy"
    )


def _read_array(path: Path, words: Path | None) -> Iterator[Batch]:
    if words is None:
        raise ModelError(
            f"{path.name} is an array, and does not say which row is which word",
            todo="Give its list of words, one in each line, with --words",
        )
    try:
        array = np.load(path, mmap_mode="r", allow_pickle=False)
    except Exception as error:  # NumPy has Python's parser read the header, which has many ways to fail
        raise ModelError(
            f"{path.name} cannot be read as an array of floats",
            expected="A whole .npy file of numbers, as numpy.save writes it",
            todo="Save the array again, as float32",
        ) from error
    if array.ndim != 2 or array.dtype.kind != "f" or not 2 <= array.shape[1] <= MOST_NUMBERS:
        raise ModelError(
            f"{path.name} is an array of {array.dtype} with the shape {array.shape}",
            expected=f"Floats, a row for each word, 2 to {number(MOST_NUMBERS)} numbers in a row",
        )
    with open_stream(words) as lines:
        for start in range(0, len(array), _BATCH):
            block = np.asarray(array[start : start + _BATCH], np.float32)
            names = [lines.line(_MOST_WORD) for _ in range(len(block))]
            if not all(names):
                raise ModelError(f"{words.name} has fewer words than {path.name} has rows ({number(len(array))})")
            batch = Batch([name.rstrip(b"\r\n") for name in names], block)
            yield _finite(lines, batch, where=lambda i, start=start: f"Row {number(start + i)}")  # type: ignore[misc]
        if lines.take(2).strip():
            raise ModelError(f"{words.name} has more words than {path.name} has rows ({number(len(array))})")
