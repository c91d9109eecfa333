"""The catalog's tables. docs/data-format.md describes them; change both together."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import (
    JSON,
    DateTime,
    Dialect,
    ForeignKey,
    Index,
    LargeBinary,
    MetaData,
    String,
    Text,
    TypeDecorator,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from cratewatch.catalog.records import MAX_KEY, Cover, ListedRelease, Release

SCHEMA_REVISION = "0010"  # the newest of migrations/versions


class UtcDateTime(TypeDecorator[datetime]):
    """An aware datetime in UTC; SQLite itself forgets the zone."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Store UTC."""
        del dialect
        return None if value is None else value.astimezone(UTC)

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        """Return an aware time; SQLite forgets the zone."""
        del dialect
        return None if value is None else value.replace(tzinfo=value.tzinfo or UTC)


class DecimalText(TypeDecorator[Decimal]):
    """An exact amount of money; SQLite's own numbers are binary floats."""

    impl = String(32)
    cache_ok = True

    def process_bind_param(self, value: Decimal | None, dialect: Dialect) -> str | None:
        """Store the number as it is written, without rounding."""
        del dialect
        return None if value is None else str(value)

    def process_result_value(self, value: Any, dialect: Dialect) -> Decimal | None:
        """Return the number that was stored."""
        del dialect
        return None if value is None else Decimal(value)


class Table(DeclarativeBase):
    """Base of all tables."""

    metadata = MetaData(naming_convention={"ix": "ix_%(table_name)s_%(column_0_N_name)s"})
    type_annotation_map = {datetime: UtcDateTime, Decimal: DecimalText}  # noqa: RUF012


class IdentityRow(Table):
    """Which catalog this is; its only row is written when the tables are made."""

    __tablename__ = "identity"

    catalog_id: Mapped[str] = mapped_column(String(32), primary_key=True)


class RunRow(Table):
    """A refresh of a source, or an import."""

    __tablename__ = "runs"

    run_id: Mapped[str] = mapped_column(String(192), primary_key=True)
    kind: Mapped[str] = mapped_column(String(128))
    state: Mapped[str] = mapped_column(String(16))
    started_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]
    report: Mapped[dict[str, Any] | None] = mapped_column(JSON)


class CoverRow(Table):
    """A stored image."""

    __tablename__ = "covers"

    cover_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    artwork_id: Mapped[str] = mapped_column(String(64), index=True)
    source: Mapped[str] = mapped_column(String(64))
    source_url: Mapped[str] = mapped_column(Text)
    width_px: Mapped[int]
    height_px: Mapped[int]
    phash: Mapped[str] = mapped_column(String(64))
    fetched_at: Mapped[datetime]
    facts_changed_at: Mapped[datetime | None] = mapped_column(index=True)

    def to_cover(self) -> Cover:
        """Return the row's facts, usable when the session is closed."""
        return Cover(**{name: getattr(self, name) for name in Cover.__dataclass_fields__})


class ImageRow(Table):
    """What the address of a stored image answered last; see images.py."""

    __tablename__ = "images"

    source: Mapped[str] = mapped_column(String(64), primary_key=True)
    image_url: Mapped[str] = mapped_column(Text, primary_key=True)
    fetched_url: Mapped[str | None] = mapped_column(Text)
    digest: Mapped[str | None] = mapped_column(String(64))
    etag: Mapped[str | None] = mapped_column(Text)
    last_modified: Mapped[str | None] = mapped_column(Text)
    checked_at: Mapped[datetime]


class ReleaseRow(Table):
    """A pressing as a source lists it."""

    __tablename__ = "releases"
    __table_args__ = (Index(None, "source", "image_url"),)

    release_id: Mapped[str] = mapped_column(String(MAX_KEY), primary_key=True)
    source: Mapped[str] = mapped_column(String(64))
    artist: Mapped[str | None] = mapped_column(Text)
    title: Mapped[str] = mapped_column(Text)
    year: Mapped[int | None]
    label: Mapped[str | None] = mapped_column(Text)
    catno: Mapped[str | None] = mapped_column(Text)
    barcode: Mapped[str | None] = mapped_column(Text)
    country: Mapped[str | None] = mapped_column(Text)
    format: Mapped[str | None] = mapped_column(Text)
    genres: Mapped[list[str]] = mapped_column(JSON)
    page_url: Mapped[str | None] = mapped_column(Text)
    image_url: Mapped[str | None] = mapped_column(Text)
    cover_id: Mapped[str | None] = mapped_column(ForeignKey("covers.cover_id"), index=True)
    cover_image_url: Mapped[str | None] = mapped_column(Text)
    content_hash: Mapped[str] = mapped_column(String(64))
    first_seen: Mapped[datetime]
    last_seen: Mapped[datetime]
    missing_since: Mapped[datetime | None]
    withdrawn_at: Mapped[datetime | None]

    def to_listed(self, offer: OfferRow | None) -> ListedRelease:
        """Return the release as people are shown it, with an offer."""
        asked = ("price", "currency", "in_stock")
        told: dict[str, Any] = {
            name: getattr(offer, name, None) if name in asked else getattr(self, name)
            for name in ListedRelease.__dataclass_fields__
        }
        return ListedRelease(**told | {"genres": tuple(self.genres)})

    def to_release(self, offer: OfferRow | None) -> Release:
        """Return the release as its source listed it last."""
        same = ("source", "title", "artist", "year", "label", "catno", "barcode", "country")
        return Release(
            **{name: getattr(self, name) for name in (*same, "format", "page_url", "image_url")},
            native_id=self.release_id.removeprefix(f"{self.source}:"),
            genres=tuple(self.genres),
            price=offer.price if offer else None,
            currency=offer.currency if offer else None,
            in_stock=offer.in_stock if offer else None,
        )


