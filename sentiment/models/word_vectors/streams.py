"""Files of word vectors as a stream of bytes, packed or not, read once from the front."""

import gzip
import io
import lzma
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from sentiment.errors import ModelError
from sentiment.numbers import number

_GZIP, _ZIP = b"\x1f\x8b", b"PK\x03\x04"
_MOST_TIMES = 40  # that a packed file may grow by; real ones grow threefold
_BUFFER = 2**20
_MARK = b"\xef\xbb\xbf"  # what some editors put before UTF-8
_DAMAGED = (zipfile.BadZipFile, gzip.BadGzipFile, zlib.error, lzma.LZMAError, EOFError)
_EXPECTED = "GloVe text, word2vec text or binary, fastText .vec, or .npy with a list of words; plain, .gz or .zip"


class VectorFile:
    """A buffered reader that counts, and refuses more than a packed file of real vectors holds.

    The mark of UTF-8 in front, if there is one, is passed over.

    Args:
        source: the stream.
        name: of the file, for messages.
        most: bytes that may be read of it.
    """

    def __init__(self, source: BinaryIO, *, name: str, most: int) -> None:
        self.name = name
        self._source = io.BufferedReader(source, _BUFFER)  # type: ignore[type-var]
        self._left = most
        if self._source.peek(len(_MARK)).startswith(_MARK):
            self.take(len(_MARK))

    def peek(self) -> bytes:
        """Some bytes from the front of what is left, at most `_BUFFER`; b"" at the end."""
        return self._source.peek(_BUFFER)

    def line(self, most: int) -> bytes:
        """The next line with its end, or `most` bytes of it; b"" at the end."""
        return self._counted(self._source.readline(most))

    def take(self, size: int) -> bytes:
        """The next bytes, fewer at the end."""
        return self._counted(self._source.read(size))

    def _counted(self, block: bytes) -> bytes:
        self._left -= len(block)
        if self._left < 0:
            raise ModelError(f"{self.name} unpacks to far more than word vectors do", expected=_EXPECTED)
        return block


@contextmanager
def open_stream(path: Path) -> Iterator[VectorFile]:
    """The content of a file, unpacked while it is read.

    Raises:
        ModelError: if it cannot be read or unpacked, is empty, or is a .zip of several files.
    """
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            start = file.read(4)
            file.seek(0)
            if not start:
                raise ModelError(f"The file {path.name} is empty", expected=_EXPECTED)
            if start.startswith(_GZIP):
                with gzip.open(file) as unpacked:
                    yield VectorFile(unpacked, name=path.name, most=_most(size))  # type: ignore[arg-type]
            elif start == _ZIP:
                with zipfile.ZipFile(file) as archive, archive.open(_only_member(path, archive)) as unpacked:
                    yield VectorFile(unpacked, name=path.name, most=_most(size))  # type: ignore[arg-type]
            else:
                yield VectorFile(file, name=path.name, most=size)
    except (*_DAMAGED, NotImplementedError, RuntimeError) as error:  # packed in a way that is not known, or encrypted
        raise ModelError(
            f"{path.name} is cut off or damaged ({str(error)[:80]})", expected=_EXPECTED, todo="Download it again"
        ) from error
    except OSError as error:
        raise ModelError(f"{path.name} cannot be read ({error.strerror or str(error)[:80]})") from error


def _most(size: int) -> int:
    return size * _MOST_TIMES + _BUFFER


def _only_member(path: Path, archive: zipfile.ZipFile) -> zipfile.ZipInfo:
    members = [info for info in archive.infolist() if not info.is_dir()]
    if len(members) != 1:
        raise ModelError(
            f"{path.name} holds {number(len(members))} files, and not one",
            expected="One file of word vectors",
            todo="Unpack it, and give the file with the number of dimensions that you want",
        )
    return members[0]
