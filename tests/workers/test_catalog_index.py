"""Which model an index takes, and what it does with a collection that is not as it was."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch

from cratewatch.catalog.catalog import Catalog
from cratewatch.catalog.records import Cover
from cratewatch.embedding.model_folder import save_model
from cratewatch.embedding.net import EmbeddingNet
from cratewatch.embedding.saved_models import default_model
from cratewatch.embedding.shards import EmbeddingShard, write_embeddings
from cratewatch.gallery.gallery import open_gallery
from cratewatch.indexing.stores import Stores
from cratewatch.lake.lake import Lake
from cratewatch.settings import load_settings
from tests.tiny import TINY
from workers.catalog_index import index_catalog, update
from workers.embedding import ModelUse


def test_the_serving_model_stays_when_a_newer_one_was_trained(
    home: Path, lake: Lake, imported: list[Cover], tiny_model: str, ray_cluster: None
) -> None:
    settings = load_settings(home=home)
    assert index_catalog(settings).model == tiny_model  # before the first index, the newest
    torch.manual_seed(1)
    newer = save_model(lake, EmbeddingNet(TINY), TINY, {}, [])
    assert default_model(lake) == newer
    assert index_catalog(settings).model == tiny_model
    assert index_catalog(settings, rebuild=True).collection == f"{tiny_model}__2"
    assert index_catalog(settings, newer).model == newer
    assert index_catalog(settings).model == newer


def test_a_collection_that_was_dropped_while_an_index_waited_is_filled_anew(
    home: Path, catalog: Catalog, lake: Lake, imported: list[Cover], tiny_model: str
) -> None:
    ids = [cover.cover_id for cover in imported]
    artworks = [cover.artwork_id for cover in imported]
    shard = EmbeddingShard(ids, artworks, np.eye(len(ids), 128, dtype=np.float32))
    book = catalog.embeddings
    book.mark_embedded(tiny_model, ids, write_embeddings(lake, tiny_model, shard))
    book.mark_all_indexed(tiny_model)  # in the collection that is no more
    with open_gallery(str(home / "gallery.db")) as gallery:
        report = update(Stores(catalog, lake, gallery), ModelUse(tiny_model), 128, lambda *_: None)
        assert (report.embedded, report.rows) == (0, len(ids))
        assert gallery.alias.serving() == report.collection == tiny_model
