"""Stored images: what their addresses answered, and which are to be asked for again.

A shop may put another picture under the same address. So each night asks again for a share of the
images, those first that were not asked for the longest.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from datetime import timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.orm import Session

from cratewatch.catalog.database import Database, now
from cratewatch.catalog.placeholders import EDITION
from cratewatch.catalog.records import Fetched, StoredImage
from cratewatch.catalog.schema import CoverRow, ImageRow, ReleaseRow
from cratewatch.catalog.statements import upsert
from cratewatch.clocks import AHEAD

MOST_DUE = 5000
"""Images of one night, however large the share: one and a half hours at a request a second."""


class Images:
    """The stored images of listed releases, by source and address."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def due(self, source: str, share: float) -> list[StoredImage]:
        """Return a share of the source's images, those first that were not asked for the longest.

        With a night a day that makes a round of 1 / share days. An image that was asked for
        within half a round is not due.
        """
        if not share:
            return []
        with self._db.transaction() as session:
            count = select(func.count(ReleaseRow.image_url.distinct())).where(*_stored(source))
            most = min(math.ceil(share * (session.scalar(count) or 0)), MOST_DUE)
            return _not_asked_for(session, source, timedelta(days=0.5 / share), most)

    def note_checked(self, source: str, checked: Mapping[str, Fetched | None]) -> None:
        """Record that images were asked for, and what is new of their answers, by address."""
        with self._db.transaction() as session:
            for image_url, fetched in checked.items():
                keep(session, source, image_url, fetched)

    def albums(self, source: str, cover_id: str, image_urls: Collection[str]) -> set[str]:
        """Return what the source's listed releases are that show a cover or name one of images."""
        shown = or_(ReleaseRow.cover_id == cover_id, ReleaseRow.image_url.in_(image_urls))
        query = select(ReleaseRow.artist, ReleaseRow.title).where(*_listed(source), shown)
        with self._db.transaction() as session:
            return {
                f"{artist or ''}: {EDITION.sub('', title)}".casefold()
                for artist, title in session.execute(query)
            }


def keep(session: Session, source: str, image_url: str, fetched: Fetched | None) -> None:
    """Record that an image was asked for; what is known of its answer stays if nothing is new."""
    row: dict[str, Any] = {"source": source, "image_url": image_url, "checked_at": now()}
    if fetched is not None:
        row |= {
            "fetched_url": fetched.url,
            "digest": fetched.digest,
            "etag": fetched.etag,
            "last_modified": fetched.last_modified,
        }
    upsert(session, ImageRow, [row])


def _listed(source: str) -> tuple[ColumnElement[bool], ...]:
    return ReleaseRow.source == source, ReleaseRow.withdrawn_at.is_(None)


def _stored(source: str) -> tuple[ColumnElement[bool], ...]:
    return *_listed(source), ReleaseRow.cover_image_url == ReleaseRow.image_url


def _not_asked_for(session: Session, source: str, since: timedelta, most: int) -> list[StoredImage]:
    """Return images that were not asked for in a time, or by a clock that was wrong."""
    asked_at = func.coalesce(ImageRow.checked_at, CoverRow.fetched_at)
    of_release = and_(
        ImageRow.source == ReleaseRow.source, ImageRow.image_url == ReleaseRow.image_url
    )
    query = (
        select(ReleaseRow.image_url, CoverRow.cover_id, ImageRow, asked_at)
        .join(CoverRow, CoverRow.cover_id == ReleaseRow.cover_id)
        .outerjoin(ImageRow, of_release)
        .where(*_stored(source), or_(asked_at < now() - since, asked_at > now() + AHEAD))
        .distinct()
        .order_by(asked_at, ReleaseRow.image_url)
        .limit(most)
    )
    return [
        StoredImage(source, image_url, cover_id, _fetched(image))
        for image_url, cover_id, image, _ in session.execute(query)
        if image_url is not None
    ]


def _fetched(image: ImageRow | None) -> Fetched | None:
    if image is None or image.fetched_url is None or image.digest is None:
        return None
    return Fetched(image.fetched_url, image.digest, image.etag, image.last_modified)
