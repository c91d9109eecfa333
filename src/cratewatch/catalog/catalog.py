"""The catalog's operations, each one transaction."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from sqlalchemy import (
    Engine,
    and_,
    create_engine,
    delete,
    event,
    exists,
    func,
    select,
    update,
)
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, OperationalError
from sqlalchemy.orm import Session, sessionmaker

from cratewatch.catalog.diff import apply_crawl
from cratewatch.catalog.records import (
    Cover,
    CoverToFetch,
    Diff,
    Failure,
    ListedRelease,
    Release,
)
from cratewatch.catalog.schema import (
    MAX_KEY,
    SCHEMA_VERSION,
    CoverRow,
    FailureRow,
    IndexedCoverRow,
    MetaRow,
    OfferRow,
    ReleaseRow,
    RunRow,
    StagedReleaseRow,
    Table,
)
from cratewatch.errors import CratewatchError

IN_LIMIT = 500  # SQLite's default is 32,766 variables a statement; small batches plan better


def open_catalog(url: str) -> Catalog:
    """Open the database at url, its tables created if there are none.

    Raises:
        CratewatchError: if it cannot be opened or has the schema of another version.
    """
    try:
        parsed = make_url(url)
        if parsed.get_backend_name() == "sqlite" and parsed.database:
            Path(parsed.database).parent.mkdir(parents=True, exist_ok=True)
        engine = create_engine(parsed)
        if parsed.get_backend_name() == "sqlite":
            event.listen(engine, "connect", _set_pragmas)
        Table.metadata.create_all(engine)
    except (ArgumentError, ImportError, OperationalError, OSError) as error:
        raise CratewatchError(
            f"catalog {url}: cannot be opened ({getattr(error, 'orig', None) or error}); "
            "check catalog_url and that its folder is writable"
        ) from error
    catalog = Catalog(engine)
    catalog.check_version()
    return catalog


def _set_pragmas(connection: Any, _record: object) -> None:
    """Let a reader work beside the writer, wait for a lock, and check foreign keys."""
    for pragma in ("journal_mode=WAL", "busy_timeout=30000", "foreign_keys=ON"):
        connection.execute(f"PRAGMA {pragma}")


class Catalog:
    """Releases, covers, offers and the ledger of what failed and what is indexed."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._begin = sessionmaker(engine, expire_on_commit=False).begin

    def close(self) -> None:
        self._engine.dispose()

    def check_version(self) -> None:
        """Raise CratewatchError if the tables are of another version of cratewatch."""
        with self._begin() as session:
            row = session.get(MetaRow, "schema_version")
            if row is None:
                session.add(MetaRow(key="schema_version", value=str(SCHEMA_VERSION)))
            elif int(row.value) != SCHEMA_VERSION:
                raise CratewatchError(
                    f"catalog: schema version {row.value}, this cratewatch reads "
                    f"{SCHEMA_VERSION}; use the version that wrote it or a fresh catalog"
                )

    def start_run(self, kind: str) -> str:
        """Record that a run began and return its run_id, which sorts by time.

        Runs of that kind that never ended are marked failed, and what they staged is dropped:
        one process at a time writes.
        """
        now = _now()
        run_id = f"{now:%Y%m%dT%H%M%S}-{kind}-{uuid.uuid4().hex[:6]}"
        with self._begin() as session:
            _end_killed_runs(session, kind, now)
            session.add(RunRow(run_id=run_id, kind=kind, state="running", started_at=now))
        return run_id

    def finish_run(self, run_id: str, state: str, report: dict[str, Any]) -> None:
        """Record how a run ended: state is done or failed, report is JSON."""
        with self._begin() as session:
            session.execute(
                update(RunRow)
                .where(RunRow.run_id == run_id)
                .values(state=state, finished_at=_now(), report=report)
            )
            session.execute(delete(StagedReleaseRow).where(StagedReleaseRow.run_id == run_id))

    def stage(self, run_id: str, releases: Iterable[Release]) -> None:
        """Keep what a crawl sees; a release seen twice keeps the later sight."""
        with self._begin() as session:
            for release in releases:
                session.merge(
                    StagedReleaseRow(
                        run_id=run_id,
                        release_id=release.release_id,
                        content_hash=release.content_hash(),
                        data=release.to_json(),
                    )
                )

    def apply_crawl(
        self, run_id: str, source: str, *, complete: bool, max_withdrawn_share: float = 1.0
    ) -> Diff:
        """Apply what was staged; see diff.apply_crawl."""
        with self._begin() as session:
            return apply_crawl(
                session,
                run_id,
                source,
                complete=complete,
                max_withdrawn_share=max_withdrawn_share,
                now=_now(),
            )

    def covers_to_fetch(self, source: str) -> list[CoverToFetch]:
        """Return the image URLs of listed releases whose image is not the stored one."""
        query = (
            select(ReleaseRow.image_url)
            .where(
                ReleaseRow.source == source,
                ReleaseRow.withdrawn_at.is_(None),
                ReleaseRow.image_url.is_not(None),
                ReleaseRow.cover_image_url.is_distinct_from(ReleaseRow.image_url),
            )
            .distinct()
            .order_by(ReleaseRow.image_url)
        )
        with self._begin() as session:
            return [CoverToFetch(source, url) for url in session.scalars(query) if url]

    def stored_images(self, source: str) -> dict[str, datetime]:
        """Return the image URLs of the source whose cover is stored, and when it was fetched."""
        query = (
            select(ReleaseRow.cover_image_url, CoverRow.fetched_at)
            .join(CoverRow, CoverRow.cover_id == ReleaseRow.cover_id)
            .where(ReleaseRow.source == source, ReleaseRow.cover_image_url.is_not(None))
        )
        with self._begin() as session:
            rows = session.execute(query).all()
        return {url: fetched_at for url, fetched_at in rows if url is not None}

    def add_cover(self, cover: Cover, image_url: str) -> bool:
        """Store a cover and link the source's releases that name image_url; True if it is new.

        An earlier failure of the image is forgotten.
        """
        with self._begin() as session:
            new = session.get(CoverRow, cover.cover_id) is None
            if new:
                session.add(CoverRow(**asdict(cover)))
                session.flush()
            session.execute(
                update(ReleaseRow)
                .where(ReleaseRow.source == cover.source, ReleaseRow.image_url == image_url)
                .values(cover_id=cover.cover_id, cover_image_url=image_url)
            )
            session.execute(
                delete(FailureRow).where(
                    FailureRow.source == cover.source,
                    FailureRow.kind == "cover",
                    FailureRow.key == image_url[:MAX_KEY],
                )
            )
            return new

    def phashes(self) -> tuple[list[str], npt.NDArray[np.uint8]]:
        """Return the artwork id of every cover and its (N, 32) uint8 packed hash bits."""
        with self._begin() as session:
            rows = session.execute(select(CoverRow.artwork_id, CoverRow.phash)).all()
        bits = b"".join(bytes.fromhex(phash) for _, phash in rows)
        return [artwork for artwork, _ in rows], np.frombuffer(bits, np.uint8).reshape(-1, 32)

    def record_failure(self, run_id: str, failure: Failure) -> None:
        """Count a failed attempt at an item."""
        with self._begin() as session:
            failure = replace(failure, key=failure.key[:MAX_KEY])
            row = session.get(FailureRow, (failure.source, failure.kind, failure.key))
            session.merge(
                FailureRow(
                    **asdict(failure),
                    run_id=run_id,
                    attempts=1 + (row.attempts if row else 0),
                    failed_at=_now(),
                )
            )

    def forget_old_failures(self, source: str, run_id: str) -> None:
        """Forget the failures of earlier runs: a whole run has tried every item again."""
        with self._begin() as session:
            session.execute(
                delete(FailureRow).where(FailureRow.source == source, FailureRow.run_id != run_id)
            )

    def failures_of_run(self, run_id: str) -> dict[str, int]:
        """Return how many items failed in a run, by reason."""
        return self._count_by_reason(FailureRow.run_id == run_id)

    def open_failures(self) -> dict[str, int]:
        """Return how many items failed and have not succeeded since, by reason."""
        return self._count_by_reason()

    def _count_by_reason(self, *conditions: Any) -> dict[str, int]:
        query = (
            select(FailureRow.reason, func.count())
            .where(*conditions)
            .group_by(FailureRow.reason)
            .order_by(FailureRow.reason)
        )
        with self._begin() as session:
            return {reason: count for reason, count in session.execute(query).all()}  # noqa: C416

    def covers(self) -> list[Cover]:
        """Return every cover, by cover_id."""
        with self._begin() as session:
            rows = session.scalars(select(CoverRow).order_by(CoverRow.cover_id)).all()
            return [_cover(row) for row in rows]

    def covers_by_id(self, cover_ids: Sequence[str]) -> dict[str, Cover]:
        with self._begin() as session:
            return {
                row.cover_id: _cover(row)
                for batch in _batches(cover_ids)
                for row in session.scalars(select(CoverRow).where(CoverRow.cover_id.in_(batch)))
            }

    def covers_to_index(self, model: str) -> list[Cover]:
        """Return the covers that the model's collection does not hold yet, by cover_id."""
        indexed = exists().where(
            IndexedCoverRow.model == model, IndexedCoverRow.cover_id == CoverRow.cover_id
        )
        with self._begin() as session:
            rows = session.scalars(select(CoverRow).where(~indexed).order_by(CoverRow.cover_id))
            return [_cover(row) for row in rows]

    def indexed_covers(self, model: str) -> list[Cover]:
        """Return the covers that the model's collection holds, by cover_id."""
        query = (
            select(CoverRow)
            .join(IndexedCoverRow, IndexedCoverRow.cover_id == CoverRow.cover_id)
            .where(IndexedCoverRow.model == model)
            .order_by(CoverRow.cover_id)
        )
        with self._begin() as session:
            return [_cover(row) for row in session.scalars(query)]

    def mark_indexed(self, model: str, cover_ids: Sequence[str]) -> None:
        now = _now()
        with self._begin() as session:
            for cover_id in cover_ids:
                session.merge(IndexedCoverRow(model=model, cover_id=cover_id, indexed_at=now))

    def count_indexed(self, model: str) -> int:
        query = select(func.count()).select_from(IndexedCoverRow)
        with self._begin() as session:
            return session.scalar(query.where(IndexedCoverRow.model == model)) or 0

    def indexed_models(self) -> list[str]:
        """Return the models that covers were indexed for, sorted."""
        query = select(IndexedCoverRow.model).distinct().order_by(IndexedCoverRow.model)
        with self._begin() as session:
            return list(session.scalars(query))

    def forget_indexed(self, model: str) -> None:
        """Forget what a model's collection holds, because it is made anew."""
        with self._begin() as session:
            session.execute(delete(IndexedCoverRow).where(IndexedCoverRow.model == model))

    def releases_of(self, artwork_ids: Sequence[str]) -> dict[str, list[ListedRelease]]:
        """Return the releases of each artwork with their latest offers, listed ones first."""
        found: dict[str, list[ListedRelease]] = {artwork_id: [] for artwork_id in artwork_ids}
        with self._begin() as session:
            for batch in _batches(artwork_ids):
                for artwork_id, release, offer in session.execute(_releases_with_offers(batch)):
                    found[artwork_id].append(_listed(release, offer))
        for releases in found.values():
            releases.sort(key=lambda r: (r.withdrawn_at is not None, r.release_id))
        return found

    def counts(self) -> dict[str, int]:
        """Return the numbers that status shows."""
        listed = ReleaseRow.withdrawn_at.is_(None)
        queries = {
            "releases": select(func.count()).select_from(ReleaseRow).where(listed),
            "withdrawn": select(func.count()).select_from(ReleaseRow).where(~listed),
            "covers": select(func.count()).select_from(CoverRow),
            "artworks": select(func.count(CoverRow.artwork_id.distinct())),
            "releases_without_cover": select(func.count())
            .select_from(ReleaseRow)
            .where(listed, ReleaseRow.cover_id.is_(None)),
        }
        with self._begin() as session:
            return {name: session.scalar(query) or 0 for name, query in queries.items()}

    def last_success(self, kind: str) -> datetime | None:
        """Return when the latest run of that kind that ended well began, or None."""
        query = select(func.max(RunRow.started_at))
        with self._begin() as session:
            return session.scalar(query.where(RunRow.kind == kind, RunRow.state == "done"))

    def last_runs(self, limit: int = 5) -> list[dict[str, Any]]:
        """Return the latest runs, newest first, as JSON-ready dicts."""
        query = select(RunRow).order_by(RunRow.started_at.desc()).limit(limit)
        with self._begin() as session:
            return [
                {
                    "run_id": row.run_id,
                    "kind": row.kind,
                    "state": row.state,
                    "started_at": row.started_at.isoformat(),
                    "report": row.report,
                }
                for row in session.scalars(query)
            ]


