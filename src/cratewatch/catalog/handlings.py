"""Handlings: who held which record, when and for how long, as footage showed it.

A person is a number within one run of footage: nothing connects the persons of two runs, or of two
cameras. Once a handling has expired it lacks its picture, and its person is known by nothing else
that he held.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, delete, func, select

from cratewatch.catalog.database import ROWS_AT_ONCE, Database
from cratewatch.catalog.item_states import save
from cratewatch.catalog.records import Item
from cratewatch.catalog.schema_of_people import HandlingRow
from cratewatch.catalog.statements import insert_rows
from cratewatch.chunks import chunks


@dataclass(frozen=True, kw_only=True)
class SeenHandling:
    """One person with one sleeve, in the time of the clock.

    Attributes:
        footage_run: The recording that shows it: the same for the same one, however often it is
            analysed.
        number: Of the handling in its run.
        started_at: Aware; ended_at likewise.
        person: A number within the run, of no meaning elsewhere; of an expired handling one that
            no other artwork shares.
        cover_id: Which the sleeve shows most likely; None where nothing was named.
        artwork_id: Its artwork when it was recorded.
        release_ids: Of that artwork then.
        probability: That it is this artwork, 0 to 1; None without calibration.
        known: Whether the identity is believed.
        frames: In how many frames the sleeve was seen.
        crop_key: Of its best picture in the lake; None if there is none, or none any more.
        expires_at: When the picture goes; None once that is done.
    """

    footage_run: str
    number: int
    camera: str
    started_at: datetime
    ended_at: datetime
    seconds: float
    person: int
    cover_id: str | None = None
    artwork_id: str | None = None
    release_ids: tuple[str, ...] = ()
    probability: float | None = None
    known: bool = False
    frames: int = 1
    crop_key: str | None = None
    expires_at: datetime | None = None


@dataclass(frozen=True)
class FilmedRun:
    """What the catalog has of a run of footage: its camera, handlings, and those with a name."""

    camera: str
    handlings: int
    known: int


@dataclass(frozen=True)
class Work:
    """Which item of which run the recording of handlings completes."""

    run_id: str
    items: Sequence[Item] = field(default_factory=tuple)


_FIELDS = tuple(SeenHandling.__dataclass_fields__)


class Handlings:
    """The book of handlings."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def record(
        self, footage_run: str, handlings: Sequence[SeenHandling], work: Work | None = None
    ) -> list[str]:
        """Keep what a run of footage saw, in the place of what was kept of that run before.

        Args:
            work: What of the ledger is done with it, in the same transaction.

        Returns:
            Keys of pictures that belonged to the run and that none of its handlings has now.
        """
        kept = {h.crop_key for h in handlings}
        of_run = HandlingRow.footage_run == footage_run
        with self._db.transaction() as session:
            before = session.scalars(select(HandlingRow.crop_key).where(of_run)).all()
            session.execute(delete(HandlingRow).where(of_run))
            insert_rows(session, HandlingRow, [_row(h) for h in handlings])
            if work is not None:
                save(session, work.run_id, work.items)
        return sorted({key for key in before if key is not None} - kept)

    def add(self, handlings: Sequence[SeenHandling]) -> None:
        """Keep further handlings of runs of footage that go on; none of them may be there yet."""
        with self._db.transaction() as session:
            insert_rows(session, HandlingRow, [_row(h) for h in handlings])

    def numbers(self, footage_run: str) -> set[int]:
        """Return the numbers of the handlings that are kept of a run of footage."""
        query = select(HandlingRow.number).where(HandlingRow.footage_run == footage_run)
        with self._db.transaction() as session:
            return set(session.scalars(query))

    def between(
        self,
        since: datetime,
        until: datetime,
        *,
        camera: str | None = None,
        artwork_ids: Iterable[str] | None = None,
    ) -> list[SeenHandling]:
        """Return what began from a moment on and before another one, by time.

        Args:
            camera: Of this one alone.
            artwork_ids: Of these alone.
        """
        query = select(HandlingRow).where(
            HandlingRow.started_at >= since, HandlingRow.started_at < until
        )
        if camera is not None:
            query = query.where(HandlingRow.camera == camera)
        found: list[SeenHandling] = []
        with self._db.transaction() as session:
            if artwork_ids is None:
                found = list(map(_seen, session.scalars(query)))
            else:
                for part in chunks(dict.fromkeys(artwork_ids), ROWS_AT_ONCE):
                    of_part = query.where(HandlingRow.artwork_id.in_(part))
                    found += map(_seen, session.scalars(of_part))
        return sorted(found, key=lambda h: (h.started_at, h.footage_run, h.number))

    def span(self) -> tuple[datetime, datetime] | None:
        """Return when the first and the last handling began; None if there is none."""
        query = select(func.min(HandlingRow.started_at), func.max(HandlingRow.started_at))
        with self._db.transaction() as session:
            first, last = session.execute(query).one()
        return None if first is None else (first, last)

    def counts(self) -> dict[str, int]:
        """Return how many handlings there are, by camera."""
        query = select(HandlingRow.camera, func.count().label("n")).group_by(HandlingRow.camera)
        with self._db.transaction() as session:
            rows = session.execute(query.order_by(HandlingRow.camera))
            return {row.camera: row.n for row in rows}

    def of_runs(self, footage_runs: Iterable[str]) -> dict[str, FilmedRun]:
        """Return which of some runs of footage have handlings, whose they are and how many."""
        known = func.count(HandlingRow.number).filter(HandlingRow.known)
        query = select(HandlingRow.footage_run, HandlingRow.camera, func.count(), known)
        grouped = query.group_by(HandlingRow.footage_run, HandlingRow.camera)
        found: dict[str, FilmedRun] = {}
        with self._db.transaction() as session:
            for part in chunks(dict.fromkeys(footage_runs), ROWS_AT_ONCE):
                rows = session.execute(grouped.where(HandlingRow.footage_run.in_(part)))
                found |= {run: FilmedRun(*told) for run, *told in rows}
        return found

    def tally(self, footage_runs: Iterable[str]) -> tuple[int, int]:
        """Return how many handlings runs of footage have, and how many of them are known."""
        query = select(func.count(), func.count(HandlingRow.number).filter(HandlingRow.known))
        handlings = known = 0
        with self._db.transaction() as session:
            for part in chunks(footage_runs, ROWS_AT_ONCE):
                of_part = query.where(HandlingRow.footage_run.in_(part))
                for n, n_known in session.execute(of_part):
                    handlings, known = handlings + n, known + n_known
        return handlings, known

    def expired(self, now: datetime, ended_before: datetime) -> dict[str, list[str]]:
        """Return the runs of footage of which something has expired, and keys of its pictures.

        Args:
            now: What expires before it.
            ended_before: What ended before it goes as well, whatever was said of it once.
        """
        query = select(HandlingRow.footage_run, HandlingRow.crop_key)
        found: dict[str, list[str]] = {}
        with self._db.transaction() as session:
            for run, key in session.execute(query.where(_is_due(now, ended_before))):
                found.setdefault(run, []).extend([key] if key is not None else [])
        return dict(sorted(found.items()))

    def pictures(self, footage_run: str) -> dict[int, str]:
        """Return the keys of the pictures of a run's handlings, by their number."""
        query = select(HandlingRow.number, HandlingRow.crop_key).where(
            HandlingRow.footage_run == footage_run, HandlingRow.crop_key.is_not(None)
        )
        with self._db.transaction() as session:
            return {row.number: row.crop_key for row in session.execute(query)}

    def all_pictures(self) -> set[str]:
        """Return the keys of the pictures of all handlings."""
        query = select(HandlingRow.crop_key).where(HandlingRow.crop_key.is_not(None))
        with self._db.transaction() as session:
            return {key for key in session.scalars(query) if key is not None}

    def forget_persons(self, footage_run: str, now: datetime, ended_before: datetime) -> None:
        """Note that the pictures of what has expired are gone, and forget what else a person held.

        A person is then a number of his own for each artwork, below zero: how many people held a
        record is kept. Of a stream that goes on what is younger stays as it is.

        Args:
            now: As of expired(), whose pictures are gone.
            ended_before: Likewise.
        """
        of_run = HandlingRow.footage_run == footage_run
        query = select(HandlingRow).where(of_run, _is_due(now, ended_before))
        first: dict[tuple[int, str], int] = {}
        with self._db.transaction() as session:
            for row in session.scalars(query.order_by(HandlingRow.number)).all():
                held = row.person, row.artwork_id or f"#{row.number}"
                row.person = -first.setdefault(held, row.number)
                row.crop_key = row.expires_at = None

    def forget_before(self, moment: datetime) -> int:
        """Delete handlings that ended before a moment; return how many."""
        with self._db.transaction() as session:
            gone = session.execute(delete(HandlingRow).where(HandlingRow.ended_at < moment))
            return int(gone.rowcount)  # type: ignore[attr-defined]


def _is_due(now: datetime, ended_before: datetime) -> ColumnElement[bool]:
    expires_at = HandlingRow.expires_at
    due = (expires_at < now) | (HandlingRow.ended_at < ended_before)
    return expires_at.is_not(None) & due


def _row(handling: SeenHandling) -> dict[str, Any]:
    values = {name: getattr(handling, name) for name in _FIELDS}
    return values | {"release_ids": list(handling.release_ids)}


def _seen(row: HandlingRow) -> SeenHandling:
    values = {name: getattr(row, name) for name in _FIELDS}
    return SeenHandling(**values | {"release_ids": tuple(row.release_ids)})
