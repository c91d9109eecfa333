"""What filters go by, brought in line with the catalog after releases changed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta

import numpy as np

from cratewatch.catalog.catalog import Catalog
from cratewatch.gallery.rows import GalleryRow
from cratewatch.gallery.schema import as_stored
from cratewatch.indexing.stores import Stores

OVERLAP = timedelta(days=1)
"""A change counts from when its transaction began, by the clock of the machine that made it."""


def refresh_facts(stores: Stores, collection: str) -> int:
    """Bring rows in line with the catalog; return how many changed. For whoever writes.

    Only rows of covers are read whose releases changed since the last time. Their embeddings stay
    those of the collection: the lake may have lost them.
    """
    gallery, began = stores.gallery, datetime.now(UTC)
    facts_of = gallery.collections.describe(collection).facts_of
    since = facts_of and facts_of - OVERLAP
    if since is not None and since > began:  # by a clock that was wrong
        since = None
    changed = 0
    for artworks in stores.catalog.embeddings.changed(since):
        stale = wrong_facts(stores.catalog, gallery.rows.read(collection, list(artworks)), artworks)
        if stale:
            _write_anew(stores, collection, stale, artworks)
            changed += len(stale)
    if changed:
        gallery.rows.flush(collection)  # before it is noted: nobody would look again
    gallery.collections.keep_facts_of(collection, began)
    return changed


def _write_anew(
    stores: Stores, collection: str, cover_ids: list[str], artwork_of: Mapping[str, str]
) -> None:
    """Write rows with the facts of the catalog and the embeddings that they have."""
    rows = list(stores.gallery.rows.read(collection, cover_ids, embeddings=True))
    artworks = [artwork_of[row.cover_id] for row in rows]
    facts = stores.catalog.releases.facts_of(artworks)
    stores.gallery.rows.upsert(
        collection,
        [row.cover_id for row in rows],
        artworks,
        np.stack([row.embedding for row in rows if row.embedding is not None]),
        [facts[artwork] for artwork in artworks],
    )


def wrong_facts(
    catalog: Catalog, rows: Iterable[GalleryRow], artwork_of: Mapping[str, str]
) -> list[str]:
    """Return the covers of rows whose artwork or facts are not the catalog's."""
    rows = list(rows)
    facts = catalog.releases.facts_of([artwork_of[row.cover_id] for row in rows])
    return [
        row.cover_id
        for row in rows
        if row.artwork_id != (artwork := artwork_of[row.cover_id])
        or row.facts != as_stored(facts[artwork])
    ]
