"""Fills a fresh collection by bulk import, from files that Milvus reads by itself."""

from __future__ import annotations

from uuid import uuid4

import numpy as np

from cratewatch.embedding_shards import EmbeddingShard
from cratewatch.gallery import import_file
from cratewatch.indexing.stores import Stores
from cratewatch.lake import Lake
from cratewatch.lake.location import S3_SCHEME

IMPORT_ROWS = 200_000
"""Of one file: 130 MB at 128 dimensions."""


class Importer:
    """Collects shards to files and has Milvus import them into one collection.

    Attributes:
        acknowledged: How many rows Milvus has taken.
    """

    def __init__(self, stores: Stores, collection: str, files: Lake) -> None:
        self._stores = stores
        self._collection = collection
        self._files = files
        self._waiting: list[EmbeddingShard] = []
        self.acknowledged = 0

    def add(self, shard: EmbeddingShard) -> None:
        """Take a shard, whose covers no other has."""
        self._waiting.append(shard)
        if sum(len(one.cover_ids) for one in self._waiting) >= IMPORT_ROWS:
            self.finish()

    def finish(self) -> None:
        """Import what is waiting."""
        shards = [shard for shard in self._waiting if shard.cover_ids]
        self._waiting = []
        if not shards:
            return
        artworks = [artwork for shard in shards for artwork in shard.artwork_ids]
        facts = self._stores.catalog.facts_of(artworks)
        key = f"import/{uuid4().hex}.parquet"
        self._files.write(
            key,
            import_file(
                [cover for shard in shards for cover in shard.cover_ids],
                artworks,
                np.concatenate([shard.embeddings for shard in shards]),
                [facts[artwork] for artwork in artworks],
            ),
        )
        try:
            self.acknowledged += self._stores.gallery.import_rows(
                self._collection, _as_the_server_sees(self._files, key)
            )
        finally:
            self._files.delete(key)


def _as_the_server_sees(files: Lake, key: str) -> str:
    """Return a file's path, or its key in the bucket."""
    path = f"{files.root}/{key}"
    return path.removeprefix(S3_SCHEME).partition("/")[2] if path.startswith(S3_SCHEME) else path
