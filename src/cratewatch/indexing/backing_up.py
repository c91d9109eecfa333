"""Backs the collection that serves up into the lake."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import asdict
from datetime import UTC, datetime

from cratewatch.chunks import chunks
from cratewatch.embedding.model_folder import WEIGHTS
from cratewatch.embedding.saved_models import find_model
from cratewatch.errors import CheckError, CratewatchError
from cratewatch.gallery.index_building import METRIC
from cratewatch.gallery.names import model_of
from cratewatch.gallery.rows import GalleryRow
from cratewatch.gallery.schema import FLAGS, LISTS
from cratewatch.indexing.backups import (
    Backup,
    BackupShard,
    begin_backup,
    digest_of,
    discard,
    finish_backup,
    write_rows,
)
from cratewatch.indexing.stores import Stores
from cratewatch.progress import Progress, unseen

SHARD_ROWS = 10_000


def back_up(stores: Stores, name: str = "", on_progress: Progress = unseen) -> Backup:
    """Write the rows of the collection that serves to the lake; memory holds one shard.

    Args:
        name: By default the time, such as 20261121T030000Z.

    Raises:
        BusyError: if another process writes.
        NotFoundError: if nothing is indexed yet.
        CheckError: if the collection is empty.
        CratewatchError: if there is a backup of that name.
    """
    with stores.catalog.one_writer():
        made_at = datetime.now(UTC)
        collection = stores.gallery.alias.require_serving()
        name = name or f"{made_at:%Y%m%dT%H%M%SZ}"
        begin_backup(stores.lake, name)
        with contextlib.ExitStack() as stack:
            stack.callback(_discard, stores, name)
            stores.gallery.collections.load(collection)
            shards = _write_all(stores, collection, name, on_progress)
            backup = _manifest(stores, collection, name, made_at, shards)
            finish_backup(stores.lake, backup)
            stack.pop_all()
        return backup


def _manifest(
    stores: Stores, collection: str, name: str, made_at: datetime, shards: list[BackupShard]
) -> Backup:
    described, model = stores.gallery.collections.describe(collection), model_of(collection)
    return Backup(
        name=name,
        made_at=made_at.isoformat(),
        collection=collection,
        model=model,
        weights=digest_of(find_model(stores.lake, model).read(WEIGHTS)),
        dim=described.dim,
        metric=METRIC,
        index=asdict(described.index),
        schema=_schema(),
        rows=sum(shard.rows for shard in shards),
        shards=shards,
    )


def _write_all(
    stores: Stores, collection: str, name: str, on_progress: Progress
) -> list[BackupShard]:
    total = stores.gallery.rows.count(collection)
    shards: list[BackupShard] = []
    done = 0
    for rows in _pages(stores, collection):
        shards.append(write_rows(stores.lake, name, len(shards), rows))
        on_progress(done := done + len(rows), total, "rows")
    if not total:
        raise CheckError(f"gallery {stores.gallery.uri}: {collection} is empty; nothing to back up")
    if done != total:
        raise CheckError(
            f"gallery {stores.gallery.uri}: {collection} has {total} rows, {done} were read; "
            "see to the server, then run the same command again"
        )
    return shards


def _pages(stores: Stores, collection: str) -> Iterator[list[GalleryRow]]:
    for page in chunks(stores.gallery.rows.cover_ids(collection), SHARD_ROWS):
        rows = stores.gallery.rows.read(collection, page, embeddings=True)
        yield sorted(rows, key=lambda row: row.cover_id)


def _schema() -> dict[str, str]:
    """Return the fields of the shards, with their types in Arrow's words."""
    lists = dict.fromkeys(LISTS, "list<string>") | {"years": "list<int64>"}
    text = dict.fromkeys(("cover_id", "artwork_id"), "string")
    return text | {"embedding": "list<float>"} | lists | dict.fromkeys(FLAGS, "bool")


def _discard(stores: Stores, name: str) -> None:
    """Remove what was written; if the lake is away, the next backup of that name does."""
    with contextlib.suppress(CratewatchError):
        discard(stores.lake, name)
