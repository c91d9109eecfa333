"""Restores a backup of a gallery into any Milvus."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass

import numpy as np

from cratewatch.embedding.shards import EmbeddingShard
from cratewatch.errors import NotFoundError
from cratewatch.gallery.indexes import TunedIndex, index_like
from cratewatch.indexing.agreement import agree
from cratewatch.indexing.backups import Backup, backups, check_model, read_backup, read_rows
from cratewatch.indexing.building import Building, drop_left_overs
from cratewatch.indexing.checking import SAMPLE, Probe, check_collection
from cratewatch.indexing.comparing import mend
from cratewatch.indexing.importing import Importer, importer_for
from cratewatch.indexing.loading import Loader
from cratewatch.indexing.stores import Stores
from cratewatch.lake.location import LakeLocation
from cratewatch.progress import Progress, unseen

SAMPLE_SHARDS = 16


@dataclass(frozen=True)
class Restored:
    """What a restore came to.

    Attributes:
        not_embedded: Rows of covers that this catalog does not know as embedded by the model.
    """

    backup: str
    collection: str
    rows: int
    index: TunedIndex
    not_embedded: int


def restore(
    stores: Stores,
    name: str,
    recall: float,
    imports: LakeLocation | None = None,
    on_progress: Progress = unseen,
) -> Restored:
    """Load a backup into a fresh collection, bring that up to date, check it, and let it serve.

    What served before, if anything, is kept as after a rebuild. If a step fails the alias stays,
    and the new collection is dropped. Rows that this catalog does not know are kept; covers that
    the model has not embedded are for the next index.

    Args:
        name: "" for the latest.
        recall: Wanted recall@10 against exact search, 0..1.
        imports: A folder or bucket that the server reads, for bulk imports; None for upserts.
        on_progress: Is told rows, then shards.

    Raises:
        NotFoundError: if there is no such backup, or not its model.
        CheckError: if a shard is damaged, the model is another, or the collection does not pass.
        BusyError: if another process builds a collection or writes.
    """
    gallery = stores.gallery
    backup = read_backup(stores.lake, name or _latest(stores))
    check_model(stores.lake, backup)
    with stores.catalog.one_rebuild(), stores.catalog.one_writer():
        drop_left_overs(gallery)
        probe = _draw(stores, backup)
        collection = gallery.collections.begin(backup.model, backup.dim)
        building = Building(gallery, collection, probe, recall)
        with contextlib.ExitStack() as stack:
            stack.callback(building.give_up)
            gallery.collections.keep_facts_of(collection, None)
            importer = importer_for(gallery, collection, imports, backup.rows)
            _fill(stores, backup, importer or collection, probe, on_progress)
            _index_and_tune(stores, backup, building, on_progress)
            check_collection(gallery, collection, backup.rows, probe.covers)
            loader = Loader(stores, collection, probe)

            def catch_up() -> None:
                mend(stores, loader, on_progress)

            agree(stores, loader, catch_up, building.tune_again, admit_strangers=True)
            stack.pop_all()
        return _report(stores, backup, building)


def _index_and_tune(
    stores: Stores, backup: Backup, building: Building, on_progress: Progress
) -> None:
    was, lite = TunedIndex.of(backup.index).choice, stores.gallery.milvus.is_lite
    choice = index_like(was, backup.rows, backup.dim, lite=lite)
    building.index_and_tune(choice, lambda step: on_progress(backup.rows, backup.rows, step))


def _report(stores: Stores, backup: Backup, building: Building) -> Restored:
    rows = stores.gallery.rows.count(building.collection)
    embedded = stores.catalog.embeddings.counts(backup.model).embedded
    index = stores.gallery.collections.describe(building.collection).index
    return Restored(backup.name, building.collection, rows, index, rows - embedded)


def _latest(stores: Stores) -> str:
    """Return the latest backup; NotFoundError if there is none."""
    known = backups(stores.lake)
    if not known:
        raise NotFoundError(
            f"lake {stores.lake.root}: no backup of a gallery; `cratewatch index --rebuild` makes "
            "one from catalog and lake"
        )
    return known[-1]


def _fill(
    stores: Stores, backup: Backup, target: Importer | str, probe: Probe, on_progress: Progress
) -> None:
    """Load every shard, and show it to the probe.

    Args:
        target: Who imports, or the collection that rows are sent to.
    """
    done = 0
    for shard in backup.shards:
        covers, artworks, embeddings, facts = read_rows(stores.lake, backup, shard)
        read = EmbeddingShard(covers, artworks, embeddings)
        if isinstance(target, Importer):
            target.add(read, facts)
        else:
            stores.gallery.rows.upsert(target, covers, artworks, embeddings, facts)
        probe.compare(read)
        on_progress(done := done + len(covers), backup.rows, "rows")
    if isinstance(target, Importer):
        target.finish()


def _draw(stores: Stores, backup: Backup) -> Probe:
    """Draw from up to SAMPLE_SHARDS shards, evenly among all, of which few rows are kept."""
    rng = np.random.default_rng(0)
    parts = []
    for shard in backup.shards[:: max(1, len(backup.shards) // SAMPLE_SHARDS)]:
        covers, artworks, embeddings, _ = read_rows(stores.lake, backup, shard)
        rows = rng.choice(len(covers), min(SAMPLE, len(covers)), replace=False)
        picked = [covers[row] for row in rows], [artworks[row] for row in rows]
        parts.append(EmbeddingShard(*picked, embeddings[rows]))
    return Probe.draw(parts)
