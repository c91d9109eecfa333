"""Compare what a crawl staged with what the catalog lists, and apply the difference."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, delete, exists, func, or_, select, update
from sqlalchemy.orm import Session

from cratewatch.catalog.changed_facts import note_changed_facts
from cratewatch.catalog.items import DONE, advance_pages
from cratewatch.catalog.records import KEY_DIGEST, MAX_KEY, Diff, Release
from cratewatch.catalog.runs import note
from cratewatch.catalog.schema import ItemRow, OfferRow, ReleaseRow, RunRow, StagedReleaseRow
from cratewatch.chunks import chunks
from cratewatch.errors import CheckError

CHUNK = 500
PRODUCT_GONE = "product_gone"  # the page is there without the release that is listed from it
GONE = ("http_404", "http_410")  # the shop says that the page is no more: not a failure of ours


def apply_crawl(  # noqa: PLR0913
    session: Session,
    run_id: str,
    source: str,
    *,
    complete: bool,
    max_withdrawn_share: float,
    max_changed_share: float,
    now: datetime,
) -> Diff:
    """Write a run's staged releases into the catalog and withdraw those that it did not see.

    The difference becomes the run's report["diff"] with it: a run that has one is applied, and
    is not applied again.

    Args:
        complete: Whether the crawl saw every listing page; if not, nothing is withdrawn.
        max_withdrawn_share: Of the source's listed releases; more is taken for a broken source.
        max_changed_share: So many of them may get another title or artist.

    Raises:
        CheckError: if more would be withdrawn or renamed; nothing is changed then.
    """
    applied = (session.get_one(RunRow, run_id).report or {}).get("diff")
    if applied is not None:
        return Diff(**applied)
    n_listed = _count(session, _listed(source))
    doubtful = or_(_page_failed(run_id), _is_missing_first(run_id))
    unreachable = _count(session, _missing(run_id, source).where(doubtful))
    withdrawn = 0
    if complete:
        gone = _missing(run_id, source).where(~doubtful)
        _check_share(
            "the crawl would withdraw", source, _count(session, gone), n_listed, max_withdrawn_share
        )
        withdrawn = _withdraw(session, source, gone, now)
        _note_missing(session, run_id, source, now)
    counts: Counter[str] = Counter()
    for chunk in _staged_chunks(session, run_id):
        counts.update(_upsert(session, source, chunk, now))
    _check_share("the crawl would rename", source, counts["renamed"], n_listed, max_changed_share)
    session.execute(delete(StagedReleaseRow).where(StagedReleaseRow.run_id == run_id))
    states = {state: counts[state] for state in ("new", "changed", "unchanged")}
    diff = Diff(**states, withdrawn=withdrawn, unreachable=unreachable)
    note(session, run_id, {"diff": asdict(diff)})
    return diff


def _check_share(doing: str, source: str, n: int, n_listed: int, most: float) -> None:
    if n > most * n_listed:
        setting = "max_withdrawn_share" if doing.endswith("withdraw") else "max_changed_share"
        raise CheckError(
            f"{source}: {doing} {n} of {n_listed} releases, more than {setting} = {most}; nothing "
            "was changed. Look at the source, then refresh again or raise the share"
        )


def _listed(source: str):  # type: ignore[no-untyped-def]
    return select(ReleaseRow.release_id).where(
        ReleaseRow.source == source, ReleaseRow.withdrawn_at.is_(None)
    )


def _missing(run_id: str, source: str):  # type: ignore[no-untyped-def]
    staged = exists().where(
        StagedReleaseRow.run_id == run_id,
        StagedReleaseRow.release_id == ReleaseRow.release_id,
    )
    return _listed(source).where(~staged)


def _page_failed(run_id: str) -> ColumnElement[bool]:
    """Whether a release's page could not be read, so that nothing is known of the release."""
    return _page_is(run_id, ItemRow.state == "failed", ItemRow.reason.not_in((*GONE, PRODUCT_GONE)))


def _is_missing_first(run_id: str) -> ColumnElement[bool]:
    """Whether a release's page is there without it for the first time: it may be back tomorrow."""
    read = or_(ItemRow.state.in_(DONE), ItemRow.reason == PRODUCT_GONE)
    return and_(ReleaseRow.missing_since.is_(None), _page_is(run_id, read))


