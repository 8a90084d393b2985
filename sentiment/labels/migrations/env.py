"""Runs migrations on the connection, and in the transaction, that `database` hands over."""

from alembic import context

from sentiment.labels.schema import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    transactional_ddl=True,  # SQLite too, since transactions are begun by hand
)
with context.begin_transaction():
    context.run_migrations()
