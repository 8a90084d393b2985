"""A real PostgreSQL server in a folder of its own, reached by a socket in that folder."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg


def find_programs() -> Path | None:
    """The folder of initdb and pg_ctl: on the path, or where Debian puts them; None if there is none."""
    debian = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name), reverse=True)
    on_path = shutil.which("initdb")
    places = [Path(on_path).resolve().parent] if on_path else []
    return next((place for place in [*places, *debian] if (place / "pg_ctl").exists()), None)


class Server:
    """A running server, of which `database` makes empty databases."""

    def __init__(self, folder: Path) -> None:
        self.folder, self._made = folder, 0

    def url(self, name: str) -> str:
        return f"postgresql://postgres@/{name}?host={self.folder}"

    def database(self) -> str:
        """The address of a new database."""
        self._made += 1
        name = f"labels_{os.getpid()}_{self._made}"
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}")
        return self.url(name)


@contextmanager
def running(*, durable: bool = True) -> Iterator[Server]:
    """A server for as long as the block lasts, run by somebody without rights where we have all.

    Args:
        durable: whether a commit waits for the disk.
    """
    programs = find_programs()
    assert programs is not None
    folder = Path(tempfile.mkdtemp(prefix="pg-", dir="/tmp"))  # short: a socket's path may have 107 characters
    who: dict[str, Any] = {"cwd": "/", "check": True, "stdout": subprocess.DEVNULL}
    if os.geteuid() == 0:
        shutil.chown(folder, "nobody")
        who |= {"user": "nobody", "group": "nogroup", "extra_groups": []}
    try:
        data = str(folder / "data")
        made = [programs / "initdb", "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "-N"]
        subprocess.run(made, **who)
        options = f"-c listen_addresses='' -k {folder} -c fsync={'on' if durable else 'off'}"
        control = [programs / "pg_ctl", "-D", data, "-w", "-l", str(folder / "log")]
        subprocess.run([*control, "-o", options, "start"], **who)
        try:
            yield Server(folder)
        finally:
            subprocess.run([*control, "-m", "immediate", "stop"], **who)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
