"""Fills a fresh collection by bulk import, from files that Milvus reads by itself."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import uuid4

import numpy as np

from cratewatch.catalog.facts import Facts
from cratewatch.embedding.shards import EmbeddingShard
from cratewatch.gallery.bulk import import_file
from cratewatch.gallery.gallery import Gallery
from cratewatch.lake.lake import Lake
from cratewatch.lake.location import S3_SCHEME, LakeLocation
from cratewatch.lake.opening import open_lake

UPSERT_ROWS = 100_000
"""Up to which rows are sent; above, files are imported."""
IMPORT_ROWS = 200_000
"""Of one file: 130 MB at 128 dimensions."""


def importer_for(
    gallery: Gallery, collection: str, files: LakeLocation | None, rows: int
) -> Importer | None:
    """Return who imports into a fresh collection; None if its rows had better be sent.

    Args:
        files: A folder or bucket that the server reads, if there is one.
        rows: That are to come.
    """
    if files is None or gallery.milvus.is_lite or rows <= UPSERT_ROWS:
        return None
    return Importer(gallery, collection, open_lake(files))


class Importer:
    """Collects shards to files and has Milvus import them into one collection.

    Attributes:
        acknowledged: How many rows Milvus has taken.
    """

    def __init__(self, gallery: Gallery, collection: str, files: Lake) -> None:
        self._gallery = gallery
        self._collection = collection
        self._files = files
        self._waiting: list[tuple[EmbeddingShard, Sequence[Facts]]] = []
        self.acknowledged = 0

    def add(self, shard: EmbeddingShard, facts: Sequence[Facts]) -> None:
        """Take a shard, whose covers no other has, with the facts of each cover."""
        self._waiting.append((shard, facts))
        if sum(len(one.cover_ids) for one, _ in self._waiting) >= IMPORT_ROWS:
            self.finish()

    def finish(self) -> None:
        """Import what is waiting."""
        waiting = [(shard, facts) for shard, facts in self._waiting if shard.cover_ids]
        self._waiting = []
        if not waiting:
            return
        key = f"import/{uuid4().hex}.parquet"
        self._files.write(
            key,
            import_file(
                [cover for shard, _ in waiting for cover in shard.cover_ids],
                [artwork for shard, _ in waiting for artwork in shard.artwork_ids],
                np.concatenate([shard.embeddings for shard, _ in waiting]),
                [fact for _, facts in waiting for fact in facts],
            ),
        )
        try:
            self.acknowledged += self._gallery.imports.run(
                self._collection, _as_the_server_sees(self._files, key)
            )
        finally:
            self._files.delete(key)


def _as_the_server_sees(files: Lake, key: str) -> str:
    """Return a file's path, or its key in the bucket."""
    path = f"{files.root}/{key}"
    return path.removeprefix(S3_SCHEME).partition("/")[2] if path.startswith(S3_SCHEME) else path
