"""pg8000 with every broken connection told as the driver's own error, and its socket closed."""

from __future__ import annotations

import contextlib
import os
import socket
from collections.abc import Iterator
from typing import Any

import pg8000  # type: ignore[import-untyped]
from sqlalchemy.dialects import registry
from sqlalchemy.dialects.postgresql.pg8000 import PGDialect_pg8000

DRIVER = "postgresql+pg8000_told"


class PostgresConnection(pg8000.Connection):  # type: ignore[misc]
    """A connection that leaves no socket open where the server cannot be told that it ends.

    pg8000 keeps buffers on a socket that was reset, and Python does not close it under them.
    """

    def close(self) -> None:
        """Close; raises what pg8000 does, of a wire that is cut or was closed before."""
        wire = self._usock
        try:
            super().close()
        finally:
            _close_under(wire)


def _close_under(wire: socket.socket | None) -> None:
    """Close a socket under whatever still reads from it, if it is not closed yet."""
    if wire is not None and (descriptor := wire.detach()) >= 0:
        os.close(descriptor)


class PostgresDialect(PGDialect_pg8000):
    """SQLAlchemy's dialect, of which no OSError comes.

    A connection that is reset while its answer is awaited reaches SQLAlchemy as an OSError, since
    pg8000 translates only later ones: it would stay in the pool, and nobody would explain it.
    """

    supports_statement_cache = True

    def connect(self, *arguments: Any, **options: Any) -> PostgresConnection:
        """Connect; a server that is there and hangs up is told as any that is away."""
        with self._told():
            return PostgresConnection(*arguments, **options)

    def do_execute(self, *arguments: Any, **options: Any) -> None:
        """Execute a statement."""
        with self._told():
            super().do_execute(*arguments, **options)  # type: ignore[no-untyped-call]

    def do_executemany(self, *arguments: Any, **options: Any) -> None:
        """Execute a statement for several rows."""
        with self._told():
            super().do_executemany(*arguments, **options)  # type: ignore[no-untyped-call]

    def do_commit(self, dbapi_connection: Any) -> None:
        """Commit."""
        with self._told():
            super().do_commit(dbapi_connection)  # type: ignore[no-untyped-call]

    def do_rollback(self, dbapi_connection: Any) -> None:
        """Roll back."""
        with self._told():
            super().do_rollback(dbapi_connection)  # type: ignore[no-untyped-call]

    def do_ping(self, dbapi_connection: Any) -> bool:
        """Ask whether a pooled connection lives."""
        with self._told():
            return super().do_ping(dbapi_connection)

    @contextlib.contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:  # the words by which SQLAlchemy knows that a connection is gone
            raise self.loaded_dbapi.InterfaceError(f"network error: {error}") from error


registry.register(DRIVER.replace("+", "."), __name__, PostgresDialect.__name__)
