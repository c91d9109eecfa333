"""A collection built beside the one that serves, on Milvus Lite and on a real server."""

from __future__ import annotations

import contextlib
import signal
import subprocess
import sys
import uuid
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cratewatch.catalog.catalog import Catalog
from cratewatch.catalog.embeddings import MAX_TRIES
from cratewatch.catalog.facts import Facts, Wanted
from cratewatch.catalog.records import Cover, Release
from cratewatch.errors import BusyError, CheckError, NotFoundError, UnavailableError
from cratewatch.gallery.gallery import Gallery, open_gallery
from cratewatch.indexing.agreement import IndexReport, update
from cratewatch.indexing.building import drop_left_overs
from cratewatch.indexing.checking import Probe
from cratewatch.indexing.comparing import Comparison, compare, delete_extra, mend
from cratewatch.indexing.embedding import Embed, KeptShard, embed_missing
from cratewatch.indexing.facts import OVERLAP, refresh_facts
from cratewatch.indexing.loading import Loader
from cratewatch.indexing.rebuilding import Target, rebuild
from cratewatch.indexing.releasing import drop_old, roll_back
from cratewatch.indexing.stores import Stores
from cratewatch.lake.lake import Lake
from cratewatch.lake.location import LakeLocation
from cratewatch.progress import Progress, unseen
from cratewatch.sources.folder.importing import import_folder
from tests.embedding_here import embedding_here
from tests.milvus_server import MilvusProcess
from tests.pictures import draw_noise

pytestmark = pytest.mark.heavy


@dataclass
class Shop:
    stores: Stores
    model: str
    shard_covers: int = 1024

    @property
    def catalog(self) -> Catalog:
        return self.stores.catalog

    @property
    def gallery(self) -> Gallery:
        return self.stores.gallery

    @property
    def embed(self) -> Embed:
        return embedding_here(self.stores.lake, self.shard_covers)

    def build(self, *, recall: float = 0.98, on_progress: Progress = unseen) -> IndexReport:
        target = Target(128, recall=recall)
        return rebuild(self.stores, self.model, target, self.embed, on_progress)

    def index(self, embed: Embed | None = None) -> IndexReport:
        collection = self.gallery.collections.live(self.model)
        assert collection is not None
        return update(self.stores, collection, embed or self.embed)

    def mend(self) -> Comparison:
        serving = self.gallery.alias.require_serving()
        found = mend(self.stores, Loader(self.stores, serving))
        delete_extra(self.stores, found)
        return found

    def import_more(self, folder: Path, numbers: range) -> None:
        folder.mkdir(exist_ok=True)
        for number in numbers:
            draw_noise(number).save(folder / f"more-{number:03d}.jpg", quality=95)
        import_folder(folder, self.catalog, self.stores.lake)


ON_BOTH = pytest.mark.parametrize("gallery", ["lite", "server"], indirect=True)
"""A server takes seconds to flush and to load: what depends on it runs there, too."""


@pytest.fixture
def gallery(request: pytest.FixtureRequest, home: Path) -> Iterator[Gallery]:
    kind = getattr(request, "param", "lite")
    if kind == "lite":
        with open_gallery(str(home / "gallery.db")) as gallery:
            yield gallery
        return
    uri = request.getfixturevalue("milvus" if kind == "server" else "own_milvus").uri
    with open_gallery(uri, tenant=f"t{uuid.uuid4().hex[:8]}") as gallery:
        yield gallery


@pytest.fixture
def shop(
    catalog: Catalog, lake: Lake, gallery: Gallery, imported: list[Cover], tiny_model: str
) -> Shop:
    return Shop(Stores(catalog, lake, gallery), tiny_model)


