"""Apply what a crawl staged: releases are written, and those that it did not see withdrawn."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from decimal import Decimal

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from cratewatch.catalog.changed_facts import note_changed_facts
from cratewatch.catalog.item_states import advance_pages
from cratewatch.catalog.missing import PAGE, gone, missing_first
from cratewatch.catalog.records import Release
from cratewatch.catalog.schema import OfferRow, ReleaseRow
from cratewatch.catalog.schema_of_runs import StagedReleaseRow
from cratewatch.chunks import chunks

CHUNK = 500
Asked = tuple[Decimal | None, str | None, bool | None]
"""Price, currency, and whether it is in stock."""
NO_OFFER: Asked = (None, None, None)


def apply_staged(
    session: Session, run_id: str, source: str, *, complete: bool, now: datetime
) -> None:
    """Write a run's staged releases into the catalog and withdraw those that are gone.

    Args:
        complete: Whether the crawl saw every listing page; if not, nothing is withdrawn.
    """
    if complete:
        withdraw(session, source, session.scalars(gone(run_id, source)).all(), now)
        _note_missing(session, run_id, source, now)
    for chunk in _staged_chunks(session, run_id):
        seen = [(row.content_hash, Release.from_json(row.data)) for row in chunk]
        write_releases(session, source, seen, now)
    session.execute(delete(StagedReleaseRow).where(StagedReleaseRow.run_id == run_id))


def withdraw(session: Session, source: str, release_ids: Sequence[str], now: datetime) -> None:
    """Say of releases that their source no longer lists them."""
    for batch in chunks(release_ids, CHUNK):
        of_batch = ReleaseRow.release_id.in_(batch)
        pages = session.scalars(select(PAGE).where(of_batch)).all()
        advance_pages(session, source, pages, "withdrawn")
        note_changed_facts(session, of_batch, now)
        session.execute(
            update(ReleaseRow)
            .where(of_batch)
            .values(withdrawn_at=now)
            .execution_options(synchronize_session=False)
        )


def _note_missing(session: Session, run_id: str, source: str, now: datetime) -> None:
    session.execute(
        update(ReleaseRow)
        .where(ReleaseRow.release_id.in_(missing_first(run_id, source)))
        .values(missing_since=now)
        .execution_options(synchronize_session=False)
    )


def _staged_chunks(session: Session, run_id: str) -> Iterator[Sequence[StagedReleaseRow]]:
    last = ""
    while True:
        rows = session.scalars(
            select(StagedReleaseRow)
            .where(StagedReleaseRow.run_id == run_id, StagedReleaseRow.release_id > last)
            .order_by(StagedReleaseRow.release_id)
            .limit(CHUNK)
        ).all()
        if not rows:
            return
        yield rows
        last = rows[-1].release_id
        session.flush()
        session.expunge_all()


def write_releases(
    session: Session, source: str, seen: Sequence[tuple[str, Release]], now: datetime
) -> None:
    """Write releases of a source, each with its content_hash, whether they are known or not."""
    ids = [release.release_id for _, release in seen]
    known = {
        row.release_id: row
        for row in session.scalars(select(ReleaseRow).where(ReleaseRow.release_id.in_(ids)))
    }
    advance_pages(session, source, [release.page_key for _, release in seen], "stored")
    changed = []
    for content_hash, release in seen:
        listed = known.get(release.release_id)
        if listed is not None:
            listed.first_seen = min(listed.first_seen, now)  # a clock may have been wrong
        if listed is not None and _same(listed, content_hash):
            listed.last_seen = now
            listed.missing_since = None
            continue
        if listed is None:
            listed = ReleaseRow(release_id=release.release_id, source=source, first_seen=now)
            session.add(listed)
        _fill(listed, release, content_hash, now)
        changed.append(release)
    session.flush()  # offers refer to releases
    for release in changed:
        last = _latest(session, release, now) if release.release_id in known else NO_OFFER
        offer = (release.price, release.currency, release.in_stock)
        if offer != last:
            session.add(_offer(release, now))
    changed_ids = [release.release_id for release in changed]
    note_changed_facts(session, ReleaseRow.release_id.in_(changed_ids), now)


def _same(listed: ReleaseRow, content_hash: str) -> bool:
    return listed.withdrawn_at is None and listed.content_hash == content_hash


def _fill(row: ReleaseRow, release: Release, content_hash: str, now: datetime) -> None:
    for name in (
        "artist",
        "title",
        "year",
        "label",
        "catno",
        "barcode",
        "country",
        "format",
        "page_url",
        "image_url",
    ):
        setattr(row, name, getattr(release, name))
    row.genres = list(release.genres)
    row.content_hash = content_hash
    row.last_seen = now
    row.missing_since = None
    row.withdrawn_at = None


def _latest(session: Session, release: Release, now: datetime) -> Asked:
    """Return what was asked for a known release last."""
    _redate_offers(session, release.release_id, now)
    latest = session.scalars(
        select(OfferRow)
        .where(OfferRow.release_id == release.release_id)
        .order_by(OfferRow.seen_at.desc())
        .limit(1)
    ).first()
    return (latest.price, latest.currency, latest.in_stock) if latest else NO_OFFER


def _offer(release: Release, now: datetime) -> OfferRow:
    asked = {name: getattr(release, name) for name in ("price", "currency", "in_stock")}
    return OfferRow(release_id=release.release_id, seen_at=now, **asked)


def _redate_offers(session: Session, release_id: str, now: datetime) -> None:
    """Bring offers before now that a wrong clock dated after it; their order stays."""
    later = session.scalars(
        select(OfferRow)
        .where(OfferRow.release_id == release_id, OfferRow.seen_at >= now)
        .order_by(OfferRow.seen_at.desc())
    ).all()
    for number, offer in enumerate(later, start=1):
        offer.seen_at = now - number * timedelta(microseconds=1)
        session.flush()
