"""Runs: which one is open, what it has reported so far, how it ended."""

from __future__ import annotations

import difflib
import uuid
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, delete, func, select, update
from sqlalchemy.orm import Session

from cratewatch.catalog.changes import note_failures
from cratewatch.catalog.database import Database, now
from cratewatch.catalog.schema_of_runs import RunRow, StagedObservationRow, StagedReleaseRow
from cratewatch.clocks import AHEAD
from cratewatch.errors import NotFoundError

RESUME_WITHIN = timedelta(hours=20)  # what an older crawl saw is of another night
NEAR_AMONG = 1000  # runs of which the nearest are named


def refresh_kind(source: str) -> str:
    """Return the kind of the runs that read a source as a whole."""
    return f"refresh-{source}"


def prices_kind(source: str) -> str:
    """Return the kind of the runs that ask a source for prices."""
    return f"prices-{source}"


@dataclass(frozen=True)
class Run:
    """A run that is under way.

    Attributes:
        report: What it reported before it was killed; empty if it begins now.
    """

    run_id: str
    report: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class RunEnd:
    """How a run ended, or how far it is.

    Attributes:
        state: running, done or failed.
        applied: Whether what it saw was applied to the catalog.
        counts: Of what it changed, or would have changed, by kind; see records.Diff.
        error: What went wrong as a whole, in one line, or None.
    """

    run_id: str
    state: str
    applied: bool
    counts: dict[str, int]
    error: str | None

    @classmethod
    def of(cls, row: RunRow) -> RunEnd:
        """Return what a row tells."""
        report = row.report or {}
        applied = report.get("diff")
        counts = applied or report.get("would") or {}
        error = str(report.get("error") or "").partition("\n")[0] or None
        return cls(row.run_id, row.state, applied is not None, counts, error)


