"""The database behind the catalog: transactions, one writer, explained errors."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import Connection, Engine, func, select
from sqlalchemy.exc import DatabaseError, DBAPIError, InterfaceError, OperationalError
from sqlalchemy.orm import Session, sessionmaker

from cratewatch.catalog.locking import hold_lock
from cratewatch.errors import ANOTHER_WRITES, BusyError, CatalogAwayError
from cratewatch.secret_url import SecretUrl

# Bounded by the variables of a statement: 32,766 in SQLite, 65,535 in PostgreSQL.
ROWS_AT_ONCE = 500
LOCK_NAME, REBUILD_LOCK_NAME, RENEWAL_LOCK_NAME = "writer.lock", "rebuild.lock", "renewal.lock"
ANALYSIS_LOCK_NAME = "analysis.lock"
PAUSE_S = 0.5
WRITER_LOCK = 0x637261746577  # PostgreSQL's advisory locks have numbers for names
REBUILD_LOCK = WRITER_LOCK + 2
RENEWAL_LOCK = WRITER_LOCK + 3
ANALYSIS_LOCK = WRITER_LOCK + 4


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


def now() -> datetime:
    """Return the time, aware, in UTC."""
    return datetime.now(UTC)


def _is_stopping(error: DBAPIError) -> bool:
    """Whether PostgreSQL says that it is about to stop, or not yet there: class 57P."""
    first = error.orig.args[0] if error.orig and error.orig.args else None
    return isinstance(first, dict) and str(first.get("C", "")).startswith("57P")


def _said(error: DBAPIError) -> str:
    """Return what the driver said; pg8000 gives PostgreSQL's fields, M is the message."""
    first = error.orig.args[0] if error.orig and error.orig.args else error
    message = first.get("M", first) if isinstance(first, dict) else first
    return str(message).splitlines()[0]
