"""The tables of what people held, exported and ask by. docs/data-format.md describes them."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import JSON, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from cratewatch.catalog.table import Table


class HandlingRow(Table):
    """One person with one sleeve, as footage showed it; see handlings.py."""

    __tablename__ = "handlings"
    __table_args__ = (Index(None, "artwork_id", "started_at"),)

    footage_run: Mapped[str] = mapped_column(String(64), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    camera: Mapped[str] = mapped_column(String(128))
    started_at: Mapped[datetime] = mapped_column(index=True)
    ended_at: Mapped[datetime]
    seconds: Mapped[float]
    person: Mapped[int]
    cover_id: Mapped[str | None] = mapped_column(String(64))
    artwork_id: Mapped[str | None] = mapped_column(String(64))
    release_ids: Mapped[list[str]] = mapped_column(JSON)
    probability: Mapped[float | None]
    known: Mapped[bool]
    frames: Mapped[int]
    crop_key: Mapped[str | None] = mapped_column(Text)
    expires_at: Mapped[datetime | None] = mapped_column(index=True)


class AuditRow(Table):
    """What left the house: a row is never changed nor deleted; see audit.py."""

    __tablename__ = "audit"

    audit_id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(index=True)
    who: Mapped[str] = mapped_column(Text)
    what: Mapped[str] = mapped_column(String(32))
    target: Mapped[str] = mapped_column(Text)
    detail: Mapped[str] = mapped_column(Text)
    rows: Mapped[int]


class KeyRow(Table):
    """A key of the service; see keys.py."""

    __tablename__ = "keys"

    key_id: Mapped[str] = mapped_column(String(16), primary_key=True)
    name: Mapped[str] = mapped_column(Text)
    digest: Mapped[str] = mapped_column(String(64))
    scopes: Mapped[list[str]] = mapped_column(JSON)
    rate_per_min: Mapped[int]
    made_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]


class SessionRow(Table):
    """A browser that somebody typed a key into; see keys.py."""

    __tablename__ = "sessions"

    digest: Mapped[str] = mapped_column(String(64), primary_key=True)
    key_id: Mapped[str] = mapped_column(String(16))
    ends_at: Mapped[datetime]
