from __future__ import annotations

import gc
import socket
import subprocess
import sys
import threading
from contextlib import closing
from pathlib import Path

import pytest
from pg8000 import InterfaceError  # type: ignore[import-untyped]
from sqlalchemy import text

from cratewatch.catalog.catalog import Catalog, open_catalog
from cratewatch.catalog.database import Database
from cratewatch.catalog.opening import open_database
from cratewatch.catalog.postgres_driver import PostgresConnection
from cratewatch.errors import BusyError, CatalogAwayError, CratewatchError
from cratewatch.settings import load_settings
from tests.postgres_server import Postgres, PostgresServer
from tests.relay import Relay, relay_to

SSL_REQUEST = (8).to_bytes(4, "big") + (80877103).to_bytes(4, "big")
"""What a client of PostgreSQL sends first that would speak TLS."""


@pytest.mark.heavy
def test_two_processes_may_open_a_fresh_catalog_at_once(empty_url: str) -> None:
    code = (
        f"from cratewatch.catalog.catalog import open_catalog; open_catalog({empty_url!r}).close()"
    )
    both = [subprocess.Popen([sys.executable, "-c", code]) for _ in range(2)]
    assert [process.wait() for process in both] == [0, 0]


def test_one_process_writes_at_a_time(catalog: Catalog, catalog_url: str) -> None:
    other = open_catalog(catalog_url)
    with catalog.one_writer(), pytest.raises(BusyError, match="another refresh"):
        other.one_writer().__enter__()
    with other.one_writer():
        pass
    other.close()


def test_the_writer_lock_ends_with_its_process(catalog: Catalog, catalog_url: str) -> None:
    code = (
        "import os, signal; from cratewatch.catalog.catalog import open_catalog\n"
        f"with open_catalog({catalog_url!r}).one_writer():\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == -9
    with catalog.one_writer():
        pass


def test_a_lock_that_a_restart_of_the_server_took_away_is_noticed(
    own_postgres: PostgresServer,
) -> None:
    catalog = open_catalog(own_postgres.address.create_database())
    with catalog.one_writer():
        run = catalog.runs.resume("refresh-shop")
        catalog.check_writer()
        own_postgres.stop()
        own_postgres.start()
        assert catalog.runs.resume("refresh-shop") == run  # other connections are made anew
        with pytest.raises(CratewatchError, match=r"catalog postgresql.*check catalog_url"):
            catalog.apply_crawl(run.run_id, "shop", complete=True)
    catalog.check_writer()  # nothing is held
    catalog.close()


def test_what_cannot_say_goodbye_leaves_no_socket(postgres: Postgres) -> None:
    with relay_to(postgres.port) as relay:
        connection = PostgresConnection(
            "watch", "127.0.0.1", "postgres", relay.port, "crate", ssl_context=False
        )
        wire = connection._usock
        relay.cut()
        with pytest.raises(OSError, match="reset"):
            connection.run("SELECT 1")
        with pytest.raises(InterfaceError) as told:
            connection.close()
        assert wire.fileno() == -1, told  # which keeps pg8000's buffers on it for as long


def break_at(ask: str, database: Database, relay: Relay) -> None:
    """Have the connection reset at what is asked of it."""
    if ask == "ping":
        relay.cut()
    with database.transaction() as session:
        session.execute(text("SELECT 1"))
        relay.cut()
        if ask == "execute":
            session.execute(text("SELECT 2"))


@pytest.mark.parametrize(
    "ask",
    [
        "execute",
        "commit",
        pytest.param(
            "ping",  # in the new connection pg8000 leaves what is reset before it has a connection
            marks=pytest.mark.filterwarnings(
                "ignore:Exception ignored in. <socket:pytest.PytestUnraisableExceptionWarning"
            ),
        ),
    ],
)
def test_a_connection_that_is_reset_while_it_waits_is_explained(
    postgres: Postgres, ask: str
) -> None:
    url = postgres.create_database()
    with (
        relay_to(postgres.port) as relay,
        closing(open_database(url.replace(f":{postgres.port}/", f":{relay.port}/"))) as database,
    ):
        with pytest.raises(CatalogAwayError, match=r"catalog postgresql://watch:\*\*\*@.*check"):
            break_at(ask, database, relay)
        relay.mend()
        with database.transaction() as session:
            assert session.scalar(text("SELECT 3")) == 3
    gc.collect()  # has a socket told that was left open


@pytest.mark.parametrize(
    ("asked", "speaks_tls"),
    [
        ("", True),
        ("?sslmode=prefer", True),
        ("?sslmode=disable", False),
        ("?sslmode=require", True),
    ],
)
def test_tls_is_asked_for_unless_it_is_disabled(asked: str, speaks_tls: bool) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        first: list[bytes] = []

        def hang_up() -> None:
            connection, _ = server.accept()
            with connection:
                first.append(connection.recv(8))

        listening = threading.Thread(target=hang_up)
        listening.start()
        port = server.getsockname()[1]
        with pytest.raises(CratewatchError):
            open_catalog(f"postgresql://watch:crate@127.0.0.1:{port}/crates{asked}")
        listening.join()
    assert (first == [SSL_REQUEST]) == speaks_tls


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("nonsense", "Could not parse"),
        ("oracle://watch:secret@shop", "neither sqlite:// nor postgresql://"),
        ("postgresql://watch:secret@127.0.0.1:1/crates", "postgresql"),
        ("postgresql://watch:secret@127.0.0.1:1/crates?sslmode=maybe", "sslmode=maybe"),
        ("postgresql://watch:secret@127.0.0.1:54x2/crates", "54x2"),
        ("postgresql://watch:secret@127.0.0.1:1/crates?sslmod=require", "sslmod"),
        ("postgresql://watch:a@secret@127.0.0.1:1/crates", "an @ in the password must be written"),
        ("postgresql://watch:a@secret:b@127.0.0.1:1/crates", "watch:***@127.0.0.1:1/crates"),
        ("postgresql://watch:a/secret?#@127.0.0.1:1/crates", "watch:***@127.0.0.1:1/crates"),
        ("postgresql://watch:a%40secret@127.0.0.1:1/crates", "watch:***@127.0.0.1:1/crates"),
        ("postgresql://127.0.0.1:1/crates?user=watch&password=secret", "user=watch&password=***"),
        ("postgresql://127.0.0.1:1/crates?user=watch&password=a@secret", "postgresql://***: "),
        ("postgresql://watch@127.0.0.1:1/crates?sslpassword=secret", "sslpassword=***: "),
        ("postgresql://watch:secret", "postgresql://watch:***: "),
        ("postgresql:/watch:secret@127.0.0.1/crates", "catalog ***: Could not parse"),
        ("host=127.0.0.1 user=watch password=secret", "catalog ***: Could not parse"),
        ("sqlite://watch:secret@127.0.0.1/crates", "sqlite://***@127.0.0.1/crates"),
        ("postgresql://watch:secret@a..b/crates", "label empty or too long"),
        ("postgresql://watch:secret@127.0.0.1:99999/crates", "99999"),
        ("postgresql://watch:secret@127.0.0.1/crates?host=a&host=b", "must be string"),
        ("sqlite:////tmp/a\0b/catalog.db", "null byte"),
    ],
)
def test_a_catalog_that_cannot_be_opened_says_so(url: str, said: str) -> None:
    with pytest.raises(CratewatchError, match="catalog_url") as error:
        open_catalog(url)
    assert said in str(error.value)
    assert "\n" not in str(error.value)
    assert "secret" not in str(error.value)


