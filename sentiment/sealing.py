"""A second line of defence for demo mode: the process itself refuses to write below a folder.

Functions that write ask for a role first (see `access`). Should one of them be forgotten, or a library write by itself,
the interpreter's audit events still tell of it before it happens. What a library writes in C without opening the file
through Python is not seen; the folder may stand on a read-only file system as well.
"""

import os
import sys
from pathlib import Path
from typing import Any

from sentiment.access import is_demo
from sentiment.errors import AccessError

_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
# Events by the positions of the paths and of the descriptors of the folders that these are relative to.
_EVENTS: dict[str, tuple[tuple[int, int | None], ...]] = {
    "os.chmod": ((0, 2),),
    "os.chown": ((0, 3),),
    "os.link": ((0, 2), (1, 3)),
    "os.mkdir": ((0, 2),),
    "os.remove": ((0, 1),),
    "os.removexattr": ((0, None),),
    "os.rename": ((0, 2), (1, 3)),
    "os.rmdir": ((0, 1),),
    "os.setxattr": ((0, None),),
    "os.symlink": ((1, 2),),
    "os.truncate": ((0, None),),
    "os.utime": ((0, 3),),
    "shutil.rmtree": ((0, None),),
    "tempfile.mkdtemp": ((0, None),),
}
_sealed: set[str] = set()


def seal(folder: Path) -> None:
    """From now on, this process refuses to write anything below the folder for as long as it is in demo mode."""
    if not _sealed:
        sys.addaudithook(_refuse)
    _sealed.update(_places(folder))


def check_writable(path: Path) -> None:
    """Checks that something may be written there.

    Raises:
        AccessError: in demo mode, below a folder that was sealed.
    """
    if _sealed and _is_sealed(path) and is_demo():
        raise AccessError(f"This is a demo, in which nothing is written ({Path(path).name})")


def _refuse(event: str, arguments: tuple[Any, ...]) -> None:
    if event == "open":
        path, _, flags = arguments
        if isinstance(flags, int) and flags & _WRITING and not isinstance(path, int):
            check_writable(path)
    elif event in _EVENTS:
        for place, base in _EVENTS[event]:
            path = arguments[place]
            if not isinstance(path, int):
                check_writable(_in_folder(path, arguments[base] if base is not None else -1))


def _in_folder(path: Any, descriptor: int) -> Any:
    """The path, which is relative to the folder of a descriptor unless that is -1."""
    if descriptor in (-1, None):
        return path
    return os.path.join(os.readlink(f"/proc/self/fd/{descriptor}"), os.fsdecode(path))


def _is_sealed(path: Any) -> bool:
    if path is None:
        return False
    return any(place == folder or place.startswith(folder + os.sep) for place in _places(path) for folder in _sealed)


def _places(path: Any) -> set[str]:
    """Where a path leads, and where it stands: a link in the folder to elsewhere is as much a part of it."""
    plain = os.fsdecode(path)
    parent, name = os.path.split(os.path.abspath(plain))
    return {os.path.realpath(plain), os.path.abspath(plain), os.path.join(os.path.realpath(parent), name)}
