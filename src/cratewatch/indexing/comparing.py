"""Compares a collection with catalog and lake, shard by shard, and mends it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import islice

import numpy as np

from cratewatch.catalog.catalog import Catalog
from cratewatch.embedding.shards import EmbeddingShard
from cratewatch.errors import NotFoundError
from cratewatch.gallery.names import model_of
from cratewatch.gallery.rows import GalleryRow
from cratewatch.gallery.schema import as_stored
from cratewatch.indexing.loading import Loader, pick, read_current
from cratewatch.indexing.stores import Stores

EXAMPLES = 3
IDS_AT_ONCE = 1000
VECTOR_TOLERANCE = 1e-4
OVERLAP = timedelta(days=1)
"""A change counts from when its transaction began, by the clock of the machine that made it."""


@dataclass
class Finding:
    """Covers of which one thing is wrong: how many, and some of them."""

    count: int = 0
    examples: list[str] = field(default_factory=list)

    def add(self, cover_ids: Sequence[str]) -> None:
        """Count covers, and keep the first few as examples."""
        self.count += len(cover_ids)
        self.examples += cover_ids[: EXAMPLES - len(self.examples)]


@dataclass
class Comparison:
    """What differs between a collection and what the catalog and the lake say.

    Attributes:
        compared: Covers whose embedding by the model lies in the lake.
        missing: Of these, those that the collection lacks.
        wrong_vector: Those whose embedding is not the lake's.
        wrong_facts: Those whose artwork or facts are not the catalog's.
        extra: Rows of covers that the model has not embedded, as far as the catalog knows.
        stale_model: Covers that the model has not embedded yet; others may have.
        lost_shards: Shards of embeddings that the lake lacks.
        mended: Whether the collection was brought in line, as far as the lake allows.
    """

    collection: str
    compared: int = 0
    missing: Finding = field(default_factory=Finding)
    wrong_vector: Finding = field(default_factory=Finding)
    wrong_facts: Finding = field(default_factory=Finding)
    extra: Finding = field(default_factory=Finding)
    stale_model: Finding = field(default_factory=Finding)
    lost_shards: Finding = field(default_factory=Finding)
    mended: bool = False

    def __str__(self) -> str:
        """Say what was found, with an example of each, in one line."""
        kinds = {name: finding for name, finding in vars(self).items() if _is_any(finding)}
        return ", ".join(
            f"{name.replace('_', ' ')} {finding.count} (such as {finding.examples[0]})"
            for name, finding in kinds.items()
        )

    @property
    def clean(self) -> bool:
        """Whether nothing was found that differs."""
        found = (self.missing, self.wrong_vector, self.wrong_facts, self.extra, self.lost_shards)
        return not any(finding.count for finding in (*found, self.stale_model))


def _is_any(value: object) -> bool:
    return isinstance(value, Finding) and value.count > 0


def compare(
    stores: Stores,
    collection: str,
    *,
    mend: bool = False,
    on_progress: Callable[[int, int], None] = lambda _done, _all: None,
) -> Comparison:
    """Compare every row; memory holds one shard at a time.

    Args:
        mend: Load what is missing or wrong, delete what is extra, and have what the lake lost
            embedded again by the next index.
        on_progress: Called with shards done and shards to do.
    """
    book = stores.catalog.embeddings
    model = model_of(collection)
    found = Comparison(collection, mended=mend)
    keys = sorted(book.shards(model))
    for done, key in enumerate(keys, start=1):
        _compare_shard(stores, key, found)
        on_progress(done, len(keys))
    for batch in _batches(stores.gallery.rows.cover_ids(collection)):
        known = book.known(model, batch) | book.waiting(model, batch)
        extra = [cover_id for cover_id in batch if cover_id not in known]
        found.extra.add(extra)
        if mend:
            stores.gallery.rows.delete(collection, extra)
    if mend:
        stores.gallery.rows.flush(collection)
    examples = [cover.cover_id for cover in islice(book.each_missing(model), EXAMPLES)]
    found.stale_model = Finding(book.count_missing(model), examples)
    return found


def refresh_facts(stores: Stores, collection: str) -> int:
    """Bring in line what filters go by, after releases changed; return how many rows changed.

    Only rows of covers are read whose releases changed since the last time. For whoever writes.
    """
    described, began = stores.gallery.collections.describe(collection), datetime.now(UTC)
    since = described.facts_of and described.facts_of - OVERLAP
    if since is not None and since > began:  # by a clock that was wrong
        since = None
    model, book = model_of(collection), stores.catalog.embeddings
    loader = Loader(stores, collection)
    changed, all_read = 0, True
    for key in book.shards(model, since):
        artworks = book.in_shard(model, key, since)
        rows = stores.gallery.rows.read(collection, list(artworks))
        stale = _wrong_facts(stores.catalog, rows, artworks)
        if stale:
            try:
                loader.load(pick(read_current(stores, model, key), stale))
                changed += len(stale)
            except NotFoundError:  # for `index --verify` to tell; the next refresh looks again
                all_read = False
    if all_read:
        stores.gallery.collections.keep_facts_of(collection, began)
    return changed


def _compare_shard(stores: Stores, key: str, found: Comparison) -> None:
    book, model = stores.catalog.embeddings, model_of(found.collection)
    try:
        shard = read_current(stores, model, key)
    except NotFoundError:
        found.lost_shards.add([key])
        if found.mended:
            book.forget_shard(model, key)
        return
    wrong = _wrong_rows(stores, shard, found)
    if found.mended:
        Loader(stores, found.collection).load(pick(shard, wrong))
        book.mark_indexed(model, [key])


def _wrong_rows(stores: Stores, shard: EmbeddingShard, found: Comparison) -> list[str]:
    """Note what is wrong with the rows of a shard's covers; return those covers."""
    rows = list(stores.gallery.rows.read(found.collection, shard.cover_ids, embeddings=True))
    held = {row.cover_id: row for row in rows}
    missing = [cover_id for cover_id in shard.cover_ids if cover_id not in held]
    wrong = [
        cover_id
        for cover_id, embedding in zip(shard.cover_ids, shard.embeddings, strict=True)
        if (row := held.get(cover_id)) is not None
        and row.embedding is not None
        and not np.allclose(row.embedding, embedding, rtol=0, atol=VECTOR_TOLERANCE)
    ]
    artworks = dict(zip(shard.cover_ids, shard.artwork_ids, strict=True))
    stale = _wrong_facts(stores.catalog, rows, artworks)
    found.compared += len(shard.cover_ids)
    found.missing.add(missing)
    found.wrong_vector.add(wrong)
    found.wrong_facts.add(stale)
    return list(dict.fromkeys([*missing, *wrong, *stale]))


def _wrong_facts(
    catalog: Catalog, rows: Iterable[GalleryRow], artworks: dict[str, str]
) -> list[str]:
    facts = catalog.facts_of(list(artworks.values()))
    return [
        row.cover_id
        for row in rows
        if row.artwork_id != (artwork := artworks[row.cover_id])
        or row.facts != as_stored(facts[artwork])
    ]


def _batches(ids: Iterator[str]) -> Iterator[list[str]]:
    while batch := list(islice(ids, IDS_AT_ONCE)):
        yield batch
