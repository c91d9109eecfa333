"""One home and one application for each module: a model is loaded once."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from starlette.testclient import TestClient

from cratewatch.catalog.catalog import open_catalog
from cratewatch.catalog.records import Cover, Item, Release
from cratewatch.lake.folder import FolderLake
from cratewatch.service.app import create_app
from cratewatch.service.limits import MIB, Limits
from cratewatch.settings import Settings, load_settings
from tests.waiting import until

if TYPE_CHECKING:
    from tests.templates import Template

LIMITS = Limits(body_bytes=4 * MIB, file_bytes=MIB, files=4, pixels=4_000_000, body_s=2.0)


def fill(template: Template, home: Path) -> list[Cover]:
    """Have a home serve the covers of the template, and list a few releases with prices."""
    home.mkdir(parents=True)
    (home / "cratewatch.toml").touch()
    template.tidy_covers()
    catalog = open_catalog(f"sqlite:///{home / 'catalog.db'}")
    template.copy_import(home)
    template.copy_model(FolderLake(home / "lake"))
    template.copy_index(home)
    run_id = catalog.runs.start("refresh-shop")
    catalog.stage(run_id, [listed(number) for number in range(3)])
    catalog.apply_crawl(run_id, "shop", complete=True)
    covers = catalog.covers.all()
    failed = [
        Item("shop", "page", "http://shop/1", "failed", "http_404", "404 Not Found"),
        Item("import", "cover", covers[0].source_url, "failed", "truncated", "ends too early"),
    ]
    catalog.items.record(run_id, failed)
    counted = {"http_404": 1, "truncated": 1}
    catalog.runs.finish(run_id, "done", {"diff": {"new": 3}, "failed": counted})
    catalog.close()
    return covers


def listed(number: int) -> Release:
    """Return a release of a shop."""
    return Release(
        source="shop",
        native_id=str(number),
        title=f"<b>Blue</b> Train {number}",
        artist="Bj\u00f6rk",
        year=1990 + number,
        genres=("Jazz",),
        page_url="javascript:alert(1)" if number == 0 else f"http://shop/{number}",
    )


@pytest.fixture(scope="module")
def shop(template: Template, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home that serves."""
    home = tmp_path_factory.mktemp("shop") / "home"
    fill(template, home)
    return home


@pytest.fixture(scope="module")
def settings(shop: Path) -> Settings:
    return load_settings(home=shop)


@pytest.fixture(scope="module")
def client(settings: Settings) -> Iterator[TestClient]:
    """Who asks an application on loopback, where no key was made."""
    app = create_app(settings, limits=LIMITS)
    with TestClient(app, base_url="http://localhost", raise_server_exceptions=False) as client:
        until(lambda: client.get("/readyz").status_code == 200, 60)
        yield client


@pytest.fixture(scope="module")
def pictures(template: Template) -> list[bytes]:
    """The files of covers that are in the catalog."""
    template.tidy_covers()
    return [path.read_bytes() for path in sorted(template.covers.iterdir())]
