from pathlib import Path

import numpy as np

from cratewatch.catalog.catalog import Catalog
from cratewatch.catalog.placeholders import MANY
from cratewatch.catalog.records import Cover
from cratewatch.embedding.shards import EmbeddingShard, write_embeddings
from cratewatch.gallery.gallery import open_gallery
from cratewatch.indexing.checking import check_collection
from cratewatch.indexing.embedding import drop_placeholders
from cratewatch.indexing.loading import Loader
from cratewatch.indexing.stores import Stores
from cratewatch.lake.folder import FolderLake
from cratewatch.sources.folder.importing import import_folder
from tests.made_collections import make_collection


def test_a_placeholder_that_was_indexed_is_taken_out(
    cover_folder: Path, catalog: Catalog, lake: FolderLake, home: Path, imported: list[Cover]
) -> None:
    ids = [cover.cover_id for cover in imported]
    vectors = np.eye(24, 128, dtype=np.float32)
    key = write_embeddings(lake, "model", EmbeddingShard(ids, ids, vectors))
    catalog.embeddings.mark_embedded("model", ids, key)
    with open_gallery(str(home / "gallery.db")) as gallery:
        stores = Stores(catalog, lake, gallery)
        make_collection(gallery, "model", 128)
        gallery.alias.point_to("model")
        Loader(stores, "model").load_shard(key)
        drop_placeholders(stores, "model")
        assert gallery.rows.count("model") == 24
        no_image = Path(imported[0].source_url).read_bytes()
        for n in range(MANY):
            (cover_folder / f"Some title {n}.jpg").write_bytes(no_image)
        assert import_folder(cover_folder, catalog, lake).placeholders == 1
        drop_placeholders(stores, "model")
        assert imported[0].cover_id not in set(gallery.rows.cover_ids("model"))
        counts = catalog.embeddings.counts("model")
        check_collection(gallery, "model", counts.embedded, {})
        assert (counts.embedded, counts.missing) == (23, 0)
