"""Loads embeddings of the lake into a collection, with what the catalog says of the covers."""

from __future__ import annotations

from collections.abc import Collection

from cratewatch.catalog.facts import Facts
from cratewatch.embedding.shards import EmbeddingShard, done_shards, read_embeddings
from cratewatch.indexing.stores import Stores


class Loader:
    """Loads one collection.

    Attributes:
        collection: Where to.
        shards: Those that were loaded.
        acknowledged: How many rows Milvus has taken; one that was replaced counts twice.
    """

    def __init__(self, stores: Stores, collection: str) -> None:
        self._stores = stores
        self.collection = collection
        self.shards: set[str] = set()
        self.acknowledged = 0

    def load_shard(self, model: str, key: str) -> EmbeddingShard:
        """Load what the catalog still takes from a shard, and return that.

        Raises:
            NotFoundError: if the lake lacks it.
        """
        shard = self.read_embeddings(model, key)
        self.load(shard)
        return shard

    def read_embeddings(self, model: str, key: str) -> EmbeddingShard:
        """Return what the catalog still takes from a shard, to be loaded in another way.

        Raises:
            NotFoundError: if the lake lacks it.
        """
        shard = read_current(self._stores, model, key)
        self.shards.add(key)
        return shard

    def load(self, shard: EmbeddingShard) -> None:
        """Insert covers, or replace them."""
        self.acknowledged += self._stores.gallery.rows.upsert(
            self.collection,
            shard.cover_ids,
            shard.artwork_ids,
            shard.embeddings,
            facts_of(self._stores, shard),
        )


def facts_of(stores: Stores, shard: EmbeddingShard) -> list[Facts]:
    """Return what the catalog says of each cover's artwork."""
    facts = stores.catalog.facts_of(shard.artwork_ids)
    return [facts[artwork_id] for artwork_id in shard.artwork_ids]


def read_current(stores: Stores, model: str, key: str) -> EmbeddingShard:
    """Read of a shard the covers whose embedding it is, with their artworks of today.

    Raises:
        NotFoundError: if the lake lacks it.
    """
    artworks = stores.catalog.embeddings.in_shard(model, key)
    shard = pick(read_embeddings(stores.lake, key), artworks)
    return EmbeddingShard(
        shard.cover_ids, [artworks[cover] for cover in shard.cover_ids], shard.embeddings
    )


def forget_lost(stores: Stores, model: str) -> None:
    """Have covers embedded again whose shard the lake has lost."""
    book = stores.catalog.embeddings
    for key in set(book.shards(model)) - set(done_shards(stores.lake, model)):
        book.forget_shard(model, key)


def pick(shard: EmbeddingShard, cover_ids: Collection[str]) -> EmbeddingShard:
    """Return some covers of a shard, in its order; those that it lacks are left out."""
    wanted = set(cover_ids)
    rows = [row for row, cover in enumerate(shard.cover_ids) if cover in wanted]
    return EmbeddingShard(
        [shard.cover_ids[row] for row in rows],
        [shard.artwork_ids[row] for row in rows],
        shard.embeddings[rows],
    )
