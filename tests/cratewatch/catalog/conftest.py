"""The catalog's tests run on SQLite and on PostgreSQL."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from cratewatch.catalog.catalog import Catalog, open_catalog
from tests.postgres_server import Postgres


@pytest.fixture(params=["sqlite", "postgresql"])
def dialect(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def catalog_url(dialect: str, request: pytest.FixtureRequest, home: Path) -> str:
    if dialect == "sqlite":
        return f"sqlite:///{home / 'catalog.db'}"
    server: Postgres = request.getfixturevalue("postgres")
    return server.create_database()


@pytest.fixture
def empty_url(dialect: str, request: pytest.FixtureRequest, catalog_url: str) -> str:
    """The URL of a database without tables."""
    if dialect == "sqlite":
        return catalog_url  # there is no file yet
    server: Postgres = request.getfixturevalue("postgres")
    return server.create_empty_database()


@pytest.fixture
def few_at_once(monkeypatch: pytest.MonkeyPatch) -> int:
    """So many rows are taken at once wherever there may be more of them."""
    few = 20
    for name, module in list(sys.modules.items()):
        if name.startswith("cratewatch.catalog."):
            for constant in {"ROWS", "PAGE_ROWS", "ROWS_AT_ONCE"} & set(vars(module)):
                monkeypatch.setattr(module, constant, few)
    return few


@pytest.fixture
def catalog(catalog_url: str) -> Iterator[Catalog]:
    catalog = open_catalog(catalog_url)
    yield catalog
    catalog.close()
