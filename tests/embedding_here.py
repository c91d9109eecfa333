"""Embeds and indexes covers in the test's own process, where it needs no Ray."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from contextlib import closing

from cratewatch.catalog.catalog import open_catalog
from cratewatch.catalog.records import Cover
from cratewatch.chunks import chunks
from cratewatch.embedding.loading import load_model
from cratewatch.embedding.saved_models import adopt_model, find_model
from cratewatch.embedding.shards import EmbeddingShard, write_embeddings
from cratewatch.errors import NotFoundError
from cratewatch.gallery.gallery import open_gallery
from cratewatch.images.reading import decode
from cratewatch.indexing.embedding import Embed, KeptShard
from cratewatch.indexing.rebuilding import Target, rebuild
from cratewatch.indexing.stores import Stores
from cratewatch.lake.lake import Lake, cover_key
from cratewatch.lake.opening import open_lake
from cratewatch.settings import Settings


def embedding_here(lake: Lake, shard_covers: int = 1024) -> Embed:
    """Return who embeds as workers.indexing.embed_by_ray() has it done."""

    def embed(model: str, covers: Iterator[Cover]) -> Generator[KeptShard, None, None]:
        embedder = load_model(lake, model)
        for batch in chunks(covers, shard_covers):
            pictures, failed = _read(lake, batch)
            kept = [cover for cover in batch if cover.cover_id in pictures]
            ids = [cover.cover_id for cover in kept]
            if not ids:
                yield KeptShard("", [], failed)
                continue
            made = embedder.embed_covers([decode(pictures[cover_id]) for cover_id in ids])
            shard = EmbeddingShard(ids, [cover.artwork_id for cover in kept], made)
            yield KeptShard(write_embeddings(lake, model, shard), ids, failed)

    return embed


def index_here(settings: Settings, model: str) -> None:
    """Do what workers.catalog_index does for a model folder, without an export for OpenVINO."""
    lake = open_lake(settings.lake)
    with (
        closing(open_catalog(settings.catalog_url)) as catalog,
        open_gallery(*settings.gallery, owner=catalog.catalog_id) as gallery,
    ):
        name = adopt_model(lake, model)
        target = Target(find_model(lake, name).config().dim)
        rebuild(Stores(catalog, lake, gallery), name, target, embedding_here(lake))


def _read(lake: Lake, covers: Sequence[Cover]) -> tuple[dict[str, bytes], dict[str, str]]:
    pictures, failed = {}, {}
    for cover in covers:
        try:
            pictures[cover.cover_id] = lake.read(cover_key(cover.cover_id))
        except NotFoundError as error:
            failed[cover.cover_id] = str(error)
    return pictures, failed