@ON_BOTH
def test_collections_follow_each_other_and_the_one_before_can_come_back(
    shop: Shop, tmp_path: Path
) -> None:
    m = shop.model
    report = shop.build()
    assert (report.embedded, report.rows, shop.gallery.alias.serving()) == (24, 24, m)
    assert shop.catalog.items.states()["cover"] == {"indexed": 24}
    report = shop.build()
    assert (report.embedded, report.rows, shop.gallery.alias.serving()) == (0, 24, f"{m}__2")
    assert (report.collection, report.recall_at_10) == (f"{m}__2", 1.0)
    assert shop.gallery.collections.served_before() == [m]
    shop.import_more(tmp_path / "more", range(100, 104))
    assert shop.index().rows == 28  # into the collection that serves
    assert (shop.gallery.rows.count(m), shop.gallery.rows.count(f"{m}__2")) == (24, 28)
    comparison = roll_back(shop.stores)
    assert shop.gallery.alias.serving() == m
    assert (comparison.missing.count, shop.gallery.rows.count(m)) == (4, 28)
    assert shop.index().rows == 28
    assert shop.gallery.collections.served_before() == [f"{m}__2"]
    assert drop_old(shop.gallery.collections, keep_days=1) == []
    assert drop_old(shop.gallery.collections, keep_days=0) == [f"{m}__2"]
    assert shop.gallery.collections.all() == [m]
    with pytest.raises(NotFoundError, match="no collection that served before"):
        roll_back(shop.stores)


@ON_BOTH
def test_covers_that_come_during_a_rebuild_are_in_both(shop: Shop, tmp_path: Path) -> None:
    shop.build()
    came: list[str] = []

    def while_loading(_done: int, _total: int | None, note: str) -> None:
        if "loaded" in note and not came:
            came.append(note)
            shop.import_more(tmp_path / "more", range(100, 103))
            with shop.catalog.one_writer():  # an index run meanwhile
                assert shop.index().rows == 27
            shop.import_more(tmp_path / "more", range(103, 105))  # and covers without one

    report = shop.build(on_progress=while_loading)
    m = shop.model
    assert came
    assert (report.embedded, report.rows, shop.gallery.alias.serving()) == (2, 29, f"{m}__2")
    assert shop.gallery.rows.count(m) == 27
    assert compare(shop.stores, f"{m}__2").clean


