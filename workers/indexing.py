"""Brings a model's collection up to date with the catalog: embed, keep, upsert, check, record."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from cratewatch.catalog import Catalog
from cratewatch.embedding import Embeddings
from cratewatch.embedding_shards import EmbeddingShard, done_shards, read_shard
from cratewatch.errors import CheckError, NotFoundError
from cratewatch.gallery import Gallery
from cratewatch.lake import Lake
from workers.embedding import ModelUse, embed_shards

CHECK_SAMPLE = 64
CHECK_SCORE = 0.999
CHECK_TOP = 5  # covers drawn alike may tie with each other
MAX_FAILED_SHARE = 0.01
SHARD_COVERS = 1024


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
    indexer.adopt_left_over()
    indexer.load_left_over()
    indexer.embed(on_progress)
    if indexer.loaded:
        gallery.flush(name)
    embedded = catalog.embeddings.count(name)
    broken = _lacks_too_many(catalog, name)
    if indexer.loaded or not broken:
        check_collection(gallery, name, embedded, indexer.sample)
        catalog.embeddings.mark_indexed(name, indexer.loaded)
    if broken:
        first = [f", first {cover_id}: {why}" for cover_id, why in indexer.failed.items()][:1]
        raise CheckError(
            f"gallery: {catalog.embeddings.count_lacking(name)} covers could not be embedded for "
            f"{name}{''.join(first)}; look after the lake, refresh or import to fetch them again"
        )
    return IndexReport(name, indexer.embedded, gallery.count(name), indexer.failed)


def up_to_date(catalog: Catalog, model: str) -> bool:
    """Whether the model's collection holds every cover that can be embedded."""
    embeddings = catalog.embeddings
    undone = embeddings.shards_to_index(model) or embeddings.count_missing(model)
    return not (undone or _lacks_too_many(catalog, model))


def _lacks_too_many(catalog: Catalog, model: str) -> bool:
    lacking = catalog.embeddings.count_lacking(model)
    return lacking > MAX_FAILED_SHARE * (catalog.embeddings.count(model) + lacking)


class _Indexer:
    """Embeds and loads for one model.

    Attributes:
        embedded: How many covers were embedded.
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
        self.embedded = 0
        self.loaded: list[str] = []
        self.failed: dict[str, str] = {}
        self.sample: dict[str, Embeddings] = {}

    def adopt_left_over(self) -> None:
        """Record shards that an earlier call was killed before it could record."""
        book = self._catalog.embeddings
        if not book.count_missing(self._model):
            return
        known = book.shards(self._model)
        for key in done_shards(self._lake, self._model):
            if key not in known:
                with contextlib.suppress(NotFoundError):  # half of a shard is none
                    shard = read_shard(self._lake, key)
                    book.adopt_shard(self._model, shard.cover_ids, key)

    def load_left_over(self) -> None:
        """Load what an earlier call embedded and did not load."""
        for key in self._catalog.embeddings.shards_to_index(self._model):
            try:
                self._load(read_shard(self._lake, key))
            except NotFoundError:
                self._catalog.embeddings.forget_shard(self._model, key)  # to be embedded again

    def embed(self, on_progress: Callable[[int, int], None]) -> None:
        """Embed what is missing; each shard is recorded and loaded once it is in the lake."""
        book = self._catalog.embeddings
        total, done = book.count_missing(self._model), 0
        missing = book.each_missing(self._model)
        for kept in embed_shards(self._lake, self._use, missing, SHARD_COVERS):
            self._catalog.items.fail_covers(kept.failed)
            self.failed |= kept.failed
            if kept.key:
                book.mark_embedded(self._model, kept.cover_ids, kept.key)
                self._load(read_shard(self._lake, kept.key))
            self.embedded += len(kept.cover_ids)
            done += len(kept.cover_ids) + len(kept.failed)
            on_progress(done, total)

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
    found = gallery.search(np.stack(list(sample.values())), CHECK_TOP, model=model)
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
