"""The database under the label store: SQLite in the workspace, or PostgreSQL by its address.

Everything is written by `Database.write`: one short transaction that waits for its turn, is tried again where the
database was busy, and returns once it is committed.
"""

import random
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import quote

from sqlalchemy import URL, Connection, Engine, create_engine, event, func, inspect, make_url, select, text
from sqlalchemy.exc import ArgumentError, DBAPIError, SQLAlchemyError
from sqlalchemy.pool import NullPool

from sentiment.access import is_demo
from sentiment.errors import AccessError, WorkspaceError

HEAD = "0001"  # the newest migration
FILE_NAME = "labels.sqlite"
BUSY_SECONDS = 10.0  # how long SQLite itself waits for another writer
PATIENCE_SECONDS = 60.0  # how long a transaction is tried again
_MIGRATIONS = Path(__file__).parent / "migrations"
_MIGRATION_LOCK = 0x5E17_1AB5_0000_0001  # beyond the numbers of datasets, which have 48 bits
_BUSY_STATES = ("40001", "40P01", "55P03")  # PostgreSQL: serialization failure, deadlock, lock not available
_LOST_STATES = ("08", "57P0")  # connection exceptions, and a server that shuts down or starts

T = TypeVar("T")


class Database:
    """A database with the tables of the label store, which are made or brought up to date when it is opened.

    In demo mode it is opened so that the database itself refuses every change.

    Args:
        address: the path of a SQLite file, or a URL such as postgresql://user@host/name.

    Attributes:
        read_only: whether nothing can be written.

    Raises:
        WorkspaceError: if it cannot be reached or written, or was written by a newer version; where it can only be
            read, also if there is none, or it would have to be brought up to date.
    """

    def __init__(self, address: str | Path) -> None:
        self.read_only = is_demo()
        self._engine = _engine(_url(address), read_only=self.read_only)
        try:
            self._migrate()
        except WorkspaceError:
            self.close()
            raise

    @property
    def is_sqlite(self) -> bool:
        """Whether it is a file rather than a server."""
        return self._engine.dialect.name == "sqlite"

    def read(self, work: Callable[[Connection], T]) -> T:
        """What `work` returns, all of whose queries see the same state (errors as for `write`)."""
        return self._try(work, lock=None, writing=False)

    def write(self, dataset_id: str, work: Callable[[Connection], T]) -> T:
        """What `work` returns, once what it wrote is committed.

        Writers of one dataset take turns, so that numbers of events rise in the order of commits. `work` may be
        called several times, of which only the last takes effect; it must not do anything that cannot be repeated.

        Raises:
            WorkspaceError: if the database was busy or out of reach for a minute. Whether the last try was kept is
                not known then; events carry a key for that case.
            AccessError: in demo mode.
        """
        if self.read_only:
            raise AccessError("This is a demo, in which no label is written")
        return self._try(work, lock=int(dataset_id, 16), writing=True)

    def close(self) -> None:
        """Ends its connections; another call opens new ones."""
        self._engine.dispose()

    def _try(self, work: Callable[[Connection], T], *, lock: int | None, writing: bool) -> T:
        deadline = time.monotonic() + PATIENCE_SECONDS
        pause = 0.01
        while True:
            try:
                return self._once(work, lock=lock, writing=writing)
            except DBAPIError as error:
                if not _passes(error) or time.monotonic() > deadline:
                    raise _unreachable(error) from error
            time.sleep(random.uniform(0, pause))  # each waits for a time of its own, so that they do not meet again
            pause = min(1.0, 2 * pause)

    def _once(self, work: Callable[[Connection], T], *, lock: int | None, writing: bool) -> T:
        with self._engine.connect() as connection:
            connection = connection.execution_options(writing=writing)
            with connection.begin():
                if lock is not None and not self.is_sqlite:
                    connection.execute(select(func.pg_advisory_xact_lock(lock)))
                return work(connection)

    def _migrate(self) -> None:
        """Brings the tables up to date; of several processes that open the database, one does and the others wait."""
        if self._try(_version, lock=None, writing=False) == HEAD:
            return
        if self.read_only:
            raise WorkspaceError(
                "The label database is of another version, and demo mode does not change it",
                todo="Open the workspace once with `make run`, then start the demo again",
            )
        self._try(_upgrade, lock=_MIGRATION_LOCK, writing=True)