def _end_killed_runs(session: Session, kind: str, now: datetime) -> None:
    killed = select(RunRow.run_id).where(RunRow.kind == kind, RunRow.state == "running")
    session.execute(
        delete(StagedReleaseRow)
        .where(StagedReleaseRow.run_id.in_(killed))
        .execution_options(synchronize_session=False)
    )
    session.execute(
        update(RunRow)
        .where(RunRow.kind == kind, RunRow.state == "running")
        .values(state="failed", finished_at=now, report={"error": "the process was killed"})
    )


def _releases_with_offers(artwork_ids: Sequence[str]) -> Any:
    latest = (
        select(OfferRow.release_id, func.max(OfferRow.seen_at).label("seen_at"))
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


def _listed(release: ReleaseRow, offer: OfferRow | None) -> ListedRelease:
    return ListedRelease(
        release_id=release.release_id,
        artist=release.artist,
        title=release.title,
        year=release.year,
        label=release.label,
        catno=release.catno,
        format=release.format,
        page_url=release.page_url,
        price=offer.price if offer else None,
        currency=offer.currency if offer else None,
        in_stock=offer.in_stock if offer else None,
        withdrawn_at=release.withdrawn_at,
    )


def _cover(row: CoverRow) -> Cover:
    return Cover(
        cover_id=row.cover_id,
        artwork_id=row.artwork_id,
        source=row.source,
        source_url=row.source_url,
        width_px=row.width_px,
        height_px=row.height_px,
        phash=row.phash,
        fetched_at=row.fetched_at,
    )


def _batches(items: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(items), IN_LIMIT):
        yield items[start : start + IN_LIMIT]


def _now() -> datetime:
    return datetime.now(UTC)