class OfferRow(Table):
    """An asking price; a row is added when it differs from the release's latest one."""

    __tablename__ = "offers"

    release_id: Mapped[str] = mapped_column(ForeignKey("releases.release_id"), primary_key=True)
    seen_at: Mapped[datetime] = mapped_column(primary_key=True)
    price: Mapped[Decimal | None]
    currency: Mapped[str | None] = mapped_column(String(3))
    in_stock: Mapped[bool | None]


class ObservationRow(Table):
    """One price that was seen; see observations.py."""

    __tablename__ = "observations"
    __table_args__ = (
        Index(None, "release_id", "observed_at"),
        Index(None, "source", "kind", "native_id"),
    )

    observation_id: Mapped[str] = mapped_column(String(32), primary_key=True)
    source: Mapped[str] = mapped_column(String(64))
    native_id: Mapped[str] = mapped_column(String(MAX_KEY))
    kind: Mapped[str] = mapped_column(String(16))
    release_id: Mapped[str | None] = mapped_column(String(MAX_KEY))
    title: Mapped[str] = mapped_column(Text)
    media_condition: Mapped[str | None] = mapped_column(String(8))
    sleeve_condition: Mapped[str | None] = mapped_column(String(8))
    condition: Mapped[str | None] = mapped_column(Text)
    price: Mapped[Decimal]
    currency: Mapped[str] = mapped_column(String(3))
    quantity: Mapped[int]
    observed_at: Mapped[datetime]
    url: Mapped[str | None] = mapped_column(Text)


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


class DumpBlockRow(Table):
    """Of 1,024 records of a dump, what each one's text was when it was read; see dumps.py."""

    __tablename__ = "dump_blocks"

    source: Mapped[str] = mapped_column(String(64), primary_key=True)
    kind: Mapped[str] = mapped_column(String(16), primary_key=True)
    block: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    digests: Mapped[bytes] = mapped_column(LargeBinary)


class EntityRow(Table):
    """A master, artist or label of a dump; see entities.py."""

    __tablename__ = "entities"
    __table_args__ = (Index(None, "source", "kind", "belongs_to"),)

    source: Mapped[str] = mapped_column(String(64), primary_key=True)
    kind: Mapped[str] = mapped_column(String(16), primary_key=True)
    native_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    name: Mapped[str] = mapped_column(Text)
    belongs_to: Mapped[int | None]
    other_names: Mapped[list[str]] = mapped_column(JSON)
    year: Mapped[int | None]


class LinkRow(Table):
    """Two releases that are one pressing, or that somebody said are two; see links.py."""

    __tablename__ = "links"

    release_id: Mapped[str] = mapped_column(String(MAX_KEY), primary_key=True)
    other_id: Mapped[str] = mapped_column(String(MAX_KEY), primary_key=True, index=True)
    reason: Mapped[str] = mapped_column(String(32))
    confidence: Mapped[float]
    linked_at: Mapped[datetime]
    refused_at: Mapped[datetime | None]


class RelationRow(Table):
    """A page of another service that a source says is of the same pressing."""

    __tablename__ = "relations"

    release_id: Mapped[str] = mapped_column(String(MAX_KEY), primary_key=True)
    page: Mapped[str] = mapped_column(String(64), primary_key=True)


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


class EmbeddingRow(Table):
    """A cover's embedding by a model: where it lies in the lake, and whether it is indexed."""

    __tablename__ = "embeddings"
    __table_args__ = (Index(None, "model", "shard"),)

    model: Mapped[str] = mapped_column(String(64), primary_key=True)
    cover_id: Mapped[str] = mapped_column(ForeignKey("covers.cover_id"), primary_key=True)
    shard: Mapped[str] = mapped_column(Text)
    embedded_at: Mapped[datetime]
    indexed_at: Mapped[datetime | None]


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
