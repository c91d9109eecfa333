from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from cratewatch.catalog.catalog import Catalog
from cratewatch.catalog.embeddings import MAX_TRIES, EmbeddingCounts
from cratewatch.catalog.records import Cover
from cratewatch.errors import CheckError, CratewatchError
from cratewatch.gallery.gallery import Gallery, open_gallery
from cratewatch.indexing import embedding
from cratewatch.indexing.agreement import IndexReport, update
from cratewatch.indexing.checking import check_collection
from cratewatch.indexing.rebuilding import Target, rebuild
from cratewatch.indexing.releasing import update_or_build
from cratewatch.indexing.stores import Stores
from cratewatch.lake.lake import Lake, cover_key
from cratewatch.sources.folder.importing import import_folder
from tests.embedding_here import embedding_here
from tests.made_collections import make_collection

pytestmark = pytest.mark.heavy


@pytest.fixture
def gallery(home: Path, tiny_model: str) -> Iterator[Gallery]:
    with open_gallery(str(home / "gallery.db")) as gallery:
        make_collection(gallery, tiny_model, 128)
        gallery.alias.point_to(tiny_model)
        yield gallery


def index(catalog: Catalog, lake: Lake, gallery: Gallery, model: str) -> IndexReport:
    return update(Stores(catalog, lake, gallery), model, embedding_here(lake))


def test_what_is_new_is_embedded_once(
    catalog: Catalog, lake: Lake, gallery: Gallery, imported: list[Cover], tiny_model: str
) -> None:
    report = index(catalog, lake, gallery, tiny_model)
    assert (report.embedded, report.rows, report.failed) == (24, 24, {})
    assert index(catalog, lake, gallery, tiny_model).embedded == 0


