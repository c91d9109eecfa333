"""The catalog's operations, each one transaction."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager
from dataclasses import asdict
from datetime import datetime
from itertools import chain
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
from sqlalchemy import ColumnElement, Text, and_, cast, func, select, update

from cratewatch.catalog.audit import Audit
from cratewatch.catalog.browsing import Browse, is_latest_offer
from cratewatch.catalog.changed_facts import note_changed_facts
from cratewatch.catalog.changes import Changes
from cratewatch.catalog.comparing import compare
from cratewatch.catalog.copying import copy_source
from cratewatch.catalog.database import ROWS_AT_ONCE, Database, now, open_database, upsert
from cratewatch.catalog.diff import apply_staged
from cratewatch.catalog.dumps import Dumps
from cratewatch.catalog.embeddings import EmbeddingBook
from cratewatch.catalog.entities import Entities
from cratewatch.catalog.facts import Facts, words
from cratewatch.catalog.failing import Failing
from cratewatch.catalog.handlings import Handlings
from cratewatch.catalog.images import Images, keep
from cratewatch.catalog.items import Items, save
from cratewatch.catalog.keys import Keys
from cratewatch.catalog.leases import Leases
from cratewatch.catalog.links import Links
from cratewatch.catalog.naming import Named, Names, names_of
from cratewatch.catalog.observations import Observation, Observations
from cratewatch.catalog.paces import Paces
from cratewatch.catalog.placeholders import PLACEHOLDER, mark_placeholders
from cratewatch.catalog.records import (
    Cover,
    CoverToFetch,
    Diff,
    Fetched,
    Item,
    ListedRelease,
    Published,
    Release,
)
from cratewatch.catalog.runs import Runs, note
from cratewatch.catalog.schema import (
    CoverRow,
    IdentityRow,
    OfferRow,
    ReleaseRow,
    RunRow,
    StagedReleaseRow,
)
from cratewatch.catalog.searching import Search
from cratewatch.catalog.staged_prices import StagedPrices, stage_prices
from cratewatch.chunks import chunks
from cratewatch.images.perceptual_hash import NOTHING_TO_SEE
from cratewatch.secret_url import SecretUrl


def open_catalog(url: SecretUrl | str) -> Catalog:
    """Open the database at url; its tables are made, or migrated from an older version's.

    Args:
        url: ``sqlite:///path`` or ``postgresql://user:password@host/database``.

    Raises:
        CratewatchError: if it cannot be opened, or if a newer cratewatch wrote it.
    """
    return Catalog(open_database(url))


class Catalog:
    """Releases, covers and offers.

    Attributes:
        runs: The book of runs.
        items: The ledger of what runs work on.
        leases: Which crawl works on which of them, and
        paces: how fast each host is asked by all; both are None on SQLite, which one machine has.
        images: What the addresses of stored images answered.
        changes: What each run changed, or would have changed.
        failing: What failed items are of.
        browse: Releases and covers for people who look for them.
        search: Releases by their words.
        dumps: Releases that come from dumps.
        entities: Masters, artists and labels of dumps.
        links: Which releases of several sources are one pressing.
        embeddings: What models have embedded and the gallery holds.
        observations: Prices that were seen.
        staged_prices: Those that runs have seen and not published.
        handlings: What was held on footage.
        audit: Which exports were made.
        keys: Who may ask the service.
    """

    def __init__(self, database: Database) -> None:
        self._db = database
        self.runs = Runs(database)
        self.items = Items(database)
        shared = database.is_shared
        self.leases = Leases(database) if shared else None
        self.paces = Paces(database) if shared else None
        self.images = Images(database)
        self.changes = Changes(database)
        self.failing = Failing(database)
        self.browse = Browse(database)
        self.search = Search(database)
        self.dumps = Dumps(database)
        self.entities = Entities(database)
        self.links = Links(database)
        self.embeddings = EmbeddingBook(database)
        self.observations = Observations(database)
        self.staged_prices = StagedPrices(database)
        self.handlings = Handlings(database)
        self.audit = Audit(database)
        self.keys = Keys(database)

    def close(self) -> None:
        """Let go of the database; nothing else can be asked afterwards."""
        self._db.close()

    @property
    def catalog_id(self) -> str:
        """Which catalog this is: made up when its tables were made; a copy of it has the same."""
        with self._db.transaction() as session:
            return session.scalars(select(IdentityRow.catalog_id)).one()

    def one_writer(self) -> AbstractContextManager[None]:
        """Hold the catalog's lock for a block; see Database.one_writer."""
        return self._db.one_writer()

    def wait_for_writer(self, limit_s: float) -> AbstractContextManager[None]:
        """Hold the catalog's lock for a block, when whoever holds it has ended."""
        return self._db.one_writer(limit_s)

    def one_rebuild(self) -> AbstractContextManager[None]:
        """Let one process at a time build a collection; see Database.one_rebuild."""
        return self._db.one_rebuild()

    def one_renewal(self) -> AbstractContextManager[None]:
        """Let one process at a time renew the model that serves; see Database.one_renewal."""
        return self._db.one_renewal()

    def one_analysis(self) -> AbstractContextManager[None]:
        """Let one process at a time analyse footage; see Database.one_analysis."""
        return self._db.one_analysis()

    def copy_source(self, source: str, into: Catalog) -> None:
        """Copy what is known of a source into a catalog that knows nothing of it."""
        with self._db.transaction() as there, into._db.transaction() as here:
            copy_source(there, source, here)

    def check_writer(self) -> None:
        """Raise if the lock was lost meanwhile; see Database.check_writer."""
        self._db.check_writer()

    def stage(
        self,
        run_id: str,
        releases: Iterable[Release],
        items: Sequence[Item] = (),
        prices: Iterable[Observation] = (),
    ) -> None:
        """Keep what a crawl sees, and how far its items are, in one transaction.

        A release seen twice keeps the later sight.
        """
        latest = {release.release_id: release for release in releases}
        rows = [
            {
                "run_id": run_id,
                "release_id": release_id,
                "content_hash": release.content_hash(),
                "data": release.to_json(),
            }
            for release_id, release in latest.items()
        ]
        with self._db.transaction() as session:
            upsert(session, StagedReleaseRow, rows)
            stage_prices(session, run_id, prices)
            save(session, run_id, items)

    def staged(self, run_id: str) -> dict[str, str | None]:
        """Return the page URL of each release that the run has staged, by release_id."""
        query = select(StagedReleaseRow).where(StagedReleaseRow.run_id == run_id)
        with self._db.transaction() as session:
            rows = session.scalars(query.execution_options(yield_per=ROWS_AT_ONCE))
            return {row.release_id: Release.from_json(row.data).page_url for row in rows}

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

    def apply_crawl(
        self,
        run_id: str,
        source: str,
        *,
        complete: bool,
        max_withdrawn_share: float = 1.0,
        max_changed_share: float = 1.0,
    ) -> Diff:
        """Apply a run's staged releases and keep what changed, or would have, in one transaction.

        The difference becomes the run's report["diff"] with it: a run that has one is applied,
        and is not applied again. That of a refused run becomes report["would"].

        Args:
            complete: Whether the crawl saw every listing page; if not, nothing is withdrawn.
            max_withdrawn_share: Of the source's listed releases; more is taken for a broken
                source.
            max_changed_share: So many of them may get another title or artist.

        Raises:
            RefusedError: if more would be withdrawn or renamed; no release is changed then.
        """
        self.check_writer()
        with self._db.transaction() as session:
            applied = (session.get_one(RunRow, run_id).report or {}).get("diff")
            if applied is not None:
                return Diff(**applied)
            found = compare(session, run_id, source, complete=complete)
            refusal = found.refusal(max_withdrawn_share, max_changed_share)
            if refusal is None:
                apply_staged(session, run_id, source, complete=complete, now=now())
            note(session, run_id, {"would" if refusal else "diff": asdict(found.diff)})
        if refusal is not None:  # raised within the transaction it would undo what it tells of
            raise refusal
        return found.diff

    def publish_prices(self, run_id: str) -> Published:
        """Add a run's staged prices to the observations, and note how many they were.

        That becomes the run's report["published"]; a run that has one has published. One that
        was killed before it noted that publishes again, which doubles nothing.
        """
        self.check_writer()
        with self._db.transaction() as session:
            done = (session.get_one(RunRow, run_id).report or {}).get("published")
        if done is not None:
            return Published(**done)
        prices = self.staged_prices.count(run_id)
        new = self.observations.add(self.staged_prices.of(run_id))
        published = Published(new, prices - new)
        self.runs.note(run_id, published=asdict(published))
        return published

    def covers_to_fetch(self, source: str) -> list[CoverToFetch]:
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

    def add_cover(
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

    def covers(self) -> list[Cover]:
        """Return every cover that shows an artwork, by cover_id; placeholders show none."""
        query = select(CoverRow).where(CoverRow.artwork_id != PLACEHOLDER)
        with self._db.transaction() as session:
            rows = session.scalars(query.order_by(CoverRow.cover_id)).all()
            return [row.to_cover() for row in rows]

    def artworks_of_releases(self, release_ids: Iterable[str]) -> dict[str, str]:
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

    def covers_by_id(self, cover_ids: Sequence[str]) -> dict[str, Cover]:
        """Return those of the covers that are in the catalog."""
        with self._db.transaction() as session:
            return {
                row.cover_id: row.to_cover()
                for batch in chunks(cover_ids, ROWS_AT_ONCE)
                for row in session.scalars(select(CoverRow).where(CoverRow.cover_id.in_(batch)))
            }

    def plain_covers(self, most: int) -> dict[str, Cover]:
        """Return covers with too little in them for a hash, by cover_id, at most so many."""
        plain = (CoverRow.phash == NOTHING_TO_SEE) & (CoverRow.artwork_id != PLACEHOLDER)
        query = select(CoverRow).where(plain).order_by(CoverRow.cover_id).limit(most)
        with self._db.transaction() as session:
            return {row.cover_id: row.to_cover() for row in session.scalars(query)}

    def releases_of(self, artwork_ids: Sequence[str]) -> dict[str, list[ListedRelease]]:
        """Return the releases of each artwork with their latest offers, listed ones first."""
        found: dict[str, list[ListedRelease]] = {artwork_id: [] for artwork_id in artwork_ids}
        with self._db.transaction() as session:
            for batch in chunks(artwork_ids, ROWS_AT_ONCE):
                for artwork_id, release, offer in session.execute(_releases_with_offers(batch)):
                    found[artwork_id].append(release.to_listed(offer))
        for releases in found.values():
            releases.sort(key=lambda r: (r.withdrawn_at is not None, r.release_id))
        return found

    def releases(self, release_ids: Sequence[str]) -> dict[str, Release]:
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
        releases = self.releases_of(wanted)
        return {artwork: _facts(sources[artwork], releases[artwork]) for artwork in wanted}

    def counts(self) -> dict[str, int]:
        """Return the numbers that status shows."""
        listed = ReleaseRow.withdrawn_at.is_(None)
        queries = {
            "releases": select(func.count()).select_from(ReleaseRow).where(listed),
            "withdrawn": select(func.count()).select_from(ReleaseRow).where(~listed),
            "covers": select(func.count()).select_from(CoverRow),
            "artworks": select(func.count(CoverRow.artwork_id.distinct())).where(
                CoverRow.artwork_id != PLACEHOLDER
            ),
            "releases_without_cover": select(func.count())
            .select_from(ReleaseRow)
            .where(listed, ReleaseRow.cover_id.is_(None)),
        }
        with self._db.transaction() as session:
            return {name: session.scalar(query) or 0 for name, query in queries.items()}


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
