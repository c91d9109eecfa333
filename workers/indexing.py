"""Brings a model's collection up to date with the catalog: embed, keep, upsert, check, record."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from cratewatch.catalog import Catalog, Cover
from cratewatch.embedding import Embeddings
from cratewatch.embedding_shards import EmbeddingShard, concatenate, read_shard, write_shard
from cratewatch.errors import CheckError, NotFoundError
from cratewatch.gallery import Gallery
from cratewatch.indexing import Loader, Stores, check_collection
from cratewatch.lake import Lake
from workers.embedding import ModelUse, embed_covers

CHECK_SAMPLE = 64
MAX_FAILED_SHARE = 0.01
SHARD_COVERS = 1024  # what a kill may make to be embedded again


@dataclass(frozen=True)
class IndexReport:
    """What was embedded; failed holds the reason of each cover that could not be."""

    model: str
    embedded: int
    rows: int
    failed: dict[str, str] = field(default_factory=dict)


def index_covers(
    catalog: Catalog,
    lake: Lake,
    gallery: Gallery,
    model: ModelUse,
    on_progress: Callable[[int, int], None],
) -> IndexReport:
    """Embed and upsert the covers that the model's collection does not hold yet.

    Embeddings are kept in the lake before they are loaded, and a cover counts as indexed only
    after its upsert is durable and checked. Upserts repeat safely: an interrupted call loses
    nothing, and the next one loads what was embedded.

    Args:
        on_progress: Called with covers done and covers to do.

    Raises:
        CheckError: if the collection does not hold what the catalog says it holds; at the end, if
            more than MAX_FAILED_SHARE of all covers could not be embedded.
    """
    name = model.name
    collection = gallery.live(name) or name
    stores = Stores(catalog, lake, gallery)
    indexer = _Indexer(stores, model, Loader(stores, collection))
    indexer.load_left_over()
    covers = catalog.embeddings.missing(name)
    indexer.embed(covers, on_progress)
    if indexer.loaded:
        gallery.flush(collection)
    embedded = catalog.embeddings.count(name)
    if indexer.loaded or not indexer.broken:
        check_collection(gallery, collection, embedded, indexer.sample)
        catalog.embeddings.mark_indexed(name, indexer.loaded)
    indexer.refuse_broken()
    return IndexReport(
        name, len(covers) - len(indexer.failed), gallery.count(collection), indexer.failed
    )


def embed_missing(
    stores: Stores, model: ModelUse, on_progress: Callable[[int, int], None]
) -> IndexReport:
    """Embed the covers that the model has not embedded yet, and load them nowhere.

    Raises:
        CheckError: if more than MAX_FAILED_SHARE of all covers could not be embedded.
    """
    indexer = _Indexer(stores, model, None)
    covers = stores.catalog.embeddings.missing(model.name)
    indexer.embed(covers, on_progress)
    indexer.refuse_broken()
    return IndexReport(model.name, len(covers) - len(indexer.failed), 0, indexer.failed)


def up_to_date(catalog: Catalog, model: str) -> bool:
    """Whether the model's collection holds every cover."""
    embeddings = catalog.embeddings
    return not (embeddings.shards_to_index(model) or embeddings.missing(model))


class _Indexer:
    """Embeds for one model, and loads if there is a loader.

    Attributes:
        loaded: The covers that were upserted.
        failed: The reason of each cover that could not be embedded.
        sample: Embeddings, each (dim,), of some that were upserted.
    """

    def __init__(self, stores: Stores, model: ModelUse, loader: Loader | None) -> None:
        self._catalog = stores.catalog
        self._lake = stores.lake
        self._loader = loader
        self._use = model
        self._model = model.name
        self.loaded: list[str] = []
        self.failed: dict[str, str] = {}
        self.sample: dict[str, Embeddings] = {}

    @property
    def broken(self) -> bool:
        """Whether too many covers failed."""
        embedded = self._catalog.embeddings.count(self._model)
        return len(self.failed) > MAX_FAILED_SHARE * (embedded + len(self.failed))

    def refuse_broken(self) -> None:
        """Raise CheckError if too many covers failed."""
        if self.broken:
            cover_id, reason = next(iter(self.failed.items()))
            raise CheckError(
                f"gallery: {len(self.failed)} covers could not be embedded for {self._model}, "
                f"first {cover_id}: {reason}; look after the lake, refresh or import to fetch "
                "them again"
            )

    def load_left_over(self) -> None:
        """Load what an earlier call embedded and did not load."""
        for key in self._catalog.embeddings.shards_to_index(self._model):
            try:
                self._load(read_shard(self._lake, key))
            except NotFoundError:
                self._catalog.embeddings.forget_shard(self._model, key)  # to be embedded again

    def embed(self, covers: list[Cover], on_progress: Callable[[int, int], None]) -> None:
        """Embed covers; what is embedded is kept and loaded shard by shard."""
        parts: list[EmbeddingShard] = []
        done = waiting = 0
        for batch in embed_covers(self._lake, self._use, covers) if covers else ():
            ids = [cover.cover_id for cover in batch.covers]
            artworks = [cover.artwork_id for cover in batch.covers]
            parts.append(EmbeddingShard(ids, artworks, batch.embeddings))
            self._catalog.items.fail_covers(batch.failed)
            self.failed |= batch.failed
            done += len(ids) + len(batch.failed)
            waiting += len(ids)
            if waiting >= SHARD_COVERS or (waiting and done == len(covers)):
                self._keep_and_load(concatenate(parts))
                parts, waiting = [], 0
            on_progress(done, len(covers))

    def _keep_and_load(self, shard: EmbeddingShard) -> None:
        key = write_shard(self._lake, self._model, shard)
        self._catalog.embeddings.mark_embedded(self._model, shard.cover_ids, key)
        self._load(shard)

    def _load(self, shard: EmbeddingShard) -> None:
        if self._loader is None:
            return
        self._loader.load(shard)
        self.loaded += shard.cover_ids
        wanted = CHECK_SAMPLE - len(self.sample)
        self.sample |= dict(zip(shard.cover_ids[:wanted], shard.embeddings, strict=False))
