"""Model packages: one .zip with what a model folder holds, and its card.

    config.json  weights.safetensors  tokenizer.json or vocabulary.json  README.md  thresholds.json  trained_on.u64

Unpacked, it is a base model's folder. Nothing in it is ever executed. What a stranger sends is looked at before
anything of it is unpacked: names that are not these, links, encrypted or repeated members, and sizes beyond our own
budget are refused; a size that lies is found while it is read.
"""

import hashlib
import os
import shutil
import stat
import struct
import tempfile
import zipfile
import zlib
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import BinaryIO

from sentiment.errors import ModelError
from sentiment.models.device import cache_folder
from sentiment.models.learned import TRAINED_ON
from sentiment.numbers import number

CONFIG, CARD, RULE = "config.json", "README.md", "thresholds.json"
# The members, in the order in which they are written, and the bytes that each may have once it is unpacked.
MEMBERS = {
    CARD: 2**20,
    CONFIG: 2**22,
    RULE: 2**20,
    "tokenizer.json": 2**27,
    "vocabulary.json": 2**26,
    TRAINED_ON: 2**26,
    "weights.safetensors": 2**30,
}
_STORED = ("weights.safetensors",)  # floats hardly shrink, and unpacking them would take longest
_MOST_ENTRIES = 16
_DIRECTORY_BYTES = 2**16  # of the list of members; ours takes about 400
_KEPT = 8  # packages that stay unpacked; the least recently opened go first
_BLOCK = 2**20
_DATE = (1980, 1, 1, 0, 0, 0)
_EXPECTED = "A .zip that `python -m sentiment export` or the Share page wrote"


def is_package(path: str | Path) -> bool:
    """Whether a path names a .zip file that is there."""
    return Path(path).suffix.lower() == ".zip" and Path(path).is_file()


def package_bytes(members: Mapping[str, bytes]) -> bytes:
    """The content of a package: the same members give the same bytes.

    Args:
        members: the content of each, by its name in `MEMBERS`.

    Raises:
        ValueError: for another name, or a member that is larger than such a member may be.
    """
    with tempfile.SpooledTemporaryFile(max_size=2**26) as buffer:
        with zipfile.ZipFile(buffer, "w") as archive:
            for name in sorted(members, key=list(MEMBERS).index):
                if len(members[name]) > MEMBERS[name]:
                    raise ValueError(f"{name} has {number(len(members[name]))} bytes")
                info = zipfile.ZipInfo(name, date_time=_DATE)
                info.compress_type = zipfile.ZIP_STORED if name in _STORED else zipfile.ZIP_DEFLATED
                info.create_system, info.external_attr = 3, (stat.S_IFREG | 0o644) << 16
                archive.writestr(info, members[name])
        buffer.seek(0)
        return buffer.read()


def open_package(path: Path) -> Path:
    """The model folder in a package, unpacked into the user's cache; what was unpacked before is not unpacked again.

    Raises:
        ModelError: if the file is not a package, is damaged or hostile, or there is no room to unpack it.
    """
    try:
        found = path.stat()
        digest = _digest(str(path.absolute()), found.st_size, found.st_mtime_ns, found.st_ino)
    except OSError as error:
        raise ModelError(f"The package {path.name} cannot be read ({error.strerror})") from error
    packages = cache_folder() / "packages"
    folder = packages / f"{_plain(path.stem)}-{digest}"  # named so that messages about it can be understood
    if not (folder / CONFIG).is_file():
        _unpack(path, folder)
        _forget_oldest(packages, but=folder)
    else:
        _note_use(folder)
    return folder


