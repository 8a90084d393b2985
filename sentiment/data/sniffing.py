"""What kind of file it is: judged by its content; the extension is a hint and a fence, never proof."""

import json
import pickletools
import re
import zipfile
from dataclasses import dataclass
from io import BytesIO
from pathlib import PurePath
from typing import Literal

from sentiment.data.cells import clean_name
from sentiment.data.delimited import detect_delimiter
from sentiment.data.encodings import detect_encoding
from sentiment.errors import DataError

Kind = Literal["csv", "xlsx", "jsonl", "parquet"]


@dataclass(frozen=True)
class FileFormat:
    """How a file is read.

    Attributes:
        kind: csv (any delimiter), xlsx, jsonl (or a JSON array), parquet.
        encoding: of a text file, as Python's codecs know it; None otherwise.
        delimiter: of a CSV or TSV; None otherwise.
        sheet: of a workbook; None means the visible one with the most rows.
    """

    kind: Kind
    encoding: str | None = None
    delimiter: str | None = None
    sheet: str | None = None


READABLE = "CSV, TSV, XLSX, JSONL or Parquet"
EXTENSIONS = (".csv", ".tsv", ".tab", ".txt", ".xlsx", ".xlsm", ".jsonl", ".ndjson", ".json", ".parquet", ".pq")
_ADVICE = f"Save the data as {READABLE}"
_MAGIC: tuple[tuple[bytes, str], ...] = (
    (b"\x89PNG", "a PNG picture"),
    (b"\xff\xd8\xff", "a JPEG picture"),
    (b"GIF8", "a GIF picture"),
    (b"RIFF", "a media file"),
    (b"%PDF", "a PDF document"),
    (b"{\\rtf", "an RTF document"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"BZh", "a bzip2 archive"),
    (b"\xfd7zXZ", "an xz archive"),
    (b"\x28\xb5\x2f\xfd", "a Zstandard archive"),
    (b"7z\xbc\xaf", "a 7-Zip archive"),
    (b"Rar!", "a RAR archive"),
    (b"\x89HDF", "an HDF5 file"),
    (b"SQLite format 3", "a SQLite database"),
    (b"\x93NUMPY", "a NumPy array"),
    (b"ARROW1", "an Arrow file"),
    (b"FEA1", "a Feather file"),
    (b"Obj\x01", "an Avro file"),
    (b"ORC", "an ORC file"),
    (b"\x7fELF", "a program"),
    (b"MZ", "a program"),
)
# Marks that a name of a column may begin with, such as ORCID: what they mark has control bytes soon, and text has none.
_LIKE_WORDS = (b"GIF8", b"RIFF", b"BZh", b"Rar!", b"ARROW1", b"FEA1", b"ORC", b"MZ")
_SOON = 512
# Pickles say so in their first bytes: protocols 2 to 5 by a mark, the older text ones by their first opcodes.
_PICKLE = re.compile(
    rb"\x80[\x02-\x05][\x95}\](cKX\x8c]|\(lp\d|\(dp\d|(?:S'.*'|V.*|I\d+)\n(?:p\d+\n)?\.\Z|\]q\x00|\}q\x00"
)
_GLOBAL = re.compile(rb"c[\w.]+\n[\w.]+\n")  # an opcode, or the first two lines of a CSV: "comment", "Great"
_OPCODES = 1_000  # that no text goes on to be
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_CONTROL = bytes(set(range(32)) - {0, 9, 10, 12, 13, 27})
_DOMESTIC = re.compile(r"\s*<(?:!doctype\s+html|html|\?xml|svg)", re.IGNORECASE)


def detect_format(source: PurePath | bytes, *, name: str) -> FileFormat:
    """How to read a file, found by looking at it.

    Args:
        source: the file, or its content.
        name: its display name; only the extension is looked at.

    Raises:
        DataError: for an empty file, and for anything but CSV, TSV, XLSX, JSONL and Parquet, saying what it is.
    """
    content = source if isinstance(source, bytes) else load_bytes(source)
    if not content.strip(b"\x00 \t\r\n\xef\xbb\xbf"):
        raise DataError(
            f"The file {display_name(name)} is empty", expected="A row of column names and rows of data below"
        )
    kind = _binary_kind(content, name=name)
    extension = PurePath(display_name(name)).suffix.lower()
    if extension and extension not in EXTENSIONS:
        raise DataError(f"{display_name(name)} ends in “{extension}”", expected=f"A {READABLE} file", todo=_ADVICE)
    if kind is not None:
        return FileFormat(kind)
    return _text_format(content, name=name, extension=extension)


def load_bytes(path: PurePath) -> bytes:
    """The content of a file.

    Raises:
        DataError: if it is not there or may not be read.
    """
    try:
        with open(path, "rb") as file:
            return file.read()
    except OSError as error:
        reason = "does not exist" if isinstance(error, FileNotFoundError) else f"cannot be read ({error.strerror})"
        raise DataError(f"The file {display_name(path.name)} {reason}", todo="Check the path") from error


def display_name(name: str) -> str:
    """A file's name made safe to show: its last part, without invisible characters, at most 100 of them."""
    last = re.split(r"[/\\]", clean_name(name, limit=1000))[-1].strip()
    stem = PurePath(last).stem
    suffix = PurePath(last).suffix[:12]
    return (last if len(last) <= 100 else stem[: 99 - len(suffix)] + "…" + suffix) or "file"


