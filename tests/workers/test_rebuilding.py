"""A collection built beside the one that serves, on Milvus Lite and on a real server."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cratewatch.catalog import Catalog, Cover
from cratewatch.embedding import load_model
from cratewatch.errors import BusyError, CheckError, NotFoundError
from cratewatch.gallery import Gallery, open_gallery
from cratewatch.images import decode
from cratewatch.importing import import_folder
from cratewatch.indexing import Stores, compare, drop_left_overs, drop_old, roll_back
from cratewatch.lake import Lake, cover_key
from tests.conftest import draw_noise
from workers import indexing, rebuilding
from workers.embedding import EmbeddedBatch, ModelUse
from workers.indexing import index_covers
from workers.rebuilding import Target, build_collection


@pytest.fixture(autouse=True)
def _embed_in_this_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """Starting Ray's actors would take most of the time; test_indexing.py has them."""

    def embed_covers(lake: Lake, model: ModelUse, covers: Sequence[Cover]) -> Iterator[Any]:
        embedder = load_model(lake, model.name)
        images = [decode(lake.read(cover_key(cover.cover_id))) for cover in covers]
        yield EmbeddedBatch(list(covers), embedder.embed_covers(images))

    monkeypatch.setattr(indexing, "embed_covers", embed_covers)


@dataclass
class Shop:
    stores: Stores
    model: str

    @property
    def catalog(self) -> Catalog:
        return self.stores.catalog

    @property
    def gallery(self) -> Gallery:
        return self.stores.gallery

    def build(self, *, recall: float = 0.98, on_progress: Any = None) -> Any:
        quiet = on_progress or (lambda *_: None)
        return build_collection(
            self.stores, ModelUse(self.model), Target(128, recall=recall), quiet
        )

    def index(self) -> Any:
        use = ModelUse(self.model)
        stores = self.stores
        return index_covers(stores.catalog, stores.lake, stores.gallery, use, lambda *_: None)

    def import_more(self, folder: Path, numbers: range) -> None:
        folder.mkdir(exist_ok=True)
        for number in numbers:
            draw_noise(number).save(folder / f"more-{number:03d}.jpg", quality=95)
        import_folder(folder, self.catalog, self.stores.lake)


@pytest.fixture(params=["lite", "server"])
def gallery(request: pytest.FixtureRequest, home: Path) -> Iterator[Gallery]:
    if request.param == "lite":
        with open_gallery(str(home / "gallery.db")) as gallery:
            yield gallery
        return
    uri = request.getfixturevalue("milvus").uri
    with open_gallery(uri, tenant=f"t{uuid.uuid4().hex[:8]}") as gallery:
        yield gallery


@pytest.fixture
def shop(
    catalog: Catalog, lake: Lake, gallery: Gallery, imported: list[Cover], tiny_model: str
) -> Shop:
    return Shop(Stores(catalog, lake, gallery), tiny_model)


def test_collections_follow_each_other_and_the_one_before_can_come_back(
    shop: Shop, tmp_path: Path
) -> None:
    m = shop.model
    report = shop.build()
    assert (report.embedded, report.rows, shop.gallery.serving()) == (24, 24, m)
    assert shop.catalog.items.states()["cover"] == {"indexed": 24}
    report = shop.build()
    assert (report.embedded, report.rows, shop.gallery.serving()) == (0, 24, f"{m}__2")
    assert shop.gallery.served_before() == [m]
    shop.import_more(tmp_path / "more", range(100, 104))
    assert shop.index().rows == 28  # into the collection that serves
    assert (shop.gallery.count(m), shop.gallery.count(f"{m}__2")) == (24, 28)
    comparison = roll_back(shop.stores)
    assert shop.gallery.serving() == m
    assert (comparison.missing.count, shop.gallery.count(m)) == (4, 28)
    assert shop.index().rows == 28
    assert shop.gallery.served_before() == [f"{m}__2"]
    assert drop_old(shop.gallery, keep_days=1) == []
    assert drop_old(shop.gallery, keep_days=0) == [f"{m}__2"]
    assert shop.gallery.collections() == [m]
    with pytest.raises(NotFoundError, match="no collection that served before"):
        roll_back(shop.stores)


def test_covers_that_come_during_a_rebuild_are_in_both(shop: Shop, tmp_path: Path) -> None:
    shop.build()
    came: list[str] = []

    def while_loading(_done: int, _total: int, note: str) -> None:
        if "loaded into" in note and not came:
            came.append(note)
            shop.import_more(tmp_path / "more", range(100, 103))
            with shop.catalog.one_writer():  # an index run meanwhile
                assert shop.index().rows == 27
            shop.import_more(tmp_path / "more", range(103, 105))  # and covers without one

    report = shop.build(on_progress=while_loading)
    m = shop.model
    assert came
    assert (report.embedded, report.rows, shop.gallery.serving()) == (2, 29, f"{m}__2")
    assert shop.gallery.count(m) == 27
    assert compare(shop.stores, f"{m}__2").clean


@pytest.mark.parametrize("step", ["tune", "warm", "check_collection", "refresh_facts"])
def test_a_step_that_fails_leaves_the_alias_and_nothing_half_made(
    shop: Shop, step: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise CheckError("no good")

    shop.build()
    monkeypatch.setattr(rebuilding, step, fail)
    with pytest.raises(CheckError, match="no good"):
        shop.build()
    assert shop.gallery.serving() == shop.model
    assert shop.gallery.collections() == [shop.model]
    vectors = np.eye(128, dtype=np.float32)[:3]
    assert [len(hits) for hits in shop.gallery.search(vectors, 5)] == [5, 5, 5]


def test_what_a_killed_build_left_is_dropped_by_the_next(shop: Shop) -> None:
    shop.build()
    left = shop.gallery.begin(shop.model, 128)  # and killed
    assert shop.gallery.live(shop.model) == shop.model
    assert drop_left_overs(shop.gallery) == [left]
    assert shop.gallery.collections() == [shop.model]


def test_one_collection_is_built_at_a_time(shop: Shop) -> None:
    with shop.catalog.one_rebuild(), pytest.raises(BusyError):
        shop.build()


def test_a_recall_that_cannot_be_reached_stops_the_release(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rebuilding.Sample, "recall", lambda *_: 0.5)
    with pytest.raises(CheckError, match=r"recall@10 of 0.500 at most with FLAT, wanted are 0.98"):
        shop.build()
    assert shop.gallery.serving() is None


def test_old_collections_are_told_by_when_the_alias_left_them(shop: Shop) -> None:
    shop.build()
    shop.build()
    until = shop.gallery.describe(shop.model).served_until
    assert until is not None
    assert timedelta(0) <= datetime.now(UTC) - until < timedelta(minutes=5)
    assert shop.gallery.describe(f"{shop.model}__2").served_until is None
