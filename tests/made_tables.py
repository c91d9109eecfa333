"""The tables of a new catalog as one migration left them: Alembic takes a tenth of a second each.

What migrations do is the matter of catalog/test_migrations.py, which has none of this.
"""

from __future__ import annotations

import functools
import sqlite3
import uuid
from collections.abc import Callable

from sqlalchemy import Connection, create_engine, text

from cratewatch.catalog import migrating
from cratewatch.catalog.schema import IdentityRow

MADE_BY_SQLITE = ("_data", "_idx", "_docsize", "_config")
"""How the names end of the tables that a table of words brings with it."""
Upgrade = Callable[[Connection, str | None], None]
by_alembic: Upgrade = migrating.upgrade


def upgrade(connection: Connection, revision: str | None) -> None:
    """Do what migrating.upgrade() does; on an empty SQLite by the statements that it came to."""
    if revision is not None or connection.dialect.name != "sqlite":
        by_alembic(connection, revision)
        return
    for statement in _statements():
        connection.exec_driver_sql(statement)
    rename_catalog(connection)


def rename_catalog(connection: Connection) -> None:
    """Give a copy of a catalog an id of its own."""
    made_up = {"id": uuid.uuid4().hex}
    connection.execute(text(f"UPDATE {IdentityRow.__tablename__} SET catalog_id = :id"), made_up)


@functools.cache
def _statements() -> tuple[str, ...]:
    """Return what makes the tables, and the rows that migrations put into them."""
    engine = create_engine("sqlite://")
    with engine.begin() as connection:
        by_alembic(connection, None)
        made = connection.connection.driver_connection
        assert isinstance(made, sqlite3.Connection)
        tables = made.execute("SELECT sql, name FROM sqlite_master WHERE sql NOT NULL").fetchall()
        words = [name for sql, name in tables if sql.startswith("CREATE VIRTUAL TABLE")]
        brought = {f"{name}{end}" for name in words for end in MADE_BY_SQLITE}
        own = [(sql, name) for sql, name in tables if name not in brought]
        filled = tuple(f'INSERT INTO "{name}"' for _, name in own)
        rows = [line for line in made.iterdump() if line.startswith(filled)]
    engine.dispose()
    return (*(sql for sql, _ in own), *rows)
