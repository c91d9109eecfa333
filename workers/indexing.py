"""Brings a model's collection up to date with the catalog: embed, keep, upsert, check, record."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from cratewatch.catalog.catalog import Catalog
from cratewatch.embedding.arrays import Embeddings
from cratewatch.embedding.shards import done_shards, read_embeddings
from cratewatch.errors import CheckError, NotFoundError
from cratewatch.gallery.gallery import Gallery
from cratewatch.gallery.names import model_of
from cratewatch.indexing.checking import check_collection
from cratewatch.indexing.loading import Loader
from cratewatch.indexing.stores import Stores
from cratewatch.lake.lake import Lake
from workers.embedding import ModelUse, embed_shards

CHECK_SAMPLE = 64
MAX_FAILED_SHARE = 0.01
SHARD_COVERS = 1024


@dataclass(frozen=True)
class IndexReport:
    """What was embedded, and what the model's collection holds now.

    Attributes:
        failed: The reason of each cover that could not be embedded.
        collection: "" if nothing was loaded.
        recall_at_10: Against exact search, as it was when the collection was built.
    """

    model: str
    embedded: int
    rows: int
    failed: dict[str, str] = field(default_factory=dict)
    collection: str = ""
    recall_at_10: float | None = None


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
    collection = gallery.collections.live(name) or name
    stores = Stores(catalog, lake, gallery)
    indexer = _Indexer(stores, model, Loader(stores, collection))
    indexer.adopt_left_over()
    indexer.load_left_over()
    indexer.embed(on_progress)
    indexer.load_left_over()  # what a rebuild beside this call has embedded meanwhile
    if indexer.shards:
        gallery.rows.flush(collection)
    embedded = catalog.embeddings.count(name)
    if indexer.shards or not _lacks_too_many(catalog, name):
        check_collection(gallery, collection, embedded, indexer.sample)
        catalog.embeddings.mark_indexed(name, indexer.shards)
    indexer.refuse_broken()
    return report_of(gallery, collection, indexer.embedded, indexer.failed)


def report_of(
    gallery: Gallery, collection: str, embedded: int = 0, failed: Mapping[str, str] | None = None
) -> IndexReport:
    """Return a report with what a collection holds."""
    return IndexReport(
        model_of(collection),
        embedded,
        gallery.rows.count(collection),
        dict(failed or {}),
        collection,
        gallery.collections.describe(collection).index.recall_at_10,
    )


def embed_missing(
    stores: Stores, model: ModelUse, on_progress: Callable[[int, int], None]
) -> IndexReport:
    """Embed the covers that the model has not embedded yet, and load them nowhere.

    Raises:
        CheckError: if more than MAX_FAILED_SHARE of all covers could not be embedded.
    """
    indexer = _Indexer(stores, model, None)
    indexer.adopt_left_over()
    indexer.embed(on_progress)
    indexer.refuse_broken()
    return IndexReport(model.name, indexer.embedded, 0, indexer.failed)


def up_to_date(catalog: Catalog, model: str) -> bool:
    """Whether the model's collection holds every cover that can be embedded."""
    embeddings = catalog.embeddings
    undone = embeddings.shards_to_index(model) or embeddings.count_missing(model)
    return not (undone or _lacks_too_many(catalog, model))


def _lacks_too_many(catalog: Catalog, model: str) -> bool:
    lacking = catalog.embeddings.count_lacking(model)
    return lacking > MAX_FAILED_SHARE * (catalog.embeddings.count(model) + lacking)


class _Indexer:
    """Embeds for one model, and loads if there is a loader.

    Attributes:
        embedded: How many covers were embedded.
        shards: Those that were upserted.
        failed: The reason of each cover that could not be embedded.
        sample: Embeddings, each (dim,), of some that were upserted.
    """

    def __init__(self, stores: Stores, model: ModelUse, loader: Loader | None) -> None:
        self._catalog = stores.catalog
        self._lake = stores.lake
        self._loader = loader
        self._use = model
        self._model = model.name
        self.embedded = 0
        self.shards: set[str] = set()
        self.failed: dict[str, str] = {}
        self.sample: dict[str, Embeddings] = {}

    def adopt_left_over(self) -> None:
        """Record shards that an earlier call was killed before it could record."""
        book = self._catalog.embeddings
        if not book.count_missing(self._model):
            return
        known = set(book.shards(self._model))
        for key in done_shards(self._lake, self._model):
            if key not in known:
                with contextlib.suppress(NotFoundError):  # half of a shard is none
                    shard = read_embeddings(self._lake, key)
                    book.adopt_shard(self._model, shard.cover_ids, key)

    def refuse_broken(self) -> None:
        """Raise CheckError if too many covers have no embedding."""
        if not _lacks_too_many(self._catalog, self._model):
            return
        first = [f", first {cover_id}: {why}" for cover_id, why in self.failed.items()][:1]
        raise CheckError(
            f"gallery: {self._catalog.embeddings.count_lacking(self._model)} covers could not be "
            f"embedded for {self._model}{''.join(first)}; look after the lake, refresh or import "
            "to fetch them again"
        )

    def load_left_over(self) -> None:
        """Load what an earlier call embedded and did not load."""
        for key in self._catalog.embeddings.shards_to_index(self._model):
            if key in self.shards:
                continue
            try:
                self._load(key)
            except NotFoundError:
                self._catalog.embeddings.forget_shard(self._model, key)  # to be embedded again

    def embed(self, on_progress: Callable[[int, int], None]) -> None:
        """Embed what is missing; each shard is recorded and loaded once it is in the lake."""
        book = self._catalog.embeddings
        total, done = book.count_missing(self._model), 0
        if not total:
            return  # without starting an actor
        missing = book.each_missing(self._model)
        for kept in embed_shards(self._lake, self._use, missing, SHARD_COVERS):
            self._catalog.items.fail_covers(kept.failed)
            self.failed |= kept.failed
            if kept.key:
                book.mark_embedded(self._model, kept.cover_ids, kept.key)
                self._load(kept.key)
            self.embedded += len(kept.cover_ids)
            done += len(kept.cover_ids) + len(kept.failed)
            on_progress(done, total)

    def _load(self, key: str) -> None:
        if self._loader is None:
            return
        shard = read_embeddings(self._lake, key)
        self._loader.load(shard)
        self.shards.add(key)
        wanted = CHECK_SAMPLE - len(self.sample)
        self.sample |= dict(zip(shard.cover_ids[:wanted], shard.embeddings, strict=False))
