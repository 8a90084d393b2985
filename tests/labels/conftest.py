"""Stores on both databases."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from sentiment.labels.store import LabelStore
from tests.labels.made_up import MadeUp
from tests.labels.postgresql import Server, find_programs, running


@pytest.fixture(scope="session")
def postgresql() -> Iterator[Server]:
    """A PostgreSQL server."""
    if find_programs() is None:
        pytest.skip("PostgreSQL is not installed; tests/labels/install_postgresql.sh does that")
    with running(durable=False) as server:
        yield server


@pytest.fixture
def fast(tmp_path: Path) -> Iterator[Path]:
    """A folder for databases, in memory where there is such a place: a commit need not wait for the disk here."""
    memory = Path("/dev/shm")
    if not memory.is_dir():
        yield tmp_path
        return
    with tempfile.TemporaryDirectory(dir=memory) as folder:
        yield Path(folder)


@pytest.fixture(params=["sqlite", "postgresql"])
def address(request: pytest.FixtureRequest, fast: Path) -> str:
    """The address of an empty database, of each kind."""
    if request.param == "sqlite":
        return str(fast / "labels.sqlite")
    server: Server = request.getfixturevalue("postgresql")
    return server.database()


@pytest.fixture
def store(address: str) -> Iterator[LabelStore]:
    """An empty store on each kind of database."""
    found = LabelStore.open(address, source=MadeUp())
    yield found
    found.close()


@pytest.fixture
def local(fast: Path) -> LabelStore:
    """An empty store in a file."""
    return LabelStore.open(fast / "labels.sqlite", source=MadeUp())
