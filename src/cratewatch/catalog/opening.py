"""Opens the catalog's database, and brings its tables to this version's schema."""

from __future__ import annotations

import contextlib
import logging
import ssl
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, func, inspect, select, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DBAPIError

from cratewatch.catalog.database import WRITER_LOCK, Database
from cratewatch.catalog.plain import PLAIN, plain
from cratewatch.catalog.table import SCHEMA_REVISION
from cratewatch.errors import CratewatchError
from cratewatch.folders import private_folder
from cratewatch.secret_url import SecretUrl, reveal

CONNECT_TIMEOUT_S = 10
SQLITE = "sqlite:///"
MIGRATION_LOCK = WRITER_LOCK + 1


def open_database(url: SecretUrl | str) -> Database:
    """Open the database at url and bring its tables to this version's schema.

    Raises:
        CratewatchError: if it cannot be opened, or if a newer cratewatch wrote it.
    """
    url = SecretUrl(reveal(url))
    try:
        engine = _create_engine(_parsed(url))
    except (ArgumentError, ImportError, OSError, ValueError) as error:  # ValueError: the port
        raise _wrong_url(url, error) from error
    database = Database(engine, url)
    with contextlib.ExitStack() as stack:
        stack.callback(database.close)
        try:
            _migrate(engine)
        except DBAPIError as error:
            raise database.explained(error) from error
        except (TypeError, ValueError, OverflowError) as error:  # a parameter, host or port
            raise _wrong_url(url, error) from error
        stack.pop_all()  # it is open: the caller closes it
    return database


def _parsed(secret: SecretUrl) -> URL:
    """Read a URL; that of a SQLite file is its path as it is, which may hold ? and #."""
    text = reveal(secret)
    if text.startswith(SQLITE):
        return URL.create("sqlite", database=text.removeprefix(SQLITE))
    url = make_url(text)
    if "@" in (url.host or ""):  # SQLAlchemy ends a password at the first one
        raise ArgumentError("an @ in the password must be written as %40")
    return url


def _wrong_url(url: SecretUrl, error: Exception) -> CratewatchError:
    said = url.hidden_in(error).partition("\n")[0]
    return CratewatchError(f"catalog {url}: {said}; check catalog_url")


def _create_engine(url: URL) -> Engine:
    if url.get_backend_name() == "sqlite":
        if url.database:
            private_folder(Path(url.database).absolute().parent)
        engine = create_engine(url)
        event.listen(engine, "connect", _prepare)
        return engine
    if url.get_backend_name() != "postgresql":
        raise ArgumentError("it is neither sqlite:// nor postgresql://")
    options: dict[str, Any] = {"timeout": CONNECT_TIMEOUT_S}
    query = dict(url.query)
    mode = query.pop("sslmode", "prefer")  # which is what pg8000 does by itself
    if mode != "prefer":
        options["ssl_context"] = mode != "disable" and _tls(str(mode))
    from cratewatch.catalog.postgres_driver import DRIVER

    url = url.set(drivername=DRIVER, query=query)
    logging.getLogger("sqlalchemy.pool").setLevel(logging.CRITICAL)  # it logs what it raises
    return create_engine(url, connect_args=options, pool_pre_ping=True)


def _tls(mode: str) -> ssl.SSLContext:
    context = ssl.create_default_context()
    if mode == "require":  # encrypted, to whomever
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    elif mode != "verify-full":
        raise ArgumentError(f"sslmode={mode} is none of disable, prefer, require and verify-full")
    return context


def _prepare(connection: Any, _record: object) -> None:
    """Let a reader work beside the writer, wait for a lock, check foreign keys, know plain()."""
    for pragma in ("journal_mode=WAL", "busy_timeout=30000", "foreign_keys=ON"):
        connection.execute(f"PRAGMA {pragma}")
    connection.create_function(PLAIN, 1, plain, deterministic=True)


def _migrate(engine: Engine) -> None:
    """Bring the tables to SCHEMA_REVISION in one transaction, whoever else tries the same."""
    with engine.begin() as connection:
        if _revision(connection) == SCHEMA_REVISION:
            return
    with engine.begin() as connection:
        if engine.dialect.name == "sqlite":
            connection.exec_driver_sql("BEGIN IMMEDIATE")
        else:
            connection.execute(select(func.pg_advisory_xact_lock(MIGRATION_LOCK)))
        from cratewatch.catalog.migrating import upgrade

        upgrade(connection, _revision(connection))


def _revision(connection: Connection) -> str | None:
    """Return the revision of the tables; None for an empty database."""
    if inspect(connection).has_table("alembic_version"):
        return str(connection.scalar(text("SELECT version_num FROM alembic_version")))
    return None
