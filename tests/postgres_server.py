"""A PostgreSQL server of the tests' own: password asked for, nothing kept."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import time
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, create_engine, make_url, text

from cratewatch.catalog.catalog import open_catalog
from tests.made_tables import rename_catalog

WITHOUT_TLS = "?sslmode=disable"
"""To read the certificates that are trusted here takes as long as a whole test."""
TABLES = "tables"
"""The database that has the tables of a catalog, and which others are copies of."""


@dataclass(frozen=True)
class Postgres:
    """A server on a port of loopback."""

    port: int

    def url(self, database: str = "postgres", password: str = "crate") -> str:
        return f"postgresql://watch:{password}@127.0.0.1:{self.port}/{database}"

    def create_database(self) -> str:
        """Return the URL of a new catalog, in which nothing is yet."""
        url = self.create_empty_database(TABLES)
        engine = engine_of(url)
        with engine.begin() as connection:
            rename_catalog(connection)
        engine.dispose()
        return url

    def create_empty_database(self, template: str = "template1", name: str = "") -> str:
        """Return the URL of a database without tables, or with those of another one."""
        name = name or f"catalog_{uuid.uuid4().hex[:12]}"
        engine = engine_of(self.url()).execution_options(isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.execute(text(f"CREATE DATABASE {name} TEMPLATE {template}"))
        engine.dispose()
        return self.url(name) + WITHOUT_TLS


def engine_of(url: str) -> Engine:
    """Return SQLAlchemy's engine of a catalog's URL, as it is without us."""
    if not url.startswith("postgresql:"):
        return create_engine(url)
    bare = make_url(url).set(drivername="postgresql+pg8000", query={})
    return create_engine(bare, connect_args={"ssl_context": False})


def programs() -> Path | None:
    """Return the folder of the server's programs, if there is one on this machine."""
    found = shutil.which("initdb")
    files = [Path(found)] if found else sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    return files[-1].resolve().parent if files else None


class PostgresServer:
    """A server that can be stopped and started again at the same port with the same data."""

    def __init__(self, folder: Path) -> None:
        """Make its data below a folder that the user postgres can enter."""
        found = programs()
        assert found is not None, "no PostgreSQL server here; infra/install-test-deps.sh"
        self._programs = found
        self._data = folder / "data"
        # The server refuses to run as root.
        self._as_user: dict[str, Any] = {"user": "postgres"} if os.geteuid() == 0 else {}
        self._process: subprocess.Popen[bytes] | None = None
        self._has_tables = False
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.address = Postgres(free.getsockname()[1])
        password = folder / "password"
        password.write_text("crate")
        if self._as_user:
            shutil.chown(folder, "postgres")
            shutil.chown(password, "postgres")
        options = ["-U", "watch", "-A", "scram-sha-256", f"--pwfile={password}", "--no-sync"]
        subprocess.run(
            [found / "initdb", "-D", self._data, "-E", "UTF8", "--no-locale", *options],
            check=True,
            capture_output=True,
            cwd=folder,
            **self._as_user,
        )

    def start(self) -> None:
        port = self.address.port
        options = [f"-p{port}", f"-k{self._data}", "-h127.0.0.1", "-cfsync=off"]
        options += ["-cfull_page_writes=off", "-csynchronous_commit=off"]
        self._process = subprocess.Popen(
            [self._programs / "postgres", "-D", self._data, *options],
            stderr=subprocess.DEVNULL,
            cwd=self._data,
            **self._as_user,
        )
        ready = [str(self._programs / "pg_isready"), "-q", "-h127.0.0.1", f"-p{port}"]
        while subprocess.run(ready, check=False).returncode != 0:
            assert self._process.poll() is None, "PostgreSQL ended at its start"
            time.sleep(0.05)
        if not self._has_tables:
            open_catalog(self.address.create_empty_database(name=TABLES)).close()
            self._has_tables = True

    def stop(self) -> None:
        """End it at once, whoever is connected; a clean start follows."""
        if self._process is not None:
            self._process.send_signal(signal.SIGINT)
            self._process.wait()
            self._process = None
