from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, inspect, text

from cratewatch.catalog import migrating, migrations, opening
from cratewatch.catalog.catalog import open_catalog
from cratewatch.catalog.table import SCHEMA_REVISION, Table
from cratewatch.catalog.words import INDEX
from cratewatch.errors import CratewatchError
from tests import made_tables
from tests.postgres_server import engine_of


def of_the_code(name: str | None, kind: str, _parents: object) -> bool:
    """Whether a table or index is declared: that of words is made by statements, in words.py."""
    return kind not in ("table", "index") or not (name or "").startswith(INDEX)


COMPARED = {"compare_type": True, "include_name": of_the_code}
NEXT = """
import sqlalchemy as sa
from alembic import op

revision = "next"
down_revision = "{before}"


def upgrade() -> None:
    op.add_column("runs", sa.Column("note", sa.Text()))
    op.execute("UPDATE runs SET note = kind")
    {then}
"""


@pytest.fixture(autouse=True)
def _by_alembic(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(migrating, "upgrade", made_tables.by_alembic)


@pytest.fixture
def engine(empty_url: str) -> Iterator[Engine]:
    """Return the database of a catalog of this version, in which one run is recorded."""
    catalog = open_catalog(empty_url)
    catalog.runs.start("refresh-shop")
    catalog.close()
    engine = engine_of(empty_url)
    yield engine
    engine.dispose()


def become_next(scripts: Path, monkeypatch: pytest.MonkeyPatch, then: str = "") -> None:
    """Have one revision more than there is, as the version after this one will."""
    shutil.copytree(Path(migrations.__file__).parent, scripts, dirs_exist_ok=True)
    revision = NEXT.format(before=SCHEMA_REVISION, then=then)
    (scripts / "versions" / "next.py").write_text(revision)
    monkeypatch.setattr(migrating, "SCRIPTS", str(scripts))
    monkeypatch.setattr(opening, "SCHEMA_REVISION", "next")


def test_migrations_make_the_tables_that_the_code_declares(engine: Engine) -> None:
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts=COMPARED)
        assert compare_metadata(context, Table.metadata) == []


def test_the_newest_revision_is_the_one_that_the_code_expects() -> None:
    config = Config()
    config.set_main_option("script_location", migrating.SCRIPTS)
    assert ScriptDirectory.from_config(config).get_current_head() == SCHEMA_REVISION


def test_an_older_catalog_is_migrated_and_keeps_its_rows(
    empty_url: str, engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    become_next(tmp_path / "scripts", monkeypatch)
    for _ in range(2):  # the second time there is nothing to do
        open_catalog(empty_url).close()
    with engine.connect() as connection:
        assert connection.scalar(text("SELECT note FROM runs")) == "refresh-shop"


def test_a_catalog_of_the_first_schema_is_migrated_and_used(empty_url: str, home: Path) -> None:
    home.mkdir(exist_ok=True)
    engine = engine_of(empty_url)
    config = Config()
    config.set_main_option("script_location", migrating.SCRIPTS)
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
        assert not inspect(connection).has_table("changes")
        values = "'20260101T000000-refresh-shop-x', 'refresh-shop', 'done', '2026-01-01 00:00:00'"
        connection.execute(
            text(f"INSERT INTO runs (run_id, kind, state, started_at) VALUES ({values})")
        )
    with closing(open_catalog(empty_url)) as catalog:
        (run,) = catalog.runs.last_refreshes()
        assert (run.state, list(catalog.changes.of(run.run_id))) == ("done", [])
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts=COMPARED)
        assert compare_metadata(context, Table.metadata) == []
    engine.dispose()


def test_a_migration_that_fails_leaves_the_older_catalog_whole(
    empty_url: str, engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    become_next(tmp_path / "scripts", monkeypatch, then="raise KeyboardInterrupt")
    with pytest.raises(KeyboardInterrupt):
        open_catalog(empty_url)
    assert "note" not in [column["name"] for column in inspect(engine).get_columns("runs")]
    become_next(tmp_path / "scripts", monkeypatch)
    open_catalog(empty_url).close()


def test_a_catalog_of_a_newer_version_is_refused(empty_url: str, engine: Engine) -> None:
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(CratewatchError, match=r"schema 9999.*update cratewatch"):
        open_catalog(empty_url)
