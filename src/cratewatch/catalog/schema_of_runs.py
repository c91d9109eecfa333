"""The tables of runs: what they work on, see and change. docs/data-format.md describes them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from cratewatch.catalog.records import MAX_KEY
from cratewatch.catalog.table import Table


class RunRow(Table):
    """A refresh of a source, or an import."""

    __tablename__ = "runs"

    run_id: Mapped[str] = mapped_column(String(192), primary_key=True)
    kind: Mapped[str] = mapped_column(String(128))
    state: Mapped[str] = mapped_column(String(16))
    started_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]
    report: Mapped[dict[str, Any] | None] = mapped_column(JSON)


class StagedReleaseRow(Table):
    """A release as one crawl saw it, until the crawl's diff is applied."""

    __tablename__ = "staged_releases"

    run_id: Mapped[str] = mapped_column(String(192), primary_key=True)
    release_id: Mapped[str] = mapped_column(String(MAX_KEY), primary_key=True)
    content_hash: Mapped[str] = mapped_column(String(64))
    data: Mapped[str] = mapped_column(Text)


class StagedObservationRow(Table):
    """A price as one run saw it, until the run's prices are published."""

    __tablename__ = "staged_observations"

    run_id: Mapped[str] = mapped_column(String(192), primary_key=True)
    observation_id: Mapped[str] = mapped_column(String(32), primary_key=True)
    data: Mapped[str] = mapped_column(Text)


class ChangeRow(Table):
    """One difference between what a run saw and what the catalog held; see changes.py."""

    __tablename__ = "changes"

    run_id: Mapped[str] = mapped_column(String(192), primary_key=True)
    kind: Mapped[str] = mapped_column(String(16), primary_key=True)
    key: Mapped[str] = mapped_column(String(MAX_KEY), primary_key=True)
    field: Mapped[str] = mapped_column(String(32), primary_key=True)
    source: Mapped[str] = mapped_column(String(64))
    before: Mapped[str | None] = mapped_column(Text)
    after: Mapped[str | None] = mapped_column(Text)
    artist: Mapped[str | None] = mapped_column(Text)
    address: Mapped[str | None] = mapped_column(Text)


class ItemRow(Table):
    """The state of one item, as the last run that worked on it left it; see items.py."""

    __tablename__ = "items"
    __table_args__ = (
        Index(None, "run_id", "state", "kind"),
        Index(None, "state", "kind", "source", "reason"),
    )

    source: Mapped[str] = mapped_column(String(64), primary_key=True)
    kind: Mapped[str] = mapped_column(String(16), primary_key=True)
    key: Mapped[str] = mapped_column(String(MAX_KEY), primary_key=True)
    run_id: Mapped[str] = mapped_column(String(192))
    state: Mapped[str] = mapped_column(String(16))
    cover_id: Mapped[str | None] = mapped_column(String(64), index=True)
    reason: Mapped[str | None] = mapped_column(String(64))
    detail: Mapped[str | None] = mapped_column(Text)
    attempts: Mapped[int]
    updated_at: Mapped[datetime]
    owner: Mapped[str | None] = mapped_column(String(32))
    leased_until: Mapped[datetime | None]


class PaceRow(Table):
    """When a host may be asked next, by the database's clock; see paces.py."""

    __tablename__ = "paces"

    host: Mapped[str] = mapped_column(String(255), primary_key=True)
    next_s: Mapped[float]
