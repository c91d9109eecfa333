"""Alembic runs this to migrate over the connection that it was given."""

from alembic import context

from cratewatch.catalog.table import Table

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Table.metadata,
    transactional_ddl=False,  # the caller's transaction holds all revisions together
)
context.run_migrations()
