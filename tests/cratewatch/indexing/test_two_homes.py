"""Two homes that were set to one gallery, one after the other."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

import pytest

from cratewatch.catalog.catalog import open_catalog
from cratewatch.errors import SettingsError
from cratewatch.gallery.gallery import open_gallery
from cratewatch.indexing.agreement import IndexReport
from cratewatch.indexing.building import drop_left_overs
from cratewatch.indexing.loading import Loader
from cratewatch.indexing.rebuilding import Target, rebuild
from cratewatch.indexing.releasing import drop_old, update_or_build
from cratewatch.indexing.stores import Stores
from cratewatch.lake.folder import FolderLake
from cratewatch.sources.folder.importing import import_folder
from tests.command_line import Answer
from tests.embedding_here import embedding_here
from tests.pictures import draw_noise
from tests.templates import Template

ROOT = Path(__file__).parents[3]


class Homes:
    """Homes with a catalog of their own, three covers and the model, and one gallery for all."""

    def __init__(self, folder: Path, template: Template) -> None:
        self._folder = folder
        self._template = template
        self.uri = str(folder / "gallery.db")
        self.model = ""
        self._made = 0

    def make(self, name: str) -> Path:
        home = self._folder / name
        pictures = home / "pictures"
        pictures.mkdir(parents=True)
        self._made += 1
        for number in range(3):
            draw_noise(100 * self._made + number).save(pictures / f"{number}.jpg", quality=95)
        with closing(open_catalog(f"sqlite:///{home / 'catalog.db'}")) as catalog:
            import_folder(pictures, catalog, FolderLake(home / "lake"))
        self.model = self._template.copy_model(FolderLake(home / "lake"))
        (home / "cratewatch.toml").write_text(f'gallery_uri = "{self.uri}"\n')
        return home

    @contextmanager
    def open(self, home: Path, tenant: str = "") -> Iterator[Stores]:
        with ExitStack() as stack:
            catalog = stack.enter_context(closing(open_catalog(f"sqlite:///{home / 'catalog.db'}")))
            gallery = stack.enter_context(
                open_gallery(self.uri, tenant=tenant, owner=catalog.catalog_id)
            )
            yield Stores(catalog, FolderLake(home / "lake"), gallery)

    def index(self, stores: Stores) -> IndexReport:
        embed = embedding_here(stores.lake)
        return update_or_build(stores, self.model, Target(128), embed)


@pytest.fixture
def homes(tmp_path: Path, template: Template) -> Homes:
    return Homes(tmp_path, template)


def test_the_second_home_is_told_and_the_first_one_goes_on(homes: Homes) -> None:
    first, second = homes.make("first"), homes.make("second")
    with homes.open(first) as stores:
        for _ in range(2):
            rebuild(stores, homes.model, Target(128), embedding_here(stores.lake))
        left_over = stores.gallery.collections.begin("another", 128)
        before = stores.gallery.collections.all()
        assert before == sorted([homes.model, f"{homes.model}__2", left_over])
        held = list(stores.gallery.rows.cover_ids(f"{homes.model}__2"))
    with homes.open(second) as stores:
        for act in (
            lambda: homes.index(stores),
            lambda: rebuild(stores, homes.model, Target(128), embedding_here(stores.lake)),
            lambda: drop_left_overs(stores.gallery),
            lambda: drop_old(stores.gallery.collections, keep_days=0),
            lambda: Loader(stores, left_over),
        ):
            with pytest.raises(SettingsError, match=r"another catalog .* set gallery_tenant"):
                act()
        assert stores.gallery.collections.all() == []
    with homes.open(first) as stores:
        assert stores.gallery.collections.all() == before
        assert stores.gallery.alias.serving() == f"{homes.model}__2"
        assert homes.index(stores).rows == 3
        assert list(stores.gallery.rows.cover_ids(f"{homes.model}__2")) == held
        assert drop_left_overs(stores.gallery) == [left_over]
        assert drop_old(stores.gallery.collections, keep_days=0) == [homes.model]
    with homes.open(second, tenant="second") as stores:
        assert homes.index(stores).rows == 3


def test_a_copy_of_a_catalog_is_the_same_owner(homes: Homes, tmp_path: Path) -> None:
    first = homes.make("first")
    with homes.open(first) as stores:
        homes.index(stores)
    copy = homes.make("copy")
    with (
        closing(sqlite3.connect(first / "catalog.db")) as made,
        closing(sqlite3.connect(copy / "catalog.db")) as other,
    ):
        made.backup(other)
    with homes.open(copy) as stores:
        assert stores.gallery.alias.serving() == homes.model
        assert homes.index(stores).rows == 3


def test_commands_of_the_second_home_end_with_one_line(
    homes: Homes, run: Callable[..., Answer]
) -> None:
    first, second = homes.make("first"), homes.make("second")
    with homes.open(first) as stores:
        homes.index(stores)
    picture = str(second / "pictures" / "0.jpg")
    for command in (["identify", picture], ["backup-gallery"], ["index", "--rollback"]):
        answer = run(*command, "--home", str(second))
        assert answer.returncode == 1
        (line,) = answer.stderr.splitlines()
        assert "belongs to another catalog" in line
        assert "set gallery_tenant to a name that no other home uses there" in line
    status = run("status", "--json", "--home", str(second))
    assert status.returncode == 0
    assert "belongs to another catalog" in status.stdout


def test_nothing_that_reads_the_settings_opens_a_gallery_without_its_owner() -> None:
    """An owner that is forgotten would see, and drop, what other catalogs serve."""
    files = [file for name in ("src", "flows", "workers") for file in (ROOT / name).rglob("*.py")]
    openings = [
        call
        for file in files
        for call in re.findall(r"open_gallery\(\*settings\.gallery[^)]*\)", file.read_text())
    ]
    assert len(openings) >= 8
    assert [call for call in openings if "owner=" not in call] == []
