"""The tables of the label store. `migrations/` makes them; a test holds both to be the same.

events        what people did with rows, append-only
class_events  what people did with classes, append-only; a class is known by the id of the event that added it
settings      guidelines and settings of a dataset, append-only, the latest counts
row_states    what follows from the events for every row that has some; can be made again from them at any time
leases        which row is on whose screen at the moment
"""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    DateTime,
    Dialect,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
)

KINDS = ("label", "clear", "skip", "flag", "unflag", "note", "exclude", "include", "settle", "undo")
WAYS = ("typed", "bulk", "suggestion", "imported", "remedy")
CLASS_KINDS = ("add", "rename", "merge", "retire", "restore")
RULES = ("settled", "majority", "latest", "file")
ID_CHARS, NAME_CHARS, KEY_CHARS, CLASS_CHARS = 12, 120, 64, 200

NUMBER = BigInteger().with_variant(Integer, "sqlite")  # SQLite counts up only a column of type INTEGER


class UtcTime(TypeDecorator[datetime]):
    """A moment, kept in UTC; it comes back with its time zone also from SQLite, which knows none."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """The moment in UTC, as the database keeps it."""
        return None if value is None else value.astimezone(UTC)

    def process_result_value(self, value: Any | None, dialect: Dialect) -> datetime | None:
        """The moment in UTC, with its time zone."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def _one_of(column: str, values: tuple[str, ...], *, name: str) -> CheckConstraint:
    return CheckConstraint(f"{column} IN ({', '.join(repr(value) for value in values)})", name=name)


metadata = MetaData()

class_events = Table(
    "class_events",
    metadata,
    Column("id", NUMBER, primary_key=True, autoincrement=True),
    Column("dataset_id", String(ID_CHARS), nullable=False),
    Column("class_id", NUMBER),  # missing where kind is "add": the class is known by that event's own id
    Column("kind", String(10), nullable=False),
    Column("name", String(CLASS_CHARS)),
    Column("into", NUMBER),
    Column("who", String(NAME_CHARS), nullable=False),
    Column("at", UtcTime, nullable=False),
    Column("how", String(12), nullable=False),
    _one_of("kind", CLASS_KINDS, name="class_events_kind"),
    _one_of("how", WAYS, name="class_events_how"),
    Index("class_events_of_dataset", "dataset_id", "id"),
    sqlite_autoincrement=True,
)

events = Table(
    "events",
    metadata,
    Column("id", NUMBER, primary_key=True, autoincrement=True),
    Column("dataset_id", String(ID_CHARS), nullable=False),
    Column("row", BigInteger, nullable=False),
    Column("kind", String(10), nullable=False),
    Column("class_id", NUMBER, ForeignKey("class_events.id")),
    Column("who", String(NAME_CHARS), nullable=False),
    Column("at", UtcTime, nullable=False),
    Column("how", String(12), nullable=False),
    Column("text", Text),
    Column("target", NUMBER, ForeignKey("events.id")),
    Column("key", String(KEY_CHARS), nullable=False, unique=True),
    Column("step", String(KEY_CHARS), nullable=False),  # what was done at once is undone at once
    _one_of("kind", KINDS, name="events_kind"),
    _one_of("how", WAYS, name="events_how"),
    Index("events_of_row", "dataset_id", "row"),
    Index("events_of_person", "dataset_id", "who", "id"),
    Index("events_of_dataset", "dataset_id", "id"),
    Index("events_of_target", "target"),
    sqlite_autoincrement=True,
)

settings = Table(
    "settings",
    metadata,
    Column("id", NUMBER, primary_key=True, autoincrement=True),
    Column("dataset_id", String(ID_CHARS), nullable=False),
    Column("name", String(40), nullable=False),
    Column("value", Text, nullable=False),  # JSON
    Column("who", String(NAME_CHARS), nullable=False),
    Column("at", UtcTime, nullable=False),
    Index("settings_of_dataset", "dataset_id", "name", "id"),
    sqlite_autoincrement=True,
)

row_states = Table(
    "row_states",
    metadata,
    Column("dataset_id", String(ID_CHARS), primary_key=True),
    Column("row", BigInteger, primary_key=True, autoincrement=False),
    Column("base_class", NUMBER),
    Column("class_id", NUMBER),
    Column("rule", String(10), nullable=False),
    Column("excluded", Boolean, nullable=False),
    Column("flagged", Boolean, nullable=False),
    Column("skipped", Boolean, nullable=False),
    Column("n_opinions", Integer, nullable=False),
    Column("last_event", NUMBER, nullable=False),
    _one_of("rule", RULES, name="row_states_rule"),
    Index("row_states_since", "dataset_id", "last_event"),
)

leases = Table(
    "leases",
    metadata,
    Column("dataset_id", String(ID_CHARS), primary_key=True),
    Column("row", BigInteger, primary_key=True, autoincrement=False),
    Column("who", String(NAME_CHARS), primary_key=True),
    Column("until", UtcTime, nullable=False),
)
