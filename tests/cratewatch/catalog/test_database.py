from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, create_engine, inspect, text

from cratewatch.catalog.catalog import Catalog, open_catalog
from cratewatch.catalog.schema import SCHEMA_REVISION, Table
from cratewatch.errors import BusyError, CratewatchError
from tests.postgres_server import Postgres, PostgresServer


def engine_of(url: str) -> Engine:
    return create_engine(url.replace("postgresql:", "postgresql+pg8000:"))


def migrate_to(engine: Engine, revision: str) -> None:
    from alembic import command

    with engine.begin() as connection:
        config = Config(attributes={"connection": connection})
        config.set_main_option("script_location", "cratewatch.catalog:migrations")
        command.upgrade(config, revision)


def first_version(engine: Engine) -> None:
    """Make what version 0.1 left: its tables, no mark of Alembic's, a failure, an indexed cover."""
    migrate_to(engine, "0001")
    rows = (
        "DROP TABLE alembic_version",
        "INSERT INTO meta VALUES ('schema_version', '1')",
        "INSERT INTO failures VALUES ('shop', 'cover', 'http://shop/a.jpg', 'run', 'http_404',"
        " 'gone', 3, '2026-11-01 03:00:00')",
        "INSERT INTO covers VALUES ('c', 'c', 'shop', 'u', 1, 1, 'p', '2026-11-01 03:00:00')",
        "INSERT INTO indexed_covers VALUES ('model', 'c', '2026-11-01 03:00:00')",
    )
    with engine.begin() as connection:
        for row in rows:
            connection.execute(text(row))


def test_migrations_make_the_tables_that_the_code_declares(catalog_url: str) -> None:
    open_catalog(catalog_url).close()
    engine = engine_of(catalog_url)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, Table.metadata) == []
    engine.dispose()


def test_the_newest_revision_is_the_one_that_the_code_expects() -> None:
    config = Config()
    config.set_main_option("script_location", "cratewatch.catalog:migrations")
    assert ScriptDirectory.from_config(config).get_current_head() == SCHEMA_REVISION


def test_a_catalog_of_the_first_version_is_migrated_and_keeps_its_rows(
    catalog_url: str, home: Path
) -> None:
    home.mkdir()
    engine = engine_of(catalog_url)
    first_version(engine)
    catalog = open_catalog(catalog_url)
    assert catalog.items.failures() == {"http_404": 1}
    assert catalog.items.failure_examples(1)["http_404"][0]["attempts"] == 3
    assert [cover.cover_id for cover in catalog.embeddings.indexed("model")] == ["c"]
    assert catalog.embeddings.missing("model") == []
    catalog.close()
    with engine.connect() as connection:
        noted = connection.scalar(text("SELECT facts_changed_at FROM covers"))
    assert noted is not None, "what changed before is not known: all may have"
    assert "failures" not in inspect(engine).get_table_names()
    engine.dispose()


def test_a_migration_that_fails_leaves_the_older_catalog_whole(
    catalog_url: str, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from alembic.operations import Operations

    home.mkdir()
    engine = engine_of(catalog_url)
    first_version(engine)

    def fail(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Operations, "drop_table", fail)
        with pytest.raises(KeyboardInterrupt):
            open_catalog(catalog_url)
    tables = inspect(engine).get_table_names()
    assert "failures" in tables
    assert "items" not in tables
    engine.dispose()
    open_catalog(catalog_url).close()


def test_a_catalog_of_a_newer_version_is_refused(catalog_url: str) -> None:
    open_catalog(catalog_url).close()
    engine = engine_of(catalog_url)
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    engine.dispose()
    with pytest.raises(CratewatchError, match=r"schema 9999.*update cratewatch"):
        open_catalog(catalog_url)


def test_two_processes_may_open_a_fresh_catalog_at_once(catalog_url: str) -> None:
    code = (
        "from cratewatch.catalog.catalog import open_catalog;"
        f" open_catalog({catalog_url!r}).close()"
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


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("nonsense", "Could not parse"),
        ("oracle://watch:secret@shop", "neither sqlite:// nor postgresql://"),
        ("postgresql://watch:secret@127.0.0.1:1/crates", "postgresql"),
        ("postgresql://watch:secret@127.0.0.1:1/crates?sslmode=maybe", "sslmode=maybe"),
        ("postgresql://watch:secret@127.0.0.1:54x2/crates", "54x2"),
        ("postgresql://watch:secret@127.0.0.1:1/crates?sslmod=require", "sslmod"),
    ],
)
def test_a_catalog_that_cannot_be_opened_says_so(url: str, said: str) -> None:
    with pytest.raises(CratewatchError, match="catalog_url") as error:
        open_catalog(url)
    assert said in str(error.value)
    assert "\n" not in str(error.value)
    assert "secret" not in str(error.value)


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
