"""What a workspace is on disk: its folders, made, listed and moved whole."""

import os
import shutil
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TypeVar

from sentiment.errors import DataError, RunError, WorkspaceError
from sentiment.files import WORKSPACE as ENVIRONMENT
from sentiment.files import write_atomic

T = TypeVar("T")


def make_folders(root: Path) -> None:
    """Makes the folders of a workspace where they are not there.

    Raises:
        WorkspaceError: if they cannot be written.
    """
    try:
        for name in ("datasets", "runs", "trash/datasets", "trash/runs"):
            (root / name).mkdir(parents=True, exist_ok=True)
        write_atomic(root / ".writable", b"")
        (root / ".writable").unlink(missing_ok=True)
    except OSError as error:
        raise WorkspaceError(
            f"The workspace folder {root} cannot be written ({error.strerror})",
            expected="A folder that this program may write",
            todo=f"Change its permissions, or name another folder in {ENVIRONMENT}",
        ) from error


def check_demo(root: Path) -> None:
    """Checks that there is a workspace to show.

    Raises:
        WorkspaceError: if there is none.
    """
    if not (root / "datasets").is_dir():
        raise WorkspaceError(
            f"There is no workspace in {root} to show",
            expected="A folder with datasets and runs, which demo mode only reads",
            todo=f"Run `make demo`, which prepares one, or name the folder in {ENVIRONMENT}",
        )


def list_folders(place: Path) -> list[Path]:
    """What is in a folder; nothing where there is none, as in a workspace of which only a part was copied."""
    return list(place.iterdir()) if place.is_dir() else []


def read_all(read: Callable[[Path], T], folders: Iterable[Path]) -> list[T]:
    """What can be read of `folders`: one damaged folder must not hide the others."""
    found = []
    for folder in folders:
        try:
            found.append(read(folder))
        except (DataError, RunError):
            continue
    return found


def move_folder(folder: Path, target: Path) -> None:
    """Moves a folder into `target`, replacing one of the same name there.

    Raises:
        WorkspaceError: if it cannot be moved.
    """
    place = target / folder.name
    try:
        if place.exists():
            shutil.rmtree(place)
        os.replace(folder, place)
    except OSError as error:
        raise WorkspaceError(
            f"The folder {folder.name} cannot be moved ({error.strerror})", todo="Check the workspace's permissions"
        ) from error
