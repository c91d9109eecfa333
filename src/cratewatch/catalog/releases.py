"""Releases, and the artworks that they show."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from itertools import chain
from typing import Any, Literal

from sqlalchemy import ColumnElement, Text, and_, cast, func, select

from cratewatch.catalog.browsing import is_latest_offer
from cratewatch.catalog.database import ROWS_AT_ONCE, Database
from cratewatch.catalog.facts import Facts, words
from cratewatch.catalog.naming import Named, Names, names_of
from cratewatch.catalog.placeholders import PLACEHOLDER
from cratewatch.catalog.records import ListedRelease, Release
from cratewatch.catalog.schema import CoverRow, OfferRow, ReleaseRow
from cratewatch.chunks import chunks


class Releases:
    """What is listed, or was."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def known_pages(self, source: str) -> dict[str, str]:
        """Return the page URL of each release that is listed from a source, by release_id."""
        return self._pages(source, ReleaseRow.withdrawn_at.is_(None))

    def withdrawn_pages(self, source: str) -> dict[str, str]:
        """Return the page URL of each release that the source listed once, by release_id."""
        return self._pages(source, ReleaseRow.withdrawn_at.is_not(None))

    def _pages(self, source: str, which: ColumnElement[bool]) -> dict[str, str]:
        query = (
            select(ReleaseRow.release_id, ReleaseRow.page_url)
            .where(ReleaseRow.source == source, ReleaseRow.page_url.is_not(None), which)
            .order_by(ReleaseRow.last_seen, ReleaseRow.release_id)
        )
        with self._db.transaction() as session:
            return {release_id: url for release_id, url in session.execute(query) if url}

    def artworks(self, release_ids: Iterable[str]) -> dict[str, str]:
        """Return the artwork of each of the releases that has a cover with one."""
        query = (
            select(ReleaseRow.release_id, CoverRow.artwork_id)
            .join(CoverRow, CoverRow.cover_id == ReleaseRow.cover_id)
            .where(CoverRow.artwork_id != PLACEHOLDER)
        )
        found: dict[str, str] = {}
        with self._db.transaction() as session:
            for batch in chunks(dict.fromkeys(release_ids), ROWS_AT_ONCE):
                rows = session.execute(query.where(ReleaseRow.release_id.in_(batch)))
                found |= {row.release_id: row.artwork_id for row in rows}
        return found

    def of_artworks(self, artwork_ids: Sequence[str]) -> dict[str, list[ListedRelease]]:
        """Return the releases of each artwork with their latest offers, listed ones first."""
        found: dict[str, list[ListedRelease]] = {artwork_id: [] for artwork_id in artwork_ids}
        with self._db.transaction() as session:
            for batch in chunks(artwork_ids, ROWS_AT_ONCE):
                for artwork_id, release, offer in session.execute(_releases_with_offers(batch)):
                    found[artwork_id].append(release.to_listed(offer))
        for releases in found.values():
            releases.sort(key=lambda r: (r.withdrawn_at is not None, r.release_id))
        return found

    def by_id(self, release_ids: Sequence[str]) -> dict[str, Release]:
        """Return those of the releases that are there, with their latest offers."""
        query = select(ReleaseRow, OfferRow).outerjoin(OfferRow, is_latest_offer())
        found: dict[str, Release] = {}
        with self._db.transaction() as session:
            for batch in chunks(release_ids, ROWS_AT_ONCE):
                rows = session.execute(query.where(ReleaseRow.release_id.in_(batch)))
                found |= {row.release_id: row.to_release(offer) for row, offer in rows}
        return found

    def terms(self, field: Literal["source", "genre", "format"]) -> set[str]:
        """Return all that releases can be filtered by: sources, or words of the others."""
        with self._db.transaction() as session:
            if field == "source":
                covers = session.scalars(select(CoverRow.source).distinct())
                return {*covers, *session.scalars(select(ReleaseRow.source).distinct())}
            if field == "genre":
                texts = select(cast(ReleaseRow.genres, Text)).distinct()  # PostgreSQL compares none
                return set(words(chain.from_iterable(map(json.loads, session.scalars(texts)))))
            formats = select(ReleaseRow.format).where(ReleaseRow.format.is_not(None)).distinct()
            return set(words(format_ or "" for format_ in session.scalars(formats)))

    def named(self, lines: Iterable[Named]) -> Names:
        """Return the releases that a batch of lines name."""
        with self._db.transaction() as session:
            return names_of(session, lines)

    def facts_of(self, artwork_ids: Sequence[str]) -> dict[str, Facts]:
        """Return what is true of each artwork's releases and covers."""
        wanted = list(dict.fromkeys(artwork_ids))
        sources: dict[str, set[str]] = {artwork_id: set() for artwork_id in wanted}
        with self._db.transaction() as session:
            for batch in chunks(wanted, ROWS_AT_ONCE):
                query = select(CoverRow.artwork_id, CoverRow.source).distinct()
                for artwork_id, source in session.execute(
                    query.where(CoverRow.artwork_id.in_(batch))
                ):
                    sources[artwork_id].add(source)
        releases = self.of_artworks(wanted)
        return {artwork: _facts(sources[artwork], releases[artwork]) for artwork in wanted}


def _releases_with_offers(artwork_ids: Sequence[str]) -> Any:
    latest = (
        select(OfferRow.release_id, func.max(OfferRow.seen_at).label("seen_at"))
        .join(ReleaseRow, ReleaseRow.release_id == OfferRow.release_id)
        .join(CoverRow, CoverRow.cover_id == ReleaseRow.cover_id)
        .where(CoverRow.artwork_id.in_(artwork_ids))
        .group_by(OfferRow.release_id)
        .subquery()
    )
    return (
        select(CoverRow.artwork_id, ReleaseRow, OfferRow)
        .join(CoverRow, CoverRow.cover_id == ReleaseRow.cover_id)
        .outerjoin(latest, latest.c.release_id == ReleaseRow.release_id)
        .outerjoin(
            OfferRow,
            and_(OfferRow.release_id == latest.c.release_id, OfferRow.seen_at == latest.c.seen_at),
        )
        .where(CoverRow.artwork_id.in_(artwork_ids))
    )


def _facts(sources: set[str], releases: Sequence[ListedRelease]) -> Facts:
    listed = [release for release in releases if release.withdrawn_at is None]
    return Facts(
        sources=tuple(sorted(sources | {release.source for release in releases})),
        years=tuple(sorted({release.year for release in releases if release.year is not None})),
        genres=words(genre for release in releases for genre in release.genres),
        formats=words(release.format for release in releases if release.format),
        in_stock=any(release.in_stock for release in listed),
        withdrawn=not listed,
    )
