"""Loads embeddings of the lake into one collection, with what the catalog says of the covers."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection

from cratewatch.catalog.facts import Facts
from cratewatch.embedding.arrays import Embeddings
from cratewatch.embedding.shards import EmbeddingShard, read_embeddings
from cratewatch.errors import NotFoundError
from cratewatch.gallery.names import model_of
from cratewatch.indexing.checking import Probe
from cratewatch.indexing.importing import Importer
from cratewatch.indexing.stores import Stores
from cratewatch.progress import Progress, unseen

CHECK_SAMPLE = 64


class Loader:
    """Loads one collection.

    Attributes:
        collection: Where to.
        model: Whose embeddings.
        shards: Those that it was seen to hold.
        acknowledged: How many rows Milvus has taken; one that was replaced counts twice.
        sample: Embeddings, each (dim,), of covers that it must find again.
    """

    def __init__(self, stores: Stores, collection: str, probe: Probe | None = None) -> None:
        """Load a collection that the book speaks of; or, with a probe, one that is new.

        Args:
            probe: Is shown every row.

        Raises:
            SettingsError: if the collection is another catalog's.
        """
        stores.gallery.collections.require_ours(collection)
        self._stores = stores
        self._probe = probe
        self.collection = collection
        self.model = model_of(collection)
        self.shards: set[str] = set()
        self.acknowledged = 0
        self.sample: dict[str, Embeddings] = dict(probe.covers) if probe else {}

    def pending(self) -> list[str]:
        """Return the shards that it does not hold, as far as is known, sorted."""
        unindexed = self._probe is None
        shards = self._stores.catalog.embeddings.shards(self.model, unindexed=unindexed)
        return sorted(set(shards) - self.shards)

    def load_pending(
        self, on_progress: Progress = unseen, load: Callable[[str], int] | None = None
    ) -> None:
        """Load every shard that is pending; one that the lake lost is to be embedded again.

        Args:
            on_progress: Is told shards.
            load: Loads one and returns its rows, in place of load_shard().
        """
        load = load or self.load_shard
        keys, began, rows = self.pending(), time.monotonic(), 0
        for done, key in enumerate(keys, start=1):
            try:
                rows += load(key)
            except NotFoundError:
                self._stores.catalog.embeddings.forget_shard(self.model, key)
            rate = rows / (time.monotonic() - began)
            on_progress(done, len(keys), f"{rate:,.0f} rows/s loaded")

    def load_shard(self, key: str) -> int:
        """Load what the catalog still takes from a shard; return how many rows that is.

        Raises:
            NotFoundError: if the lake lacks it.
        """
        shard = read_current(self._stores, self.model, key)
        self.load(shard)
        self.shards.add(key)
        return len(shard.cover_ids)

    def import_shard(self, importer: Importer, key: str) -> int:
        """Hand an importer what load_shard() would load; it holds that once it has finished."""
        shard = read_current(self._stores, self.model, key)
        importer.add(shard, facts_of(self._stores, shard))
        self._show(shard)
        self.shards.add(key)
        return len(shard.cover_ids)

    def load(self, shard: EmbeddingShard) -> None:
        """Insert covers, or replace them."""
        if not shard.cover_ids:
            return
        self.acknowledged += self._stores.gallery.rows.upsert(
            self.collection,
            shard.cover_ids,
            shard.artwork_ids,
            shard.embeddings,
            facts_of(self._stores, shard),
        )
        self._show(shard)

    def _show(self, shard: EmbeddingShard) -> None:
        if self._probe is not None:
            self._probe.compare(shard)
            return
        wanted = CHECK_SAMPLE - len(self.sample)
        self.sample |= dict(zip(shard.cover_ids[:wanted], shard.embeddings, strict=False))


def facts_of(stores: Stores, shard: EmbeddingShard) -> list[Facts]:
    """Return what the catalog says of each cover's artwork."""
    facts = stores.catalog.releases.facts_of(shard.artwork_ids)
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


def pick(shard: EmbeddingShard, cover_ids: Collection[str]) -> EmbeddingShard:
    """Return some covers of a shard, in its order; those that it lacks are left out."""
    wanted = set(cover_ids)
    rows = [row for row, cover in enumerate(shard.cover_ids) if cover in wanted]
    return EmbeddingShard(
        [shard.cover_ids[row] for row in rows],
        [shard.artwork_ids[row] for row in rows],
        shard.embeddings[rows],
    )