class Runs:
    """The book of runs; a kind names what runs exclude each other, such as refresh-<source>."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def start(self, kind: str) -> str:
        """Record that a run began and return its run_id, which sorts by time.

        Runs of that kind that never ended are marked failed, and what they staged is dropped:
        one process at a time writes.
        """
        started_at = now()
        run_id = f"{started_at:%Y%m%dT%H%M%S}-{kind}-{uuid.uuid4().hex[:6]}"
        with self._db.transaction() as session:
            _give_up(session, kind, started_at)
            session.add(RunRow(run_id=run_id, kind=kind, state="running", started_at=started_at))
        return run_id

    def resume(self, kind: str, *, failed: bool = False) -> Run:
        """Take up the run of that kind that was killed lately, or start one.

        Args:
            failed: Also take up the latest run if that failed.
        """
        query = (
            select(RunRow)
            .where(RunRow.kind == kind)
            .where(RunRow.started_at > now() - RESUME_WITHIN, _believed())
            .order_by(RunRow.started_at.desc())
        )
        if not failed:
            query = query.where(RunRow.state == "running")
        with self._db.transaction() as session:
            latest = session.scalars(query).first()
            if latest is not None and latest.state != "done":
                latest.state, latest.finished_at = "running", None
                return Run(latest.run_id, latest.report or {})
        return Run(self.start(kind))

    def open_one(self, kind: str) -> Run | None:
        """Return the latest run of that kind if it has not ended, lately begun."""
        query = (
            select(RunRow)
            .where(RunRow.kind == kind, RunRow.state == "running")
            .where(RunRow.started_at > now() - RESUME_WITHIN, _believed())
            .order_by(RunRow.started_at.desc())
        )
        with self._db.transaction() as session:
            row = session.scalars(query).first()
            return None if row is None else Run(row.run_id, row.report or {})

    def note(self, run_id: str, /, **parts: Any) -> None:
        """Add parts to the report of a run that is under way."""
        with self._db.transaction() as session:
            note(session, run_id, parts)

    def finish(self, run_id: str, state: str, report: dict[str, Any]) -> None:
        """Record how a run ended: state is done or failed, report is JSON."""
        with self._db.transaction() as session:
            session.execute(
                update(RunRow)
                .where(RunRow.run_id == run_id)
                .values(state=state, finished_at=now(), report=report)
            )
            _drop_staged(session, select(RunRow.run_id).where(RunRow.run_id == run_id))
            note_failures(session, run_id)

    def find(self, run_id: str) -> RunEnd:
        """Return how a run ended.

        Raises:
            NotFoundError: if there is no such run; names those that are near.
        """
        with self._db.transaction() as session:
            row = session.get(RunRow, run_id)
            if row is not None:
                return RunEnd.of(row)
            newest = select(RunRow.run_id).order_by(RunRow.started_at.desc()).limit(NEAR_AMONG)
            known = session.scalars(newest).all()
        near = difflib.get_close_matches(run_id, known, cutoff=0) or ["none yet"]
        raise NotFoundError(
            f"run {run_id!r} is not in the catalog; the nearest are {', '.join(near)}"
        )

    def last_refreshes(self) -> list[RunEnd]:
        """Return how the latest refresh of each source ended, by source."""
        latest = (
            select(RunRow.kind, func.max(RunRow.started_at).label("started_at"))
            .where(RunRow.kind.startswith(refresh_kind("")), RunRow.state != "running")
            .where(_believed())
            .group_by(RunRow.kind)
            .subquery()
        )
        query = select(RunRow).join(
            latest,
            (latest.c.kind == RunRow.kind) & (latest.c.started_at == RunRow.started_at),
        )
        with self._db.transaction() as session:
            return [RunEnd.of(row) for row in session.scalars(query.order_by(RunRow.kind))]

    def last_successes(self) -> dict[str, str]:
        """Return when the latest run of each kind that ended well began, in ISO 8601."""
        query = select(RunRow.kind, func.max(RunRow.started_at)).where(
            RunRow.state == "done", _believed()
        )
        with self._db.transaction() as session:
            rows = session.execute(query.group_by(RunRow.kind).order_by(RunRow.kind))
            return {kind: started_at.isoformat() for kind, started_at in rows}

    def last_success(self, kind: str) -> datetime | None:
        """Return when the latest run of that kind that ended well began, or None."""
        query = select(func.max(RunRow.started_at))
        with self._db.transaction() as session:
            return session.scalar(
                query.where(RunRow.kind == kind, RunRow.state == "done", _believed())
            )

    def latest(self, limit: int = 5, kind: str | None = None) -> list[dict[str, Any]]:
        """Return the latest runs, newest first, as JSON-ready dicts; of a kind, or of all.

        Those of the future come last.
        """
        newest_first = (_believed().desc(), RunRow.started_at.desc())
        query = select(RunRow).order_by(*newest_first).limit(limit)
        if kind is not None:
            query = query.where(RunRow.kind == kind)
        with self._db.transaction() as session:
            return [_as_json(row) for row in session.scalars(query)]

    def row(self, run_id: str) -> dict[str, Any] | None:
        """Return a run as latest() does, or None if there is none."""
        with self._db.transaction() as session:
            row = session.get(RunRow, run_id)
            return None if row is None else _as_json(row)

    def under_way(self) -> list[str]:
        """Return the ids of the runs that are running, of the last hours, the newest first."""
        query = select(RunRow.run_id).where(
            RunRow.state == "running", RunRow.started_at > now() - RESUME_WITHIN
        )
        with self._db.transaction() as session:
            return list(session.scalars(query.order_by(RunRow.started_at.desc())))


def _as_json(row: RunRow) -> dict[str, Any]:
    finished = row.finished_at
    return {
        "run_id": row.run_id,
        "kind": row.kind,
        "state": row.state,
        "started_at": row.started_at.isoformat(),
        "finished_at": finished.isoformat() if finished else None,
        "report": row.report,
    }


def note(session: Session, run_id: str, parts: dict[str, Any]) -> None:
    """Add parts to a run's report, in the caller's transaction."""
    run = session.get_one(RunRow, run_id)
    run.report = {**(run.report or {}), **parts}


def _drop_staged(session: Session, run_ids: Select[tuple[str]]) -> None:
    """Delete what runs have seen."""
    for table in (StagedReleaseRow, StagedObservationRow):
        session.execute(
            delete(table)
            .where(table.run_id.in_(run_ids))
            .execution_options(synchronize_session=False)
        )


def _believed() -> ColumnElement[bool]:
    """Whether a run did not begin later than now: by a clock that was wrong then."""
    return RunRow.started_at <= now() + AHEAD


def _give_up(session: Session, kind: str, at: datetime) -> None:
    killed = select(RunRow.run_id).where(RunRow.kind == kind, RunRow.state == "running")
    _drop_staged(session, killed)
    session.execute(
        update(RunRow)
        .where(RunRow.kind == kind, RunRow.state == "running")
        .values(state="failed", finished_at=at, report={"error": "the process was killed"})
    )