def _url(address: str | Path) -> URL:
    if isinstance(address, Path) or "://" not in address:
        return URL.create("sqlite", database=str(address))
    try:
        url = make_url(address)
    except ArgumentError as error:
        raise _bad_address() from error
    if url.drivername in ("postgres", "postgresql"):
        return url.set(drivername="postgresql+psycopg")
    if url.drivername not in ("sqlite", "postgresql+psycopg"):
        raise _bad_address()
    return url


def _bad_address() -> WorkspaceError:
    # The address itself is not repeated: it may hold a password.
    return WorkspaceError(
        "The address of the label database is none that can be used",
        expected="postgresql://user:password@host/name, or the path of a SQLite file",
        todo="Correct DATABASE_URL, or take it away to keep labels in the workspace",
    )


def _engine(url: URL, *, read_only: bool) -> Engine:
    if url.get_backend_name() != "sqlite":
        options = {"options": "-c default_transaction_read_only=on"} if read_only else {}
        return create_engine(url, pool_pre_ping=True, pool_size=4, max_overflow=16, connect_args=options)
    if read_only:
        url = url.set(database=f"file:{quote(str(url.database))}", query={"mode": "ro", "uri": "true"})
    # A connection per transaction: opening a file is quick, and none is ever shared by threads or processes.
    engine = create_engine(url, poolclass=NullPool, connect_args={"timeout": BUSY_SECONDS})
    event.listen(engine, "connect", _prepare_reading if read_only else _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _prepare_sqlite(connection: Any, _: object) -> None:
    """A rollback journal: write-ahead logs of SQLite before 3.51.3 can lose what several connections wrote."""
    connection.isolation_level = None  # transactions begin where we say so, tables made in them included
    connection.execute("PRAGMA journal_mode = DELETE")
    connection.execute("PRAGMA synchronous = EXTRA")  # FULL, and the end of a transaction is on the disk as well
    connection.execute("PRAGMA foreign_keys = ON")


def _prepare_reading(connection: Any, _: object) -> None:
    """Nothing is set that a file on a read-only file system could not have."""
    connection.isolation_level = None
    connection.execute("PRAGMA query_only = ON")


def _begin_sqlite(connection: Connection) -> None:
    """A writer takes its turn at once: one that began by reading could not wait for another writer."""
    writing = connection.get_execution_options().get("writing", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writing else "BEGIN")


def _passes(error: DBAPIError) -> bool:
    """Whether the same transaction may succeed a moment later."""
    if error.connection_invalidated:
        return True
    state = getattr(error.orig, "sqlstate", None)
    if state is not None:
        return state in _BUSY_STATES or state.startswith(_LOST_STATES)
    words = str(error.orig).lower()
    return "locked" in words or "busy" in words


def _unreachable(error: SQLAlchemyError) -> WorkspaceError:
    reason = str(getattr(error, "orig", None) or error).strip().splitlines()
    return WorkspaceError(
        f"The label database cannot be used ({reason[0][:200] if reason else 'no reason given'})",
        expected="A database that answers and may be written",
        todo="Check the disk or the database server, then try again",
    )


def _version(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    return connection.execute(text("SELECT version_num FROM alembic_version")).scalar()


def _upgrade(connection: Connection) -> None:
    """Runs the migrations that are missing, within the transaction of the connection."""
    if _version(connection) == HEAD:
        return  # another process was faster
    from alembic import command
    from alembic.config import Config
    from alembic.util.exc import CommandError

    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    try:
        command.upgrade(config, "head")
    except CommandError as error:
        raise WorkspaceError(
            "The label database was written by a newer version of Sentiment Studio",
            todo="Update the program, then open the workspace",
        ) from error
