"""Backs the collection that serves up into the lake, and restores one into any Milvus."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from itertools import islice

import numpy as np

from cratewatch.embedding.model_folder import WEIGHTS
from cratewatch.embedding.saved_models import find_model
from cratewatch.embedding.shards import EmbeddingShard
from cratewatch.errors import CheckError, CratewatchError, NotFoundError
from cratewatch.gallery.index_building import METRIC
from cratewatch.gallery.indexes import TunedIndex, index_like
from cratewatch.gallery.names import model_of
from cratewatch.gallery.rows import GalleryRow
from cratewatch.gallery.schema import FLAGS, LISTS
from cratewatch.indexing.backups import (
    Backup,
    BackupShard,
    backups,
    begin_backup,
    check_model,
    digest_of,
    discard,
    finish_backup,
    read_backup,
    read_rows,
    write_rows,
)
from cratewatch.indexing.checking import SAMPLE, Probe, check_collection, tune, warm
from cratewatch.indexing.importing import Importer, importer_for
from cratewatch.indexing.releasing import drop_left_overs
from cratewatch.indexing.stores import Stores
from cratewatch.lake.location import LakeLocation

SHARD_ROWS = 10_000
SAMPLE_SHARDS = 16
Progress = Callable[[int, int], None]
"""Takes rows done and rows to do."""


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


def back_up(
    stores: Stores, name: str = "", on_progress: Progress = lambda _done, _all: None
) -> Backup:
    """Write the rows of the collection that serves to the lake; for the one writer.

    Memory holds one shard.

    Args:
        name: By default the time, such as 20261121T030000Z.

    Raises:
        NotFoundError: if nothing is indexed yet.
        CheckError: if the collection is empty.
        CratewatchError: if there is a backup of that name.
    """
    made_at = datetime.now(UTC)
    collection = stores.gallery.alias.require_serving()
    described = stores.gallery.collections.describe(collection)
    model = model_of(collection)
    weights = digest_of(find_model(stores.lake, model).read(WEIGHTS))
    name = name or f"{made_at:%Y%m%dT%H%M%SZ}"
    begin_backup(stores.lake, name)
    with contextlib.ExitStack() as stack:
        stack.callback(_discard, stores, name)
        stores.gallery.collections.load(collection)
        shards = _write_all(stores, collection, name, on_progress)
        backup = Backup(
            name=name,
            made_at=made_at.isoformat(),
            collection=collection,
            model=model,
            weights=weights,
            dim=described.dim,
            metric=METRIC,
            index=asdict(described.index),
            schema=_schema(),
            rows=sum(shard.rows for shard in shards),
            shards=shards,
        )
        finish_backup(stores.lake, backup)
        stack.pop_all()
    return backup


def restore(
    stores: Stores,
    name: str,
    recall: float,
    imports: LakeLocation | None = None,
    on_progress: Progress = lambda _done, _all: None,
) -> Restored:
    """Load a backup into a fresh collection, check it, and let it serve.

    What served before, if anything, is kept as after a rebuild. If a step fails the alias stays,
    and the new collection is dropped. Then the catalog notes what the gallery holds: the next
    index loads what came after the backup.

    Args:
        name: "" for the latest.
        recall: Wanted recall@10 against exact search, 0..1.
        imports: A folder or bucket that the server reads, for bulk imports; None for upserts.

    Raises:
        NotFoundError: if there is no such backup, or not its model.
        CheckError: if a shard is damaged, the model is another, or the collection does not pass.
        BusyError: if another process builds a collection or writes.
    """
    backup = read_backup(stores.lake, name or _latest(stores))
    check_model(stores.lake, backup)
    with stores.catalog.one_rebuild(), stores.catalog.one_writer():
        drop_left_overs(stores.gallery)
        collection = stores.gallery.collections.begin(backup.model, backup.dim)
        with contextlib.ExitStack() as stack:
            stack.callback(_drop, stores, collection)
            stores.gallery.collections.keep_facts_of(collection, None)
            importer = importer_for(stores.gallery, collection, imports, backup.rows)
            sample = _fill(stores, backup, importer or collection, on_progress)
            stores.gallery.rows.flush(collection)
            tuned = _make_ready(stores, backup, collection, sample, recall)
            stores.catalog.check_writer()
            stores.catalog.embeddings.forget_indexed(backup.model)
            stores.gallery.alias.point_to(collection)
            stack.pop_all()
        unknown = _note(stores, backup, collection)
        return Restored(backup.name, collection, backup.rows, tuned, unknown)


def _write_all(
    stores: Stores, collection: str, name: str, on_progress: Progress
) -> list[BackupShard]:
    total = stores.gallery.rows.count(collection)
    shards: list[BackupShard] = []
    done = 0
    for rows in _pages(stores, collection):
        shards.append(write_rows(stores.lake, name, len(shards), rows))
        on_progress(done := done + len(rows), total)
    if not total:
        raise CheckError(f"gallery {stores.gallery.uri}: {collection} is empty; nothing to back up")
    if done != total:
        raise CheckError(
            f"gallery {stores.gallery.uri}: {collection} has {total} rows, {done} were read; "
            "see to the server, then run the same command again"
        )
    return shards


def _pages(stores: Stores, collection: str) -> Iterator[list[GalleryRow]]:
    ids = stores.gallery.rows.cover_ids(collection)
    while page := list(islice(ids, SHARD_ROWS)):
        rows = stores.gallery.rows.read(collection, page, embeddings=True)
        yield sorted(rows, key=lambda row: row.cover_id)


def _schema() -> dict[str, str]:
    """Return the fields of the shards, with their types in Arrow's words."""
    lists = dict.fromkeys(LISTS, "list<string>") | {"years": "list<int64>"}
    text = dict.fromkeys(("cover_id", "artwork_id"), "string")
    return text | {"embedding": "list<float>"} | lists | dict.fromkeys(FLAGS, "bool")