def _binary_kind(content: bytes, *, name: str) -> Kind | None:
    shown = display_name(name)
    if content.startswith(b"PAR1"):
        return "parquet"
    if content.startswith(b"PK\x03\x04") or content.startswith(b"PK\x05\x06"):
        return _zip_kind(content, shown=shown)
    if content.startswith(_OLE):
        raise _ole_error(content, shown=shown)
    what = next((what for mark, what in _MAGIC if content.startswith(mark) and _marks(content, mark)), None)
    if what is None and _is_pickle(content):
        what = "a Python pickle, which is never opened here"
    if what is not None:
        raise DataError(f"{shown} is {what}", expected=f"A {READABLE} file", todo=_ADVICE)
    return None


def _marks(content: bytes, mark: bytes) -> bool:
    """Whether what follows a mark is not text."""
    head = content[:_SOON]
    return mark not in _LIKE_WORDS or len(head.translate(None, _CONTROL)) < len(head)


def _is_pickle(content: bytes) -> bool:
    """Whether it is a pickle; its opcodes are read, and none is carried out."""
    if _PICKLE.match(content[:4096]):
        return True
    if not _GLOBAL.match(content[:4096]):
        return False
    plain = False  # whether there was an opcode without an argument: lines of text can look like the others alone
    try:
        for count, (opcode, _, _) in enumerate(pickletools.genops(content)):
            plain |= opcode.arg is None
            if count >= _OPCODES:
                break
    except (ValueError, OverflowError):  # no opcode, or the end before the last one
        return False
    return plain


def _zip_kind(content: bytes, *, shown: str) -> Kind:
    try:
        with zipfile.ZipFile(BytesIO(content)) as archive:
            names = set(archive.namelist())
    except (zipfile.BadZipFile, NotImplementedError, ValueError, OSError) as error:
        raise DataError(
            f"{shown} is cut off or damaged: it begins like a workbook but cannot be opened",
            expected="A whole .xlsx file",
            todo="Download or save the workbook again",
        ) from error
    if "xl/workbook.xml" in names:
        return "xlsx"
    what = "a zip archive"
    if "xl/workbook.bin" in names:
        what = "a binary workbook (.xlsb)"
    elif any(part.startswith("word/") for part in names):
        what = "a Word document"
    elif "mimetype" in names:
        what = "an OpenDocument file"
    raise DataError(f"{shown} is {what}, not an .xlsx workbook", expected=f"A {READABLE} file", todo=_ADVICE)


def _ole_error(content: bytes, *, shown: str) -> DataError:
    if "EncryptedPackage".encode("utf-16-le") in content:
        return DataError(
            f"The workbook {shown} is protected with a password",
            expected="A workbook that opens without one",
            todo="Open it, remove the password, and save it again",
        )
    if any(stream.encode("utf-16-le") in content for stream in ("Workbook", "Book")):
        return DataError(
            f"{shown} is a workbook in the old .xls format",
            expected="A workbook in the .xlsx format",
            todo="Open it in a spreadsheet program and save it as .xlsx or CSV",
        )
    return DataError(f"{shown} is an old Office document", expected=f"A {READABLE} file", todo=_ADVICE)


def _text_format(content: bytes, *, name: str, extension: str) -> FileFormat:
    shown = display_name(name)
    sample = content[:65536]
    controls = len(sample) - len(sample.translate(None, _CONTROL))
    wide = sample.startswith((b"\xff\xfe", b"\xfe\xff", b"\x00\x00\xfe\xff")) or sample.count(0) > len(sample) / 50
    if controls > max(2, len(sample) // 100) and not wide:
        raise DataError(
            f"{shown} is not text: it holds control characters", expected=f"A {READABLE} file", todo=_ADVICE
        )
    encoding = detect_encoding(content)
    text = _beginning(content, encoding)
    if _DOMESTIC.match(text):
        raise DataError(f"{shown} is a web page or XML", expected=f"A {READABLE} file", todo=_ADVICE)
    if wide and sum(c < " " and c not in "\t\r\n\f\x1b" for c in text) > max(2, len(text) // 20):
        raise DataError(
            f"{shown} is not text: it holds control characters", expected=f"A {READABLE} file", todo=_ADVICE
        )
    if _looks_json(text, extension=extension):
        return FileFormat("jsonl", encoding=encoding)
    prefer = "\t" if extension in (".tsv", ".tab") else None
    return FileFormat("csv", encoding=encoding, delimiter=detect_delimiter(text, prefer=prefer))


def _beginning(content: bytes, encoding: str) -> str:
    return content[:400_000].decode(encoding, errors="ignore")  # reading checks every byte, and names the wrong one


def _looks_json(text: str, *, extension: str) -> bool:
    if extension in (".jsonl", ".ndjson", ".json"):
        return True
    first = text.lstrip()[:20_000].split("\n", 1)[0].strip()
    if first.startswith("[") and re.match(r"\[\s*(\{|$)", first):
        return True
    if not first.startswith("{"):
        return False
    try:
        return isinstance(json.loads(first), dict)
    except (ValueError, RecursionError):
        return False
