"""Processes that outlive whoever started them: how one is started in a folder, found there again, and ended."""

import os
import subprocess
import sys
import time
from pathlib import Path
from typing import BinaryIO

import psutil

from sentiment.files import read_json, write_json
from sentiment.memory import with_large_pages

Process = subprocess.Popen[bytes]
_GRACE = 10.0  # seconds in which a worker that was just started need not be seen yet
_children: dict[int, Process] = {}  # workers of this very process, to be reaped when they end


def spawn(module: str, *arguments: str, stdin: int, output: int | BinaryIO) -> Process:
    """A process of ours in a session of its own, so that it outlives whoever started it."""
    package = Path(__file__).resolve().parents[2]
    path = os.pathsep.join(filter(None, [str(package), os.environ.get("PYTHONPATH")]))
    return subprocess.Popen(
        [sys.executable, "-m", module, *arguments],
        stdin=stdin,
        stdout=output,
        stderr=output,
        start_new_session=True,
        cwd=package,
        env=with_large_pages({**os.environ, "PYTHONPATH": path}),
    )


def note_worker(folder: Path, process: Process) -> None:
    """Notes in a folder which process works in it, so that anybody finds it later (see `worker_of`)."""
    _children[process.pid] = process
    write_json(folder / "process.json", {"pid": process.pid, "created": psutil.Process(process.pid).create_time()})


def worker_of(folder: Path) -> psutil.Process | None:
    """The live process that works in a folder; one that merely has its number again does not count."""
    try:
        noted = read_json(folder / "process.json")
        _reap()
        process = psutil.Process(noted["pid"])
        same = abs(process.create_time() - noted["created"]) < 1.0
        return process if same and process.status() != psutil.STATUS_ZOMBIE else None
    except (OSError, ValueError, KeyError, psutil.Error):
        return None


def _reap() -> None:
    for pid in [pid for pid, child in _children.items() if child.poll() is not None]:
        del _children[pid]


def just_started(folder: Path) -> bool:
    """Whether a folder's state was written so lately that its worker need not be seen yet."""
    if (folder / "process.json").exists():
        return False
    try:
        return time.time() - (folder / "state.json").stat().st_mtime < _GRACE
    except OSError:
        return False


def end(process: psutil.Process) -> None:
    """Ends a worker and whatever it started, at once."""
    for member in [*process.children(recursive=True), process]:
        try:
            member.kill()
        except psutil.NoSuchProcess:
            continue
    psutil.wait_procs([process], timeout=5)
