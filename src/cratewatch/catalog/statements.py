"""Statements that SQLite and PostgreSQL write, or are quick with, each in a way of its own."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import (
    ARRAY,
    JSON,
    ColumnElement,
    LargeBinary,
    Text,
    bindparam,
    cast,
    func,
    inspect,
    select,
)
from sqlalchemy.orm import Session

from cratewatch.catalog.database import ROWS_AT_ONCE
from cratewatch.catalog.table import Table
from cratewatch.chunks import chunks


def upsert(
    session: Session,
    table: type[Table],
    rows: Sequence[Mapping[str, Any]],
    *,
    changes: Mapping[str, Any] | None = None,
    where: Any = None,
) -> None:
    """Insert rows; those whose key is there take the given values.

    Args:
        changes: What a row that is there gets instead of the given value, by column.
        where: A row that is there and does not meet this stays as it is.
    """
    if not rows:
        return
    keys = [column.name for column in inspect(table).primary_key]
    for insert, values in _inserts(session, table, rows):
        given = {name: insert.excluded[name] for name in rows[0] if name not in keys}
        upserting = insert.on_conflict_do_update(
            index_elements=keys, set_=given | dict(changes or {}), where=where
        )
        session.connection().execute(upserting, values)


def _inserts(
    session: Session, table: type[Table], rows: Sequence[Mapping[str, Any]]
) -> Iterator[tuple[Any, Any]]:
    """Yield statements that insert rows, of the same columns, and what they are executed with.

    PostgreSQL gets rows together, as an array for each column: a statement with a variable for each
    value takes ten times as long to make and to read, and one for each row a way to the server.
    """
    insert = insert_of(session)(table.__table__)
    if session.get_bind().dialect.name == "sqlite":
        yield insert, list(rows)
        return
    columns = [column for column in inspect(table).columns if column.name in rows[0]]
    if any(isinstance(column.type, JSON | LargeBinary) for column in columns):
        yield from ((insert.values(list(part)), None) for part in chunks(rows, ROWS_AT_ONCE))
        return
    arrays = (cast(bindparam(c.name, type_=Text), ARRAY(c.type)) for c in columns)
    filled = insert.from_select([c.name for c in columns], select(*map(func.unnest, arrays)))
    for part in chunks(rows, ROWS_AT_ONCE):
        yield filled, {c.name: _array(row[c.name] for row in part) for c in columns}


def _array(values: Iterable[Any]) -> str:
    """Return values as PostgreSQL writes an array; pg8000's own takes the text null for NULL."""
    escaped = (
        "NULL" if value is None else '"' + str(value).replace("\\", r"\\").replace('"', r"\"") + '"'
        for value in values
    )
    return f"{{{','.join(escaped)}}}"


def insert_rows(session: Session, table: type[Table], rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert rows that are not there; all have the same columns."""
    if session.get_bind().dialect.name == "sqlite":
        if rows:
            session.connection().execute(table.__table__.insert(), rows)  # type: ignore[attr-defined]
        return
    for part in chunks(rows, ROWS_AT_ONCE):  # one by one they would be a way to the server each
        session.execute(insert_of(session)(table).values(part))


def insert_of(session: Session) -> Any:
    """Return the dialect's own insert(); the other dialect's is slow to import, too."""
    if session.get_bind().dialect.name == "sqlite":
        from sqlalchemy.dialects import sqlite

        return sqlite.insert
    from sqlalchemy.dialects import postgresql

    return postgresql.insert


def json_text(session: Session, column: Any, name: str) -> ColumnElement[str]:
    """Return what a text column's JSON object has under a name, as text."""
    if session.get_bind().dialect.name == "sqlite":
        return func.json_extract(column, f"$.{name}")
    return func.json_extract_path_text(cast(column, JSON), name)
