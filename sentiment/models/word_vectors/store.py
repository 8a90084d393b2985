"""Word vectors in the workspace: float16 on disk, of which only what is asked for is read into memory.

<workspace>/vectors/<name>/   info.json · words.txt, one a line, in the file's order · vectors.f16
"""

import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sentiment.arrays import distinct
from sentiment.errors import ModelError
from sentiment.files import read_json, workspace_folder, write_json
from sentiment.models.splitting import set_splitting
from sentiment.models.tokenizer import build_tokenizer
from sentiment.models.word_vectors.formats import MOST_NUMBERS, Batch
from sentiment.numbers import number

INFO, WORDS, VECTORS = "info.json", "words.txt", "vectors.f16"
_MOST_WORDS = 20_000_000
_SPACES = re.compile(r"\s")


@dataclass(frozen=True)
class VectorStore:
    """Word vectors by name.

    Attributes:
        name: what people call them.
        folder: where they are.
        n_words: how many there are.
        n_numbers: of each vector.
        language: ISO 639-1 code of the language that they are of; "" if it was not said.
        left_out: words of the file that are not there: with spaces in them, or no UTF-8.
        repeated: words that the file holds more than once; the first one counts.
        deviation: standard deviation of all numbers.
    """

    name: str
    folder: Path
    n_words: int
    n_numbers: int
    language: str
    left_out: int
    repeated: int
    deviation: float

    @property
    def size_bytes(self) -> int:
        """Of its files."""
        return sum(file.stat().st_size for file in self.folder.iterdir() if file.is_file())

    def words(self) -> Iterator[str]:
        """All words, as tokenizers here write them, in the file's order: mostly from the most frequent one on."""
        normalizer = set_splitting(build_tokenizer([])).normalizer
        with (self.folder / WORDS).open(encoding="utf-8", newline="\n") as file:
            for line in file:
                word = line[:-1]
                yield word.lower().replace("`", "'") if word.isascii() else normalizer.normalize_str(word)

    def rows_of(self, wanted: Collection[str], *, first: int = 0) -> dict[str, int]:
        """The rows of words, where they are known; of those written alike, the first.

        Args:
            wanted: words, as tokenizers here write them.
            first: so many words from the front are taken too, wanted or not, if they are letters alone or one sign.
        """
        found: dict[str, int] = {}
        for row, word in enumerate(self.words()):
            if word not in found and (word in wanted or (row < first and (word.isalpha() or len(word) == 1))):
                found[word] = row
        return found

    def vectors(self, rows: Iterable[int]) -> NDArray[np.float32]:
        """The vectors float32[n, n_numbers] of rows, and of no others, read from disk."""
        shape = (self.n_words, self.n_numbers)
        whole = np.memmap(self.folder / VECTORS, np.float16, mode="r", shape=shape)
        return np.asarray(whole[np.fromiter(rows, np.int64)], np.float32)


def vectors_folder() -> Path:
    """Where word vectors are: in the workspace, which SENTIMENT_WORKSPACE names."""
    return workspace_folder() / "vectors"


def list_vectors() -> list[VectorStore]:
    """All word vectors of the workspace, by name; one that is damaged must not hide the others."""
    found = []
    for folder in sorted(vectors_folder().glob("[!.]*")):
        try:
            found.append(_read(folder))
        except ModelError:
            continue
    return found


def find_vectors(name: str) -> VectorStore:
    """The word vectors of that name.

    Raises:
        ModelError: naming those there are, or if they are damaged.
    """
    if Path(name).name == name and not name.startswith(".") and (vectors_folder() / name / INFO).is_file():
        return _read(vectors_folder() / name)
    names = ", ".join(store.name for store in list_vectors())
    raise ModelError(
        f"There are no word vectors {name[:60]!r}",
        expected=f"One of {names}" if names else "",
        todo="Bring some with `python -m sentiment import-vectors FILE --name NAME`",
    )


def write_store(folder: Path, batches: Iterable[Batch], *, language: str) -> dict[str, Any]:
    """Writes word vectors, piece by piece, and returns what info.json says of them.

    Args:
        folder: an empty one.
        batches: of one file.
        language: see `VectorStore`.

    Raises:
        ModelError: if there are none, or more than any real file has.
        OSError: if the folder cannot be written or is full.
    """
    n_words = left_out = n_numbers = 0
    total = squares = 0.0
    hashes = []
    with (folder / WORDS).open("wb") as names, (folder / VECTORS).open("wb") as numbers:
        for batch in batches:
            words = [_readable(word) for word in batch.words]
            kept = np.array([word is not None for word in words], bool)
            vectors = batch.vectors[kept].astype(np.float16)
            names.write("".join(f"{word}\n" for word in words if word is not None).encode())
            numbers.write(vectors.tobytes())
            hashes.append(np.array([hash(word) for word in words if word is not None], np.int64))
            n_words, left_out = n_words + len(vectors), left_out + int((~kept).sum())
            n_numbers = batch.vectors.shape[1]
            total += float(vectors.sum(dtype=np.float64))
            squares += float(np.square(vectors, dtype=np.float64).sum())
            if n_words > _MOST_WORDS:
                raise ModelError(f"These are more than {number(_MOST_WORDS)} words", expected="Fewer word vectors")
    if not n_words or left_out > n_words:
        raise ModelError(
            f"Of {number(n_words + left_out)} words, {number(left_out)} cannot be read",
            expected="Word vectors, with words in UTF-8",
        )
    mean = total / (n_words * n_numbers)
    info = {
        "n_words": n_words,
        "n_numbers": n_numbers,
        "language": language,
        "left_out": left_out,
        "repeated": n_words - len(distinct(np.concatenate(hashes))),
        "deviation": max(squares / (n_words * n_numbers) - mean**2, 0.0) ** 0.5,
    }
    write_json(folder / INFO, info)
    return info


def _readable(word: bytes) -> str | None:
    """A word as text; None for one that is no UTF-8, empty, or has white space in it, as no token has."""
    try:
        text = word.decode("utf-8")
    except UnicodeDecodeError:
        return None
    return None if not text or _SPACES.search(text) else text


def _read(folder: Path) -> VectorStore:
    try:
        info = read_json(folder / INFO)
        store = VectorStore(
            name=folder.name,
            folder=folder,
            n_words=int(info["n_words"]),
            n_numbers=int(info["n_numbers"]),
            language=str(info["language"]),
            left_out=int(info["left_out"]),
            repeated=int(info["repeated"]),
            deviation=float(info["deviation"]),
        )
        size = (folder / VECTORS).stat().st_size
        if size != 2 * store.n_words * store.n_numbers or not 2 <= store.n_numbers <= MOST_NUMBERS:
            raise ValueError(f"{number(size)} bytes for {number(store.n_words)} vectors")
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ModelError(
            f"The word vectors {folder.name} are damaged ({str(error)[:80]})", todo="Remove them, and bring them again"
        ) from error
    return store
