"""The database under the store: how it is made, and what it says when it cannot be used."""

import sqlite3

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import inspect, text

from sentiment.errors import WorkspaceError
from sentiment.labels import database
from sentiment.labels.database import HEAD, Database
from sentiment.labels.schema import metadata
from sentiment.labels.store import LabelStore
from tests.labels.made_up import DATASET, MadeUp


def test_the_migrations_make_the_tables_of_the_schema(address):
    found = Database(address)
    differences = found.read(lambda connection: compare_metadata(MigrationContext.configure(connection), metadata))
    assert differences == []
    tables = found.read(lambda connection: set(inspect(connection).get_table_names()))
    assert tables == {"alembic_version", *metadata.tables}
    checks = {
        table: found.read(lambda c, table=table: {check["name"] for check in inspect(c).get_check_constraints(table)})
        for table in metadata.tables
    }
    assert checks["events"] == {"events_kind", "events_how"}
    assert checks["row_states"] == {"row_states_rule"}
    found.close()


def test_the_newest_migration_is_the_one_that_is_asked_for():
    assert ScriptDirectory(str(database._MIGRATIONS)).get_current_head() == HEAD


def test_a_database_of_a_newer_version_is_left_alone(address):
    found = Database(address)
    found.write(DATASET, lambda c: c.execute(text("UPDATE alembic_version SET version_num = '9999'")))
    with pytest.raises(WorkspaceError, match="newer version"):
        Database(address)
    found.close()


def test_a_failed_transaction_leaves_nothing(address):
    found = Database(address)

    def work(connection):
        connection.execute(text("INSERT INTO leases VALUES ('0123456789ab', 1, 'Ann', '2026-01-01')"))
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        found.write(DATASET, work)
    assert found.read(lambda c: c.execute(text("SELECT count(*) FROM leases")).scalar()) == 0
    found.close()


def test_sqlite_keeps_a_rollback_journal_and_waits_for_the_disk(tmp_path):
    found = Database(tmp_path / "labels.sqlite")
    modes = found.read(
        lambda c: [c.execute(text(f"PRAGMA {name}")).scalar() for name in ("journal_mode", "synchronous")]
    )
    assert modes == ["delete", 3]


def test_a_writer_waits_for_another_one(tmp_path, monkeypatch):
    monkeypatch.setattr(database, "BUSY_SECONDS", 0.01)
    monkeypatch.setattr(database, "PATIENCE_SECONDS", 0.5)
    store = LabelStore.open(tmp_path / "labels.sqlite", source=MadeUp())
    other = sqlite3.connect(tmp_path / "labels.sqlite", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(WorkspaceError, match="locked"):
        store.label(DATASET, [1], "positive", who="Ann", key="k")
    pauses = iter([None, None])

    def sleep(_: float) -> None:
        if next(pauses, "end") == "end" and other.in_transaction:
            other.execute("COMMIT")

    monkeypatch.setattr(database.time, "sleep", sleep)
    monkeypatch.setattr(database, "PATIENCE_SECONDS", 20)
    assert len(store.label(DATASET, [1], "positive", who="Ann", key="k")) == 1
    other.close()


@pytest.mark.parametrize(
    "bad", ["mysql://user:secret@host/name", "postgresql://user:secret@localhost:99999999/x", "://"]
)
def test_an_address_that_cannot_be_used_is_told_without_its_password(bad):
    with pytest.raises(WorkspaceError) as caught:
        Database(bad)
    assert "secret" not in str(caught.value)


def test_a_server_that_is_not_there_is_told(monkeypatch, tmp_path):
    monkeypatch.setattr(database, "PATIENCE_SECONDS", 0.1)
    with pytest.raises(WorkspaceError, match="cannot be used"):
        Database(f"postgresql://postgres:secret@/x?host={tmp_path}")


def test_a_file_that_is_no_database_is_told(tmp_path):
    (tmp_path / "labels.sqlite").write_text("a text file, and a long one at that " * 100)
    with pytest.raises(WorkspaceError, match="not a database"):
        Database(tmp_path / "labels.sqlite")