@pytest.mark.parametrize(
    "step",
    ["building.tune", "building.warm", "agreement.check_collection", "agreement.refresh_facts"],
)
def test_a_step_that_fails_leaves_the_alias_and_nothing_half_made(
    shop: Shop, step: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise CheckError("no good")

    shop.build()
    monkeypatch.setattr(f"cratewatch.indexing.{step}", fail)
    with pytest.raises(CheckError, match="no good"):
        shop.build()
    assert shop.gallery.alias.serving() == shop.model
    assert shop.gallery.collections.all() == [shop.model]
    vectors = np.eye(128, dtype=np.float32)[:3]
    assert [len(hits) for hits in shop.gallery.search(vectors, 5)] == [5, 5, 5]


def test_what_a_killed_build_left_is_dropped_by_the_next(shop: Shop) -> None:
    shop.build()
    left = shop.gallery.collections.begin(shop.model, 128)  # and killed
    assert shop.gallery.collections.live(shop.model) == shop.model
    assert drop_left_overs(shop.gallery) == [left]
    assert shop.gallery.collections.all() == [shop.model]


KILLED = """
import os, signal, sys
from pathlib import Path
from cratewatch.catalog.catalog import open_catalog
from cratewatch.gallery.gallery import open_gallery
from cratewatch.indexing.stores import Stores
from cratewatch.indexing.rebuilding import Target, rebuild
from cratewatch.lake.folder import FolderLake

def die(done, total, note):
    if done == 3 and "loaded" in note:
        os.kill(os.getpid(), signal.SIGKILL)

home = Path(sys.argv[1])
catalog = open_catalog(f"sqlite:///{home / 'catalog.db'}")
with open_gallery(str(home / "gallery.db")) as gallery:
    stores = Stores(catalog, FolderLake(home / "lake"), gallery)
    rebuild(stores, sys.argv[2], Target(128), None, die)  # all is embedded
"""


def test_a_loader_that_is_killed_leaves_what_served_and_is_begun_anew(
    catalog: Catalog,
    lake: Lake,
    home: Path,
    imported: list[Cover],
    tiny_model: str,
) -> None:
    uri = str(home / "gallery.db")
    with open_gallery(uri) as gallery:
        Shop(Stores(catalog, lake, gallery), tiny_model, shard_covers=4).build()
    command = [sys.executable, "-c", KILLED, str(home), tiny_model]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ended.returncode == -signal.SIGKILL, ended.stderr
    with open_gallery(uri) as gallery:
        shop = Shop(Stores(catalog, lake, gallery), tiny_model)
        assert gallery.collections.all() == [tiny_model, f"{tiny_model}__2"]
        assert gallery.collections.describe(f"{tiny_model}__2").building
        assert (gallery.alias.serving(), gallery.collections.live(tiny_model)) == (
            tiny_model,
            tiny_model,
        )
        gallery.collections.load(tiny_model)
        assert compare(shop.stores, tiny_model).clean
        assert (shop.build().rows, gallery.alias.serving()) == (24, f"{tiny_model}__2")
        assert compare(shop.stores, f"{tiny_model}__2").clean


def test_one_collection_is_built_at_a_time(shop: Shop) -> None:
    with shop.catalog.one_rebuild(), pytest.raises(BusyError):
        shop.build()


def test_a_recall_that_cannot_be_reached_stops_the_release(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Probe, "recall", lambda *_: 0.5)
    with pytest.raises(CheckError, match=r"recall@10 of 0.500 at most with FLAT, wanted are 0.98"):
        shop.build()
    assert shop.gallery.alias.serving() is None


def test_old_collections_are_told_by_when_the_alias_left_them(shop: Shop) -> None:
    shop.build()
    shop.build()
    until = shop.gallery.collections.describe(shop.model).served_until
    assert until is not None
    assert timedelta(0) <= datetime.now(UTC) - until < timedelta(minutes=5)
    assert shop.gallery.collections.describe(f"{shop.model}__2").served_until is None


@ON_BOTH
def test_what_differs_is_found_and_mended(
    shop: Shop, imported: list[Cover], tmp_path: Path
) -> None:
    shop.build()
    m = shop.model
    shop.import_more(tmp_path / "more", range(100, 102))
    ids = [cover.cover_id for cover in imported]
    gallery = shop.gallery
    gallery.rows.delete(m, ids[:3])
    gallery.rows.upsert(m, ids[3:5], ids[3:5], unit(2))
    gallery.rows.upsert(m, ["nobody-1", "nobody-2"], ["x", "y"], unit(2))
    told = {row.cover_id: row for row in gallery.rows.read(m, ids[5:7], embeddings=True)}
    vectors = np.stack([told[i].embedding for i in ids[5:7]])  # type: ignore[misc]
    gallery.rows.upsert(m, ids[5:7], ids[5:7], vectors, [Facts(genres=("jazz",))] * 2)
    found = compare(shop.stores, m)
    assert found.compared == 24
    assert sorted(found.missing.examples) == sorted(ids[:3])
    assert sorted(found.wrong_vector.examples) == sorted(ids[3:5])
    assert sorted(found.extra.examples) == ["nobody-1", "nobody-2"]
    assert found.wrong_facts.count == 4  # those overwritten told nothing of their source
    assert found.stale_model.count == 2
    assert not found.clean
    assert shop.mend().missing.count == 3
    again = compare(shop.stores, m)
    assert (str(again).split(" (")[0], gallery.rows.count(m)) == ("stale model 2", 24)
    assert shop.index().rows == 26
    assert compare(shop.stores, m).clean


def test_a_shard_that_the_lake_lost_is_told_and_embedded_again(shop: Shop) -> None:
    shop.build()
    (key,) = shop.catalog.embeddings.shards(shop.model)
    shop.stores.lake.delete(key)
    assert compare(shop.stores, shop.model).lost_shards.examples == [key]
    found = shop.mend()
    assert (found.lost_shards.count, found.extra.count) == (1, 0)
    assert shop.gallery.rows.count(shop.model) == 24  # they go on serving
    assert shop.index().embedded == 24
    assert compare(shop.stores, shop.model).clean


def test_a_rebuild_embeds_again_what_the_lake_lost(shop: Shop) -> None:
    shop.shard_covers = 8
    shop.build()
    for key in shop.catalog.embeddings.shards(shop.model)[:2]:
        shop.stores.lake.delete(key)
    report = shop.build()
    assert (report.embedded, report.rows) == (16, 24)
    assert compare(shop.stores, f"{shop.model}__2").clean


def test_a_rebuild_tries_covers_again_that_were_set_aside(
    shop: Shop, imported: list[Cover]
) -> None:
    for _ in range(MAX_TRIES):
        shop.catalog.items.fail_covers({imported[0].cover_id: "cut off"})
    assert shop.catalog.embeddings.counts(shop.model).missing == 23
    assert shop.build().rows == 24


def test_what_serves_stays_when_the_catalog_fails_after_it(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop.build()

    def fail(*_: object) -> None:
        raise CheckError("the catalog is away")

    with monkeypatch.context() as patched:
        patched.setattr(shop.catalog.embeddings, "mark_indexed", fail)
        with pytest.raises(CheckError, match="the catalog is away"):
            shop.build()
    assert shop.gallery.alias.serving() == f"{shop.model}__2"
    assert compare(shop.stores, f"{shop.model}__2").clean


def test_what_a_rebuild_embeds_beside_an_index_is_loaded_by_it(shop: Shop, tmp_path: Path) -> None:
    shop.build()

    def embed_beside(model: str, covers: Iterator[Cover]) -> Generator[KeptShard, None, None]:
        yield from shop.embed(model, covers)
        shop.import_more(tmp_path / "late", range(110, 112))
        embed_missing(shop.stores, model, shop.embed, unseen)

    shop.import_more(tmp_path / "more", range(100, 104))
    assert shop.index(embed_beside).rows == 30


def test_only_rows_are_read_whose_releases_changed(
    shop: Shop, imported: list[Cover], monkeypatch: pytest.MonkeyPatch
) -> None:
    shop.build()
    shop.gallery.collections.keep_facts_of(shop.model, datetime.now(UTC) + OVERLAP)
    read: list[str] = []
    rows = shop.gallery.rows.read

    def note_and_read(collection: str, cover_ids: list[str]) -> Any:
        read.extend(cover_ids)
        return rows(collection, cover_ids)

    monkeypatch.setattr(shop.gallery.rows, "read", note_and_read)
    assert (refresh_facts(shop.stores, shop.model), read) == (0, [])
    shop.gallery.collections.keep_facts_of(shop.model, datetime.now(UTC) + OVERLAP)
    run_id, changed = shop.catalog.runs.start("import"), imported[3]
    url = changed.source_url
    release = Release(source="import", native_id=url, title="Kind of Blue", image_url=url)
    shop.catalog.stage(run_id, [release])
    shop.catalog.apply_crawl(run_id, "import", complete=False)
    assert refresh_facts(shop.stores, shop.model) == 0, "its title says nothing to filters"
    assert read == [changed.cover_id]


def test_facts_follow_the_catalog_also_where_the_shard_is_lost(
    shop: Shop, imported: list[Cover]
) -> None:
    shop.build()
    (key,) = shop.catalog.embeddings.shards(shop.model)
    shop.stores.lake.delete(key)
    rows = shop.gallery.rows
    (before,) = rows.read(shop.model, [imported[0].cover_id], embeddings=True)
    assert before.embedding is not None
    stale = [before.cover_id], [before.artwork_id], before.embedding[None], [Facts(("old",))]
    rows.upsert(shop.model, *stale)
    assert refresh_facts(shop.stores, shop.model) == 1
    (after,) = rows.read(shop.model, [imported[0].cover_id], embeddings=True)
    assert after.facts == before.facts
    np.testing.assert_array_equal(after.embedding, before.embedding)


def test_a_clock_that_was_wrong_is_not_believed(shop: Shop, imported: list[Cover]) -> None:
    shop.build()
    stale = imported[0]
    vector = np.eye(1, 128, dtype=np.float32)
    shop.gallery.rows.upsert(
        shop.model, [stale.cover_id], [stale.artwork_id], vector, [Facts(("old",))]
    )
    shop.gallery.collections.keep_facts_of(shop.model, datetime.now(UTC) + 3 * OVERLAP)
    assert refresh_facts(shop.stores, shop.model) == 1


def test_what_filters_go_by_follows_the_catalog(shop: Shop, imported: list[Cover]) -> None:
    shop.build()
    m = shop.model
    assert refresh_facts(shop.stores, m) == 0
    run_id = shop.catalog.runs.start("import")
    shop.catalog.stage(
        run_id,
        [
            Release(
                source="import",
                native_id=imported[0].source_url,
                title="Kind of Blue",
                year=1959,
                genres=("Jazz", "Modal, Cool"),
                image_url=imported[0].source_url,
                in_stock=True,
            )
        ],
    )
    # complete: every other release is withdrawn
    shop.catalog.apply_crawl(run_id, "import", complete=True)
    assert refresh_facts(shop.stores, m) == 24
    (row,) = shop.gallery.rows.read(m, [imported[0].cover_id])
    assert row.facts == Facts(
        ("import",), (1959,), ("cool", "jazz", "modal"), (), in_stock=True, withdrawn=False
    )
    (hits,) = shop.gallery.search(unit(1), 30, collection=m, wanted=Wanted())
    assert [hit.cover_id for hit in hits] == [imported[0].cover_id]
    (hits,) = shop.gallery.search(unit(1), 30, collection=m)
    assert len(hits) == 24  # their history stays


def unit(count: int) -> np.ndarray:
    vectors = np.random.default_rng(1).normal(size=(count, 128)).astype(np.float32)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


@pytest.mark.slow
@pytest.mark.parametrize("gallery", ["own server"], indirect=True)
def test_a_server_that_is_killed_during_a_load_loses_and_doubles_nothing(
    shop: Shop, own_milvus: MilvusProcess
) -> None:
    shop.shard_covers = 4
    shop.build()
    kills: list[int] = []

    def kill_at_the_third(done: int, _total: int | None, note: str) -> None:
        if "loaded" in note and done == 3 and not kills:
            kills.append(done)
            own_milvus.kill()
            own_milvus.start()

    # The build goes on with the server that came back, or ends with one line.
    with contextlib.suppress(UnavailableError):
        shop.build(on_progress=kill_at_the_third)
    assert kills
    serving = shop.gallery.alias.serving()
    assert serving in (shop.model, f"{shop.model}__2")
    shop.gallery.collections.load(serving)
    assert shop.gallery.rows.count(serving) == 24
    assert compare(shop.stores, serving).clean
    shop.build()
    assert shop.gallery.rows.count(shop.gallery.alias.serving() or "") == 24
    assert len(shop.gallery.collections.all()) <= 3
    assert not any(
        shop.gallery.collections.describe(name).building for name in shop.gallery.collections.all()
    )


@pytest.mark.parametrize("gallery", ["server"], indirect=True)
def test_many_rows_are_imported_from_files(
    shop: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop.shard_covers = 4
    monkeypatch.setattr("cratewatch.indexing.importing.UPSERT_ROWS", 20)
    monkeypatch.setattr("cratewatch.indexing.importing.IMPORT_ROWS", 16)
    sent: list[int] = []
    upsert = shop.gallery.rows.upsert
    monkeypatch.setattr(shop.gallery.rows, "upsert", lambda *a: sent.append(1) or upsert(*a))
    files = LakeLocation(str(tmp_path / "files"))
    report = rebuild(shop.stores, shop.model, Target(128, imports=files), shop.embed)
    assert (report.rows, sent) == (24, [])
    assert compare(shop.stores, shop.model).clean
    assert [path for path in (tmp_path / "files").rglob("*") if path.is_file()] == []
    with pytest.raises(CheckError, match=r"cannot import .*gallery_import_path"):
        shop.gallery.imports.run(shop.model, str(tmp_path / "none.parquet"))