@lru_cache(maxsize=64)
def _digest(path: str, size: int, written: int, inode: int) -> str:
    """The hash of a file's content; size, time and inode tell whether it is still the same."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()[:32]


def _plain(name: str) -> str:
    """A name of letters and digits alone."""
    return "".join(c if c.isascii() and c.isalnum() else "-" for c in name[:40]) or "package"


def _unpack(path: Path, folder: Path) -> None:
    """Writes the members of a package into `folder`, all or none."""
    try:
        folder.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        working = Path(tempfile.mkdtemp(dir=folder.parent, prefix=".unpacking-"))
    except OSError as error:
        raise _no_room(path, error) from error
    try:
        with path.open("rb") as file:
            _check_directory(path, file)
            with zipfile.ZipFile(file) as archive:
                for info in _checked_members(path, archive):
                    _copy(path, archive, info, working / info.filename)
        if not (folder / CONFIG).is_file():  # else somebody was quicker, with the same content, and may be reading it
            shutil.rmtree(folder, ignore_errors=True)  # an empty or half one, which nobody could have used
            os.replace(working, folder)
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, EOFError, ValueError, struct.error) as error:
        raise ModelError(
            f"The package {path.name} is cut off or damaged ({str(error)[:80]})",
            expected=_EXPECTED,
            todo="Copy or download it again",
        ) from error
    except OSError as error:
        if not (folder / CONFIG).is_file():  # else another process was quicker, with the same content
            raise _no_room(path, error) from error
    finally:
        shutil.rmtree(working, ignore_errors=True)


def _check_directory(path: Path, file: BinaryIO) -> None:
    """Refuses a list of members that is longer than any of ours, before a library reads all of it."""
    size = file.seek(0, os.SEEK_END)
    if size > sum(MEMBERS.values()):
        raise _refused(path, f"has {number(size)} bytes")
    file.seek(max(0, size - 22 - 2**16))
    tail = file.read()
    place = tail.rfind(b"PK\x05\x06")
    if place < 0 or place + 22 > len(tail):
        raise ModelError(f"{path.name} is not a zip file, or is cut off", expected=_EXPECTED)
    n_entries, directory = struct.unpack_from("<HI", tail, place + 10)
    if n_entries > _MOST_ENTRIES or directory > _DIRECTORY_BYTES:
        raise _refused(path, f"lists {number(n_entries)} members")
    if tail[max(0, place - 20) : place].startswith(b"PK\x06\x07"):  # they would replace the numbers just checked
        raise _refused(path, "has a second list of members, for larger files")
    file.seek(0)


def _checked_members(path: Path, archive: zipfile.ZipFile) -> list[zipfile.ZipInfo]:
    """The members of an archive, if they are those of a package."""
    members = archive.infolist()
    names = [info.orig_filename for info in members]
    for info in members:
        name = info.orig_filename
        kind = stat.S_IFMT(info.external_attr >> 16)
        if name not in MEMBERS or info.filename != name:
            raise _refused(path, f"holds {name[:60]!r}")
        if names.count(name) > 1:
            raise _refused(path, f"holds {name} more than once")
        if info.flag_bits & 1 or kind not in (0, stat.S_IFREG):
            raise _refused(path, f"holds {name} encrypted, or as a link")
        if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise _refused(path, f"holds {name} packed in an unusual way")
        if info.file_size > MEMBERS[name] or info.compress_size > MEMBERS[name]:
            raise _refused(path, f"holds {name} with {number(info.file_size)} bytes")
    missing = {CONFIG, "weights.safetensors"} - set(names)
    if missing:
        raise ModelError(f"{path.name} is not a model package: it has no {min(missing)}", expected=_EXPECTED)
    return members


def _copy(path: Path, archive: zipfile.ZipFile, info: zipfile.ZipInfo, target: Path) -> None:
    """Writes one member; one that unpacks to more or less than it announced is refused."""
    written = 0
    with archive.open(info) as source, target.open("xb") as file:
        while block := source.read(_BLOCK):
            written += len(block)
            if written > info.file_size:
                break
            file.write(block)
    if written != info.file_size:
        raise _refused(path, f"lies about the size of {info.filename}")


def _note_use(folder: Path) -> None:
    try:
        os.utime(folder)
    except OSError:
        return  # a cache that may only be read serves as well


def _forget_oldest(packages: Path, *, but: Path) -> None:
    """Removes what was opened longest ago beyond `_KEPT`; models that are in memory do not need it."""
    try:
        unpacked = [each for each in packages.iterdir() if each != but and not each.name.startswith(".")]
        for old in sorted(unpacked, key=lambda each: -each.stat().st_mtime)[_KEPT - 1 :]:
            (old / CONFIG).unlink(missing_ok=True)  # first: whoever finds it takes the folder for a whole one
            shutil.rmtree(old, ignore_errors=True)
    except OSError:
        return


def _refused(path: Path, what: str) -> ModelError:
    return ModelError(f"{path.name} {what}, which no model package does", expected=_EXPECTED)


def _no_room(path: Path, error: OSError) -> ModelError:
    return ModelError(
        f"The package {path.name} cannot be unpacked ({error.strerror})",
        todo="Free some space, or name another folder in SENTIMENT_CACHE",
    )