def test_what_was_embedded_and_not_loaded_is_loaded_without_embedding_it_again(
    catalog: Catalog,
    lake: Lake,
    gallery: Gallery,
    imported: list[Cover],
    tiny_model: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def away(*_: object) -> None:
        raise CratewatchError("the gallery is away")

    with monkeypatch.context() as patch:
        patch.setattr(gallery.rows, "upsert", away)
        with pytest.raises(CratewatchError, match="is away"):
            index(catalog, lake, gallery, tiny_model)
    assert catalog.embeddings.counts(tiny_model) == EmbeddingCounts(24, 0, 0, 0)
    report = index(catalog, lake, gallery, tiny_model)
    assert (report.embedded, report.rows) == (0, 24)
    assert catalog.embeddings.counts(tiny_model) == EmbeddingCounts(24, 24, 0, 0)
    assert catalog.items.states()["cover"] == {"indexed": 24}


def test_a_shard_that_was_lost_is_embedded_again(
    catalog: Catalog, lake: Lake, gallery: Gallery, imported: list[Cover], tiny_model: str
) -> None:
    index(catalog, lake, gallery, tiny_model)
    catalog.embeddings.forget_indexed(tiny_model)
    (key,) = catalog.embeddings.shards(tiny_model, unindexed=True)
    lake.delete(key)
    report = index(catalog, lake, gallery, tiny_model)
    assert (report.embedded, report.rows) == (24, 24)


def test_rows_that_went_missing_are_noticed_also_when_nothing_is_new(
    catalog: Catalog, lake: Lake, gallery: Gallery, imported: list[Cover], tiny_model: str
) -> None:
    index(catalog, lake, gallery, tiny_model)
    gallery.rows.delete(tiny_model, [cover.cover_id for cover in imported[20:]])
    with pytest.raises(CheckError, match=r"20 covers in the collection .* records 24"):
        index(catalog, lake, gallery, tiny_model)
    for key in catalog.embeddings.shards(tiny_model):
        catalog.embeddings.forget_shard(tiny_model, key)
    assert index(catalog, lake, gallery, tiny_model).rows == 24


def test_a_lake_without_its_covers_never_passes_for_an_index(
    catalog: Catalog, lake: Lake, gallery: Gallery, imported: list[Cover], tiny_model: str
) -> None:
    for cover in imported[:12]:
        lake.delete(cover_key(cover.cover_id))
    with pytest.raises(CheckError, match="12 covers could not be embedded"):
        index(catalog, lake, gallery, tiny_model)
    assert catalog.embeddings.counts(tiny_model).indexed == 12
    assert catalog.items.failures() == {"unreadable_in_lake": 12}


def test_one_cover_that_is_lost_does_not_stop_the_others_and_is_fetched_again(
    catalog: Catalog,
    lake: Lake,
    gallery: Gallery,
    imported: list[Cover],
    cover_folder: Path,
    tiny_model: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(embedding, "MAX_FAILED_SHARE", 0.05)  # one of 24
    lost = imported[0]
    lake.delete(cover_key(lost.cover_id))
    for embedded in (23, 0):
        report = index(catalog, lake, gallery, tiny_model)
        assert (report.embedded, report.rows, list(report.failed)) == (
            embedded,
            23,
            [lost.cover_id],
        )
    import_folder(cover_folder, catalog, lake)
    report = index(catalog, lake, gallery, tiny_model)
    assert (report.embedded, report.rows, report.failed) == (1, 24, {})
    assert catalog.items.failures() == {}


def test_a_cover_that_is_never_readable_is_set_aside_until_it_is_stored_anew(
    catalog: Catalog, imported: list[Cover], cover_folder: Path, lake: Lake, tiny_model: str
) -> None:
    book, items = catalog.embeddings, catalog.items
    lost = imported[0].cover_id
    for tried in range(MAX_TRIES):
        assert book.counts(tiny_model).missing == 24, tried
        items.fail_covers({lost: "no object"})
    assert book.counts(tiny_model) == EmbeddingCounts(0, 0, missing=23, given_up=1)
    assert lost not in {cover.cover_id for cover in book.missing(tiny_model)}
    assert book.standing(tiny_model, [lost, imported[1].cover_id]) == {
        imported[1].cover_id: "waiting"
    }
    assert items.failures() == {"unreadable_in_lake": 1}
    book.mark_embedded(tiny_model, [cover.cover_id for cover in imported[1:]], "shard")
    book.mark_indexed(tiny_model, ["shard"])
    import_folder(cover_folder, catalog, lake)
    assert [cover.cover_id for cover in book.missing(tiny_model)] == [lost]
    for _ in range(MAX_TRIES):
        items.fail_covers({lost: "no object"})
    assert book.counts(tiny_model) == EmbeddingCounts(23, 23, missing=0, given_up=1)
    book.try_again()
    assert book.counts(tiny_model).missing == 1, "who rebuilds tries all"


def test_an_empty_collection_never_serves(
    catalog: Catalog, lake: Lake, gallery: Gallery, tiny_model: str
) -> None:
    with pytest.raises(CheckError, match="is empty"):
        index(catalog, lake, gallery, tiny_model)


def test_ids_that_were_mixed_up_are_noticed(gallery: Gallery, tiny_model: str) -> None:
    vectors = np.eye(128, dtype=np.float32)[:8]
    ids = [f"cover-{n}" for n in range(8)]
    gallery.rows.upsert(tiny_model, ids, ids, vectors)
    check_collection(gallery, tiny_model, 8, dict(zip(ids, vectors, strict=True)))
    mixed = dict(zip(ids, vectors[::-1], strict=True))
    with pytest.raises(CheckError, match="8 of 8 covers just indexed"):
        check_collection(gallery, tiny_model, 8, mixed)


def test_a_collection_that_is_no_more_is_built_anew(
    catalog: Catalog, lake: Lake, imported: list[Cover], home: Path, tiny_model: str
) -> None:
    with open_gallery(str(home / "gallery.db")) as gallery:
        stores = Stores(catalog, lake, gallery)
        for name in (tiny_model, f"{tiny_model}__2"):
            report = rebuild(stores, tiny_model, Target(128), embedding_here(lake))
            assert (report.collection, report.rows) == (name, 24)
    (home / "gallery.db").rename(home / "lost.db")
    with open_gallery(str(home / "gallery.db")) as gallery:
        stores = Stores(catalog, lake, gallery)
        report = update_or_build(stores, tiny_model, Target(128), embedding_here(lake))
        assert (report.embedded, report.rows) == (0, 24)
        assert gallery.alias.serving() == report.collection == tiny_model


def test_a_lake_that_lost_shard_and_image_leaves_the_row_and_counts_it(
    catalog: Catalog, lake: Lake, gallery: Gallery, imported: list[Cover], tiny_model: str
) -> None:
    index(catalog, lake, gallery, tiny_model)
    for key in catalog.embeddings.shards(tiny_model):
        lake.delete(key)
        catalog.embeddings.forget_shard(tiny_model, key)
    lake.delete(cover_key(imported[0].cover_id))
    with pytest.raises(CheckError, match="1 covers could not be embedded"):
        index(catalog, lake, gallery, tiny_model)
    assert gallery.rows.count(tiny_model) == 24
    assert catalog.embeddings.counts(tiny_model) == EmbeddingCounts(23, 23, 1, 0)
