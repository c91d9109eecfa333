"""Brings a model's collection up to date with the catalog: embed, keep, upsert, check, record."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from cratewatch.catalog import Catalog, Cover
from cratewatch.embedding import Embeddings
from cratewatch.embedding_shards import EmbeddingShard, concatenate, read_shard, write_shard
from cratewatch.errors import CheckError, NotFoundError
from cratewatch.gallery import Gallery
from cratewatch.lake import Lake
from workers.embedding import ModelUse, embed_covers

CHECK_SAMPLE = 64
CHECK_SCORE = 0.999
CHECK_TOP = 5  # covers drawn alike may tie with each other
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
    indexer = _Indexer(catalog, lake, gallery, model)
    indexer.load_left_over()
    covers = catalog.embeddings.missing(name)
    indexer.embed(covers, on_progress)
    if indexer.loaded:
        gallery.flush(name)
    embedded = catalog.embeddings.count(name)
    broken = len(indexer.failed) > MAX_FAILED_SHARE * (embedded + len(indexer.failed))
    if indexer.loaded or not broken:
        check_collection(gallery, name, embedded, indexer.sample)
        catalog.embeddings.mark_indexed(name, indexer.loaded)
    if broken:
        cover_id, reason = next(iter(indexer.failed.items()))
        raise CheckError(
            f"gallery: {len(indexer.failed)} covers could not be embedded for {name}, first "
            f"{cover_id}: {reason}; look after the lake, refresh or import to fetch them again"
        )
    return IndexReport(name, len(covers) - len(indexer.failed), gallery.count(name), indexer.failed)


def up_to_date(catalog: Catalog, model: str) -> bool:
    """Whether the model's collection holds every cover."""
    embeddings = catalog.embeddings
    return not (embeddings.shards_to_index(model) or embeddings.missing(model))


class _Indexer:
    """Embeds and loads for one model.

    Attributes:
        loaded: The covers that were upserted.
        failed: The reason of each cover that could not be embedded.
        sample: Embeddings, each (dim,), of some that were upserted.
    """

    def __init__(self, catalog: Catalog, lake: Lake, gallery: Gallery, model: ModelUse) -> None:
        self._catalog = catalog
        self._lake = lake
        self._gallery = gallery
        self._use = model
        self._model = model.name
        self.loaded: list[str] = []
        self.failed: dict[str, str] = {}
        self.sample: dict[str, Embeddings] = {}

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
        self._gallery.upsert(self._model, shard.cover_ids, shard.artwork_ids, shard.embeddings)
        self.loaded += shard.cover_ids
        wanted = CHECK_SAMPLE - len(self.sample)
        self.sample |= dict(zip(shard.cover_ids[:wanted], shard.embeddings, strict=False))


def check_collection(
    gallery: Gallery, model: str, expected: int, sample: dict[str, Embeddings]
) -> None:
    """Compare the row count with the expected one and find sample covers by themselves.

    Args:
        sample: Embeddings, each (dim,), of covers that were just upserted.

    Raises:
        CheckError: if rows are missing or too many, if there are none at all, or if a cover is
            not found by its own embedding with a score of about 1.
    """
    rows = gallery.count(model)
    if rows != expected:
        raise CheckError(
            f"gallery: {rows} covers in the collection of {model}, the catalog records "
            f"{expected}; run `cratewatch index --rebuild`"
        )
    if rows == 0:
        raise CheckError(
            f"gallery: the collection of {model} is empty; import or refresh covers first"
        )
    if not sample:
        return
    found = gallery.search(np.stack(list(sample.values())), CHECK_TOP, collection=model)
    lost = [
        cover_id
        for cover_id, hits in zip(sample, found, strict=True)
        if not any(hit.cover_id == cover_id and hit.score >= CHECK_SCORE for hit in hits)
    ]
    if lost:
        raise CheckError(
            f"gallery: {len(lost)} of {len(sample)} covers just indexed for {model} are not "
            f"found by their own embedding, first {lost[0]}; run `cratewatch index --rebuild`"
        )