@pytest.mark.parametrize(
    "name", ["shop?a", "shop#b", "50%25 off", "[shop]", "a;b&c=d", "Cafe\u0301 +"]
)
def test_a_folder_may_have_any_name(tmp_path: Path, name: str) -> None:
    settings = load_settings(home=tmp_path / name)
    catalog = open_catalog(settings.catalog_url)
    with catalog.one_writer():
        assert catalog.counts()["releases"] == 0
    catalog.close()
    assert [path.name for path in tmp_path.iterdir()] == [name]
    assert (tmp_path / name / "catalog.db").is_file()
    assert (tmp_path / name / "writer.lock").is_file()


def test_a_folder_that_is_a_file_says_so(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(CratewatchError, match="catalog_url"):
        open_catalog(f"sqlite:///{tmp_path}/file/catalog.db")


def test_a_file_that_is_no_database_says_so(tmp_path: Path) -> None:
    (tmp_path / "catalog.db").write_bytes(b"no database " * 100)
    with pytest.raises(CratewatchError, match="not a database"):
        open_catalog(f"sqlite:///{tmp_path}/catalog.db")


def test_wrong_credentials_and_missing_databases_are_named(postgres: Postgres) -> None:
    with pytest.raises(CratewatchError, match="password authentication failed"):
        open_catalog(postgres.url(password="wrong"))
    with pytest.raises(CratewatchError, match='"absent" does not exist'):
        open_catalog(postgres.url("absent"))


def test_a_server_that_goes_away_is_named_and_the_catalog_goes_on_when_it_is_back(
    own_postgres: PostgresServer,
) -> None:
    catalog = open_catalog(own_postgres.address.create_database())
    catalog.runs.start("refresh-shop")
    own_postgres.stop()
    try:
        with pytest.raises(CratewatchError, match=r"catalog postgresql.*check catalog_url"):
            catalog.counts()
    finally:
        own_postgres.start()
    assert catalog.runs.latest()[0]["kind"] == "refresh-shop"
    catalog.close()


def test_a_catalog_keeps_the_id_that_was_made_with_it(
    catalog: Catalog, catalog_url: str, tmp_path: Path
) -> None:
    assert len(catalog.catalog_id) == 32
    with closing(open_catalog(catalog_url)) as again:
        assert again.catalog_id == catalog.catalog_id
    with closing(open_catalog(f"sqlite:///{tmp_path / 'other.db'}")) as other:
        assert other.catalog_id != catalog.catalog_id
