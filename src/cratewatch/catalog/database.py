"""The database behind the catalog: opening, migrating, one writer, explained errors."""

from __future__ import annotations

import contextlib
import logging
import ssl
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import (
    ARRAY,
    JSON,
    URL,
    ColumnElement,
    Connection,
    Engine,
    LargeBinary,
    Text,
    bindparam,
    cast,
    create_engine,
    event,
    func,
    inspect,
    select,
    text,
)
from sqlalchemy.engine import make_url
from sqlalchemy.exc import (
    ArgumentError,
    DatabaseError,
    DBAPIError,
    InterfaceError,
    OperationalError,
)
from sqlalchemy.orm import Session, sessionmaker

from cratewatch.catalog.locking import hold_lock
from cratewatch.catalog.plain import PLAIN, plain
from cratewatch.catalog.schema import SCHEMA_REVISION, Table
from cratewatch.chunks import chunks
from cratewatch.errors import ANOTHER_WRITES, BusyError, CatalogAwayError, CratewatchError
from cratewatch.folders import private_folder
from cratewatch.secret_url import SecretUrl, reveal

# Bounded by the variables of a statement: 32,766 in SQLite, 65,535 in PostgreSQL.
ROWS_AT_ONCE = 500
CONNECT_TIMEOUT_S = 10
SQLITE = "sqlite:///"
LOCK_NAME, REBUILD_LOCK_NAME, RENEWAL_LOCK_NAME = "writer.lock", "rebuild.lock", "renewal.lock"
ANALYSIS_LOCK_NAME = "analysis.lock"
PAUSE_S = 0.5
WRITER_LOCK = 0x637261746577  # PostgreSQL's advisory locks have numbers for names
MIGRATION_LOCK = WRITER_LOCK + 1
REBUILD_LOCK = WRITER_LOCK + 2
RENEWAL_LOCK = WRITER_LOCK + 3
ANALYSIS_LOCK = WRITER_LOCK + 4


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
    mode = query.pop("sslmode", "disable")
    if mode != "disable":
        options["ssl_context"] = _tls(str(mode))
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
        raise ArgumentError(f"sslmode={mode} is none of disable, require and verify-full")
    return context


def _prepare(connection: Any, _record: object) -> None:
    """Let a reader work beside the writer, wait for a lock, check foreign keys, know plain()."""
    for pragma in ("journal_mode=WAL", "busy_timeout=30000", "foreign_keys=ON"):
        connection.execute(f"PRAGMA {pragma}")
    connection.create_function(PLAIN, 1, plain, deterministic=True)


class Database:
    """Transactions on the catalog's tables, in SQLite or PostgreSQL."""

    def __init__(self, engine: Engine, url: SecretUrl) -> None:
        self._engine = engine
        self._url = url
        self._begin = sessionmaker(engine, expire_on_commit=False).begin
        self._lock: Connection | None = None

    def close(self) -> None:
        """Close all connections."""
        self._engine.dispose()

    @property
    def is_shared(self) -> bool:
        """Whether several machines may use it at once."""
        return self._engine.dialect.name != "sqlite"

    @contextlib.contextmanager
    def transaction(self) -> Iterator[Session]:
        """Commit at the end of the block, or roll back.

        Raises:
            CratewatchError: if the database went away, is locked, full or broken.
        """
        try:
            with self._begin() as session:
                yield session
        except (OperationalError, InterfaceError) as error:
            raise self.explained(error) from error
        except DatabaseError as error:
            # Its other kinds are mistakes of ours, unless the server is stopping or starting.
            if type(error) is not DatabaseError and not _is_stopping(error):
                raise
            raise self.explained(error) from error

    @contextlib.contextmanager
    def one_writer(self, limit_s: float = 0) -> Iterator[None]:
        """Hold the catalog's lock for the duration of the block; it ends with the process.

        Args:
            limit_s: How long to wait for another process that holds it.

        Raises:
            BusyError: if that still holds it then.
        """
        with contextlib.ExitStack() as stack:
            began = time.monotonic()
            while True:
                try:
                    lock = stack.enter_context(self._lock_of(LOCK_NAME, WRITER_LOCK))
                    break
                except BusyError:
                    if time.monotonic() - began >= limit_s:
                        raise
                time.sleep(PAUSE_S)
            self._lock = lock
            try:
                yield
            finally:
                self._lock = None

    @contextlib.contextmanager
    def one_rebuild(self) -> Iterator[None]:
        """Hold a lock beside that of the writers, who may work meanwhile.

        Raises:
            BusyError: if another process holds it.
        """
        with self._lock_of(REBUILD_LOCK_NAME, REBUILD_LOCK):
            yield

    @contextlib.contextmanager
    def one_renewal(self) -> Iterator[None]:
        """Hold a lock beside those of writers and rebuilds, which a renewal takes as it needs them.

        Raises:
            BusyError: if another process holds it.
        """
        with self._lock_of(RENEWAL_LOCK_NAME, RENEWAL_LOCK, "another renewal is running"):
            yield

    @contextlib.contextmanager
    def one_analysis(self) -> Iterator[None]:
        """Hold a lock of those who analyse footage; others may write meanwhile.

        Raises:
            BusyError: if another process holds it.
        """
        with self._lock_of(ANALYSIS_LOCK_NAME, ANALYSIS_LOCK, "footage is being analysed"):
            yield

    @contextlib.contextmanager
    def _lock_of(
        self, name: str, number: int, what: str = ANOTHER_WRITES
    ) -> Iterator[Connection | None]:
        """Hold a lock; yield the connection that it lives in, None for that of a file."""
        if self._engine.dialect.name == "sqlite":
            with hold_lock(Path(self._engine.url.database or "").with_name(name), what):
                yield None
            return
        try:
            connection = self._engine.connect().execution_options(isolation_level="AUTOCOMMIT")
        except DBAPIError as error:
            raise self.explained(error) from error
        try:
            if not connection.scalar(select(func.pg_try_advisory_lock(number))):
                raise BusyError(f"catalog {self._url}", what)
            yield connection
        finally:
            with contextlib.suppress(DBAPIError):
                if not connection.invalidated:  # one that broke holds no lock
                    connection.execute(select(func.pg_advisory_unlock(number)))
            with contextlib.suppress(DBAPIError):
                connection.close()

    def check_writer(self) -> None:
        """Look whether the lock that one_writer() took is still held.

        Raises:
            CratewatchError: if the server that held it was restarted or cut off: another process
                may be writing.
        """
        if self._lock is not None:
            try:
                self._lock.execute(select(1))
            except DBAPIError as error:
                raise self.explained(error) from error

    def explained(self, error: DBAPIError) -> CatalogAwayError:
        """Return a database's error as one line that says where and what to do."""
        return CatalogAwayError(
            f"catalog {self._url}: {self._url.hidden_in(_said(error))}; check catalog_url, and "
            "that the database runs, admits this user and has room on its disk"
        )


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


def now() -> datetime:
    """Return the time, aware, in UTC."""
    return datetime.now(UTC)


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


def _is_stopping(error: DBAPIError) -> bool:
    """Whether PostgreSQL says that it is about to stop, or not yet there: class 57P."""
    first = error.orig.args[0] if error.orig and error.orig.args else None
    return isinstance(first, dict) and str(first.get("C", "")).startswith("57P")


def _said(error: DBAPIError) -> str:
    """Return what the driver said; pg8000 gives PostgreSQL's fields, M is the message."""
    first = error.orig.args[0] if error.orig and error.orig.args else error
    message = first.get("M", first) if isinstance(first, dict) else first
    return str(message).splitlines()[0]
