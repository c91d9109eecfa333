"""What an index does with a collection that is not as it was."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from cratewatch.catalog.catalog import Catalog
from cratewatch.catalog.records import Cover
from cratewatch.embedding.shards import EmbeddingShard, write_embeddings
from cratewatch.gallery.gallery import open_gallery
from cratewatch.indexing.stores import Stores
from cratewatch.lake.lake import Lake
from workers.embedding import ModelUse

pytestmark = pytest.mark.usefixtures("prefect")


def test_a_collection_that_was_dropped_while_an_index_waited_is_filled_anew(
    home: Path, catalog: Catalog, lake: Lake, imported: list[Cover], tiny_model: str
) -> None:
    from flows.index_gallery import update

    ids = [cover.cover_id for cover in imported]
    artworks = [cover.artwork_id for cover in imported]
    shard = EmbeddingShard(ids, artworks, np.eye(len(ids), 128, dtype=np.float32))
    book = catalog.embeddings
    book.mark_embedded(tiny_model, ids, write_embeddings(lake, tiny_model, shard))
    book.mark_all_indexed(tiny_model)  # in the collection that is no more
    with open_gallery(str(home / "gallery.db")) as gallery:
        report = update(Stores(catalog, lake, gallery), ModelUse(tiny_model), 128, lambda *_: None)
        assert (report.embedded, report.rows) == (0, len(ids))
        assert gallery.serving() == report.collection == tiny_model
