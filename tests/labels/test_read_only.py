"""Labels in demo mode, on both databases: read as they are, and refused by the database itself otherwise."""

import pytest

from sentiment.errors import AccessError, WorkspaceError
from sentiment.labels.store import LabelStore
from tests.labels.made_up import DATASET, MadeUp


@pytest.fixture
def demo(address, monkeypatch):
    store = LabelStore.open(address, source=MadeUp())
    store.note(DATASET, 0, "a note", who="ann")
    store.close()
    monkeypatch.setenv("SENTIMENT_MODE", "demo")
    opened = LabelStore.open(address, source=MadeUp())
    yield opened
    opened.close()


def test_what_people_did_is_read(demo):
    assert demo.notes(DATASET)["text"].tolist() == ["a note"]
    assert len(demo.classes(DATASET)) == 2
    assert demo.version(DATASET)[0] > 0


def test_a_write_is_refused_by_the_database_too(demo):
    with pytest.raises(AccessError):
        demo.note(DATASET, 0, "another", who="ann")
    for statement in ("DELETE FROM events", "CREATE TABLE more (x INTEGER)", "DROP TABLE events"):
        with pytest.raises(WorkspaceError, match="read-only|readonly"):
            demo._database.read(lambda connection, sql=statement: connection.exec_driver_sql(sql))
    assert demo.notes(DATASET)["text"].tolist() == ["a note"]


def test_an_empty_database_stays_empty(address, monkeypatch):
    if "://" not in address:
        pytest.skip("there is no empty file to open")
    monkeypatch.setenv("SENTIMENT_MODE", "demo")
    with pytest.raises(WorkspaceError, match="another version"):
        LabelStore.open(address, source=MadeUp())
    monkeypatch.delenv("SENTIMENT_MODE")
    LabelStore.open(address, source=MadeUp()).close()
