"""Covers: which are stored, which are missing, and what they look like."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime

import numpy as np
import numpy.typing as npt
from sqlalchemy import func, select, update

from cratewatch.catalog.changed_facts import note_changed_facts
from cratewatch.catalog.database import ROWS_AT_ONCE, Database, now
from cratewatch.catalog.images import keep
from cratewatch.catalog.item_states import save
from cratewatch.catalog.placeholders import PLACEHOLDER, mark_placeholders
from cratewatch.catalog.records import Cover, CoverToFetch, Fetched, Item
from cratewatch.catalog.schema import CoverRow, ReleaseRow
from cratewatch.chunks import chunks
from cratewatch.images.perceptual_hash import NOTHING_TO_SEE


class Covers:
    """The stored images of sleeves."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def to_fetch(self, source: str) -> list[CoverToFetch]:
        """Return the image URLs of listed releases whose image is not the stored one."""
        since = func.min(ReleaseRow.first_seen)
        query = (
            select(ReleaseRow.image_url, since)
            .where(
                ReleaseRow.source == source,
                ReleaseRow.withdrawn_at.is_(None),
                ReleaseRow.image_url.is_not(None),
                ReleaseRow.cover_image_url.is_distinct_from(ReleaseRow.image_url),
            )
            .group_by(ReleaseRow.image_url)
            .order_by(ReleaseRow.image_url)
        )
        with self._db.transaction() as session:
            rows = session.execute(query).all()
        return [CoverToFetch(source, url, first_seen) for url, first_seen in rows if url]

    def stored_images(self, source: str) -> dict[str, datetime]:
        """Return the image URLs of the source whose cover is stored, and when it was fetched."""
        query = (
            select(ReleaseRow.cover_image_url, CoverRow.fetched_at)
            .join(CoverRow, CoverRow.cover_id == ReleaseRow.cover_id)
            .where(ReleaseRow.source == source, ReleaseRow.cover_image_url.is_not(None))
        )
        with self._db.transaction() as session:
            rows = session.execute(query).all()
        return {url: fetched_at for url, fetched_at in rows if url is not None}

    def add(
        self, run_id: str, cover: Cover, image_url: str, fetched: Fetched | None = None
    ) -> bool:
        """Store a cover and link the source's releases that name image_url; True if it is new.

        Its bytes are in the lake. The image's item counts as stored from here on.

        Args:
            fetched: The answer that it came by; None for a file.
        """
        item = Item(cover.source, "cover", image_url, "stored", cover_id=cover.cover_id)
        shown = (ReleaseRow.source == cover.source) & (ReleaseRow.image_url == image_url)
        with self._db.transaction() as session:
            stored = session.get(CoverRow, cover.cover_id)
            if stored is None:
                session.add(CoverRow(**asdict(cover), facts_changed_at=now()))
                session.flush()
            else:  # a clock may have been wrong
                stored.fetched_at = min(stored.fetched_at, cover.fetched_at)
            note_changed_facts(session, shown, now())  # of the cover that they had
            session.execute(
                update(ReleaseRow)
                .where(shown)
                .values(cover_id=cover.cover_id, cover_image_url=image_url)
            )
            note_changed_facts(session, shown, now())
            save(session, run_id, [item])
            if fetched is not None:
                keep(session, cover.source, image_url, fetched)
            return stored is None

    def mark_placeholders(self) -> int:
        """Find the pictures that many releases share, and mark them; return how many are new."""
        with self._db.transaction() as session:
            return mark_placeholders(session)

    def phashes(self) -> tuple[list[str], npt.NDArray[np.uint8]]:
        """Return the artwork id of every cover and its (N, 32) uint8 packed hash bits."""
        with self._db.transaction() as session:
            rows = session.execute(select(CoverRow.artwork_id, CoverRow.phash)).all()
        bits = b"".join(bytes.fromhex(phash) for _, phash in rows)
        return [artwork for artwork, _ in rows], np.frombuffer(bits, np.uint8).reshape(-1, 32)

    def all(self) -> list[Cover]:
        """Return every cover that shows an artwork, by cover_id; placeholders show none."""
        query = select(CoverRow).where(CoverRow.artwork_id != PLACEHOLDER)
        with self._db.transaction() as session:
            rows = session.scalars(query.order_by(CoverRow.cover_id)).all()
            return [row.to_cover() for row in rows]

    def by_id(self, cover_ids: Sequence[str]) -> dict[str, Cover]:
        """Return those of the covers that are in the catalog."""
        with self._db.transaction() as session:
            return {
                row.cover_id: row.to_cover()
                for batch in chunks(cover_ids, ROWS_AT_ONCE)
                for row in session.scalars(select(CoverRow).where(CoverRow.cover_id.in_(batch)))
            }

    def plain(self, most: int) -> dict[str, Cover]:
        """Return covers with too little in them for a hash, by cover_id, at most so many."""
        plain = (CoverRow.phash == NOTHING_TO_SEE) & (CoverRow.artwork_id != PLACEHOLDER)
        query = select(CoverRow).where(plain).order_by(CoverRow.cover_id).limit(most)
        with self._db.transaction() as session:
            return {row.cover_id: row.to_cover() for row in session.scalars(query)}