def _page_is(run_id: str, *conditions: ColumnElement[bool]) -> ColumnElement[bool]:
    page = func.coalesce(ReleaseRow.page_url, ReleaseRow.release_id)
    return exists().where(
        ItemRow.run_id == run_id, ItemRow.kind == "page", _key_of(page), *conditions
    )


def _key_of(page: ColumnElement[str]) -> ColumnElement[bool]:
    """Whether the item's key is that of a page; of one too long for a key, its first part."""
    part = MAX_KEY - KEY_DIGEST
    shortened = func.substr(ItemRow.key, 1, part) == func.substr(page, 1, part)
    return or_(ItemRow.key == page, and_(func.length(page) > MAX_KEY, shortened))


def _count(session: Session, query) -> int:  # type: ignore[no-untyped-def]
    return session.scalar(select(func.count()).select_from(query.subquery())) or 0


def _withdraw(session: Session, source: str, gone, now: datetime) -> int:  # type: ignore[no-untyped-def]
    release_ids = session.scalars(gone).all()
    for batch in chunks(release_ids, CHUNK):
        of_batch = ReleaseRow.release_id.in_(batch)
        page_of = func.coalesce(ReleaseRow.page_url, ReleaseRow.release_id)
        pages = session.scalars(select(page_of).where(of_batch)).all()
        advance_pages(session, source, pages, "withdrawn")
        note_changed_facts(session, of_batch, now)
        session.execute(
            update(ReleaseRow)
            .where(of_batch)
            .values(withdrawn_at=now)
            .execution_options(synchronize_session=False)
        )
    return len(release_ids)


def _note_missing(session: Session, run_id: str, source: str, now: datetime) -> None:
    missing = _missing(run_id, source).where(_is_missing_first(run_id))
    session.execute(
        update(ReleaseRow)
        .where(ReleaseRow.release_id.in_(missing))
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


def _upsert(
    session: Session, source: str, staged: Sequence[StagedReleaseRow], now: datetime
) -> Iterator[str]:
    ids = [row.release_id for row in staged]
    known = {
        row.release_id: row
        for row in session.scalars(select(ReleaseRow).where(ReleaseRow.release_id.in_(ids)))
    }
    pages = [Release.from_json(row.data).page_key for row in staged]
    advance_pages(session, source, pages, "stored")
    changed = []
    for row in staged:
        listed = known.get(row.release_id)
        if listed is not None:
            listed.first_seen = min(listed.first_seen, now)  # a clock may have been wrong
        if listed is not None and _same(listed, row):
            listed.last_seen = now
            listed.missing_since = None
            yield "unchanged"
            continue
        state = "new" if listed is None or listed.withdrawn_at is not None else "changed"
        if state == "changed" and listed is not None and _is_renamed(listed, row):
            yield "renamed"
        if listed is None:
            listed = ReleaseRow(release_id=row.release_id, source=source, first_seen=now)
            session.add(listed)
        _fill(session, listed, row, now)
        changed.append(row.release_id)
        yield state
    note_changed_facts(session, ReleaseRow.release_id.in_(changed), now)


def _same(listed: ReleaseRow, staged: StagedReleaseRow) -> bool:
    return listed.withdrawn_at is None and listed.content_hash == staged.content_hash


def _is_renamed(listed: ReleaseRow, staged: StagedReleaseRow) -> bool:
    release = Release.from_json(staged.data)
    return (listed.title, listed.artist) != (release.title, release.artist)


def _fill(session: Session, row: ReleaseRow, staged: StagedReleaseRow, now: datetime) -> None:
    release = Release.from_json(staged.data)
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
    row.content_hash = staged.content_hash
    row.last_seen = now
    row.missing_since = None
    row.withdrawn_at = None
    session.flush()
    _add_offer(session, release, now)


def _add_offer(session: Session, release: Release, now: datetime) -> None:
    _redate_offers(session, release.release_id, now)
    latest = session.scalars(
        select(OfferRow)
        .where(OfferRow.release_id == release.release_id)
        .order_by(OfferRow.seen_at.desc())
        .limit(1)
    ).first()
    offer = (release.price, release.currency, release.in_stock)
    if latest is None and offer == (None, None, None):
        return
    if latest is not None and offer == (latest.price, latest.currency, latest.in_stock):
        return
    session.add(
        OfferRow(
            release_id=release.release_id,
            seen_at=now,
            price=release.price,
            currency=release.currency,
            in_stock=release.in_stock,
        )
    )


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
