"""Builds a collection beside the one that serves, and lets it serve once it has passed its check.

What is embedded, withdrawn or restocked meanwhile goes into the collection that serves; the new
one catches up before the alias moves.
"""

from __future__ import annotations

import contextlib
from dataclasses import dataclass

from cratewatch.embedding.shards import EmbeddingShard
from cratewatch.errors import CheckError, NotFoundError
from cratewatch.gallery.indexes import IndexSetting, choose_index
from cratewatch.indexing.agreement import IndexReport, agree, fill_by_the_book, report_of
from cratewatch.indexing.building import Building, drop_left_overs
from cratewatch.indexing.checking import Probe
from cratewatch.indexing.embedding import (
    Embed,
    drop_placeholders,
    embed_missing,
    forget_lost,
    refuse_broken,
)
from cratewatch.indexing.importing import importer_for
from cratewatch.indexing.loading import Loader, read_current
from cratewatch.indexing.stores import Stores
from cratewatch.lake.location import LakeLocation
from cratewatch.progress import Progress, unseen

WRITER_PATIENCE_S = 6 * 3600.0
"""How long a collection that is ready waits for a refresh to end."""
SAMPLE_SHARDS = 16


@dataclass(frozen=True)
class Target:
    """What a collection is to be.

    Attributes:
        dim: Of the model's embeddings.
        recall: Wanted recall@10 against exact search, 0..1.
        imports: A folder or bucket that the server reads, for bulk imports; None for upserts.
    """

    dim: int
    index: IndexSetting = "auto"
    recall: float = 0.98
    imports: LakeLocation | None = None


def rebuild(
    stores: Stores, model: str, target: Target, embed: Embed, on_progress: Progress = unseen
) -> IndexReport:
    """Build one more collection of the model, check and warm it, then move the alias to it.

    Until then readers and writers go on with the one that serves. If a step fails the alias
    stays, and the new collection is dropped; that of a process that was killed, by the next call.

    Raises:
        SettingsError: if this Milvus has no such index.
        BusyError: if another process builds a collection, or one writes for hours.
        CheckError: if the new collection does not pass.
    """
    gallery, catalog = stores.gallery, stores.catalog
    lite = gallery.milvus.is_lite
    choose_index(target.index, 1, target.dim, lite=lite)  # or refuse at once
    with catalog.one_rebuild(), contextlib.ExitStack() as stack:
        drop_left_overs(gallery)
        if gallery.collections.live(model) is None:
            catalog.embeddings.forget_indexed(model)
        forget_lost(stores, model)
        drop_placeholders(stores, model)
        catalog.embeddings.try_again()
        made = embed_missing(stores, model, embed, on_progress)
        refuse_broken(stores, model, made)
        probe = Probe.draw(_some_shards(stores, model))
        collection = gallery.collections.begin(model, target.dim)
        building = Building(gallery, collection, probe, target.recall)
        stack.callback(building.give_up)
        loader = Loader(stores, collection, probe)
        _load_all(stores, loader, target, on_progress)
        choice = choose_index(target.index, loader.acknowledged, target.dim, lite=lite)
        shards = len(loader.shards)
        building.index_and_tune(choice, lambda step: on_progress(shards, shards, step))
        with catalog.wait_for_writer(WRITER_PATIENCE_S):
            made += agree(
                stores,
                loader,
                lambda: fill_by_the_book(stores, loader, embed, on_progress),
                building.tune_again,
            )
        stack.pop_all()
        on_progress(shards, shards, f"{collection} serves")
        return report_of(stores, collection, made)


def _load_all(stores: Stores, loader: Loader, target: Target, on_progress: Progress) -> None:
    """Load what the catalog knows, by bulk import if it is much and the server can."""
    rows = stores.catalog.embeddings.counts(loader.model).embedded
    importer = importer_for(stores.gallery, loader.collection, target.imports, rows)
    if importer is None:
        loader.load_pending(on_progress)
    else:
        loader.load_pending(on_progress, lambda key: loader.import_shard(importer, key))
        importer.finish()
        loader.acknowledged += importer.acknowledged
    stores.gallery.rows.flush(loader.collection)


def _some_shards(stores: Stores, model: str) -> list[EmbeddingShard]:
    """Return about SAMPLE_SHARDS shards, evenly among all."""
    found: list[EmbeddingShard] = []
    keys = stores.catalog.embeddings.shards(model)
    for key in keys[:: max(1, len(keys) // SAMPLE_SHARDS)]:
        with contextlib.suppress(NotFoundError):
            found.append(read_current(stores, model, key))
    if not any(shard.cover_ids for shard in found):
        raise CheckError(f"gallery: {model} has embedded no cover; import or refresh covers first")
    return [shard for shard in found if shard.cover_ids]
