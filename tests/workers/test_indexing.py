from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from cratewatch.catalog.catalog import Catalog
from cratewatch.catalog.embeddings import MAX_TRIES
from cratewatch.catalog.records import Cover
from cratewatch.errors import CheckError, CratewatchError
from cratewatch.gallery.gallery import Gallery, open_gallery
from cratewatch.indexing.checking import check_collection
from cratewatch.lake.lake import Lake, cover_key
from cratewatch.sources.folder.importing import import_folder
from workers import indexing
from workers.embedding import ModelUse
from workers.indexing import index_covers, up_to_date

pytestmark = pytest.mark.usefixtures("ray_cluster")


@pytest.fixture
def gallery(home: Path, tiny_model: str) -> Iterator[Gallery]:
    with open_gallery(str(home / "gallery.db")) as gallery:
        gallery.collections.create(tiny_model, 128)
        yield gallery


def index(catalog: Catalog, lake: Lake, gallery: Gallery, model: str) -> indexing.IndexReport:
    return index_covers(catalog, lake, gallery, ModelUse(model), lambda _done, _total: None)


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
    assert catalog.embeddings.missing(tiny_model) == []
    assert not up_to_date(catalog, tiny_model)
    report = index(catalog, lake, gallery, tiny_model)
    assert (report.embedded, report.rows) == (0, 24)
    assert up_to_date(catalog, tiny_model)
    assert catalog.items.states()["cover"] == {"indexed": 24}


def test_a_shard_that_was_lost_is_embedded_again(
    catalog: Catalog, lake: Lake, gallery: Gallery, imported: list[Cover], tiny_model: str
) -> None:
    index(catalog, lake, gallery, tiny_model)
    catalog.embeddings.forget_indexed(tiny_model)
    (key,) = catalog.embeddings.shards_to_index(tiny_model)
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
    assert catalog.embeddings.count_indexed(tiny_model) == 12
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
    monkeypatch.setattr(indexing, "MAX_FAILED_SHARE", 0.05)  # one of 24
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
        assert book.count_missing(tiny_model) == 24, tried
        items.fail_covers({lost: "no object"})
    assert book.count_missing(tiny_model) == 23
    assert lost not in {cover.cover_id for cover in book.missing(tiny_model)}
    assert book.count_lacking(tiny_model) == 24
    assert items.failures() == {"unreadable_in_lake": 1}
    book.mark_embedded(tiny_model, [cover.cover_id for cover in imported[1:]], "shard")
    book.mark_indexed(tiny_model, ["shard"])
    assert not up_to_date(catalog, tiny_model), "1 of 24 is more than 1 %"
    import_folder(cover_folder, catalog, lake)
    assert [cover.cover_id for cover in book.missing(tiny_model)] == [lost]
    for _ in range(MAX_TRIES):
        items.fail_covers({lost: "no object"})
    assert book.count_missing(tiny_model) == 0
    book.try_again()
    assert book.count_missing(tiny_model) == 1, "who rebuilds tries all"


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