def _latest(stores: Stores) -> str:
    """Return the latest backup; NotFoundError if there is none."""
    known = backups(stores.lake)
    if not known:
        raise NotFoundError(
            f"lake {stores.lake.root}: no backup of a gallery; `cratewatch index --rebuild` makes "
            "one from catalog and lake"
        )
    return known[-1]


def _fill(stores: Stores, backup: Backup, target: Importer | str, on_progress: Progress) -> Probe:
    """Load every shard; return a sample that an exact search has answered meanwhile.

    Args:
        target: Who imports, or the collection that rows are sent to.
    """
    sample = _draw(stores, backup)
    done = 0
    for shard in backup.shards:
        covers, artworks, embeddings, facts = read_rows(stores.lake, backup, shard)
        read = EmbeddingShard(covers, artworks, embeddings)
        if isinstance(target, Importer):
            target.add(read, facts)
        else:
            stores.gallery.rows.upsert(target, covers, artworks, embeddings, facts)
        sample.compare(read)
        on_progress(done := done + len(covers), backup.rows)
    if isinstance(target, Importer):
        target.finish()
    return sample


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


def _make_ready(
    stores: Stores, backup: Backup, collection: str, sample: Probe, recall: float
) -> TunedIndex:
    """Index, count, tune, check and warm."""
    gallery = stores.gallery
    was = TunedIndex.of(backup.index).choice
    choice = index_like(was, backup.rows, backup.dim, lite=gallery.milvus.is_lite)
    gallery.indexes.build(collection, choice)
    gallery.indexes.wait_for(collection)
    gallery.collections.load(collection)
    tuned = tune(gallery, collection, choice, sample, recall)
    gallery.indexes.keep(collection, tuned)
    check_collection(gallery, collection, backup.rows, sample.covers)
    warm(gallery, collection, sample)
    return tuned


def _note(stores: Stores, backup: Backup, collection: str) -> int:
    """Have the catalog know what the gallery holds; return how many rows it does not know."""
    book, unknown = stores.catalog.embeddings, 0
    ids = stores.gallery.rows.cover_ids(collection)
    while page := list(islice(ids, SHARD_ROWS)):
        book.mark_restored(backup.model, page, datetime.fromisoformat(backup.made_at))
        unknown += len(page) - len(book.known(backup.model, page))
    return unknown


def _discard(stores: Stores, name: str) -> None:
    """Remove what was written; if the lake is away, the next backup of that name does."""
    with contextlib.suppress(CratewatchError):
        discard(stores.lake, name)


def _drop(stores: Stores, collection: str) -> None:
    """Drop it unless it serves already; if Milvus is away, the next build does."""
    with contextlib.suppress(CratewatchError):
        if stores.gallery.alias.serving() != collection:
            stores.gallery.collections.drop(collection)
