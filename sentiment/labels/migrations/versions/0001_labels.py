"""The first tables: events of rows and classes, settings, row states, leases."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

_NUMBER = sa.BigInteger().with_variant(sa.Integer, "sqlite")
_TIME = sa.DateTime(timezone=True)
_KINDS = "'label', 'clear', 'skip', 'flag', 'unflag', 'note', 'exclude', 'include', 'settle', 'undo'"
_WAYS = "'typed', 'bulk', 'suggestion', 'imported', 'remedy'"


def upgrade() -> None:
    """Makes the tables."""
    _make_class_events()
    _make_events()
    _make_settings()
    _make_row_states()
    op.create_table(
        "leases",
        sa.Column("dataset_id", sa.String(12), primary_key=True),
        sa.Column("row", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("who", sa.String(120), primary_key=True),
        sa.Column("until", _TIME, nullable=False),
    )


def _make_class_events() -> None:
    op.create_table(
        "class_events",
        sa.Column("id", _NUMBER, primary_key=True, autoincrement=True),
        sa.Column("dataset_id", sa.String(12), nullable=False),
        sa.Column("class_id", _NUMBER),
        sa.Column("kind", sa.String(10), nullable=False),
        sa.Column("name", sa.String(200)),
        sa.Column("into", _NUMBER),
        sa.Column("who", sa.String(120), nullable=False),
        sa.Column("at", _TIME, nullable=False),
        sa.Column("how", sa.String(12), nullable=False),
        sa.CheckConstraint("kind IN ('add', 'rename', 'merge', 'retire', 'restore')", name="class_events_kind"),
        sa.CheckConstraint(f"how IN ({_WAYS})", name="class_events_how"),
        sqlite_autoincrement=True,
    )
    op.create_index("class_events_of_dataset", "class_events", ["dataset_id", "id"])


def _make_events() -> None:
    op.create_table(
        "events",
        sa.Column("id", _NUMBER, primary_key=True, autoincrement=True),
        sa.Column("dataset_id", sa.String(12), nullable=False),
        sa.Column("row", sa.BigInteger, nullable=False),
        sa.Column("kind", sa.String(10), nullable=False),
        sa.Column("class_id", _NUMBER, sa.ForeignKey("class_events.id")),
        sa.Column("who", sa.String(120), nullable=False),
        sa.Column("at", _TIME, nullable=False),
        sa.Column("how", sa.String(12), nullable=False),
        sa.Column("text", sa.Text),
        sa.Column("target", _NUMBER, sa.ForeignKey("events.id")),
        sa.Column("key", sa.String(64), nullable=False, unique=True),
        sa.Column("step", sa.String(64), nullable=False),
        sa.CheckConstraint(f"kind IN ({_KINDS})", name="events_kind"),
        sa.CheckConstraint(f"how IN ({_WAYS})", name="events_how"),
        sqlite_autoincrement=True,
    )
    op.create_index("events_of_row", "events", ["dataset_id", "row"])
    op.create_index("events_of_person", "events", ["dataset_id", "who", "id"])
    op.create_index("events_of_dataset", "events", ["dataset_id", "id"])
    op.create_index("events_of_target", "events", ["target"])


def _make_settings() -> None:
    op.create_table(
        "settings",
        sa.Column("id", _NUMBER, primary_key=True, autoincrement=True),
        sa.Column("dataset_id", sa.String(12), nullable=False),
        sa.Column("name", sa.String(40), nullable=False),
        sa.Column("value", sa.Text, nullable=False),
        sa.Column("who", sa.String(120), nullable=False),
        sa.Column("at", _TIME, nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_index("settings_of_dataset", "settings", ["dataset_id", "name", "id"])


def _make_row_states() -> None:
    op.create_table(
        "row_states",
        sa.Column("dataset_id", sa.String(12), primary_key=True),
        sa.Column("row", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("base_class", _NUMBER),
        sa.Column("class_id", _NUMBER),
        sa.Column("rule", sa.String(10), nullable=False),
        sa.Column("excluded", sa.Boolean, nullable=False),
        sa.Column("flagged", sa.Boolean, nullable=False),
        sa.Column("skipped", sa.Boolean, nullable=False),
        sa.Column("n_opinions", sa.Integer, nullable=False),
        sa.Column("last_event", _NUMBER, nullable=False),
        sa.CheckConstraint("rule IN ('settled', 'majority', 'latest', 'file')", name="row_states_rule"),
    )
    op.create_index("row_states_since", "row_states", ["dataset_id", "last_event"])
